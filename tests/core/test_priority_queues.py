"""Jobs of a type with levels: each in its level's queue from its enqueueing to its end, whatever dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from infra.worker import Worker
from queues import SERVICE_CLASSES, Context, Fixed, NewJob, Options, Status, job
from queues.catalog import Catalog
from queues.control.job_filter import JobFilter
from queues.job import Envelope
from tests.core.house import LEASE, MINUTE, House, Order, Process, housed

CRITICAL, STANDARD, BULK = 1, 50, 100
QUEUES = {CRITICAL: "graded_critical", STANDARD: "graded", BULK: "graded_bulk"}
every_level = pytest.mark.parametrize("priority", QUEUES)
by_worker = pytest.mark.parametrize("embedded", [False, True], ids=["work", "up"])


async def graded(house: House, **options: Any) -> Process:
    """A process with the job type `graded`, of three levels, and its queues."""

    @job("graded", **({"priorities": SERVICE_CLASSES, "backoff": Fixed(10, jitter=0), "timeout": 300} | options))
    async def work(order: Order, ctx: Context) -> Any:
        return await house._run("graded", order, ctx)

    process = house.process(Catalog([work]))
    await process.runtime.create_resources()
    return process


async def depths(process: Process) -> list[tuple[int, int, int]]:
    """Visible, in flight and delayed messages of each level."""
    found = await process.runtime.queues.depths("graded")
    return [(one.visible, one.in_flight, one.delayed) for one in found.values()]


async def deliver(process: Process, queue: str) -> int:
    """One receive from a level's queue and one invocation; answers the number of messages."""
    messages = await process.receive(queue)
    arn = await process.runtime.queues.arn(queue)
    records = [
        {
            "messageId": one["MessageId"],
            "receiptHandle": one["ReceiptHandle"],
            "body": one["Body"],
            "attributes": one["Attributes"],
            "eventSourceARN": arn,
        }
        for one in messages
    ]
    if records:
        invocation = _Invocation()
        job_type = process.runtime.catalog.get("graded")
        answer = await job_type.lambda_handler.invoke({"Records": records}, invocation, process.runtime.runner)
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        url = await process.runtime.queues.url(queue)
        for one in messages:
            if one["MessageId"] not in failed:
                await process.house.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return len(messages)


class _Invocation:
    def get_remaining_time_in_millis(self) -> int:
        return 600_000


@asynccontextmanager
async def working(process: Process, *, embedded: bool = False) -> AsyncIterator[Worker]:
    """A worker like `jobyard work`, or like `jobyard up`, in virtual time."""
    house = process.house
    engine = house.engine if embedded else None
    made = Worker(process.runtime, engine=engine, clock=house.loop.epoch_ms, new_id=house.engine.new_id)
    await made.start()
    try:
        yield made
    finally:
        await made.stop(0)


