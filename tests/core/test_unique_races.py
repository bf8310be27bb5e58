"""One key, one job: in every order of two processes' calls, and whichever of them is killed at whichever call."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from queues import NewJob, Options, Status, Unique
from queues.job import Job
from queues.store import Unclaimed
from tests.core.house import Died, House, housed
from tests.core.interleaving import Death, Order, Player, every_order, players

RULES = [
    Unique(key="k"),
    Unique(key="k", window=60, mode="throttle"),
    Unique(key="k", window=60, mode="debounce"),
]


async def ask(player: Player, size: int, unique: Unique) -> Job:
    return await player.process.runtime.queue.enqueue("work", {"size": size}, unique=unique)


async def made(house: House) -> dict[str, Job]:
    return {job.id: job for job in (await house.queue.list(limit=200)).jobs}


def fresh(unique: Unique, number: int) -> Unique:
    return Unique(key=f"k{number}", window=unique.window, mode=unique.mode)


@pytest.mark.parametrize("unique", RULES, ids=lambda rule: rule.mode)
@housed
async def test_of_two_at_once_one_is_made(house: House, unique: Unique) -> None:
    numbers = count()
    jobs: set[str] = set()

    async def story(order: Order) -> None:
        rule = fresh(unique, next(numbers))
        one, two = await players(house, 2)
        first, second = await order.play((one, ask(one, 1, rule)), (two, ask(two, 2, rule)))
        assert first.id == second.id
        assert first.id not in jobs
        jobs.add(first.id)
        job = await house.queue.get(first.id)
        # An answer is what was true when it was given: whoever was told last was told what is.
        assert job.data in (first.data, second.data)
        assert job.run_at == job.created_at + (60_000 if unique.mode == "debounce" else 0)

    orders = await every_order(story)
    assert len(jobs) == orders > 10
    await ran_once(house, jobs)


@pytest.mark.parametrize("unique", RULES, ids=lambda rule: rule.mode)
@housed
async def test_of_two_that_find_a_cancelled_job_one_makes_the_next(house: House, unique: Unique) -> None:
    numbers = count()
    jobs: set[str] = set()

    async def story(order: Order) -> None:
        rule = fresh(unique, next(numbers))
        old = await house.queue.enqueue("work", {}, unique=rule)
        await house.queue.cancel(old.id)
        one, two = await players(house, 2)
        first, second = await order.play((one, ask(one, 1, rule)), (two, ask(two, 2, rule)))
        assert first.id == second.id != old.id
        jobs.add(first.id)

    assert await every_order(story) == len(jobs) > 20
    await ran_once(house, jobs)


@pytest.mark.parametrize("unique", RULES, ids=lambda rule: rule.mode)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", [0, 1, 2])
@housed
async def test_one_that_is_killed_blocks_nobody(house: House, unique: Unique, call: int, after: bool) -> None:
    """Calls 0 to 2 of an enqueue: the key's row, the job's row, the message."""
    numbers = count()
    jobs: set[str] = set()

    async def story(order: Order) -> None:
        rule = fresh(unique, next(numbers))
        one, two = await players(house, 2)
        one.death = Death(call, after)
        first, second = await order.play((one, ask(one, 1, rule)), (two, ask(two, 2, rule)))
        assert isinstance(second, Job), second
        assert isinstance(first, Died) or one.calls <= call or first.id == second.id
        assert second.id not in jobs
        jobs.add(second.id)
        if unique.mode == "debounce":
            assert second.data in ({"size": 1}, {"size": 2})

    await every_order(story)
    await ran_once(house, jobs)


async def ran_once(house: House, jobs: set[str]) -> None:
    """Everything that was made is among `jobs`, and runs once: whose message was not sent, by the reaper's care."""
    async with house.working():
        await asyncio.sleep(60 + 20 * 60)
    ran = [run[0] for run in house.runs]
    assert sorted(ran) == sorted(jobs)
    assert sum(await house.depth()) == 0


@housed
async def test_a_debounced_job_that_starts_is_not_given_other_data(house: House) -> None:
    numbers = count()
    joined = parted = 0

    async def story(order: Order) -> None:
        nonlocal joined, parted
        rule = fresh(RULES[2], next(numbers))
        old = await house.queue.enqueue("work", {"size": 1}, unique=rule)
        await asyncio.sleep(60)
        one, worker = await players(house, 2)
        store, now = worker.process.runtime.store, house.loop.epoch_ms()
        second, claimed = await order.play(
            (one, ask(one, 2, rule)), (worker, store.claim("default", old.id, "w/1", now))
        )
        if isinstance(claimed, Unclaimed):
            joined += 1
            assert (second.id, second.data, second.run_at) == (old.id, {"size": 2}, now + 60_000)
        else:
            parted += 1
            assert claimed.data == {"size": 1}
            assert second.id != old.id
            assert (await house.queue.get(second.id)).data == {"size": 2}

    await every_order(story)
    assert joined
    assert parted


@housed
async def test_a_lost_answer_is_not_somebody_else(house: House) -> None:
    """The key's row is written, but its answer is lost, and the call is made again by the client."""
    real: Any = house.first.dynamodb.inner.put_item
    calls = 0

    async def twice(**params: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            await real(**params)
        return await real(**params)

    house.first.dynamodb.inner = _With(house.dynamodb, twice)
    await house.runtime.store.add_tenant("default")
    calls = 0
    job = await house.queue.enqueue("work", {}, unique=RULES[0])
    assert list(await made(house)) == [job.id]
    await house.deliver()
    assert (await house.queue.get(job.id)).status is Status.COMPLETED


class _With:
    def __init__(self, inner: Any, put_item: Any):
        self._inner, self.put_item = inner, put_item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@housed
async def test_eight_processes_at_once_in_bulk(house: House) -> None:
    wanted = [NewJob("work", {"size": n}, Options(unique=Unique(key=f"k{n % 3}"))) for n in range(12)]
    processes = [house.process() for _ in range(8)]
    found = await asyncio.gather(*(one.runtime.queue.enqueue_many(wanted) for one in processes))
    ids = {job.id for jobs in found for job in jobs}
    assert len(ids) == 3
    assert set(await made(house)) == ids
    await ran_once(house, ids)
