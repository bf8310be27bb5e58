"""A job that waits is given another time: earlier, later, before its next attempt; whatever dies meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queues import Context, Fixed, Status
from queues.errors import InvalidOption, JobNotFound, WrongStatus
from tests.core.house import Died, House, Order, Process, housed, outcomes

HOUR, DAY = 3_600, 86_400


async def ran_after(house: House, job_id: str, patience: float) -> float | None:
    """Seconds, in tenths, after which the job has begun; None if it has not within `patience`."""
    begun = house.loop.time()
    async with house.working():
        while house.loop.time() - begun < patience:
            job = await house.queue.get(job_id)
            if job.started_at is not None:
                return round(house.loop.time() - begun, 1)
            await asyncio.sleep(0.5)
    return None


@pytest.mark.parametrize(("at_first", "then"), [(HOUR, 5), (2 * HOUR, 60), (30, 1_500), (HOUR, 0)])
@housed
async def test_it_runs_at_its_new_time_and_once(house: House, at_first: int, then: int) -> None:
    made = await house.queue.enqueue("work", {}, delay=at_first)
    moved = await house.queue.reschedule(made.id, then)
    assert moved.status is (Status.DELAYED if then else Status.WAITING)
    assert moved.run_at == house.loop.epoch_ms() + then * 1000
    assert await ran_after(house, made.id, then + 60) == pytest.approx(then, abs=1.5)
    async with house.working():
        await asyncio.sleep(at_first + 60)
    assert len(house.runs) == 1
    assert outcomes(await house.queue.get(made.id)) == ["completed"]


@housed
async def test_a_time_with_its_zone_and_one_that_has_passed(house: House) -> None:
    made = await house.queue.enqueue("work", {}, delay=HOUR)
    now = datetime.fromtimestamp(house.loop.epoch_ms() / 1000, UTC)
    moved = await house.queue.reschedule(made.id, now + timedelta(minutes=5))
    assert moved.run_at == house.loop.epoch_ms() + 300_000
    assert (await house.queue.reschedule(made.id, now - timedelta(days=1))).run_at == house.loop.epoch_ms()
    with pytest.raises(InvalidOption, match="time zone"):
        await house.queue.reschedule(made.id, now.replace(tzinfo=None))
    with pytest.raises(InvalidOption, match="within a year"):
        await house.queue.reschedule(made.id, 400 * DAY)


@housed
async def test_a_retry_comes_sooner(house: House) -> None:
    async def fails_once(_order: Order, ctx: Context) -> None:
        if ctx.attempt == 1:
            raise ConnectionError("no answer")

    house.handlers["work"] = fails_once
    made = await house.queue.enqueue("work", {}, backoff=Fixed(HOUR, jitter=0))
    await house.deliver()
    await house.queue.reschedule(made.id, 2)
    async with house.working():
        await asyncio.sleep(5)
        job = await house.queue.get(made.id)
        assert (job.status, job.attempt, outcomes(job)) == (Status.COMPLETED, 2, ["failed", "completed"])


@housed
async def test_what_does_not_wait_is_left_as_it_is(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    with pytest.raises(WrongStatus, match=r"cannot reschedule job .*: it is completed, not waiting or delayed"):
        await house.queue.reschedule(made.id, 5)
    with pytest.raises(JobNotFound):
        await house.queue.for_tenant("rival").reschedule(made.id, 5)


@pytest.mark.parametrize("limit", [{"deadline": HOUR}, {"expires_in": HOUR}])
@housed
async def test_a_time_at_which_it_may_not_run_is_refused(house: House, limit: dict[str, Any]) -> None:
    made = await house.queue.enqueue("work", {}, delay=60, **limit)
    with pytest.raises(InvalidOption, match="before the job's deadline and before it expires"):
        await house.queue.reschedule(made.id, HOUR)
    assert (await house.queue.reschedule(made.id, HOUR - 1)).run_at == house.loop.epoch_ms() + (HOUR - 1) * 1000


@pytest.mark.parametrize("after", [False, True])
@housed
async def test_killed_before_its_message_is_sent_the_reaper_sends_one(house: House, after: bool) -> None:
    made = await house.queue.enqueue("work", {}, delay=2 * HOUR)
    process: Process = house.process()
    process.sqs.fail("send_message", Died(), after=after)
    with pytest.raises(Died):
        await process.runtime.queue.reschedule(made.id, 30)
    async with house.working():
        await asyncio.sleep(HOUR)
    assert outcomes(await house.queue.get(made.id)) == ["completed"]
    assert len(house.runs) == 1


@housed
async def test_of_two_at_once_the_later_one_counts_and_a_claim_beats_both(house: House) -> None:
    made = await house.queue.enqueue("work", {}, delay=60)
    one, other = await asyncio.gather(*(house.queue.reschedule(made.id, seconds) for seconds in (600, 900)))
    assert (await house.queue.get(made.id)).run_at in {one.run_at, other.run_at}
    await house.queue.reschedule(made.id, 0)
    await asyncio.gather(house.deliver(), house.deliver())
    with pytest.raises(WrongStatus):
        await house.queue.reschedule(made.id, 60)
    assert len(house.runs) == 1
