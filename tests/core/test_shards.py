"""Shards: a job has one for life, nobody loses sight of it whatever the number is or was, and one shard is free."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError

from queues import Options, Status
from queues.control.job_filter import JobFilter
from queues.flows.flow import Flow, Step, chain
from queues.job import Job
from queues.limits import MAX_SHARDS
from queues.options import NewJob
from queues.rows import OPEN
from queues.settings import Settings, read_settings
from queues.shards import partition, partitions, shard_in, shard_of
from tests.core import test_cleaning as cleaning
from tests.core import test_control_bulk as bulk
from tests.core import test_listing as listing
from tests.core import test_reaper as reaping
from tests.core import test_runner as running
from tests.core import test_throttle_why as why
from tests.core import test_transactions as transactions
from tests.core.house import LEASE, Died, House, Process, housed

CURSOR_CHARS = 8_192


# --- the hash and the names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job_id", "shards", "shard"),
    [("a", 1, 0), ("a", 2, 1), ("a", 4, 3), ("b", 4, 1), ("order-7", 4, 1), ("01M3250V00DHW93DTR98H6BCPB", 32, 1)],
)
def test_an_id_has_the_same_shard_in_every_process(job_id: str, shards: int, shard: int) -> None:
    assert shard_of(job_id, shards) == shard


@pytest.mark.parametrize("shards", [2, 3, 4, 7, 16, MAX_SHARDS])
@pytest.mark.parametrize("form", ["{}", "order-{:06}", "tenant:{}:nightly", "01M3250V00DHW93DTR98{:06}"])
def test_ids_are_spread_evenly(form: str, shards: int) -> None:
    found = Counter(shard_of(form.format(number), shards) for number in range(shards * 400))
    assert found.keys() == set(range(shards))
    # Twenty is a standard deviation.
    assert all(300 < count < 500 for count in found.values()), found


def test_the_name_of_a_partition_tells_its_shard() -> None:
    assert partitions("ada", "open", 3) == ["ada#open", "ada#open#1", "ada#open#2"]
    for shard, name in enumerate(partitions("ada", "completed", MAX_SHARDS)):
        assert shard_in(name) == shard


@pytest.mark.parametrize("shards", [0, -1, MAX_SHARDS + 1])
def test_a_number_out_of_range_is_refused(shards: int) -> None:
    with pytest.raises(ValidationError, match="shards"):
        Settings(shards=shards)  # type: ignore[call-arg]


# --- what holds with one shard holds with three -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "test",
    [
        *(
            partial(listing.test_pages_of_any_size_are_complete_and_without_repeats, limit=limit)
            for limit in (1, 7, 200)
        ),
        listing.test_the_latest_activity_comes_first,
        listing.test_a_list_of_one_type_holds_only_that_type,
        listing.test_a_cursor_of_another_tenant_is_refused,
        reaping.test_an_attempt_whose_lease_is_over_is_lost_and_the_job_runs_again,
        reaping.test_of_two_reapers_one_ends_the_attempt,
        reaping.test_a_bulk_that_was_cut_off_between_rows_and_messages_heals,
        reaping.test_a_backlog_is_not_sent_over_and_over,
        partial(reaping.test_a_burial_cut_short_is_completed, after=True),
        reaping.test_every_tenants_jobs_are_looked_after,
        reaping.test_trouble_with_one_job_does_not_keep_the_others_from_being_looked_at,
        cleaning.test_the_newest_of_each_end_are_kept,
        cleaning.test_each_tenant_has_the_whole_number,
        cleaning.test_more_than_a_page_of_them,
        cleaning.test_two_cleaners_at_once_remove_each_job_once,
        partial(bulk.test_a_filter_is_counted_before_and_obeyed, wanted=JobFilter(error="ValueError"), matched=7),
        bulk.test_a_filter_by_time_takes_what_failed_then,
        bulk.test_tenants_are_apart_unless_everybody_is_meant,
        bulk.test_a_rate_is_kept,
        bulk.test_a_purge_cancels_what_waits_of_every_tenant_and_empties_the_queue,
        why.test_it_is_behind_others_in_its_queue,
        running.test_a_worker_that_lost_its_lease_cannot_settle,
        partial(transactions.test_killed_after_the_transaction_the_job_runs_within_one_round, delay=0),
    ],
    ids=lambda test: getattr(test, "func", test).__name__.removeprefix("test_")[:50],
)
def test_with_three_shards(test: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_SHARDS", "3")
    test()


# --- a job keeps its shard --------------------------------------------------------------------------------------------


def using(house: House, shards: int) -> Process:
    """A process that makes its jobs in so many shards."""
    house.settings = house.settings.model_copy(update={"shards": shards})
    return house.process()


async def state(house: House, job_id: str) -> str:
    """The index partition that a job's row is in."""
    key = {"pk": {"S": f"job#default#{job_id}"}, "sk": {"S": "job"}}
    reply = await house.dynamodb.get_item(TableName="jobyard", Key=key)
    return str(reply["Item"]["state"]["S"])


