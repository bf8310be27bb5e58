"""Limits in a deployment: what holds over processes, what waits and how, what is fair, and what it costs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from queues import Concurrency, Context, Fixed, NewJob, Options, Rate, Status, Unique
from queues.resources import MAX_RECEIVES
from tests.core.house import LEASE, House, housed, outcomes
from tests.core.limited import most_at_once, processes, sleeping, state_of


@housed
async def test_no_more_run_at_once_than_the_limit_and_all_run(house: House) -> None:
    sleeping(house, 2)
    workers = processes(house, 3, Concurrency(2))
    made = await house.queue.enqueue_many([NewJob("work", {})] * 12)
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(house.working(worker))
        await asyncio.sleep(60)
    assert most_at_once(house) == 2
    jobs = [await house.queue.get(job.id) for job in made]
    # Waiting burns nothing, and leaves no trace in the job.
    assert {(job.status, job.attempt, job.max_attempts) for job in jobs} == {(Status.COMPLETED, 1, 3)}
    assert (await state_of(workers[0], made[0])).holders == {}
    # Two places, two seconds each: twelve jobs take twelve seconds, and what it takes to come and look.
    assert max(run[3] for run in house.runs) < 25
    assert sum(await house.depth()) == 0


@housed
async def test_no_window_has_more_starts_than_the_rate(house: House) -> None:
    workers = processes(house, 3, Rate(5, 10))
    await house.queue.enqueue_many([NewJob("work", {})] * 40)
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(house.working(worker))
        await asyncio.sleep(120)
    starts = sorted(run[2] for run in house.runs)
    assert len(starts) == 40
    assert all(late - early >= 10 for early, late in zip(starts, starts[5:], strict=False))
    # Forty at five in ten seconds take seventy; what comes late for its turn costs some of that.
    assert starts[-1] < 110


@housed
async def test_tenants_and_keys_are_limited_apart(house: House) -> None:
    sleeping(house, 5)
    (worker,) = processes(house, 1, Concurrency(1, key="customer"), Concurrency(3, "tenant"))
    for tenant in ("acme", "other"):
        queue = house.queue.for_tenant(tenant)
        await queue.enqueue_many([NewJob("work", {"customer": name}) for name in "aabbccdd"])
    async with house.working(worker):
        await asyncio.sleep(4)
        assert len(house.runs) == 6
        await asyncio.sleep(56)
    # Two at a time of one key in one tenant would be more than 1; four keys of a tenant would be more than 3.
    assert (len(house.runs), most_at_once(house)) == (16, 6)


@housed
async def test_attempts_after_the_first_count_too_and_free_their_place_between(house: House) -> None:
    async def fails(_order: Any, ctx: Context) -> None:
        if ctx.attempt < 3:
            raise OSError("no")

    house.handlers["work"] = fails
    (worker,) = processes(house, 1, Concurrency(1), Rate(2, 60))
    made = await house.queue.enqueue("work", {})
    async with house.working(worker):
        await asyncio.sleep(30)
        assert len(house.runs) == 2
        assert (await state_of(worker, made)).holders == {}
        await asyncio.sleep(60)
    job = await house.queue.get(made.id)
    assert outcomes(job) == ["failed", "failed", "completed"]
    assert 60 <= house.runs[2][2] <= 64


@housed
async def test_a_retry_at_once_does_not_meet_its_own_place(house: House) -> None:
    async def fails(_order: Any, ctx: Context) -> None:
        if ctx.attempt == 1:
            raise OSError("no")

    house.handlers["work"] = fails
    (worker,) = processes(house, 1, Concurrency(1))
    await house.queue.enqueue("work", {}, backoff=Fixed(0, jitter=0))
    async with house.working(worker):
        await asyncio.sleep(1)
    assert len(house.runs) == 2


@housed
async def test_where_one_limit_is_full_the_others_places_are_given_back(house: House) -> None:
    sleeping(house, 20)
    (worker,) = processes(house, 1, Rate(10, 60), Concurrency(1))
    made = await house.queue.enqueue_many([NewJob("work", {})] * 5)
    delivery = asyncio.create_task(worker.deliver())
    await asyncio.sleep(1)
    assert sum((await state_of(worker, made[0])).starts.values()) == 1
    assert len((await state_of(worker, made[0], 1)).holders) == 1
    await delivery


@housed
async def test_what_shall_not_run_takes_no_place(house: House) -> None:
    sleeping(house, 60)
    (worker,) = processes(house, 1, Concurrency(1))
    held = await house.queue.enqueue("work", {})
    holder = asyncio.create_task(worker.deliver())
    await asyncio.sleep(1)
    expired = await house.queue.enqueue("work", {}, expires_in=1)
    cancelled = await house.queue.enqueue("work", {})
    await house.queue.cancel(cancelled.id)
    await asyncio.sleep(2)
    await worker.deliver()
    assert (await house.queue.get(expired.id)).error.type == "Expired"  # type: ignore[union-attr]
    assert set((await state_of(worker, held)).holders) == {f"default#{held.id}"}
    assert sum(await house.depth()) == 1
    await holder


def broken(_order: Any) -> Any:
    raise ValueError("no customer")


@housed
async def test_a_key_that_cannot_be_told_fails_the_job(house: House) -> None:
    (worker,) = processes(house, 1, Concurrency(1, key=broken))
    made = await house.queue.enqueue("work", {})
    await worker.deliver()
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job)) == (Status.FAILED, ["invalid"])
    assert job.error is not None
    assert (job.error.type, "ValueError: no customer" in job.error.message) == ("InvalidKey", True)
    assert house.runs == []
    assert len(await house.letters()) == 1


@housed
async def test_data_that_is_replaced_on_the_way_takes_its_own_place(house: House) -> None:
    (worker,) = processes(house, 1, Concurrency(1, key="customer"))
    unique = Unique(key="k", window=0.001, mode="debounce")
    made = await house.queue.enqueue("work", {"customer": "a"}, unique=unique)
    await asyncio.sleep(1)
    real = worker.runtime.store.claim

    async def late(*args: Any) -> Any:
        worker.runtime.store.claim = real  # type: ignore[method-assign]
        await house.queue.enqueue("work", {"customer": "b"}, unique=unique)
        await asyncio.sleep(0.01)
        return await real(*args[:3], args[3] + 10)

    worker.runtime.store.claim = late  # type: ignore[method-assign]
    seen = []

    async def look(order: Any, _ctx: Context) -> None:
        held = await state_of(worker, await house.queue.get(made.id))
        seen.append((order.customer, len(held.holders)))

    house.handlers["work"] = look
    async with house.working(worker):
        await asyncio.sleep(10)
    assert seen == [("b", 1)]
    assert outcomes(await house.queue.get(made.id))[-1] == "completed"


@housed
async def test_a_message_that_waits_long_is_not_taken_for_poison(house: House) -> None:
    """A hundred and more looks at a full limit: SQS's own redrive would have moved a message that is only hidden."""
    sleeping(house, 4_000)
    (worker,) = processes(house, 1, Concurrency(1), timeout=5_000, runs_on="worker")
    queue = worker.runtime.queue
    first = await queue.enqueue("work", {})
    running = asyncio.create_task(worker.invoke("work", await worker.receive(), seconds=6_000))
    await asyncio.sleep(1)
    waits = await queue.enqueue("work", {})
    looks = 0
    while (await queue.get(first.id)).status is Status.ACTIVE:
        looks += len(await worker.deliver(seconds=6_000))
        await asyncio.sleep(1)
    assert looks > MAX_RECEIVES
    await running
    assert (await queue.get(waits.id)).attempt == 0
    sleeping(house, 0)
    await asyncio.sleep(40)
    await worker.deliver(seconds=6_000)
    assert (await queue.get(waits.id)).status is Status.COMPLETED
    assert await house.letters() == []


