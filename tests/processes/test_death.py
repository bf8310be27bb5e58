"""Processes that die, hang or are killed: the attempt ends with a reason, and nothing else is hurt."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from queues.outcome import Interrupted, Lost, TimedOut
from queues.processes import ProcessPool
from tests.processes.conftest import MODULES, alive, run, until, written


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("os._exit", "exit code 7"),
        ("sys.exit", "sys.exit(3)"),
        ("kill", "signal 9 (SIGKILL); the kernel does that when memory runs out"),
    ],
)
async def test_an_exit_is_a_lost_attempt(pool: ProcessPool, how: str, words: str) -> None:
    seen = await run(pool, "exit", {"how": how})
    assert isinstance(seen.outcome, Lost)
    assert words in seen.outcome.reason
    assert seen.messages == ["bye"]
    assert pool.pids == []
    assert (await run(pool, "add-up", {"values": [1]})).result == {"total": 1}


async def test_a_segmentation_fault_is_a_lost_attempt_and_leaves_its_stack(pool: ProcessPool) -> None:
    seen = await run(pool, "segfault")
    assert seen.outcome == Lost("the worker process was killed by signal 11 (SIGSEGV)")
    assert seen.messages[0] == "about to read address 0"
    assert any("handlers.py" in line and "in segfault" in line for line in seen.messages)


async def test_a_crash_does_not_hurt_the_job_next_to_it(tmp_path: Path) -> None:
    pool = ProcessPool(MODULES, size=2)
    spinning = asyncio.create_task(run(pool, "spin", {"started": str(tmp_path / "started")}, timeout=1))
    await until((tmp_path / "started").exists)
    assert isinstance((await run(pool, "segfault")).outcome, Lost)
    assert (await spinning).outcome == TimedOut(1)
    await pool.close()


@pytest.mark.parametrize("type_name", ["spin", "c-loop"])
async def test_a_timeout_kills_the_process_and_shows_where_it_hung(
    pool: ProcessPool, tmp_path: Path, type_name: str
) -> None:
    pid = (await run(pool, "who-am-i")).result["pid"]
    seen = await run(pool, type_name, {"started": str(tmp_path / "started")}, timeout=0.3)
    assert seen.outcome == TimedOut(0.3)
    assert not alive(pid)
    assert any("handlers.py" in line for line in seen.messages)
    assert (await run(pool, "who-am-i")).result["pid"] != pid


async def test_imports_of_a_fresh_process_are_not_held_against_the_job(pool: ProcessPool) -> None:
    # To start the interpreter and to import what handlers need takes longer.
    assert (await run(pool, "add-up", {"values": [1]}, timeout=0.1)).result == {"total": 1}


@pytest.mark.parametrize("leave", [False, True], ids=["timeout", "crash"])
async def test_programs_that_the_handler_started_end_with_it(pool: ProcessPool, tmp_path: Path, leave: bool) -> None:
    file = tmp_path / "pid"
    seen = await run(pool, "grandchild", {"pid_file": str(file), "exit": leave}, timeout=30 if leave else 0.5)
    assert isinstance(seen.outcome, Lost if leave else TimedOut)
    await until(lambda: not alive(int(file.read_text())))


async def test_cancelling_the_caller_kills_the_job(pool: ProcessPool, tmp_path: Path) -> None:
    pid = (await run(pool, "who-am-i")).result["pid"]
    task = asyncio.create_task(run(pool, "spin", {"started": str(tmp_path / "started")}))
    await until((tmp_path / "started").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not alive(pid))
    assert (await run(pool, "add-up", {"values": [2]})).result == {"total": 2}


async def test_a_warm_process_that_died_unnoticed_costs_no_attempt(pool: ProcessPool) -> None:
    pid = (await run(pool, "who-am-i")).result["pid"]
    os.kill(pid, signal.SIGKILL)
    assert (await run(pool, "who-am-i")).result["pid"] != pid


async def test_closing_hands_back_what_runs_and_what_waits(tmp_path: Path) -> None:
    pool = ProcessPool(MODULES, size=1)
    running = asyncio.create_task(run(pool, "spin", {"started": str(tmp_path / "started")}))
    waiting = asyncio.create_task(run(pool, "add-up", {"values": [1]}))
    await until((tmp_path / "started").exists)
    await pool.close()
    assert (await running).outcome == Interrupted()
    assert (await waiting).outcome == Interrupted()
    assert (await run(pool, "add-up", {"values": [1]})).outcome == Interrupted()


async def test_calls_beyond_the_size_wait_in_order(pool: ProcessPool) -> None:
    ended: list[int] = []

    async def call(number: int) -> int:
        seen = await run(pool, "who-am-i")
        ended.append(number)
        return int(seen.result["pid"])

    pids = await asyncio.gather(*map(call, range(5)))
    assert len(set(pids)) == 1
    assert ended == [0, 1, 2, 3, 4]


async def test_a_warm_call_costs_next_to_nothing(pool: ProcessPool) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()
    await run(pool, "add-up", {"values": [1]})
    cold = loop.time() - start
    start = loop.time()
    for _ in range(100):
        await run(pool, "add-up", {"values": [1]})
    assert loop.time() - start < 20 * cold


SERVER = """
import asyncio, sys
from queues.processes import Call, ProcessPool
async def main():
    pool = ProcessPool(("tests.processes.handlers",), size=2)
    def run(type_name, data):
        call = Call(type_name, data, "1", "t", 1, 1)
        return pool.run(call, timeout=600, on_progress=lambda *_: None, on_log=print)
    await asyncio.gather(run("c-loop", sys.argv[1]), run("grandchild", sys.argv[2]))
asyncio.run(main())
"""


async def test_nothing_survives_a_server_that_is_killed(tmp_path: Path) -> None:
    """Not a handler that holds the interpreter's lock, nor a program that a handler started."""
    child, program = tmp_path / "child", tmp_path / "program"
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER, f'{{"started": "{child}"}}', f'{{"pid_file": "{program}"}}')
    )
    pids = [int(await until(partial(written, path))) for path in (child, program)]
    assert all(map(alive, pids))
    server.kill()
    await server.wait()
    await until(lambda: not any(map(alive, pids)))


async def test_without_the_kernels_help_a_thread_sees_the_end(tmp_path: Path) -> None:
    """What ties a child to its parent on systems other than Linux."""
    code = "import sys, time\nfrom queues.lifeline import watch\nwatch(int(sys.argv[1]))\ntime.sleep(600)"
    ours, theirs = os.pipe()[::-1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, str(theirs)), pass_fds=(theirs,), start_new_session=True
    )
    os.close(theirs)
    os.close(ours)
    assert await process.wait() == -signal.SIGKILL
