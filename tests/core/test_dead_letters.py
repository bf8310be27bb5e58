"""The dead-letter queue says the truth: one full letter for each failed job, whoever moved its message there."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from queues import Discard, NewJob, Status
from queues.dead_letters import REST_PER_LETTER, SWEEP_AT_LEAST_EVERY
from queues.job import Envelope, Job
from queues.store import Unclaimed
from tests.core.house import LEASE, House, Order, housed, outcomes


async def discard(_order: Order, _ctx: object) -> None:
    raise Discard("no")


async def failed(house: House, count: int = 1) -> list[Job]:
    """Jobs that have failed and are buried."""
    house.handlers["work"] = discard
    made = await house.queue.enqueue_many([NewJob("work", {}) for _ in range(count)])
    while any((await house.depth())[:2]):
        await house.deliver()
    house.handlers.clear()
    return [await house.queue.get(job.id) for job in made]


async def poison(house: House, receives: int = 2) -> None:
    """Has SQS move the queue's messages by itself after so many receives without a word."""
    arn = (await house.sqs.get_queue_attributes(QueueUrl=await _dlq(house), AttributeNames=["QueueArn"]))["Attributes"]
    policy = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": receives}
    await house.sqs.set_queue_attributes(
        QueueUrl=await house.runtime.queues.url("work"), Attributes={"RedrivePolicy": orjson.dumps(policy).decode()}
    )
    for _ in range(receives):
        await house.first.receive()
        await asyncio.sleep(LEASE)
    assert await house.first.receive() == []


async def _dlq(house: House) -> str:
    return await house.runtime.queues.dead_letter_url("work")


async def bodies(house: House) -> list[dict[str, Any]]:
    return [orjson.loads(letter["Body"]) for letter in await house.letters()]


@housed
async def test_a_job_whose_message_sqs_moved_is_closed_with_a_full_letter(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    await poison(house)
    assert "deadLetter" not in (await bodies(house))[0]
    await house.runtime.dead_letters.round()
    job = await house.queue.get(made.id)
    assert job.status is Status.FAILED
    assert job.error is not None
    assert job.error.type == "Moved"
    assert job.buried_at is not None
    (body,) = await bodies(house)
    assert body["deadLetter"]["error"]["type"] == "Moved"
    assert body["deadLetter"]["origin"] == "jobyard-work"


@housed
async def test_a_moved_message_of_a_running_attempt_waits_for_it(house: House) -> None:
    made = await house.queue.enqueue("work", {}, attempts=1)
    await poison(house)
    claimed = await house.runtime.store.claim("default", made.id, "w9/1", house.loop.epoch_ms())
    assert not isinstance(claimed, Unclaimed)
    await house.runtime.dead_letters.round()
    assert (await house.queue.get(made.id)).status is Status.ACTIVE
    assert len(await bodies(house)) == 1
    await asyncio.sleep(SWEEP_AT_LEAST_EVERY / 1000 + 1)
    await house.runtime.dead_letters.round()
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job)) == (Status.FAILED, ["lost"])
    (body,) = await bodies(house)
    assert body["deadLetter"]["error"]["type"] == "Lost"


