"""A job's log over its attempts: each line with its time, its attempt, its level and what was given beside it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from queues import Context, Snooze, Status, capture
from queues.errors import InvalidOption
from queues.limits import MAX_LOG_LINES
from queues.log_line import DROPPED, FULL, LogLine
from tests.core.house import House, Order, housed

log = logging.getLogger("shop.orders")


@contextmanager
def captured() -> Iterator[None]:
    """Prints and records of jobs go to their logs, as in a worker."""
    uninstall = capture.install()
    try:
        yield
    finally:
        uninstall()


@housed
async def test_each_line_has_its_attempt_its_time_and_what_came_with_it(house: House) -> None:
    async def talk(order: Order, ctx: Context) -> None:
        print("printed")
        await asyncio.sleep(0.25)
        print("to stderr", file=sys.stderr)
        log.warning("card %s", "refused", extra={"order": order.size, "socket": object()})
        ctx.log("charged", level="ERROR", cents=990, message="a field of any name")
        try:
            raise ConnectionError("mailbox busy")  # noqa: TRY301 - that is what is logged
        except ConnectionError:
            log.exception("not sent")
            raise

    house.handlers["work"] = talk
    made = await house.queue.enqueue("work", {"size": 7}, attempts=2)
    starts = []
    with captured():
        for _ in range(2):
            starts.append(house.loop.epoch_ms())
            await house.deliver()
            await asyncio.sleep(10)
    job = await house.queue.get(made.id)
    assert job.status is Status.FAILED
    assert len(job.logs) == 10
    for attempt, start in enumerate(starts, 1):
        *said, failed = job.logs[5 * (attempt - 1) : 5 * attempt]
        later = start + 250
        assert said == [
            LogLine(start, attempt, "printed"),
            LogLine(later, attempt, "to stderr", stream="stderr"),
            LogLine(later, attempt, "card refused", "WARNING", "shop.orders", fields={"order": 7}),
            LogLine(later, attempt, "charged", "ERROR", fields={"cents": 990, "message": "a field of any name"}),
        ]
        assert (failed.at, failed.attempt, failed.level, failed.message) == (later, attempt, "ERROR", "not sent")
        assert (failed.exception or "").endswith("ConnectionError: mailbox busy")


@housed
async def test_an_attempt_that_is_stopped_or_snoozes_keeps_what_it_said(house: House) -> None:
    async def nap(_order: Order, ctx: Context) -> None:
        ctx.log(f"attempt {ctx.attempt}")
        if ctx.attempt == 1:
            raise Snooze(5)
        await asyncio.sleep(1_000)

    house.handlers["work"] = nap
    made = await house.queue.enqueue("work", {}, attempts=1, timeout=7)
    await house.deliver()
    await asyncio.sleep(6)
    await house.deliver()
    job = await house.queue.get(made.id)
    assert [attempt.outcome for attempt in job.history] == ["snoozed", "timeout"]
    assert [(line.attempt, line.message) for line in job.logs] == [(1, "attempt 1"), (2, "attempt 2")]


@housed
async def test_a_log_is_held_to_its_bounds_by_attempt_and_by_job(house: House) -> None:
    async def chatter(_order: Order, ctx: Context) -> None:
        for number in range(MAX_LOG_LINES + 50):
            ctx.log(f"{number}", padding="x" * 100)
        raise ValueError("again")

    house.handlers["work"] = chatter
    made = await house.queue.enqueue("work", {}, attempts=2)
    await house.deliver()
    job = await house.queue.get(made.id)
    assert [line.message for line in job.logs] == [*map(str, range(MAX_LOG_LINES - 1)), FULL]
    await asyncio.sleep(10)
    await house.deliver()
    job = await house.queue.get(made.id)
    assert (job.logs[0].message, job.logs[0].attempt, job.logs[-1].message) == (DROPPED, 1, FULL)
    assert [line.attempt for line in job.logs].count(2) == MAX_LOG_LINES


@housed
async def test_a_text_that_no_row_can_hold_does_not_keep_a_job_from_its_end(house: House) -> None:
    async def odd(_order: Order, ctx: Context) -> None:
        print("\ud800 printed")
        ctx.log("\ud800 said", **{"\ud800": "\udfff"})

    house.handlers["work"] = odd
    made = await house.queue.enqueue("work", {})
    with captured():
        await house.deliver()
    job = await house.queue.get(made.id)
    assert job.status is Status.COMPLETED
    assert [(line.message, line.fields) for line in job.logs] == [("? printed", {}), ("? said", {"?": "?"})]


@housed
async def test_a_level_that_does_not_exist_is_the_handlers_error(house: House) -> None:
    async def wrong(_order: Order, ctx: Context) -> None:
        ctx.log("hello", level="loud")

    house.handlers["work"] = wrong
    made = await house.queue.enqueue("work", {}, attempts=1)
    await house.deliver()
    error = (await house.queue.get(made.id)).error
    assert error is not None
    assert (error.type, error.message) == (
        "InvalidOption",
        "level='loud' is not possible: use DEBUG, INFO, WARNING, ERROR, CRITICAL, or a number of logging's",
    )


def test_in_a_unit_test_a_line_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    context = Context.for_test()
    context.log("charged", cents=990)
    context.log("refused", level=logging.WARNING)
    with pytest.raises(InvalidOption):
        context.log("hello", level="loud")
    assert capsys.readouterr().out == "charged cents=990\nWARNING: refused\n"
