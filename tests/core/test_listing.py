"""Lists are complete and without repeats, page by page, across statuses and tenants that must not meet."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queues import Discard, NewJob, Options, Status
from queues.errors import InvalidOption, JobNotFound, UnknownJobType
from queues.job import Job
from queues.queue import Queue
from tests.core.house import House, Order, housed


async def every_status(house: House, queue: Queue, count: int) -> dict[Status, set[str]]:
    """`count` jobs in each status, made in turns so that their times interleave."""

    async def fate(order: Order, _ctx: object) -> None:
        if order.size == 1:
            raise Discard("no")
        if order.size == 2:
            await asyncio.sleep(100)

    house.handlers["work"] = fate
    ids: dict[Status, set[str]] = {status: set() for status in Status}
    for _ in range(count):
        for status, size in ((Status.COMPLETED, 0), (Status.FAILED, 1)):
            ids[status].add((await queue.enqueue("work", {"size": size})).id)
            await house.deliver()
        cancelled = await queue.enqueue("other", {})
        ids[Status.CANCELLED].add((await queue.cancel(cancelled.id)).id)
        ids[Status.DELAYED].add((await queue.enqueue("work", {}, delay=5_000)).id)
        await asyncio.sleep(0.25)
    for _ in range(count):
        ids[Status.ACTIVE].add((await queue.enqueue("work", {"size": 2})).id)
        house.background.append(asyncio.create_task(house.deliver(count=1)))
        await asyncio.sleep(0.1)
    for _ in range(count):
        ids[Status.WAITING].add((await queue.enqueue("other", {})).id)
    return ids


async def read(queue: Queue, **query: Any) -> list[Job]:
    """All pages."""
    jobs: list[Job] = []
    cursor = None
    for _ in range(1_000):
        page = await queue.list(cursor=cursor, **query)
        assert len(page.jobs) <= query.get("limit", 50)
        jobs += page.jobs
        cursor = page.cursor
        if cursor is None:
            return jobs
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("limit", [1, 3, 7, 50, 200])
@housed
async def test_pages_of_any_size_are_complete_and_without_repeats(house: House, limit: int) -> None:
    ids = await every_status(house, house.queue, 6)
    jobs = await read(house.queue, limit=limit)
    found = [job.id for job in jobs]
    assert len(found) == len(set(found)) == 36
    assert set(found) == set().union(*ids.values())
    for status in Status:
        one = await read(house.queue, status=status, limit=limit)
        assert {job.id for job in one} == ids[status], status
        assert len(one) == 6
        assert {job.status for job in one} == {status}


@housed
async def test_the_latest_activity_comes_first(house: House) -> None:
    async def fail_odd(order: Order, _ctx: object) -> None:
        if order.size % 2:
            raise Discard("odd")

    house.handlers["work"] = fail_odd
    for size in range(12):
        await house.queue.enqueue("work", {"size": size})
        await house.deliver()
        await asyncio.sleep(1)
    jobs = await read(house.queue, limit=5)
    assert [job.data["size"] for job in jobs] == list(range(11, -1, -1))
    assert [job.status for job in jobs[:2]] == [Status.FAILED, Status.COMPLETED]


@housed
async def test_a_list_of_one_type_holds_only_that_type(house: House) -> None:
    await house.queue.enqueue_many([NewJob("work" if n % 10 else "other", {"size": n}) for n in range(300)])
    jobs = await read(house.queue, type="other", limit=7)
    assert sorted(job.data["size"] for job in jobs) == list(range(0, 300, 10))
    with pytest.raises(UnknownJobType, match="did you mean 'work'"):
        await house.queue.list(type="wrok")


@housed
async def test_a_filter_that_matches_little_answers_with_short_pages(house: House) -> None:
    await house.queue.enqueue_many([NewJob("work", {}) for _ in range(2_500)])
    rare = await house.queue.enqueue("other", {})
    page = await house.queue.list(type="other", limit=10)
    assert page.cursor is not None or page.jobs
    assert [job.id for job in await read(house.queue, type="other", limit=10)] == [rare.id]


@housed
async def test_ended_jobs_past_their_retention_are_not_listed(house: House) -> None:
    await house.queue.enqueue("work", {})
    await house.deliver()
    kept = await house.queue.enqueue("work", {}, delay=8 * 86_400)
    await asyncio.sleep(7 * 86_400 + 2)
    assert [job.id for job in await read(house.queue)] == [kept.id]


@pytest.mark.parametrize("cursor", ["", "x", "e30", "bnVsbA", "W10", "eyJvcGVuIjpbMSwiam9iI2JvYiN4Il19"])
@housed
async def test_a_cursor_that_is_not_ours_is_refused(house: House, cursor: str) -> None:
    await house.queue.enqueue("work", {})
    with pytest.raises(InvalidOption, match="cursor"):
        await house.queue.list(cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 201])
@housed
async def test_a_limit_out_of_range_is_refused(house: House, limit: int) -> None:
    with pytest.raises(InvalidOption, match="limit"):
        await house.queue.list(limit=limit)


# --- tenants ------------------------------------------------------------------------------------------------------


@housed
async def test_tenants_do_not_see_each_other(house: House) -> None:
    ada, bob = house.queue.for_tenant("ada"), house.queue.for_tenant("bob")
    mine = [await ada.enqueue("work", {}, job_id=f"job-{n}") for n in range(5)]
    theirs = [await bob.enqueue("work", {"size": 2}, job_id=f"job-{n}") for n in range(3)]
    assert [job.tenant for job in mine + theirs] == ["ada"] * 5 + ["bob"] * 3
    assert {job.id for job in await read(ada, limit=2)} == {job.id for job in mine}
    assert {job.id for job in await read(bob, limit=2)} == {job.id for job in theirs}
    assert (await bob.get("job-1")).data == {"size": 2}
    for ask in (bob.get, bob.cancel, bob.retry):
        with pytest.raises(JobNotFound):
            await ask("job-4")
    await bob.cancel("job-1")
    assert (await ada.get("job-1")).status is Status.WAITING
    assert await read(house.queue.for_tenant("ad")) == []


@housed
async def test_a_cursor_of_another_tenant_is_refused(house: House) -> None:
    ada, bob = house.queue.for_tenant("ada"), house.queue.for_tenant("bob")
    for queue in (ada, bob):
        await queue.enqueue_many([NewJob("work", {}, Options(job_id=f"job-{n}")) for n in range(5)])
    cursor = (await ada.list(limit=2)).cursor
    assert cursor is not None
    with pytest.raises(InvalidOption, match="cursor"):
        await bob.list(limit=2, cursor=cursor)


@pytest.mark.parametrize("tenant", ["", "a#b", "a b", "x" * 65])
@housed
async def test_a_tenants_name_cannot_reach_into_anothers_keys(house: House, tenant: str) -> None:
    with pytest.raises(InvalidOption, match="tenant"):
        house.queue.for_tenant(tenant)


@housed
async def test_a_job_that_ends_while_the_partitions_are_read_is_listed_once(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    store, read_keys = house.runtime.store, house.runtime.store.keys

    async def keys(state: str, **page: Any) -> Any:
        entries = await read_keys(state, **page)
        if state.endswith("#open"):
            await house.deliver()
        return entries

    store.keys = keys  # type: ignore[method-assign]
    jobs = (await house.queue.list()).jobs
    assert [(job.id, job.status) for job in jobs] == [(made.id, Status.COMPLETED)]