@housed
async def test_a_moved_message_of_a_job_that_ended_well_is_removed(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    await house.runtime.queues.send("work", [(Envelope(made.id, "default", "work").encode(), 0)])
    await house.deliver(count=1)
    assert (await house.queue.get(made.id)).status is Status.COMPLETED
    await poison(house)
    assert len(await bodies(house)) == 1
    await house.runtime.dead_letters.round()
    assert await bodies(house) == []


@housed
async def test_the_letter_of_a_job_that_was_retried_is_removed(house: House) -> None:
    (job,) = await failed(house)
    await house.runtime.dead_letters.round()
    await house.queue.retry(job.id)
    await house.deliver()
    assert (await house.queue.get(job.id)).status is Status.COMPLETED
    await asyncio.sleep(SWEEP_AT_LEAST_EVERY / 1000)
    await house.runtime.dead_letters.round()
    assert await bodies(house) == []


@housed
async def test_a_job_that_failed_again_has_only_its_latest_letter(house: House) -> None:
    (job,) = await failed(house)
    await house.queue.retry(job.id)
    house.handlers["work"] = discard
    await house.deliver()
    assert len(await bodies(house)) == 2
    await house.runtime.dead_letters.round()
    (body,) = await bodies(house)
    assert body["deadLetter"]["attempts"] == 2


@housed
async def test_of_two_letters_for_one_failure_every_sweep_keeps_the_same(house: House) -> None:
    (job,) = await failed(house)
    kept = (await house.letters())[0]["MessageId"]
    await asyncio.sleep(1)
    for _ in range(3):
        await house.runtime.runner.endings.bury(job)
    await asyncio.gather(*(process.runtime.dead_letters.round() for process in (house.first, house.process())))
    await house.process().runtime.dead_letters.round()
    assert [letter["MessageId"] for letter in await house.letters()] == [kept]


@housed
async def test_what_is_no_letter_of_a_job_is_left_for_a_person(house: House) -> None:
    await failed(house)
    strangers = [
        "not JSON",
        Envelope("x", "default", "other").encode(),
        Envelope("never-was", "default", "work").encode(),
    ]
    for body in strangers:
        await house.sqs.send_message(QueueUrl=await _dlq(house), MessageBody=body)
    await house.runtime.dead_letters.round()
    texts = [letter["Body"] for letter in await house.letters()]
    assert len(texts) == 4
    assert set(strangers) <= set(texts)


@housed
async def test_a_letter_moved_back_by_hand_or_by_sqs_opens_its_job_again(house: House) -> None:
    jobs = await failed(house, 3)
    for letter in await house.letters():
        await house.runtime.queues.send("work", [(letter["Body"], 0)])
    await house.sqs.purge_queue(QueueUrl=await _dlq(house))
    async with house.working():
        await asyncio.sleep(10)
    ends = [await house.queue.get(job.id) for job in jobs]
    assert {job.status for job in ends} == {Status.COMPLETED}
    assert [outcomes(job) for job in ends] == [["discarded", "completed"]] * 3
    assert await house.depth() == (0, 0, 0)
    assert await bodies(house) == []


@housed
async def test_an_old_letter_moved_back_does_not_open_a_job_that_has_moved_on(house: House) -> None:
    (job,) = await failed(house)
    (old,) = await house.letters()
    await house.queue.retry(job.id)
    house.handlers["work"] = discard
    await house.deliver()
    await house.runtime.queues.send("work", [(old["Body"], 0)])
    house.handlers.clear()
    await house.deliver()
    assert (await house.queue.get(job.id)).status is Status.FAILED
    assert await house.depth() == (0, 0, 0)


@pytest.mark.parametrize("count", [0, 40])
@housed
async def test_a_queue_that_has_not_changed_is_not_read(house: House, count: int) -> None:
    await failed(house, count)
    await house.runtime.dead_letters.round()
    house.first.sqs.calls.clear()
    for _ in range(10):
        await asyncio.sleep(5)
        await house.runtime.dead_letters.round()
    assert house.first.sqs.calls["receive_message"] == 0
    assert len(await bodies(house)) == count


@housed
async def test_a_sweep_that_is_cut_short_shows_its_letters_again(house: House) -> None:
    await failed(house, 15)
    process = house.process()
    process.dynamodb.fail("get_item", OSError("the line is dead"))
    assert await process.runtime.dead_letters.round() == 0
    assert (await house.depth(dead_letters=True))[0] > 0
    await asyncio.sleep(60)
    assert len(await bodies(house)) == 15


@housed
async def test_the_more_letters_the_longer_the_rest_between_two_sweeps(house: House) -> None:
    await failed(house, 100)
    await house.runtime.dead_letters.round()
    await failed(house)
    calls = house.first.sqs.calls
    before = calls["receive_message"]
    await asyncio.sleep(100 * REST_PER_LETTER / 1000 - 1)
    await house.runtime.dead_letters.round()
    assert calls["receive_message"] == before
    await asyncio.sleep(2)
    await house.runtime.dead_letters.round()
    assert calls["receive_message"] > before