def only(index: int, counts: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    found = [(0, 0, 0)] * 3
    found[index] = counts
    return found


@every_level
@housed
async def test_a_job_waits_runs_and_is_retried_in_its_levels_queue(house: House, priority: int) -> None:
    async def fail_once(_order: Order, ctx: Context) -> str:
        if ctx.attempt == 1 and ctx.max_attempts > 1:
            raise ValueError("not yet")
        return "done"

    house.handlers["graded"] = fail_once
    process, index = await graded(house), list(QUEUES).index(priority)
    queue = process.runtime.queue
    made = await queue.enqueue("graded", {}, priority=priority)
    assert made.max_attempts == (5, 3, 1)[index]
    assert await depths(process) == only(index, (1, 0, 0))
    assert await deliver(process, QUEUES[priority]) == 1
    if made.max_attempts > 1:
        assert await depths(process) == only(index, (0, 1, 0))
        await asyncio.sleep(10)
        assert await deliver(process, QUEUES[priority]) == 1
    assert (await queue.get(made.id)).status is Status.COMPLETED
    assert await depths(process) == [(0, 0, 0)] * 3


@every_level
@housed
async def test_whoever_sends_a_message_sends_it_to_the_jobs_level(house: House, priority: int) -> None:
    async def long_wait(_order: Order, ctx: Context) -> None:
        if ctx.attempt == 1:
            raise ValueError("later")

    house.handlers["graded"] = long_wait
    process, index = await graded(house, backoff=Fixed(3_600, jitter=0)), list(QUEUES).index(priority)
    queue = process.runtime.queue
    # In bulk, delayed.
    (first, _) = await queue.enqueue_many([NewJob("graded", {}, Options(priority=priority, delay=60))] * 2)
    assert await depths(process) == only(index, (0, 0, 2))
    await asyncio.sleep(61)
    # A wait that is longer than SQS's longest delay becomes a new message.
    assert await deliver(process, QUEUES[priority]) == 2
    failed = (await queue.get(first.id)).status is Status.FAILED
    assert failed == (priority == BULK), "one attempt"
    if not failed:
        assert await depths(process) == only(index, (0, 0, 2))
        await queue.cancel(first.id)
        return
    # A retry by hand, and a retry of many.
    await queue.retry(first.id)
    assert await depths(process) == only(index, (1, 0, 0))
    await queue.retry_many(JobFilter(type="graded"))
    await process.runtime.bulk_work.round()
    assert await depths(process) == only(index, (2, 0, 0))
    # A replay.
    await queue.cancel(first.id)
    replayed = await queue.replay(first.id)
    assert (replayed.priority, replayed.max_attempts) == (priority, 1)
    assert await depths(process) == only(index, (3, 0, 0))


@every_level
@housed
async def test_a_message_that_was_never_sent_or_is_lost_comes_to_the_level(house: House, priority: int) -> None:
    process, index = await graded(house), list(QUEUES).index(priority)
    doomed = house.process(process.runtime.catalog)
    await house.die_at(doomed.sqs, "send_message", doomed.runtime.queue.enqueue("graded", {}, priority=priority))
    # A backlog in another level does not keep it from being noticed at once.
    await process.runtime.queue.enqueue("graded", {}, priority=STANDARD if priority != STANDARD else BULK)
    before = await depths(process)
    await asyncio.sleep(LEASE + 6)
    assert (await process.runtime.reaper.round()).resent == 1
    after = await depths(process)
    assert after[index][0] == before[index][0] + 1


@every_level
@housed
async def test_a_worker_that_dies_leaves_the_job_to_the_levels_next_one(house: House, priority: int) -> None:
    house.handlers["graded"] = lambda _order, _ctx: asyncio.sleep(3_600)
    process = await graded(house)
    made = await process.runtime.queue.enqueue("graded", {}, priority=priority, attempts=2)
    running = asyncio.create_task(deliver(process, QUEUES[priority]))
    await asyncio.sleep(100)
    # Heartbeats have kept the message of this very queue hidden.
    assert (await depths(process))[list(QUEUES).index(priority)] == (0, 1, 0)
    process.dynamodb.fail("batch_execute_statement", *[OSError("gone")] * 100)
    process.dynamodb.fail("update_item", *[OSError("gone")] * 100)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    house.handlers["graded"] = lambda _order, _ctx: asyncio.sleep(0)
    other = house.process(process.runtime.catalog)
    async with working(other):
        await asyncio.sleep(3 * LEASE)
    found = await other.runtime.queue.get(made.id)
    assert (found.status, found.attempt) == (Status.COMPLETED, 2)


@housed
async def test_copies_in_two_queues_run_once(house: House) -> None:
    house.handlers["graded"] = lambda _order, _ctx: asyncio.sleep(5)
    process = await graded(house)
    made = await process.runtime.queue.enqueue("graded", {}, priority=CRITICAL)
    body = Envelope(made.id, "default", "graded").encode()
    for queue in QUEUES.values():
        await process.runtime.queues.send(queue, [(body, 0), (body, 0)])
    async with working(process), working(house.process(process.runtime.catalog)):
        await asyncio.sleep(3 * LEASE)
    assert len(house.runs) == 1
    assert await depths(process) == [(0, 0, 0)] * 3


@housed
async def test_a_message_that_comes_early_from_another_levels_queue_goes_to_its_own(house: House) -> None:
    """As after a change of the levels, or of a debounced job's priority: it is where it was sent."""
    process = await graded(house)
    made = await process.runtime.queue.enqueue("graded", {}, priority=BULK, delay=600)
    await process.runtime.queues.send("graded", [(Envelope(made.id, "default", "graded").encode(), 0)])
    await deliver(process, "graded")
    assert await depths(process) == [(0, 0, 0), (0, 0, 0), (0, 0, 2)]


@housed
async def test_all_levels_have_one_dead_letter_queue(house: House) -> None:
    async def fail(_order: Order, _ctx: Context) -> None:
        raise ValueError("never")

    house.handlers["graded"] = fail
    process = await graded(house)
    for priority in QUEUES:
        await process.runtime.queue.enqueue("graded", {}, priority=priority, attempts=1, job_id=f"p{priority}")
        await deliver(process, QUEUES[priority])
        reply = await house.sqs.get_queue_attributes(
            QueueUrl=await process.runtime.queues.url(QUEUES[priority]), AttributeNames=["RedrivePolicy"]
        )
        redrive = orjson.loads(reply["Attributes"]["RedrivePolicy"])
        assert redrive["deadLetterTargetArn"].endswith(":jobyard-graded-dlq")
    letters = [orjson.loads(one["Body"]) for one in await process.runtime.queues.receive_dead_letters("graded", 60)]
    origins = {letter["id"]: letter["deadLetter"]["origin"] for letter in letters}
    assert origins == {f"p{priority}": f"jobyard-{queue}" for priority, queue in QUEUES.items()}


@housed
async def test_pause_purge_and_counts_are_of_all_levels(house: House) -> None:
    process = await graded(house)
    queue = process.runtime.queue
    await queue.pause("graded")
    jobs = [await queue.enqueue("graded", {}, priority=priority) for priority in QUEUES]
    async with working(process):
        await asyncio.sleep(MINUTE)
        assert house.runs == []
        (counts,) = await queue.counts()
        assert (counts.waiting, counts.paused) == (3, True)
        await queue.purge("graded")
        await process.runtime.bulk_work.round()
        assert {(await queue.get(one.id)).status for one in jobs} == {Status.CANCELLED}
        assert await depths(process) == [(0, 0, 0)] * 3
        await queue.resume("graded")
        made = await queue.enqueue("graded", {}, priority=BULK)
        await asyncio.sleep(10)
        assert (await queue.get(made.id)).status is Status.COMPLETED


@by_worker
@housed
async def test_under_a_backlog_the_urgent_go_first_and_the_last_are_not_starved(house: House, embedded: bool) -> None:
    house.handlers["graded"] = lambda _order, _ctx: asyncio.sleep(10)
    process = await graded(house, concurrency=3)
    queue = process.runtime.queue
    for priority, count in ((BULK, 20), (STANDARD, 40), (CRITICAL, 70)):
        await queue.enqueue_many([NewJob("graded", {}, Options(priority=priority, tags=(str(priority),)))] * count)
    async with working(process, embedded=embedded):
        await asyncio.sleep(10 * 102 / 3)
    started = [(await queue.get(run[0])).priority for run in house.runs][:102]
    assert max(sum(a[2] <= b[2] < (a[3] or b[2] + 1) for a in house.runs) for b in house.runs) == 3
    for priority, weight in ((CRITICAL, 10), (STANDARD, 5), (BULK, 2)):
        assert started.count(priority) == pytest.approx(6 * weight, abs=3)
        assert priority in started[:10]


@by_worker
@housed
async def test_each_class_has_its_published_concurrency_and_no_more(house: House, embedded: bool) -> None:
    house.handlers["graded"] = lambda _order, _ctx: asyncio.sleep(600)
    process = await graded(house, timeout=800)
    queue = process.runtime.queue
    for priority in (BULK, STANDARD, CRITICAL):
        await queue.enqueue_many([NewJob("graded", {}, Options(priority=priority))] * 20)
    async with working(process, embedded=embedded):
        await asyncio.sleep(5)
        running = [(await queue.get(run[0])).priority for run in house.runs]
    assert [running.count(priority) for priority in QUEUES] == [10, 5, 2]


@housed
async def test_lambda_has_a_mapping_for_each_level_and_a_pause_disables_them_all(house: House) -> None:
    process = await graded(house)

    async def mappings() -> dict[str, tuple[str, int]]:
        await asyncio.sleep(5)
        replies = (await house.lambda_.list_event_source_mappings(FunctionName="jobyard-graded"))["EventSourceMappings"]
        return {
            one["EventSourceArn"].rpartition("-")[2]: (one["State"], one["ScalingConfig"]["MaximumConcurrency"])
            for one in replies
        }

    async with working(process, embedded=True):
        enabled = {"graded_critical": ("Enabled", 10), "graded": ("Enabled", 5), "graded_bulk": ("Enabled", 2)}
        assert await mappings() == enabled
        # Killed between the first mapping and the second, the rounds do the rest.
        caller = house.process(process.runtime.catalog)
        await house.die_at(
            caller.lambda_, "update_event_source_mapping", caller.runtime.queue.pause("graded"), after=True
        )
        await asyncio.sleep(10)
        assert {state for state, _ in (await mappings()).values()} == {"Disabled"}
        made = [await process.runtime.queue.enqueue("graded", {}, priority=priority) for priority in QUEUES]
        await asyncio.sleep(MINUTE)
        assert house.runs == []
        await process.runtime.queue.resume("graded")
        await asyncio.sleep(10)
        assert await mappings() == enabled
        assert {(await process.runtime.queue.get(one.id)).status for one in made} == {Status.COMPLETED}


@housed
async def test_a_reservation_bounds_all_levels_together(house: House) -> None:
    house.handlers["graded"] = lambda _order, _ctx: asyncio.sleep(600)
    process = await graded(house, timeout=800)
    async with working(process, embedded=True):
        await house.lambda_.put_function_concurrency(FunctionName="jobyard-graded", ReservedConcurrentExecutions=3)
        await asyncio.sleep(1)
        for priority in QUEUES:
            await process.runtime.queue.enqueue_many([NewJob("graded", {}, Options(priority=priority))] * 5)
        await asyncio.sleep(5)
        assert len(house.runs) == 3


@housed
async def test_a_tick_goes_to_the_level_of_the_jobs_that_it_makes(house: House) -> None:
    process = await graded(house)
    schedules = process.runtime.queue.schedules
    await schedules.create("nightly", "graded", "rate(1 hour)", options=Options(priority=BULK))
    await schedules.create("usual", "graded", "rate(1 hour)")
    replies = (await house.scheduler.list_schedules())["Schedules"]
    arns = {one["Name"].split(".")[1]: one["Target"]["Arn"].rpartition(":")[2] for one in replies}
    assert arns == {"nightly": "jobyard-graded_bulk", "usual": "jobyard-graded"}
    await asyncio.sleep(60)
    assert await depths(process) == [(0, 0, 0), (1, 0, 0), (1, 0, 0)]
    await deliver(process, "graded_bulk")
    assert (await depths(process))[2] == (1, 0, 0), "its job"


@housed
async def test_a_type_without_levels_pays_nothing(house: House) -> None:
    await house.queue.enqueue("work", {}, priority=BULK)
    await house.deliver()
    house.first.sqs.calls.clear()
    house.first.dynamodb.calls.clear()
    await house.queue.enqueue("work", {}, priority=CRITICAL)
    await house.deliver()
    assert dict(house.first.sqs.calls) == {"send_message": 1}
    assert house.first.dynamodb.calls["batch_write_item"] == 1


@housed
async def test_a_job_with_levels_costs_what_any_other_does(house: House) -> None:
    process = await graded(house)
    await process.runtime.queue.enqueue("graded", {}, priority=BULK)
    process.sqs.calls.clear()
    before = process.dynamodb.units
    await process.runtime.queue.enqueue_many([NewJob("graded", {}, Options(priority=BULK))] * 10)
    assert dict(process.sqs.calls) == {"send_message_batch": 1}
    assert process.dynamodb.units - before == 20


@housed
async def test_trouble_with_one_level_is_told_of_the_type(house: House) -> None:
    process = await graded(house)
    async with working(process) as worker:
        await asyncio.sleep(1)
        assert worker.troubles() == {}
        await house.sqs.delete_queue(QueueUrl=await process.runtime.queues.url("graded_bulk"))
        await asyncio.sleep(30)
        (name,) = worker.troubles()
        assert name == "graded"
        made = await process.runtime.queue.enqueue("graded", {}, priority=CRITICAL)
        await asyncio.sleep(5)
        assert (await process.runtime.queue.get(made.id)).status is Status.COMPLETED
