"""What a handler in a worker process prints and logs is attached to its job, within bounds."""

from __future__ import annotations

from queues.capture import FULL
from queues.limits import MAX_LOG_LINE_CHARS, MAX_LOG_LINES
from queues.processes import ProcessPool
from tests.processes.conftest import run


async def test_all_ways_to_say_something_arrive_in_order(pool: ProcessPool) -> None:
    seen = await run(pool, "talk")
    assert seen.logs == [
        "printed",
        "to stderr",
        "INFO my.logger: logged 1",
        "from the context",
        "by the file descriptor",
        "by a program",
        "100 %",
        "no newline",
    ]


async def test_the_next_job_starts_with_an_empty_log(pool: ProcessPool) -> None:
    await run(pool, "talk")
    assert (await run(pool, "add-up", {"values": []})).logs == []


async def test_a_flood_is_read_to_its_end_and_dropped(pool: ProcessPool) -> None:
    seen = await run(pool, "flood", {"lines": 50_000})
    assert seen.result == "done"
    assert len(seen.logs) == MAX_LOG_LINES
    assert seen.logs[0] == "x" * (MAX_LOG_LINE_CHARS - 1) + "…"
    assert seen.logs[-1] == FULL
