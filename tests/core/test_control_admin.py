"""Beyond one tenant: another's failed jobs, or everybody's; whose operations are seen by whom; what the trail says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queues import Status
from queues.audit.entry import Result
from queues.control.admin import EVERYONE, Admin
from queues.control.bulk import Bulk, Stage
from queues.control.job_filter import JobFilter
from queues.errors import BulkNotFound, InvalidOption
from queues.queue import Queue
from tests.core.house import House, housed, outcomes
from tests.core.test_control_bulk import ALL, failed, statuses


@housed
async def test_another_tenants_jobs_are_retried_and_nobody_elses(house: House) -> None:
    mine, bobs, cleos = [await failed(house, 2, tenant=name) for name in ("default", "bob", "cleo")]
    assert (await house.queue.admin.count_failed("bob", ALL)).tenants == {"bob": 2}
    bulk = await house.queue.admin.retry_many("bob", JobFilter(error="Discard"), by="ops")
    assert (bulk.owner, bulk.target, bulk.created_by) == ("default", "bob", "ops")
    await house.runtime.bulk_work.round()
    assert (await house.queue.admin.operation(bulk.id)).done == 1
    assert [(await house.queue.for_tenant("bob").get(job.id)).status for job in bobs] == [
        Status.WAITING,
        Status.FAILED,
    ]
    assert await statuses(house, [*mine, *cleos]) == {Status.FAILED}
    await house.queue.admin.discard_many("bob", ALL)
    await house.runtime.bulk_work.round()
    assert (await house.queue.for_tenant("bob").get(bobs[1].id)).status is Status.CANCELLED


@housed
async def test_everybodys_are_counted_by_tenant_and_are_one_operation(house: House) -> None:
    jobs = [*await failed(house, 3), *await failed(house, 4, tenant="bob")]
    await house.queue.for_tenant("cleo").enqueue("other", {})
    found = await house.queue.admin.count_failed(EVERYONE, ALL)
    assert (found.matched, found.exact, found.tenants) == (7, True, {"default": 3, "bob": 4})
    bulk = await house.queue.admin.retry_many(EVERYONE, ALL)
    await house.runtime.bulk_work.round()
    assert (await house.queue.admin.operation(bulk.id)).done == 7
    assert await statuses(house, jobs) == {Status.WAITING}


@pytest.mark.parametrize(
    ("tenant", "cure"),
    [("bbo", "no job was ever enqueued for it; did you mean 'bob'"), ("x", "enqueued for it$"), ("a b", "use 1 to 64")],
)
@housed
async def test_a_tenant_that_is_not_there_is_refused(house: House, tenant: str, cure: str) -> None:
    await house.queue.for_tenant("bob").enqueue("work", {})
    admin = house.queue.admin
    for asked in (admin.retry_many(tenant, ALL), admin.discard_many(tenant, ALL), admin.count_failed(tenant, ALL)):
        with pytest.raises(InvalidOption, match=cure):
            await asked
    assert (await admin.operations()).operations == []


@housed
async def test_ones_own_tenant_may_be_named_before_its_first_job(house: House) -> None:
    assert (await house.queue.admin.count_failed("default", ALL)).matched == 0


# --- who sees what ------------------------------------------------------------------------------------------------


def seen(page: Any) -> list[str]:
    return [bulk.id for bulk in page.operations]


@housed
async def test_what_reaches_beyond_a_tenant_only_admins_see_and_call_off(house: House) -> None:
    bob = house.queue.for_tenant("bob")
    await bob.enqueue("work", {})
    begun: list[Bulk] = []
    for begin in (
        house.queue.retry_many(ALL),
        house.queue.admin.retry_many("default", ALL),
        house.queue.admin.retry_many("bob", ALL),
        house.queue.admin.retry_many(EVERYONE, ALL),
        house.queue.purge("work"),
        bob.discard_many(ALL),
    ):
        begun.append(await begin)
        await asyncio.sleep(1)
    own, named, beyond, everyone, purge, bobs = (bulk.id for bulk in begun)
    assert seen(await house.queue.operations()) == [named, own]
    assert seen(await bob.operations()) == [bobs], "neither does bob see what is done to his jobs"
    for admin in (house.queue.admin, bob.admin):
        assert seen(await admin.operations()) == [bobs, purge, everyone, beyond, named, own]
    for hidden in (beyond, everyone, purge, bobs):
        with pytest.raises(BulkNotFound):
            await house.queue.operation(hidden)
        with pytest.raises(BulkNotFound):
            await house.queue.call_off(hidden)
    assert (await bob.admin.operation(everyone)).stage is Stage.RUNNING
    assert (await bob.admin.call_off(everyone)).stage is Stage.CANCELLED
    assert (await house.queue.admin.call_off(bobs)).stage is Stage.CANCELLED


@housed
async def test_operations_are_listed_in_pages(house: House) -> None:
    async def pages(of: Queue | Admin, limit: int) -> list[list[str]]:
        found, cursor = [], None
        while True:
            page = await of.operations(limit=limit, cursor=cursor)
            found.append(seen(page))
            cursor = page.cursor
            if cursor is None:
                return found

    bob = house.queue.for_tenant("bob")
    begun = []
    for number in range(8):
        begun.append((await (bob if number % 2 else house.queue).retry_many(ALL)).id)
        await asyncio.sleep(1)
    latest = begun[::-1]
    assert await pages(house.queue.admin, 3) == [latest[:3], latest[3:6], latest[6:]]
    assert await pages(house.queue, 2) == [latest[1::2][:2], latest[1::2][2:]]
    assert await pages(house.queue.admin, 8) == [latest]
    for wrong in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"cursor": begun[0].lower()}):
        with pytest.raises(InvalidOption, match=next(iter(wrong))):
            await house.queue.operations(**wrong)  # type: ignore[arg-type]


@housed
async def test_the_trail_of_who_did_it_names_the_tenant(house: House) -> None:
    await house.queue.for_tenant("bob").enqueue("work", {})
    ops = house.queue.acting_for("ada@ops", "192.0.2.7").admin
    one = await ops.retry_many("bob", JobFilter(type="work"), rate=2)
    every = await ops.discard_many(EVERYONE, ALL)
    with pytest.raises(InvalidOption):
        await ops.retry_many("nobody", ALL)
    await ops.call_off(one.id)
    entries = (await house.queue.audit()).entries
    assert {(entry.actor, entry.origin) for entry in entries} == {("ada@ops", "192.0.2.7")}
    assert [(e.action, e.target, dict(e.parameters), e.result, e.detail) for e in entries[::-1]] == [
        ("jobs.retry", "bob", {"wanted": {"type": "work"}, "rate": 2}, Result.DONE, one.id),
        ("jobs.discard", "*", {}, Result.DONE, every.id),
        ("jobs.retry", "nobody", {}, Result.REFUSED, "InvalidOption"),
        ("operation.cancel", one.id, {}, Result.DONE, None),
    ]
    assert (await house.queue.for_tenant("bob").audit()).entries == []


# --- two at once --------------------------------------------------------------------------------------------------


@housed
async def test_the_same_operation_begun_twice_retries_each_job_once(house: House) -> None:
    bob, rounds = house.queue.for_tenant("bob"), [house.process().runtime.bulk_work for _ in range(2)]
    jobs = await failed(house, 130, tenant="bob")
    begun = await asyncio.gather(
        house.queue.admin.retry_many("bob", ALL), bob.retry_many(ALL), house.queue.admin.retry_many(EVERYONE, ALL)
    )
    await asyncio.gather(*(work.round() for work in rounds))
    ended = [await house.queue.admin.operation(bulk.id) for bulk in begun]
    assert {bulk.stage for bulk in ended} == {Stage.DONE}
    assert sum(bulk.done for bulk in ended) == len(jobs)
    while await house.deliver():
        pass
    assert {tuple(outcomes(await bob.get(job.id))[1:]) for job in jobs} == {("completed",)}


@housed
async def test_a_retry_and_a_discard_at_once_share_the_jobs(house: House) -> None:
    jobs = await failed(house, 60, tenant="bob")
    retry, discard = await asyncio.gather(
        house.queue.admin.retry_many("bob", ALL), house.queue.admin.discard_many("bob", ALL)
    )
    await asyncio.gather(*(house.process().runtime.bulk_work.round() for _ in range(2)))
    found = [(await house.queue.for_tenant("bob").get(job.id)).status for job in jobs]
    done = [(await house.queue.admin.operation(bulk.id)).done for bulk in (retry, discard)]
    assert done == [found.count(Status.WAITING), found.count(Status.CANCELLED)]
    assert sum(done) == len(jobs)
