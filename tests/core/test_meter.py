"""What a process counts of its jobs: each of the numbers, through the real runner, reaper and way in."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from queues import Context, Discard, NewJob, Options, Snooze
from queues.observe.distribution import Distribution, rounded_up
from queues.observe.meter import MAX_TENANTS, OTHER_TENANTS, Meter, Subject
from tests.core.house import LEASE, MINUTE, House, Order, housed
from tests.house.test_permissions import lose


def counts(house: House, name: str = "work") -> dict[str, int]:
    """The counters that are not 0."""
    found = house.runtime.observer.meter.read().get(Subject(name))
    names = ("enqueued", "started", "completed", "failed", "dead_lettered", "retried", "timed_out")
    return {} if found is None else {one: getattr(found, one) for one in names if getattr(found, one)}


@housed
async def test_a_job_that_completes_with_its_times(house: House) -> None:
    async def takes_two_seconds(_order: Order, _ctx: Context) -> None:
        await asyncio.sleep(2)

    house.handlers["work"] = takes_two_seconds
    await house.queue.enqueue("work", {})
    await asyncio.sleep(5)
    await house.deliver()
    assert counts(house) == {"enqueued": 1, "started": 1, "completed": 1}
    found = house.runtime.observer.meter.read()[Subject("work")]
    assert (found.wait.counts, found.wait.total) == ({5_000: 1}, 5_000)
    assert (found.run.counts, found.run.total) == ({2_000: 1}, 2_000)


@housed
async def test_retries_failures_and_letters(house: House) -> None:
    async def fails(_order: Order, _ctx: Context) -> None:
        raise ValueError("no")

    house.handlers["work"] = fails
    await house.queue.enqueue("work", {}, attempts=2)
    async with house.working():
        await asyncio.sleep(MINUTE)
    assert counts(house) == {"enqueued": 1, "started": 2, "retried": 1, "failed": 1, "dead_lettered": 1}
    # A retry waits from the end of its backoff on: nobody waited for a job that was not to run.
    assert max(house.runtime.observer.meter.read()[Subject("work")].wait.counts) < 2_000


@housed
async def test_what_is_no_retry_and_what_runs_out_of_time(house: House) -> None:
    async def kinds(order: Order, ctx: Context) -> None:
        if order.size == 1 and ctx.attempt == 1:
            raise Snooze(3)
        if order.size == 2:
            await asyncio.sleep(100)
        if order.size == 3:
            raise Discard("never")

    house.handlers["work"] = kinds
    await house.queue.enqueue_many([NewJob("work", {"size": n}, Options(timeout=5, attempts=1)) for n in (1, 2, 3)])
    async with house.working():
        await asyncio.sleep(MINUTE)
    assert counts(house) == {
        "enqueued": 3,
        "started": 4,
        "completed": 1,
        "failed": 2,
        "dead_lettered": 2,
        "timed_out": 1,
    }


@housed
async def test_a_lost_attempt_is_counted_by_who_ends_it(house: House) -> None:
    await lose(house, await house.queue.enqueue("work", {}))
    await asyncio.sleep(LEASE + 6)
    await house.maintain()
    assert counts(house) == {"enqueued": 1, "retried": 1}


@housed
async def test_a_job_that_was_there_already_is_not_counted_again(house: House) -> None:
    for _ in range(2):
        await house.queue.enqueue("work", {}, job_id="a")
    await house.deliver()
    await house.queue.enqueue("work", {}, job_id="a")
    await house.queue.enqueue_many([NewJob("work", {}, Options(job_id="a"))])
    # The second message of the first was sent: it is counted as what it is, a message.
    assert counts(house)["enqueued"] == 2


def test_taking_takes_nothing_from_who_reads() -> None:
    meter = Meter(by_tenant=True)
    job = _job("acme")
    meter.enqueued(job)
    first = meter.take()
    assert first[Subject("work", "acme")].enqueued == 1
    assert meter.take() == {}
    meter.enqueued(job)
    assert meter.take()[Subject("work", "acme")].enqueued == 1
    assert meter.read()[Subject("work", "acme")].enqueued == 2


def test_tenants_beyond_the_bound_are_one() -> None:
    meter = Meter(by_tenant=True)
    for number in range(MAX_TENANTS + 5):
        meter.enqueued(_job(f"t{number}"))
    found = meter.read()
    assert len(found) == MAX_TENANTS + 1
    assert found[Subject("work", OTHER_TENANTS)].enqueued == 5


@given(st.lists(st.integers(-5, 10_000_000), max_size=50), st.integers(1, 99), st.integers(0, 6))
def test_a_bound_of_two_digits_is_told_rightly(taken: list[int], digits: int, zeros: int) -> None:
    found, bound = Distribution(), digits * 10**zeros
    for one in taken:
        found.add(one)
    assert found.within([bound]) == [sum(max(0, one) <= bound for one in taken)]
    assert (found.count, found.total) == (len(taken), sum(max(0, one) for one in taken))
    assert all(one <= rounded_up(one) <= one * 1.1 for one in taken if one > 0)


def test_a_distribution_stays_small() -> None:
    found, source = Distribution(), random.Random(1)
    for _ in range(20_000):
        found.add(round(10 ** source.uniform(0, 7)))
    assert len(found.counts) <= 90 * 7 + 10


def _job(tenant: str) -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(type="work", tenant=tenant)
