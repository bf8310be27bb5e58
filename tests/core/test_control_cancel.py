"""Cancelling a job that runs: it is asked to end, and ends as cancelled unless it has completed before."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from queues import Cancel, Context, Fixed, JobCancelled, Snooze, Status
from queues.catalog import Catalog
from queues.job import Job
from queues.jobtype import job
from queues.outcome import (
    Cancelled,
    Interrupted,
    Lost,
    Outcome,
    Raised,
    Returned,
    Snoozed,
    TimedOut,
    raised,
    settle,
)
from queues.store import Unclaimed
from queues.testing.context import FakeContext
from tests.core.house import LEASE, Died, House, Order, Process, housed, outcomes, throttled

#: Seconds after which a running attempt has heard of a request at the latest: a third of the lease, and a tick.
HEARD = LEASE / 3 + 0.5
#: Seconds of grace, unless a job type says otherwise.
GRACE = 10


async def started(house: House, handler: Any, process: Process | None = None, **options: Any) -> Job:
    """A job that has begun to run a second ago."""
    house.handlers["work"] = handler
    made = await house.queue.enqueue("work", {}, **options)
    house.background.append(asyncio.create_task((process or house.first).deliver()))
    await asyncio.sleep(1)
    return made


async def for_ever(_order: Order, _ctx: Context) -> None:
    await asyncio.sleep(1e6)


@housed
async def test_a_running_job_is_asked_and_says_so(house: House) -> None:
    made = await started(house, for_ever)
    asked = await house.queue.cancel(made.id, by="ada")
    assert (asked.status, asked.cancel_at, asked.cancel_by) == (Status.ACTIVE, house.loop.epoch_ms(), "ada")
    assert asked.lease_until is not None
    again = await house.queue.cancel(made.id, by="bob")
    assert again.cancel_by == "ada", "who came first"
    ended = await house.queue.wait(made.id)
    assert (ended.status, outcomes(ended)) == (Status.CANCELLED, ["cancelled"])
    assert ended.error is not None
    assert (ended.error.type, ended.error.message) == ("Cancel", "cancelled by ada")
    # It heard of it with a heartbeat, and was stopped after its grace.
    assert house.runs[0][3] - 1 <= HEARD + GRACE
    assert await house.depth() == (0, 0, 0)
    await house.maintain()
    assert await house.letters() == []


@housed
async def test_a_handler_that_looks_ends_at_once(house: House) -> None:
    async def looks(_order: Order, ctx: Context) -> None:
        while not ctx.cancelled:  # noqa: ASYNC110 - as a handler does
            await asyncio.sleep(0.1)
        ctx.check()

    made = await started(house, looks)
    await house.queue.cancel(made.id)
    ended = await house.queue.wait(made.id)
    assert (ended.status, outcomes(ended)) == (Status.CANCELLED, ["cancelled"])
    assert ended.error is not None
    assert ended.error.message == "cancelled on request"
    assert house.runs[0][3] - 1 <= HEARD


@housed
async def test_progress_hears_of_it_within_a_tick_or_two(house: House) -> None:
    async def steps(_order: Order, ctx: Context) -> None:
        for step in range(1_000):
            ctx.progress(step / 10)
            await asyncio.sleep(0.2)

    made = await started(house, steps)
    await house.queue.cancel(made.id)
    ended = await house.queue.wait(made.id)
    assert ended.status is Status.CANCELLED
    assert house.runs[0][3] - 1 <= 1.2


@housed
async def test_a_job_that_has_not_heard_completes_and_says_that_it_was_asked(house: House) -> None:
    made = await started(house, lambda _order, _ctx: asyncio.sleep(5))
    asked = await house.queue.cancel(made.id)
    ended = await house.queue.wait(made.id)
    assert (ended.status, outcomes(ended)) == (Status.COMPLETED, ["completed"])
    assert ended.cancel_at == asked.cancel_at
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_job_that_fails_unheard_is_not_tried_again(house: House) -> None:
    async def fails(_order: Order, _ctx: Context) -> None:
        await asyncio.sleep(5)
        raise ValueError("no")

    made = await started(house, fails)
    await house.queue.cancel(made.id, by="ada")
    async with house.working():
        await asyncio.sleep(60)
    ended = await house.queue.get(made.id)
    assert (ended.status, outcomes(ended)) == (Status.CANCELLED, ["cancelled"])
    assert ended.error is not None
    assert ended.error.message == "cancelled by ada; its attempt had just failed: ValueError: no"
    assert len(house.runs) == 1
    assert await house.letters() == []


@housed
async def test_what_ignores_its_cancellation_is_cancelled_whatever_it_returns(house: House) -> None:
    async def stubborn(_order: Order, _ctx: Context) -> str:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1e6)
        return "all the same"

    made = await started(house, stubborn)
    await house.queue.cancel(made.id)
    ended = await house.queue.wait(made.id)
    assert (ended.status, outcomes(ended), ended.result) == (Status.CANCELLED, ["cancelled"], None)


@pytest.mark.parametrize(("grace", "timeout", "latest"), [(0, 300, HEARD), (60, 300, HEARD + 60), (60, 30, 30)])
@housed
async def test_the_grace_is_the_job_types_and_the_timeout_comes_first(
    house: House, grace: float, timeout: float, latest: float
) -> None:
    @job("work", timeout=timeout, cancel_grace=grace)
    async def work(_order: Order, _ctx: Context) -> None:
        try:
            await asyncio.sleep(1e6)
        finally:
            ends.append(house.loop.time())

    ends: list[float] = []
    process = house.process(Catalog([work]))
    made = await process.runtime.queue.enqueue("work", {})
    house.background.append(asyncio.create_task(process.deliver()))
    await asyncio.sleep(1)
    began = house.loop.time()
    await house.queue.cancel(made.id)
    ended = await house.queue.wait(made.id)
    assert (ended.status, outcomes(ended)) == (Status.CANCELLED, ["cancelled"])
    assert latest - HEARD <= ends[0] - began + 1 <= latest + 1


# --- death and trouble --------------------------------------------------------------------------------------------


@housed
async def test_an_attempt_that_dies_after_it_was_asked_is_not_followed_by_another(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    claimed = await house.runtime.store.claim("default", made.id, "gone/1", house.loop.epoch_ms())
    assert not isinstance(claimed, Unclaimed)
    await house.queue.cancel(made.id, by="ada")
    async with house.working():
        await asyncio.sleep(3 * LEASE)
    ended = await house.queue.get(made.id)
    assert (ended.status, outcomes(ended)) == (Status.CANCELLED, ["lost"])
    assert house.runs == []
    assert await house.depth() == (0, 0, 0)
    assert await house.letters() == []


@housed
async def test_the_reaper_hears_of_a_request_that_comes_as_it_looks(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    claimed = await house.runtime.store.claim("default", made.id, "gone/1", house.loop.epoch_ms())
    assert not isinstance(claimed, Unclaimed)
    await asyncio.sleep(LEASE + 1)
    await house.queue.cancel(made.id)
    # It has read the row before the request.
    fate = await house.runtime.reaper.endings.lost(claimed)
    assert fate is not None
    assert fate.status is Status.CANCELLED
    assert (await house.queue.get(made.id)).status is Status.CANCELLED


@housed
async def test_a_renewed_lease_still_keeps_the_reaper_off(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    now = house.loop.epoch_ms()
    claimed = await house.runtime.store.claim("default", made.id, "slow/1", now)
    assert not isinstance(claimed, Unclaimed)
    await asyncio.sleep(LEASE + 1)
    await house.queue.cancel(made.id)
    assert await house.runtime.store.renew(claimed, house.loop.epoch_ms(), None, None) is not None
    assert await house.runtime.reaper.endings.lost(claimed) is None
    assert (await house.queue.get(made.id)).status is Status.ACTIVE


@pytest.mark.parametrize("after", [False, True])
@housed
async def test_killed_as_it_asks_or_as_it_is_told(house: House, after: bool) -> None:
    made = await started(house, for_ever)
    caller = house.process()
    await house.die_at(caller.dynamodb, "update_item", caller.runtime.queue.cancel(made.id), after=after)
    assert ((await house.queue.get(made.id)).cancel_at is not None) is after
    await house.queue.cancel(made.id)
    assert (await house.queue.wait(made.id)).status is Status.CANCELLED


@pytest.mark.parametrize("after", [False, True])
@housed
async def test_the_worker_is_killed_as_it_settles(house: House, after: bool) -> None:
    worker = house.process()
    made = await started(house, lambda _order, ctx: wait_for_word(ctx), worker)
    await house.queue.cancel(made.id)
    while worker.runtime.runner.pulse.running[0].cancel_at is None:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.05)
    worker.dynamodb.fail("batch_execute_statement", Died(), after=after)
    async with house.working():
        await asyncio.sleep(4 * LEASE)
    ended = await house.queue.get(made.id)
    assert (ended.status, len(ended.history)) == (Status.CANCELLED, 1)
    assert len(house.runs) == 1
    assert await house.depth() == (0, 0, 0)


async def wait_for_word(ctx: Context) -> None:
    while not ctx.cancelled:  # noqa: ASYNC110 - as a handler does
        await asyncio.sleep(0.3)
    raise JobCancelled("stopped")


@housed
async def test_a_heartbeat_that_fails_hears_of_it_later(house: House) -> None:
    made = await started(house, for_ever)
    house.first.dynamodb.fail("batch_execute_statement", throttled())
    await house.queue.cancel(made.id)
    assert (await house.queue.wait(made.id)).status is Status.CANCELLED


@housed
async def test_cancel_and_completion_at_once_have_one_winner(house: House) -> None:
    gate = asyncio.Event()

    async def until_open(_order: Order, _ctx: Context) -> None:
        await gate.wait()

    house.handlers["work"] = until_open
    made = [await house.queue.enqueue("work", {}) for _ in range(10)]
    house.background.append(asyncio.create_task(house.deliver()))
    await asyncio.sleep(1)
    gate.set()
    ends = await asyncio.gather(*(house.queue.cancel(one.id) for one in made), return_exceptions=True)
    await asyncio.sleep(1)
    for one, end in zip(made, ends, strict=True):
        row = await house.queue.get(one.id)
        assert row.status is Status.COMPLETED
        assert (row.cancel_at is not None) is isinstance(end, Job), "who was told that it was asked can see that it was"


@housed
async def test_a_copy_of_the_message_does_not_start_it_again(house: House) -> None:
    made = await started(house, for_ever)
    await house.queue.cancel(made.id)
    async with house.working(house.process()):
        await house.queue.wait(made.id)
        await asyncio.sleep(2 * LEASE)
    assert len(house.runs) == 1
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_job_that_nobody_cancels_pays_nothing(house: House) -> None:
    await house.queue.enqueue("work", {})
    await house.deliver()
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(LEASE - 5)
    await house.queue.enqueue("work", {})
    wire = house.first.dynamodb
    wire.calls.clear()
    wire.units = 0
    await house.deliver()
    # Claim and settlement, as ever, and a heartbeat of one unit each third of the lease.
    beats = wire.calls["batch_execute_statement"] - 2
    assert beats == 2
    assert wire.units == 4 + beats
    assert wire.calls.keys() == {"batch_execute_statement"}


# --- the decision -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "status", "word"),
    [
        (Returned("1"), Status.COMPLETED, "completed"),
        (Cancelled("stopped"), Status.CANCELLED, "cancelled"),
        (raised(ValueError("no"), None), Status.CANCELLED, "cancelled"),
        (raised(Snooze(5), None), Status.CANCELLED, "cancelled"),
        (raised(Cancel("mine"), None), Status.CANCELLED, "cancelled"),
        (Snoozed(5), Status.CANCELLED, "cancelled"),
        (TimedOut(5), Status.CANCELLED, "cancelled"),
        (Interrupted(), Status.CANCELLED, "cancelled"),
        (Lost("gone"), Status.CANCELLED, "lost"),
    ],
)
def test_after_a_request_there_is_no_other_attempt(outcome: Outcome, status: Status, word: str) -> None:
    asked = Job(
        id="a", tenant="t", type="work", status=Status.ACTIVE, attempt=1, max_attempts=3, timeout=1,
        backoff=Fixed(1), created_at=0, run_at=0, cancel_at=5, cancel_by="ada",
    )  # fmt: skip
    fate = settle(asked, outcome, 10, 0.5)
    assert (fate.status, fate.outcome) == (status, word)


def test_what_check_raises_is_a_cancellation() -> None:
    ctx = Context.for_test()
    assert not ctx.cancelled
    ctx.check()
    told = Context("a", "work", "t", 1, 3, 60, is_cancelled=lambda: True)
    for ask in (told.check, lambda: told.progress(5)):
        with pytest.raises(JobCancelled) as caught:
            ask()
        assert isinstance(raised(caught.value, None), Cancelled)
        assert not isinstance(raised(caught.value, None), Raised)


def test_a_fake_context_can_be_cancelled() -> None:
    ctx = FakeContext()
    ctx.progress(5)
    ctx.cancel()
    assert ctx.cancelled
    with pytest.raises(JobCancelled):
        ctx.progress(6)
