"""What a handler in a worker process prints and logs is attached to its job, line by line, within bounds."""

from __future__ import annotations

import pytest

from queues.limits import MAX_LOG_LINE_CHARS, MAX_LOG_LINES
from queues.log_line import FULL, LogLine
from queues.outcome import Lost
from queues.processes import ProcessPool
from tests.processes.conftest import MODULES, run

#: Epoch ms that the pool's clock says.
NOW = 1_800_000_000_000


@pytest.fixture
async def timed_pool() -> ProcessPool:
    return ProcessPool(MODULES, size=1, clock=lambda: NOW)


async def test_all_ways_to_say_something_arrive_in_order_with_what_is_known_of_them(timed_pool: ProcessPool) -> None:
    lines = (await run(timed_pool, "talk")).lines
    await timed_pool.close()
    failed = lines.pop(6)
    assert lines == [
        LogLine(NOW, 2, "printed"),
        LogLine(NOW, 2, "to stderr", stream="stderr"),
        LogLine(NOW, 2, "logged 1", logger="my.logger", fields={"order": 17}),
        LogLine(NOW, 2, "from the context", "WARNING", fields={"cents": 990, "path": "/a"}),
        LogLine(NOW, 2, "by the file descriptor"),
        LogLine(NOW, 2, "by a program"),
        LogLine(NOW, 2, "100 %"),
        LogLine(NOW, 2, "no newline"),
    ]
    assert (failed.message, failed.level, failed.logger) == ("it failed: 100 %", "ERROR", "my.logger")
    trace = (failed.exception or "").splitlines()
    assert (trace[0], trace[-1]) == (
        "Traceback (most recent call last):",
        "ValueError: invalid literal for int() with base 10: 'x'",
    )


async def test_a_process_that_dies_leaves_what_was_flushed(pool: ProcessPool) -> None:
    seen = await run(pool, "shout-and-die")
    assert isinstance(seen.outcome, Lost)
    assert [(line.message, line.level, line.stream, line.fields) for line in seen.lines] == [
        ("logged", "ERROR", None, {"order": 17}),
        ("printed", "INFO", None, {}),
        ("noted", "INFO", None, {"step": 3}),
        ("half a line", "INFO", "stderr", {}),
    ]


async def test_the_next_job_starts_with_an_empty_log(pool: ProcessPool) -> None:
    await run(pool, "talk")
    assert (await run(pool, "add-up", {"values": []})).lines == []


async def test_a_flood_is_read_to_its_end_and_dropped(pool: ProcessPool) -> None:
    seen = await run(pool, "flood", {"lines": 50_000})
    assert seen.result == "done"
    assert len(seen.lines) == MAX_LOG_LINES
    assert seen.messages[0] == "x" * (MAX_LOG_LINE_CHARS - 1) + "…"
    assert seen.messages[-1] == FULL
