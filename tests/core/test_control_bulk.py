"""Operations on many jobs: retry, discard, purge; counted before, at a rate, watched, called off, gone on with."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queues import Context, Discard, NewJob, Options, Status
from queues.control.admin import EVERYONE
from queues.control.bulk import KEEP_SECONDS, Bulk, Stage, Verb, bulk_of, row_of
from queues.control.bulk_store import HOLD
from queues.control.job_filter import JobFilter
from queues.dead_letters import SWEEP_AT_LEAST_EVERY
from queues.errors import BulkNotFound, InvalidOption, UnknownJobType, WrongStatus
from queues.job import Job
from queues.outcome import raised
from tests.core.house import House, Order, housed, outcomes

ALL = JobFilter()


async def _fail(order: Order, _ctx: Context) -> None:
    if order.size % 2:
        raise ValueError("odd")
    raise Discard("even")


async def failed(house: House, count: int, name: str = "work", tenant: str = "default", **options: Any) -> list[Job]:
    """Jobs that have failed and are buried: with Discard those of even sizes, with ValueError the others."""
    house.handlers[name] = _fail
    queue = house.queue.for_tenant(tenant)
    made = await queue.enqueue_many(
        [NewJob(name, {"size": size}, Options(attempts=1, **options)) for size in range(count)]
    )
    while any((await house.depth(name))[:2]):
        await house.deliver(name)
    house.handlers.clear()
    return [await queue.get(job.id) for job in made]


async def statuses(house: House, jobs: list[Job]) -> set[Status]:
    found = [await house.queue.for_tenant(job.tenant).get(job.id) for job in jobs]
    return {job.status for job in found}


async def at_rest(house: House) -> None:
    """Lets dead-letter consumers come by, whatever they have seen."""
    await asyncio.sleep(SWEEP_AT_LEAST_EVERY / 1000 + 1)
    await house.maintain()


# --- retry --------------------------------------------------------------------------------------------------------


@housed
async def test_all_failed_jobs_are_retried_and_their_letters_go(house: House) -> None:
    jobs = await failed(house, 250)
    await house.maintain()
    assert len(await house.letters()) == 250
    assert await house.queue.count_failed(JobFilter(type="work")) == (await house.queue.count_failed(ALL))
    bulk = await house.queue.retry_many(JobFilter(type="work"), by="ada")
    assert (bulk.stage, bulk.done, bulk.created_by) == (Stage.RUNNING, 0, "ada")
    assert await statuses(house, jobs) == {Status.FAILED}, "whoever does the rounds does the work"
    await house.runtime.bulk_work.round()
    bulk = await house.queue.operation(bulk.id)
    assert (bulk.stage, bulk.done, bulk.examined) == (Stage.DONE, 250, 250)
    while await house.deliver():
        pass
    assert await statuses(house, jobs) == {Status.COMPLETED}
    # The consumer of this process was told; it need not wait until a sweep is due.
    await house.runtime.dead_letters.round()
    assert await house.letters() == []


@pytest.mark.parametrize(
    ("wanted", "matched"),
    [
        (ALL, 14),
        (JobFilter(type="other"), 4),
        (JobFilter(error="ValueError"), 7),
        (JobFilter(type="work", error="ValueError"), 5),
        (JobFilter(error="Timeout"), 0),
        (JobFilter(tags=("blue",)), 4),
        (JobFilter(tags=("blue", "red")), 4),
        (JobFilter(tags=("green",)), 0),
    ],
)
@housed
async def test_a_filter_is_counted_before_and_obeyed(house: House, wanted: JobFilter, matched: int) -> None:
    jobs = [*await failed(house, 10), *await failed(house, 4, "other", tags=("blue", "red"))]
    counted = await house.queue.count_failed(wanted)
    assert (counted.matched, counted.exact) == (matched, True)
    bulk = await house.queue.retry_many(wanted)
    await house.runtime.bulk_work.round()
    assert (await house.queue.operation(bulk.id)).done == matched
    now = [await house.queue.get(job.id) for job in jobs]
    again = [job for job, old in zip(now, jobs, strict=True) if job.status is Status.WAITING and wanted.matches(old)]
    assert len(again) == matched
    assert sum(job.status is Status.FAILED for job in now) == 14 - matched


@housed
async def test_a_filter_by_time_takes_what_failed_then(house: House) -> None:
    early = await failed(house, 3)
    await asyncio.sleep(60)
    border = house.loop.epoch_ms()
    late = await failed(house, 2)
    assert (await house.queue.count_failed(JobFilter(failed_after=border))).matched == 2
    await house.queue.retry_many(JobFilter(failed_before=border))
    await house.runtime.bulk_work.round()
    assert await statuses(house, early) == {Status.WAITING}
    assert await statuses(house, late) == {Status.FAILED}


@housed
async def test_what_fails_while_it_goes_on_is_not_retried_for_ever(house: House) -> None:
    jobs = await failed(house, 3)
    house.handlers["work"] = _fail
    bulk = await house.queue.retry_many(ALL, rate=0.1)
    async with house.working():
        work = asyncio.create_task(house.process().runtime.bulk_work.round())
        await asyncio.sleep(600)
        assert work.done()
    assert (await house.queue.operation(bulk.id)).done == 3
    assert [len((await house.queue.get(job.id)).history) for job in jobs] == [2, 4, 2]


@housed
async def test_tenants_are_apart_unless_everybody_is_meant(house: House) -> None:
    mine, theirs = await failed(house, 3), await failed(house, 4, tenant="bob")
    bulk = await house.queue.retry_many(ALL)
    await house.runtime.bulk_work.round()
    assert (await house.queue.operation(bulk.id)).done == 3
    assert await statuses(house, theirs) == {Status.FAILED}
    with pytest.raises(BulkNotFound):
        await house.queue.for_tenant("bob").operation(bulk.id)
    with pytest.raises(BulkNotFound):
        await house.queue.for_tenant("bob").call_off(bulk.id)
    assert (await house.queue.admin.count_failed(EVERYONE, ALL)).matched == 4
    await house.queue.admin.retry_many(EVERYONE, ALL)
    await house.runtime.bulk_work.round()
    assert await statuses(house, [*mine, *theirs]) == {Status.WAITING}


@housed
async def test_a_rate_is_kept(house: House) -> None:
    await failed(house, 30)
    bulk = await house.queue.retry_many(ALL, rate=2)
    began = house.loop.time()
    work = [asyncio.create_task(one.runtime.bulk_work.round()) for one in (house.first, house.process())]
    seen: list[int] = []
    while not all(task.done() for task in work):
        await asyncio.sleep(1)
        seen.append((await house.queue.operation(bulk.id)).done)
    assert seen[-1] == 30
    assert 13 <= house.loop.time() - began <= 20
    for second, done in enumerate(seen, 1):
        assert done <= 2 * (second + 1)


@housed
async def test_a_slow_rate_saves_up_for_its_next_job(house: House) -> None:
    await failed(house, 3)
    bulk = await house.queue.retry_many(ALL, rate=0.05)
    await house.runtime.bulk_work.round()
    assert (await house.queue.operation(bulk.id)).done == 3
    assert 38 <= house.loop.time() <= 45


@housed
async def test_called_off_it_stops_and_what_is_done_stays_done(house: House) -> None:
    jobs = await failed(house, 30)
    bulk = await house.queue.retry_many(ALL, rate=1)
    work = asyncio.create_task(house.runtime.bulk_work.round())
    await asyncio.sleep(10)
    ended = await house.queue.call_off(bulk.id)
    assert (ended.stage, ended.ended_at) == (Stage.CANCELLED, house.loop.epoch_ms())
    await work
    after = await house.queue.operation(bulk.id)
    assert 9 <= after.done <= 12
    found = [(await house.queue.get(job.id)).status for job in jobs]
    assert found.count(Status.WAITING) == after.done
    assert (await house.queue.call_off(bulk.id)).stage is Stage.CANCELLED, "once more changes nothing"


@housed
async def test_what_has_ended_is_forgotten_after_a_week(house: House) -> None:
    bulk = await house.queue.retry_many(ALL)
    await house.runtime.bulk_work.round()
    await asyncio.sleep(KEEP_SECONDS - 10)
    assert (await house.queue.operation(bulk.id)).stage is Stage.DONE
    await asyncio.sleep(12)
    with pytest.raises(BulkNotFound):
        await house.queue.operation(bulk.id)


@housed
async def test_what_cannot_be_asked_is_refused(house: House) -> None:
    with pytest.raises(UnknownJobType, match="did you mean 'work'"):
        await house.queue.retry_many(JobFilter(type="wrok"))
    with pytest.raises(UnknownJobType):
        await house.queue.count_failed(JobFilter(type="wrok"))
    for rate in (0, -1, 20_000, float("nan")):
        with pytest.raises(InvalidOption, match="rate"):
            await house.queue.retry_many(ALL, rate=rate)
    with pytest.raises(InvalidOption, match="failedBefore"):
        JobFilter(failed_after=5, failed_before=5)
    assert await house.runtime.bulk_work.round() == 0


# --- crashes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "call", "after"),
    [
        ("dynamodb", "update_item", False),  # before it takes the operation
        ("dynamodb", "update_item", True),
        ("dynamodb", "batch_get_item", False),  # before it changes any job
        ("sqs", "send_message_batch", False),  # rows are changed, messages are not sent
        ("sqs", "send_message_batch", True),
    ],
)
@housed
async def test_killed_anywhere_it_is_gone_on_with_and_nothing_is_lost(
    house: House, client: str, call: str, after: bool
) -> None:
    jobs = await failed(house, 120)
    bulk = await house.queue.retry_many(ALL)
    doomed = house.process()
    await house.die_at(getattr(doomed, client), call, doomed.runtime.bulk_work.round(), after=after)
    other = house.process()
    # Whoever has died had it to itself for a while.
    await asyncio.sleep(HOLD / 1000 + 1)
    await other.runtime.bulk_work.round()
    assert (await house.queue.operation(bulk.id)).stage is Stage.DONE
    async with house.working():
        await asyncio.sleep(3_600)
    assert await statuses(house, jobs) == {Status.COMPLETED}
    assert [outcomes(await house.queue.get(job.id))[1:] for job in jobs] == [["completed"]] * 120
    assert await house.letters() == []


@housed
async def test_of_several_workers_one_has_it(house: House) -> None:
    jobs = await failed(house, 150)
    bulk = await house.queue.retry_many(ALL)
    await asyncio.gather(*(house.process().runtime.bulk_work.round() for _ in range(4)))
    done = await house.queue.operation(bulk.id)
    assert (done.stage, done.done) == (Stage.DONE, 150)
    while await house.deliver():
        pass
    assert {tuple(outcomes(await house.queue.get(job.id))[1:]) for job in jobs} == {("completed",)}


@housed
async def test_a_job_that_somebody_retries_meanwhile_runs_once(house: House) -> None:
    jobs = await failed(house, 20)
    await house.queue.retry_many(ALL)
    await asyncio.gather(
        house.runtime.bulk_work.round(), *(house.queue.retry(job.id) for job in jobs), return_exceptions=True
    )
    async with house.working():
        await asyncio.sleep(60)
    assert {tuple(outcomes(await house.queue.get(job.id))[1:]) for job in jobs} == {("completed",)}


# --- discard ------------------------------------------------------------------------------------------------------


@housed
async def test_a_discarded_job_is_cancelled_and_its_letter_goes(house: House) -> None:
    one, other = await failed(house, 2)
    gone = await house.queue.discard(one.id, by="ada")
    assert (gone.status, gone.cancel_by, gone.error) == (Status.CANCELLED, "ada", one.error)
    assert (await house.queue.discard(one.id)).status is Status.CANCELLED, "once more changes nothing"
    await at_rest(house)
    assert len(await house.letters()) == 1
    with pytest.raises(WrongStatus, match="it is cancelled, not failed"):
        await house.queue.retry(one.id)
    assert (await house.queue.retry(other.id)).status is Status.WAITING
    with pytest.raises(WrongStatus, match=r"cannot discard .* it is waiting, not failed"):
        await house.queue.discard(other.id)


@housed
async def test_dead_letters_are_discarded_by_filter(house: House) -> None:
    jobs = await failed(house, 10)
    bulk = await house.queue.discard_many(JobFilter(type="work", error="Discard"))
    await house.runtime.bulk_work.round()
    assert (await house.queue.operation(bulk.id)).done == 5
    now = [(await house.queue.get(job.id)).status for job in jobs]
    assert now == [Status.CANCELLED, Status.FAILED] * 5
    await house.runtime.dead_letters.round()
    assert len(await house.letters()) == 5


@housed
async def test_a_discard_while_it_is_buried_leaves_no_letter(house: House) -> None:
    house.handlers["work"] = _fail
    made = await house.queue.enqueue("work", {"size": 0})
    doomed = house.process()
    await house.die_at(doomed.sqs, "send_message", doomed.deliver(), after=True)
    assert (await house.queue.get(made.id)).buried_at is None
    assert (await house.queue.discard(made.id)).status is Status.CANCELLED
    await at_rest(house)
    assert await house.letters() == []


# --- purge --------------------------------------------------------------------------------------------------------


@housed
async def test_a_purge_cancels_what_waits_of_every_tenant_and_empties_the_queue(house: House) -> None:
    bob = house.queue.for_tenant("bob")
    waiting = await house.queue.enqueue_many([NewJob("work", {}) for _ in range(130)])
    waiting += await bob.enqueue_many([NewJob("work", {}, Options(delay=500)) for _ in range(3)])
    kept = await house.queue.enqueue("other", {})
    (dead,) = await failed_beside(house)
    bulk = await house.queue.purge("work", by="ops")
    await house.runtime.bulk_work.round()
    ended = await house.queue.admin.operation(bulk.id)
    assert (ended.stage, ended.verb, ended.done) == (Stage.DONE, Verb.PURGE, 133)
    assert await statuses(house, waiting) == {Status.CANCELLED}
    assert (await house.queue.get(waiting[0].id)).cancel_by == "ops"
    assert (await house.queue.get(dead.id)).status is Status.FAILED
    assert (await house.queue.get(kept.id)).status is Status.WAITING
    assert await house.depth() == (0, 0, 0)
    later = await house.queue.enqueue("work", {})
    await house.runtime.bulk_work.round()
    await house.deliver()
    assert (await house.queue.get(later.id)).status is Status.COMPLETED


async def failed_beside(house: House) -> list[Job]:
    """One failed job, though others wait in the queue."""
    made = await house.queue.enqueue("work", {"size": 0}, attempts=1, job_id="dead")
    claimed = await house.runtime.store.claim("default", made.id, "w9/1", house.loop.epoch_ms())
    assert isinstance(claimed, Job)
    end = house.runtime.reaper.endings
    assert await end.settle(claimed, raised(Discard("no"), None), house.loop.epoch_ms(), 0.5)
    await end.conclude(claimed)
    return [await house.queue.get(made.id)]


@housed
async def test_a_purge_leaves_what_runs_alone(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(30)
    made = await house.queue.enqueue("work", {})
    running = asyncio.create_task(house.deliver())
    await asyncio.sleep(1)
    await house.queue.purge("work")
    await house.runtime.bulk_work.round()
    await running
    assert (await house.queue.get(made.id)).status is Status.COMPLETED


@pytest.mark.parametrize("after", [False, True])
@housed
async def test_a_purge_that_is_killed_at_the_queue_goes_on(house: House, after: bool) -> None:
    waiting = await house.queue.enqueue_many([NewJob("work", {}) for _ in range(20)])
    await house.queue.purge("work")
    doomed = house.process()
    await house.die_at(doomed.sqs, "purge_queue", doomed.runtime.bulk_work.round(), after=after)
    await asyncio.sleep(HOLD / 1000 + 1)
    async with house.working():
        await house.process().runtime.bulk_work.round()
        await asyncio.sleep(60)
    found = {(await house.queue.get(job.id)).status for job in waiting}
    # Between the two, a worker may have begun what waited.
    assert found <= {Status.CANCELLED, Status.COMPLETED}
    assert await house.depth() == (0, 0, 0)


# --- the row ------------------------------------------------------------------------------------------------------


def test_an_operation_survives_its_row() -> None:
    bulk = Bulk(
        id="b", verb=Verb.DISCARD, owner="acme", target=None, rate=2.5, created_at=5, created_by="ada",
        filter=JobFilter(type="work", error="Timeout", failed_after=1, failed_before=9, tags=("x",)),
    )  # fmt: skip
    assert bulk_of(row_of(bulk)) == bulk
    ended = bulk.ended(Stage.DONE, 77)
    assert bulk_of(row_of(ended)) == ended