async def listed(process: Process, **how: Any) -> set[str]:
    return {job.id for job in await listing.read(process.runtime.queue, **how)}


@housed
async def test_every_way_to_make_a_job_puts_it_into_its_shard(house: House) -> None:
    process = using(house, 4)
    queue = process.runtime.queue
    made = [await queue.enqueue("work", {}), await queue.enqueue("work", {}, job_id="named")]
    made += await queue.enqueue_many([NewJob("work", {}), NewJob("work", {}, Options(job_id="named-too"))])
    made.append(await queue.replay(made[0].id))
    await queue.schedules.create("hourly", "work", "rate(1 hour)", data={})
    made.append(await queue.schedules.run_now("hourly"))
    inside, items = await queue.transaction_items("work", {})
    await house.dynamodb.transact_write_items(TransactItems=items)
    flow = await queue.flows.start(Flow(chain(Step("work", {}), Step("other"))))
    while await process.deliver():
        await process.deliver("other")
    steps = [one.job_id for one in await queue.flows.steps(flow.id)]
    await asyncio.sleep(3_601)
    await process.deliver()
    found = await listed(process)
    assert found > {*(job.id for job in made), inside.id, *steps}
    assert sum(job_id.startswith("hourly:") for job_id in found) > 1, "at its time, too"
    for job_id in found:
        assert shard_in(await state(house, job_id)) == shard_of(job_id, 4), job_id


@housed
async def test_a_job_stays_in_its_shard_whoever_works_on_it(house: House) -> None:
    made = [await using(house, 4).runtime.queue.enqueue("work", {}, attempts=1) for _ in range(12)]
    shards = {job.id: shard_of(job.id, 4) for job in made}
    assert len(set(shards.values())) == 4

    async def odd_fail(order: Any, ctx: Any) -> None:
        if shards[ctx.job_id] % 2:
            raise ValueError("odd")

    house.handlers["work"] = odd_fail
    old = using(house, 1)
    await old.deliver()
    await old.deliver()
    ended = {job.id: (await old.runtime.queue.get(job.id)).status for job in made}
    assert set(ended.values()) == {Status.COMPLETED, Status.FAILED}
    for job_id, status in ended.items():
        assert await state(house, job_id) == partition("default", status.value, shards[job_id])
    again = next(job_id for job_id, status in ended.items() if status is Status.FAILED)
    await old.runtime.queue.retry(again)
    assert await state(house, again) == partition("default", OPEN, shards[again])


# --- the number changes -----------------------------------------------------------------------------------------------


async def orphans(house: House, process: Process, count: int) -> list[Job]:
    """Jobs whose process was killed between rows and messages."""
    before = await listed(process)
    jobs = [NewJob("work", {}) for _ in range(count)]
    await house.die_at(process.sqs, "send_message_batch", process.runtime.queue.enqueue_many(jobs))
    return [job for job in (await process.runtime.queue.list(limit=200)).jobs if job.id not in before]


@pytest.mark.parametrize(("first", "then"), [(1, 4), (4, 1), (2, 5)])
@housed
async def test_raised_or_lowered_while_jobs_are_open_none_is_lost(house: House, first: int, then: int) -> None:
    """Processes of either number make jobs and are killed; either sees all of them, and either's reaper mends them."""
    one = using(house, first)
    jobs = await orphans(house, one, 12)
    other = using(house, then)
    jobs += await orphans(house, other, 12)
    jobs += await orphans(house, using(house, first), 12)
    everything = {job.id for job in jobs}
    assert len(everything) == 36
    for process in (one, other):
        assert await listed(process, limit=7) == await listed(process, status=Status.WAITING, limit=5) == everything
    for job in jobs:
        await house.runtime.store.claim(job.tenant, job.id, f"gone/{job.id}", house.loop.epoch_ms())
    await asyncio.sleep(2 * LEASE)
    assert (await one.runtime.reaper.round()).lost == 36
    async with house.working(other):
        await asyncio.sleep(60)
    for process in (one, other):
        assert await listed(process, status=Status.COMPLETED, limit=7) == everything