# --- fairness -----------------------------------------------------------------------------------------------


@housed
async def test_a_backlog_delays_another_tenants_job_by_a_few_batches(house: House) -> None:
    """2,000 jobs of a tenant in front of one of another: a fleet with 40 in flight is what a fair queue needs."""
    sleeping(house, 1)
    workers = processes(house, 4)
    noisy, quiet = (house.queue.for_tenant(tenant) for tenant in ("noisy", "quiet"))
    await noisy.enqueue_many([NewJob("work", {})] * 2_000)

    async def fleet(worker: Any) -> None:
        while True:
            await worker.deliver()

    tasks = [asyncio.create_task(fleet(worker)) for worker in workers]
    await asyncio.sleep(5)
    made = await quiet.enqueue("work", {})
    await asyncio.sleep(5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    (start,) = [run[2] for run in house.runs if run[0] == made.id]
    between = sum(5 < run[2] < start for run in house.runs)
    assert between <= 2 * 40


@housed
async def test_with_a_cap_per_tenant_a_small_fleet_is_fair_too(house: House) -> None:
    """Ten at once are too few for SQS to see who is noisy; what the cap turns away counts as in flight."""
    sleeping(house, 1)
    (worker,) = processes(house, 1, tenant_concurrency=5)
    noisy, quiet = (house.queue.for_tenant(tenant) for tenant in ("noisy", "quiet"))
    await noisy.enqueue_many([NewJob("work", {})] * 2_000)

    async def poller() -> None:
        while True:
            await worker.invoke("work", await worker.receive(count=1, wait=20))

    tasks = [asyncio.create_task(poller()) for _ in range(10)]
    await asyncio.sleep(5)
    made = await quiet.enqueue("work", {})
    asked = house.loop.time()
    await asyncio.sleep(10)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    (start,) = [run[2] for run in house.runs if run[0] == made.id]
    assert start - asked <= 1
    assert most_at_once(house) <= 6


@housed
async def test_tenants_take_turns_at_a_limit_that_they_share(house: House) -> None:
    sleeping(house, 1)
    (worker,) = processes(house, 1, Concurrency(2))
    noisy, quiet = (house.queue.for_tenant(tenant) for tenant in ("noisy", "quiet"))
    await noisy.enqueue_many([NewJob("work", {})] * 300)
    async with house.working(worker):
        await asyncio.sleep(20)
        made = await quiet.enqueue("work", {})
        asked = house.loop.time()
        await asyncio.sleep(20)
    (start,) = [run[2] for run in house.runs if run[0] == made.id]
    assert start - asked <= 6


@housed
async def test_only_named_tenants_messages_have_a_group(house: House) -> None:
    await house.queue.enqueue("work", {})
    await house.queue.for_tenant("acme").enqueue_many([NewJob("work", {})] * 2)
    await house.queue.for_tenant("acme").enqueue("work", {})
    groups = sorted(str(one["Attributes"].get("MessageGroupId")) for one in await house.first.receive())
    assert groups == ["None", "acme", "acme", "acme"]


# --- what it costs ------------------------------------------------------------------------------------------


@housed
async def test_what_a_limit_costs(house: House) -> None:
    (worker,) = processes(house, 1, Concurrency(1))
    (plain,) = processes(house, 1)
    await house.queue.enqueue("work", {})
    await plain.deliver()
    without = plain.dynamodb.units
    assert set(plain.dynamodb.calls) == {"batch_execute_statement"}, "a type without limits pays nothing"

    await house.queue.enqueue("work", {})
    await worker.deliver()
    # A place taken and given back, and the reads of the job and, twice, of the row.
    assert worker.dynamodb.units == without + 2
    assert (worker.dynamodb.calls["put_item"], worker.dynamodb.calls["get_item"]) == (2, 3)

    # Ten at once in one process: one write for all places, one or two for giving them back.
    many = processes(house, 1, Concurrency(10, "tenant"))[0]
    await house.queue.enqueue_many([NewJob("work", {})] * 10)
    await many.deliver()
    assert many.dynamodb.calls["put_item"] <= 3

    # To be turned away: the job's row, the limit's row, one write of it, and the message hidden.
    sleeping(house, 20)
    await house.queue.enqueue_many([NewJob("work", {})] * 2)
    first, second = await worker.receive(count=1), await worker.receive(count=1)
    running = asyncio.create_task(worker.invoke("work", first))
    await asyncio.sleep(1)
    other = processes(house, 1, Concurrency(1))[0]
    await other.invoke("work", second)
    assert other.dynamodb.units == 1
    assert dict(other.dynamodb.calls) == {"get_item": 2, "put_item": 1}
    assert dict(other.sqs.calls) == {"get_queue_url": 1, "change_message_visibility": 1}
    await running


@housed
async def test_thousands_behind_a_limit_of_one_do_not_cost_a_call_a_second_each(house: House) -> None:
    sleeping(house, 10)
    (worker,) = processes(house, 1, Concurrency(1))
    await house.queue.enqueue_many([NewJob("work", {})] * 500)
    async with house.working(worker):
        await asyncio.sleep(30)
        looks = worker.dynamodb.calls["get_item"]
        await asyncio.sleep(120)
        looks = worker.dynamodb.calls["get_item"] - looks
    assert sum(run[2] > 30 for run in house.runs) >= 9, "the limit is used"
    # Two reads a look.
    assert looks / 120 < 2 * 2
    assert most_at_once(house) == 1


@housed
async def test_options_of_one_call_do_not_pass_by_a_limit(house: House) -> None:
    sleeping(house, 5)
    (worker,) = processes(house, 1, Concurrency(1))
    await house.queue.enqueue_many([NewJob("work", {}, Options(priority=1, job_id=f"j{n}")) for n in range(3)])
    async with house.working(worker):
        await asyncio.sleep(LEASE)
    assert (len(house.runs), most_at_once(house)) == (3, 1)
