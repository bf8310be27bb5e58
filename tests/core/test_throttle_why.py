"""Why a job waits: each reason, as its row, the limits' rows, the pause and the queue tell it."""

from __future__ import annotations

import asyncio
from typing import Any

from queues import Concurrency, Context, NewJob, Rate, RetryAfter, Snooze
from queues.throttle.reason import Waiting
from tests.core.house import House, Process, housed
from tests.core.limited import processes, sleeping
from tests.core.test_control_pause import deployed


async def why(process: Process, job_id: str) -> Waiting:
    found = await process.runtime.queue.why(job_id)
    assert found is not None
    return found


@housed
async def test_its_time_has_not_come(house: House) -> None:
    made = await house.queue.enqueue("work", {}, delay=60)
    found = await why(house.first, made.id)
    assert (found.reason, found.until) == ("delayed", made.run_at)
    assert found.message == "It is to start at 2026-09-21T14:14:20Z."


@housed
async def test_it_is_retried_or_snoozed(house: House) -> None:
    async def later(order: Any, _ctx: Context) -> None:
        raise Snooze(60) if order.size == 1 else RetryAfter(60)

    house.handlers["work"] = later
    snoozed, failed = await house.queue.enqueue_many([NewJob("work", {"size": size}) for size in (1, 2)])
    await house.deliver()
    first, second = await why(house.first, snoozed.id), await why(house.first, failed.id)
    assert (first.reason, second.reason) == ("retry", "retry")
    assert first.message.startswith("Its attempt 1 asked to be run again later; the next one is at 2026-")
    assert second.message.startswith("Its attempt 1 ended as failed; the next one is at 2026-")


@housed
async def test_its_queue_is_paused(house: House) -> None:
    await deployed(house)
    made = await house.queue.enqueue("work", {})
    await house.queue.pause("work")
    assert (await why(house.first, made.id)).reason == "paused"


@housed
async def test_what_runs_or_has_ended_does_not_wait(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    assert await house.queue.why(made.id) is None


@housed
async def test_it_is_behind_others_in_its_queue(house: House) -> None:
    made = await house.queue.enqueue_many([NewJob("work", {})] * 5)
    await house.queue.enqueue("other", {})
    assert await why(house.first, made[0].id) == Waiting("queue", "It is next: no worker has taken it yet.", ahead=0)
    last = await why(house.first, made[-1].id)
    assert (last.ahead, last.seconds) == (4, None)
    assert last.message.endswith("4 jobs of the same type and tenant, none of which has ended lately.")
    await asyncio.sleep(1)
    await house.deliver(count=1)
    await asyncio.sleep(1)
    found = await why(house.first, made[-1].id)
    # One ended in the last second.
    assert (found.ahead, found.seconds) == (3, 3.0)
    assert found.message == "It is behind about 3 jobs of the same type and tenant: about 3 s at the current rate."


@housed
async def test_a_rate_is_used_up(house: House) -> None:
    (worker,) = processes(house, 1, Rate(1, 60, key="customer"))
    made = await worker.runtime.queue.enqueue_many([NewJob("work", {"customer": "a"})] * 3)
    other = await worker.runtime.queue.enqueue("work", {"customer": "b"})
    assert (await why(worker, made[2].id)).reason == "queue"
    await worker.deliver(count=3)
    waits = [job for job in made if (await house.queue.get(job.id)).attempt == 0]
    found = await why(worker, waits[-1].id)
    assert (found.reason, found.limit, found.key, found.ahead) == ("rate", "1 in 60 s per customer", "a", 2)
    assert found.until is not None
    assert 60_000 <= found.until - house.loop.epoch_ms() <= 61_200
    assert found.message.startswith(
        "1 of the limit 1 in 60 s per customer have started for a; the next start is possible"
    )
    assert (await why(worker, other.id)).reason == "queue"


@housed
async def test_all_places_are_taken(house: House) -> None:
    sleeping(house, 60)
    (worker,) = processes(house, 1, Concurrency(5), Concurrency(1, "tenant"))
    made = await worker.runtime.queue.enqueue_many([NewJob("work", {})] * 2)
    running = asyncio.create_task(worker.deliver())
    await asyncio.sleep(1)
    waits = next(job for job in made if job.id != house.runs[0][0])
    found = await why(worker, waits.id)
    assert (found.reason, found.limit, found.key) == ("tenant-cap", "1 at once per tenant", None)
    assert found.message.startswith("1 of 1 places of the limit 1 at once per tenant are taken")
    await running
