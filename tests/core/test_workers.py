"""The registry of workers: who is there, who has gone silent, and what it costs a table."""

from __future__ import annotations

import asyncio

from botocore.exceptions import EndpointConnectionError

from infra.worker import Worker
from queues import Context
from queues.observe.workers import BEAT, FORGET_AFTER, MAX_JOBS
from tests.core.house import House, Order, Process, housed


def worker_in(house: House, process: Process) -> Worker:
    return Worker(process.runtime, rounds=False, clock=house.loop.epoch_ms)


@housed
async def test_a_worker_is_there_until_it_says_goodbye(house: House) -> None:
    process = house.process()
    worker = worker_in(house, process)
    await worker.start()
    await asyncio.sleep(1)
    (row,) = await house.runtime.workers.all(house.loop.epoch_ms())
    assert (row.name, row.draining, row.running, row.capacity) == (process.runtime.runner.worker, False, 0, 20)
    assert [(one.type, one.capacity) for one in row.types] == [("other", 10), ("work", 10)]
    await worker.stop(0)
    assert await house.runtime.workers.all(house.loop.epoch_ms()) == []


@housed
async def test_a_killed_one_stays_silent_for_a_while_and_is_forgotten(house: House) -> None:
    worker = worker_in(house, house.process())
    await worker.start()
    await asyncio.sleep(1)
    seen = (await house.runtime.workers.all(house.loop.epoch_ms()))[0].seen_at
    for task in worker._tasks:
        task.cancel()
    await asyncio.sleep(FORGET_AFTER - 5)
    (row,) = await house.runtime.workers.all(house.loop.epoch_ms())
    assert row.seen_at == seen
    await asyncio.sleep(10)
    assert await house.runtime.workers.all(house.loop.epoch_ms()) == []
    await worker.stop(0)


@housed
async def test_a_heartbeat_tells_what_runs_and_is_one_write(house: House) -> None:
    forever = asyncio.Event()

    async def wait(_order: Order, _ctx: Context) -> None:
        await forever.wait()

    house.handlers["work"] = house.handlers["other"] = wait
    process = house.process()
    worker = worker_in(house, process)
    await worker.start()
    for number in range(12):
        await house.queue.for_tenant(f"t{number}").enqueue("work", {}, job_id=f"job-{number}")
        await house.queue.for_tenant(f"t{number}").enqueue("other", {})
    await asyncio.sleep(BEAT + 1)
    (row,) = await house.runtime.workers.all(house.loop.epoch_ms())
    assert (row.running, len(row.jobs)) == (20, MAX_JOBS)
    before = process.dynamodb.calls["put_item"]
    await asyncio.sleep(4 * BEAT)
    assert process.dynamodb.calls["put_item"] == before + 4
    forever.set()
    await worker.stop(1)


@housed
async def test_a_table_that_is_away_stops_no_worker(house: House) -> None:
    process = house.process()
    worker = worker_in(house, process)
    process.dynamodb.fail("put_item", *[EndpointConnectionError(endpoint_url="http://nowhere")] * 2)
    await worker.start()
    made = await house.queue.enqueue("work", {})
    await asyncio.sleep(2 * BEAT + 1)
    assert (await house.queue.get(made.id)).result == {"made": 1}
    assert len(await house.runtime.workers.all(house.loop.epoch_ms())) == 1
    await worker.stop(0)


@housed
async def test_a_tenant_sees_the_workers_and_of_what_they_run_its_own_jobs(house: House) -> None:
    forever = asyncio.Event()

    async def wait(_order: Order, _ctx: Context) -> None:
        await forever.wait()

    house.handlers["work"] = wait
    process = house.process()
    worker = worker_in(house, process)
    await worker.start()
    ours, theirs = house.queue.for_tenant("ours"), house.queue.for_tenant("theirs")
    mine = await ours.enqueue("work", {}, job_id="mine")
    await theirs.enqueue("work", {}, job_id="not-mine")
    await asyncio.sleep(BEAT + 1)
    (seen,) = await ours.workers()
    assert (seen.name, seen.silent, seen.draining) == (process.runtime.runner.worker, False, False)
    assert (seen.capacity, seen.running) == (20, 2)
    assert [(one.type, one.running) for one in seen.types] == [("other", 0), ("work", 2)]
    assert [(one.id, one.type, one.attempt, one.started_at >= mine.created_at) for one in seen.jobs] == [
        ("mine", "work", 1, True)
    ]
    for task in worker._tasks:
        task.cancel()
    await asyncio.sleep(house.settings.alert_worker_silent)
    assert [one.silent for one in await theirs.workers()] == [True]
    forever.set()
    await worker.stop(0)
