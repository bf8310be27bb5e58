"""A job run once more as a new one, and the record of a job removed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queues import Context, Discard, Status
from queues.dead_letters import SWEEP_AT_LEAST_EVERY
from queues.errors import InvalidData, InvalidOption, JobNotFound, WrongStatus
from tests.core.house import House, Order, housed, outcomes


async def discard(_order: Order, _ctx: Context) -> None:
    raise Discard("no")


@housed
async def test_a_replay_is_a_new_job_and_the_old_one_stays_as_it_was(house: House) -> None:
    options: dict[str, Any] = {"priority": 7, "tags": ("x", "y"), "timeout": 12.5}
    old = await house.queue.enqueue("work", {"size": 3}, attempts=9, **options)
    await house.deliver()
    before = await house.queue.get(old.id)
    new = await house.queue.replay(old.id)
    assert new.id != old.id
    assert (new.status, new.replay_of, new.attempt, new.data) == (Status.WAITING, old.id, 0, {"size": 3})
    assert (new.priority, new.tags, new.timeout, new.max_attempts) == (7, ("x", "y"), 12.5, 3)
    await house.deliver()
    ran = await house.queue.get(new.id)
    assert (ran.status, ran.result, ran.replay_of) == (Status.COMPLETED, {"made": 3}, old.id)
    assert await house.queue.get(old.id) == before


@housed
async def test_with_other_data_that_is_checked(house: House) -> None:
    old = await house.queue.enqueue("work", {"size": 3})
    await house.deliver()
    with pytest.raises(InvalidData, match="size"):
        await house.queue.replay(old.id, {"size": "huge"})
    new = await house.queue.replay(old.id, {"size": 4})
    await house.deliver()
    assert (await house.queue.get(new.id)).result == {"made": 4}
    assert (await house.queue.get(old.id)).data == {"size": 3}


@pytest.mark.parametrize("status", list(Status))
@housed
async def test_any_job_can_be_replayed_whatever_its_status(house: House, status: Status) -> None:
    old = await house.queue.enqueue("work", {}, delay=60 if status is Status.DELAYED else 0)
    if status is Status.FAILED:
        house.handlers["work"] = discard
    if status is Status.CANCELLED:
        await house.queue.cancel(old.id)
    if status is Status.ACTIVE:
        await house.runtime.store.claim("default", old.id, "w9/1", house.loop.epoch_ms())
    if status in (Status.COMPLETED, Status.FAILED):
        await house.deliver()
        house.handlers.clear()
    assert (await house.queue.get(old.id)).status is status
    new = await house.queue.replay(old.id)
    await house.deliver()
    assert (await house.queue.get(new.id)).status is Status.COMPLETED


@housed
async def test_asked_twice_with_a_name_it_is_one_job(house: House) -> None:
    old = await house.queue.enqueue("work", {})
    await house.deliver()
    made = await asyncio.gather(*(house.queue.replay(old.id, new_id="again") for _ in range(3)))
    assert {job.id for job in made} == {"again"}
    async with house.working():
        await asyncio.sleep(60)
    assert outcomes(await house.queue.get("again")) == ["completed"]
    with pytest.raises(InvalidOption, match="jobId"):
        await house.queue.replay(old.id, new_id="no spaces")


@housed
async def test_killed_between_row_and_message_it_runs_all_the_same(house: House) -> None:
    old = await house.queue.enqueue("work", {})
    await house.deliver()
    caller = house.process()
    await house.die_at(caller.sqs, "send_message", caller.runtime.queue.replay(old.id))
    async with house.working():
        await asyncio.sleep(60)
    (new,) = [job for job in (await house.queue.list()).jobs if job.replay_of == old.id]
    assert new.status is Status.COMPLETED


@housed
async def test_the_record_of_an_ended_job_is_removed(house: House) -> None:
    made = await house.queue.enqueue("work", {"size": 1}, job_id="mine")
    await house.deliver()
    gone = await house.queue.delete("mine")
    assert (gone.id, gone.status) == (made.id, Status.COMPLETED)
    with pytest.raises(JobNotFound):
        await house.queue.get("mine")
    assert (await house.queue.list()).jobs == []
    with pytest.raises(JobNotFound):
        await house.queue.delete("mine")
    # Its name is free again.
    assert (await house.queue.enqueue("work", {"size": 2}, job_id="mine")).data == {"size": 2}


@housed
async def test_an_open_job_must_be_cancelled_first(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    with pytest.raises(WrongStatus, match=r"cannot delete job .* it is waiting, not ended; cancel it first"):
        await house.queue.delete(made.id)
    await house.queue.cancel(made.id)
    await house.queue.delete(made.id)
    # Its message meets no row, and is dropped.
    await house.deliver()
    assert house.runs == []
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_failed_job_is_deleted_once_it_is_buried_and_its_letter_goes_too(house: House) -> None:
    house.handlers["work"] = discard
    made = await house.queue.enqueue("work", {})
    doomed = house.process()
    await house.die_at(doomed.sqs, "send_message", doomed.deliver())
    with pytest.raises(WrongStatus, match="at rest"):
        await house.queue.delete(made.id)
    await asyncio.sleep(60)
    await house.maintain()
    assert len(await house.letters()) == 1
    await house.queue.delete(made.id)
    await asyncio.sleep(SWEEP_AT_LEAST_EVERY / 1000 + 1)
    await house.maintain()
    assert await house.letters() == []


@housed
async def test_a_delete_and_a_retry_at_once_have_one_winner(house: House) -> None:
    house.handlers["work"] = discard
    jobs = [await house.queue.enqueue("work", {}) for _ in range(10)]
    await house.deliver()
    house.handlers.clear()
    ends = await asyncio.gather(
        *(house.queue.delete(job.id) for job in jobs),
        *(house.queue.retry(job.id) for job in jobs),
        return_exceptions=True,
    )
    for job, deleted, retried in zip(jobs, ends[:10], ends[10:], strict=True):
        assert isinstance(deleted, Exception) is not isinstance(retried, Exception)
        if isinstance(retried, Exception):
            with pytest.raises(JobNotFound):
                await house.queue.get(job.id)


@housed
async def test_a_replay_costs_what_an_enqueue_costs(house: House) -> None:
    old = await house.queue.enqueue("work", {})
    await house.deliver()
    wire = house.first.dynamodb
    wire.units = 0
    await house.queue.replay(old.id)
    assert wire.units == 2
