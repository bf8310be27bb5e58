"""A call in a worker process is cancelled: it may end by itself, and is ended with its process if it does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from queues.outcome import Cancelled, Outcome, Returned
from queues.processes import Call, ProcessPool
from tests.processes.conftest import alive, until, written

Cancel = Callable[[float], None]


class Line:
    """Through which a call is cancelled."""

    def __init__(self) -> None:
        self.cancel: Cancel | None = None
        self.offered = 0

    def __call__(self, cancel: Cancel | None) -> None:
        self.cancel = cancel
        self.offered += cancel is not None


async def call(pool: ProcessPool, name: str, data: object, line: Line) -> Outcome:
    return await pool.run(
        Call(name, json.dumps(data), "job-1", "acme", 1, 1),
        timeout=60,
        on_progress=lambda *_: None,
        on_log=lambda _: None,
        listen=line,
    )


@pytest.mark.parametrize("name", ["heeds", "hears-in-progress"])
async def test_a_handler_that_looks_ends_by_itself_and_its_process_goes_on(
    pool: ProcessPool, tmp_path: Path, name: str
) -> None:
    line, mark = Line(), tmp_path / "mark"
    running = asyncio.create_task(call(pool, name, str(mark), line))
    await until(lambda: written(mark) and line.cancel)
    (pid,) = pool.pids
    assert line.cancel is not None
    line.cancel(60)
    outcome = await running
    assert outcome == Cancelled("somebody has asked for the job to be cancelled")
    assert line.cancel is None, "there is nothing to cancel any more"
    # The next call in the same process has not been cancelled.
    assert await call(pool, "is-cancelled", None, Line()) == Returned("false")
    assert pool.pids == [pid]


async def test_a_handler_that_does_not_look_is_killed_after_its_grace(pool: ProcessPool, tmp_path: Path) -> None:
    line, mark = Line(), tmp_path / "mark"
    running = asyncio.create_task(call(pool, "deaf", str(mark), line))
    pid = int(await until(lambda: written(mark)))
    assert line.cancel is not None
    line.cancel(0.05)
    assert isinstance(await running, Cancelled)
    assert not alive(pid)
    assert await call(pool, "is-cancelled", None, Line()) == Returned("false")


async def test_a_call_that_has_not_begun_hears_of_it_when_it_does(pool: ProcessPool) -> None:
    line = Line()
    running = asyncio.create_task(call(pool, "is-cancelled", None, line))
    await until(lambda: line.cancel)
    assert line.cancel is not None
    line.cancel(60)
    assert await running == Returned("true")


async def test_word_that_comes_too_late_is_not_meant_for_the_next_call(pool: ProcessPool) -> None:
    for _ in range(20):
        line = Line()
        running = asyncio.create_task(call(pool, "is-cancelled", None, line))
        await until(lambda line=line, running=running: line.cancel or running.done())
        cancel = line.cancel
        await asyncio.sleep(0)
        if cancel is not None:
            cancel(60)
        await running
        assert await call(pool, "is-cancelled", None, Line()) == Returned("false")
