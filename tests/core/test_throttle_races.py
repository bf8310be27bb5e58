"""Limits when things go wrong: two for the last place, deaths at each call, lost answers, duplicates."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import pytest

from queues import Concurrency, Context, NewJob, Options, Rate, Status
from tests.core.house import LEASE, Died, House, housed, outcomes, throttled
from tests.core.interleaving import Death, Order, Player, every_order
from tests.core.limited import most_at_once, processes, sleeping, state_of


@pytest.mark.parametrize("kind", [Concurrency(1, "tenant"), Rate(1, 60, "tenant")], ids=lambda kind: kind.ident)
@housed
async def test_of_two_at_once_for_the_last_place_one_gets_it(house: House, kind: Any) -> None:
    numbers = count()

    async def story(order: Order) -> None:
        one, two = processes(house, 2, kind)
        tenant = f"t{next(numbers)}"
        queue = house.queue.for_tenant(tenant)
        first, second = [(await queue.enqueue("work", {})).id for _ in range(2)]
        players = Player(one), Player(two)
        found = await order.play(
            (players[0], enter(players[0], tenant, first)), (players[1], enter(players[1], tenant, second))
        )
        assert sorted(type(one).__name__ for one in found) == ["Full", "Held"]

    assert await every_order(story) > 15


async def enter(player: Player, tenant: str, job_id: str) -> Any:
    runtime = player.process.runtime
    return await runtime.runner.throttle.enter(
        runtime.catalog.get("work"), tenant, job_id, f"{runtime.runner.worker}/0"
    )


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(7))
@housed
async def test_one_that_is_killed_gives_its_place_back_with_its_lease(house: House, call: int, after: bool) -> None:
    """Calls 0 to 6: the job read, the row read, the place, the claim, the settlement, the row read, the place freed."""
    sleeping(house, 0.1)
    one, two = processes(house, 2, Concurrency(1))
    await house.queue.enqueue("work", {})
    other = await house.queue.enqueue("work", {})
    first = await one.receive(count=1)
    player = Player(one, Death(call, after))
    done = asyncio.ensure_future(one.invoke("work", first))
    while await player.next(done):
        player.go()
        await asyncio.sleep(0)
    await asyncio.gather(done, return_exceptions=True)
    assert player.calls == call + 1
    async with house.working(two):
        # Who waits comes to look when the lease is over; SQS counts in whole seconds, and the killed one may be first.
        await asyncio.sleep(LEASE + 4)
        assert (await house.queue.get(other.id)).status is Status.COMPLETED, "its place came back with the lease"
        await asyncio.sleep(60)
    jobs = (await house.queue.list()).jobs
    assert {job.status for job in jobs} == {Status.COMPLETED}
    # A claim counts, whatever became of its worker; a place alone does not.
    killed = next(job for job in jobs if job.id != other.id)
    lost = ["lost"] if (call == 3 and after) or (call == 4 and not after) else []
    assert outcomes(killed) == [*lost, "completed"]
    assert most_at_once(house) == 1
    assert (await state_of(two, other)).holders == {}


@pytest.mark.parametrize("kind", [Concurrency(1), Rate(1, 5)])
@housed
async def test_a_place_whose_answer_was_lost_is_known_again(house: House, kind: Any) -> None:
    """The row is written, its answer is lost, and the client makes the call again."""
    (worker,) = processes(house, 1, kind)
    await house.queue.enqueue("work", {})
    worker.dynamodb.inner = _Twice(house.dynamodb)
    await worker.deliver()
    (job,) = (await house.queue.list()).jobs
    assert (job.status, job.attempt) == (Status.COMPLETED, 1)
    state = await state_of(worker, job)
    assert sum(state.starts.values()) == isinstance(kind, Rate)
    assert state.holders == {}


class _Twice:
    """Its writes of rows are made twice, as by a client that did not hear the first answer."""

    def __init__(self, inner: Any):
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._inner, name)

        async def twice(**params: Any) -> Any:
            if name == "put_item":
                await real(**params)
            return await real(**params)

        return twice


@housed
async def test_a_second_delivery_of_what_runs_takes_no_place_and_frees_none(house: House) -> None:
    sleeping(house, 100)
    one, two = processes(house, 2, Concurrency(2))
    made = await house.queue.enqueue("work", {})
    message = await one.receive()
    running = asyncio.create_task(one.invoke("work", message))
    await asyncio.sleep(1)
    await two.invoke("work", message)
    assert set((await state_of(two, made)).holders) == {f"default#{made.id}"}
    await house.queue.enqueue_many([NewJob("work", {})] * 3)
    async with house.working(two):
        # Far beyond the time for which the first place was taken: it is looked at, and found alive.
        await asyncio.sleep(95)
        assert most_at_once(house) == 2
    await running


@housed
async def test_two_deliveries_at_once_take_one_place(house: House) -> None:
    sleeping(house, 5)
    one, two = processes(house, 2, Concurrency(2))
    made = await house.queue.enqueue("work", {})
    message = await one.receive()
    both = asyncio.gather(one.invoke("work", message), two.invoke("work", message))
    await asyncio.sleep(1)
    assert set((await state_of(two, made)).holders) == {f"default#{made.id}"}
    await both
    assert len(house.runs) == 1
    assert (await state_of(two, made)).holders == {}


@housed
async def test_a_job_that_runs_for_long_keeps_its_place_and_pays_nothing_for_it(house: House) -> None:
    sleeping(house, 200)
    one, two = processes(house, 2, Concurrency(1))
    await house.queue.enqueue("work", {})
    running = asyncio.create_task(one.deliver())
    await asyncio.sleep(1)
    await house.queue.enqueue("work", {})
    async with house.working(two):
        await asyncio.sleep(190)
        assert len(house.runs) == 1
        assert one.dynamodb.calls["put_item"] == 1
        await running
        await asyncio.sleep(200 + 35)
    assert [run[3] - run[2] for run in house.runs] == [200, 200]
    assert house.runs[1][2] - house.runs[0][3] <= 31, "who waits comes to look every half minute at the latest"


@housed
async def test_a_claim_that_came_too_late_does_not_run_beside_who_took_its_place(house: House) -> None:
    sleeping(house, 20)
    one, two = processes(house, 2, Concurrency(1))
    await house.queue.enqueue("work", {})
    await house.queue.enqueue("work", {})
    real = one.runtime.store.claim

    async def late(*args: Any) -> Any:
        await asyncio.sleep(LEASE + 1)
        return await real(*args)

    one.runtime.store.claim = late  # type: ignore[method-assign]
    stuck = asyncio.create_task(one.invoke("work", await one.receive(count=1)))
    async with house.working(two):
        await asyncio.sleep(120)
    await stuck
    assert most_at_once(house) == 1
    assert {job.status for job in (await house.queue.list()).jobs} == {Status.COMPLETED}


@housed
async def test_a_worker_that_stops_hands_its_places_back(house: House) -> None:
    sleeping(house, 100)
    one, two = processes(house, 2, Concurrency(1))
    made = await house.queue.enqueue("work", {})
    for calls in range(1, 40):
        # Stopped while it reads, takes the place, claims, or runs.
        work = asyncio.create_task(one.invoke("work", await one.receive()))
        for _ in range(calls):
            await asyncio.sleep(0)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await asyncio.sleep(0.01)
        assert (await state_of(two, made)).holders == {}, calls
    sleeping(house, 0)
    await two.deliver()
    job = await house.queue.get(made.id)
    assert job.status is Status.COMPLETED
    assert set(outcomes(job)) <= {"interrupted", "completed"}


@housed
async def test_a_row_that_many_write_at_once(house: House) -> None:
    """Thirty processes at the same moment: each gets its place in the end, none twice."""
    sleeping(house, 1)
    workers = processes(house, 30, Concurrency(30))
    await house.queue.enqueue_many([NewJob("work", {})] * 30)
    messages = [await worker.receive(count=1) for worker in workers]
    await asyncio.gather(*(worker.invoke("work", message) for worker, message in zip(workers, messages, strict=True)))
    async with house.working(workers[0]):
        await asyncio.sleep(LEASE + 10)
    assert len(house.runs) == 30
    assert {job.status for job in (await house.queue.list(limit=50)).jobs} == {Status.COMPLETED}


@pytest.mark.parametrize("seed", range(6))
@housed
async def test_the_bounds_hold_whatever_fails(house: House, seed: int) -> None:
    """Deaths, refused calls and lost answers at random: neither limit is ever passed, and all jobs end."""
    source = random.Random(seed)
    workers = processes(house, 4, Concurrency(2), Rate(4, 10))

    async def work(_order: Any, _ctx: Context) -> None:
        await asyncio.sleep(source.choice([0, 0.5, 3, 40]))
        if source.random() < 0.2:
            raise OSError("no")

    house.handlers["work"] = work
    made = await house.queue.enqueue_many([NewJob("work", {}, Options(attempts=20))] * 15)
    stack = [AsyncExitStack() for _ in workers]
    for one, worker in zip(stack, workers, strict=True):
        await one.enter_async_context(house.working(worker))
    calls = ["get_item", "put_item", "batch_execute_statement"]
    for _ in range(25):
        # The last one lives: somebody has to finish the work.
        worker = source.choice(workers)
        fault = throttled() if worker is workers[-1] or source.random() < 0.8 else Died()
        worker.dynamodb.fail(source.choice(calls), fault, after=source.random() < 0.5)
        await asyncio.sleep(source.random() * 4)
    await asyncio.sleep(1_500)
    for one in stack:
        await one.aclose()
    jobs = [await house.queue.get(job.id) for job in made]
    assert {job.status for job in jobs} == {Status.COMPLETED}
    started = sorted(attempt.started_at for job in jobs for attempt in job.history)
    assert all(late - early >= 10_000 for early, late in zip(started, started[4:], strict=False))
    assert most_at_once(house) <= 2
    assert (await state_of(house.process(workers[0].runtime.catalog), made[0])).holders == {}