@housed
async def test_the_number_is_written_down_before_the_first_row(house: House) -> None:
    for after, shards in ((False, 1), (True, 4)):
        process = using(house, 4)
        await house.die_at(process.dynamodb, "put_item", process.runtime.queue.enqueue("work", {}), after=after)
        assert process.dynamodb.calls == {"put_item": 1}
        assert await house.runtime.store.shards_of("default") == shards
    assert await listed(house.first) == set()


@housed
async def test_the_number_that_is_remembered_only_grows(house: House) -> None:
    seen = []
    for shards in (2, 4, 1, 3, 4, 5):
        process = using(house, shards)
        await process.runtime.queue.enqueue("work", {})
        seen.append((await process.runtime.store.tenants(), await process.runtime.store.shards_of("default")))
    assert seen == [({"default": most}, most) for most in (2, 4, 4, 4, 4, 5)]
    assert await house.runtime.store.shards_of("nobody") == 1


@housed
async def test_a_list_goes_on_though_the_number_was_raised_between_two_pages(house: House) -> None:
    made = {job.id for job in await house.queue.enqueue_many([NewJob("work", {}) for _ in range(20)])}
    first = await house.queue.list(limit=8)
    await asyncio.sleep(1)
    later = await using(house, 6).runtime.queue.enqueue_many([NewJob("work", {}) for _ in range(20)])
    cursor, found = first.cursor, [job.id for job in first.jobs]
    while cursor is not None:
        page = await house.queue.list(limit=8, cursor=cursor)
        found += [job.id for job in page.jobs]
        cursor = page.cursor
    assert sorted(found) == sorted(made), "what has come since is in front of the first page"
    assert await listed(house.first) == made | {job.id for job in later}


# --- bounds and costs -------------------------------------------------------------------------------------------------


@housed
async def test_a_cursor_is_short_enough_for_a_url(house: House) -> None:
    """At the worst: jobs of one time in all shards, with ids as long as they may be."""
    queue = using(house, MAX_SHARDS).runtime.queue
    jobs = [NewJob("work", {}, Options(job_id=f"{number:0128}")) for number in range(220)]
    await queue.enqueue_many(jobs)
    page = await queue.list(limit=200)
    assert page.cursor is not None
    assert len(page.cursor) < CURSOR_CHARS
    assert len((await queue.list(limit=200, cursor=page.cursor)).jobs) == 20


@pytest.mark.parametrize("shards", [1, 4])
@housed
async def test_a_job_costs_the_same_in_any_number_of_shards(house: House, shards: int) -> None:
    process = using(house, shards)
    await process.runtime.queue.enqueue("work", {})
    await process.deliver()
    process.dynamodb.units = 0
    process.dynamodb.calls.clear()
    await process.runtime.queue.enqueue("work", {})
    await process.deliver()
    assert process.dynamodb.units == 6
    assert process.dynamodb.calls == {"batch_write_item": 1, "batch_execute_statement": 2}


@pytest.mark.parametrize("shards", [1, 4])
@housed
async def test_an_empty_look_is_two_queries_a_shard(house: House, shards: int) -> None:
    process = using(house, shards)
    await process.runtime.queue.enqueue("work", {})
    process.dynamodb.calls.clear()
    await process.runtime.reaper.round()
    assert process.dynamodb.calls == {"query": 1 + 2 * shards}


@housed
async def test_a_round_of_the_reaper_tells_trouble_when_all_shards_are_done(house: House) -> None:
    process = using(house, 3)
    jobs = await orphans(house, process, 12)
    await asyncio.sleep(2 * LEASE)
    process.dynamodb.fail("batch_get_item", Died())
    with pytest.raises(Died):
        await process.runtime.reaper.round()
    assert 0 < sum(await house.depth()) < len(jobs)


def test_the_number_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().shards == 1
    monkeypatch.setenv("JOBYARD_SHARDS", "16")
    assert read_settings().shards == 16
