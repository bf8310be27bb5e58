"""A job type's input changes while jobs are under way: old code and new code on the same queue and table."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from pydantic import BaseModel

from queues import Context, Status, job
from queues.catalog import Catalog
from queues.job import ENVELOPE_VERSION, Envelope
from queues.resources import MAX_RECEIVES
from queues.runner import NEWER_SECONDS
from queues.upcast import Upcast
from tests.core.house import DAY, House, Process, housed, outcomes


class Centimetres(BaseModel):
    """Version 1."""

    cm: int


class Millimetres(BaseModel):
    """Versions 2 and, with a unit that must be said, 3."""

    size: int
    unit: str


def in_millimetres(old: dict[str, Any]) -> dict[str, Any]:
    return {"size": old["cm"] * 10}


def with_unit(old: dict[str, Any]) -> dict[str, Any]:
    return {**old, "unit": "mm"}


STEPS: Mapping[int, Upcast] = {1: in_millimetres, 2: with_unit}


def code_of_version_1() -> Catalog:
    @job("work", attempts=3)
    async def work(data: Centimetres, ctx: Context) -> int:
        return data.cm * 10

    return Catalog([work])


def code_of_version_3(steps: Mapping[int, Upcast] = STEPS) -> Catalog:
    @job("work", attempts=3, version=3, upcasts=steps)
    async def work(data: Millimetres, ctx: Context) -> int:
        assert data.unit == "mm"
        return data.size

    return Catalog([work])


def old_and_new(house: House, steps: Mapping[int, Upcast] = STEPS) -> tuple[Process, Process]:
    return house.process(code_of_version_1()), house.process(code_of_version_3(steps))


@housed
async def test_new_code_runs_what_old_code_enqueued(house: House) -> None:
    old, new = old_and_new(house)
    made = await old.runtime.queue.enqueue("work", {"cm": 2})
    await new.deliver()
    done = await new.runtime.queue.get(made.id)
    assert (done.status, done.result, outcomes(done)) == (Status.COMPLETED, 20, ["completed"])
    assert (done.data, done.data_version) == ({"cm": 2}, 1), "the row keeps what was sent"


@housed
async def test_old_code_hands_back_what_new_code_enqueued(house: House) -> None:
    old, new = old_and_new(house)
    made = await new.runtime.queue.enqueue("work", {"size": 20, "unit": "mm"})
    await old.deliver()
    waiting = await old.runtime.queue.get(made.id)
    assert (waiting.status, outcomes(waiting)) == (Status.DELAYED, ["newer"])
    assert waiting.error is not None
    assert "of version 3 of 'work', and this worker's code knows 1" in waiting.error.message
    assert waiting.max_attempts - waiting.attempt == made.max_attempts, "no attempt is burnt"
    assert await house.letters() == []
    await asyncio.sleep(16)
    await new.deliver()
    done = await new.runtime.queue.get(made.id)
    assert (done.status, done.result, done.error) == (Status.COMPLETED, 20, None)


@housed
async def test_in_a_rolling_deployment_every_job_completes(house: House) -> None:
    old, new = old_and_new(house)
    made = [await old.runtime.queue.enqueue("work", {"cm": n}) for n in range(1, 11)]
    made += [await new.runtime.queue.enqueue("work", {"size": 10 * n, "unit": "mm"}) for n in range(11, 21)]
    await asyncio.gather(old.deliver(), old.deliver())
    async with house.working(old), house.working(new):
        done = [await house.queue.wait(one.id) for one in made]
    assert [one.result for one in done] == [10 * n for n in range(1, 21)]
    assert {word for one in done for word in outcomes(one)} == {"newer", "completed"}


@housed
async def test_code_that_never_comes_is_waited_for_most_of_a_day_and_a_retry_asks_again(house: House) -> None:
    old, new = old_and_new(house)
    made = await new.runtime.queue.enqueue("work", {"size": 20, "unit": "mm"})
    async with house.working(old, every=900):
        # `wait` would look each few seconds.
        while not (failed := await house.queue.get(made.id)).ended:  # noqa: ASYNC110 - in virtual time
            await asyncio.sleep(600)
    assert failed.status is Status.FAILED
    assert 15 * 3_600 < house.loop.time() < DAY
    assert failed.error is not None
    assert failed.error.type == "NewerData"
    assert len(await house.letters()) == 1

    again = await old.runtime.queue.retry(made.id)
    assert (again.status, again.data_version) == (Status.WAITING, 3)
    await old.deliver()
    assert (await house.queue.get(made.id)).status is Status.DELAYED, "it is waited for anew"
    async with house.working(new):
        assert (await house.queue.wait(made.id)).result == 20


@housed
async def test_a_broken_step_fails_a_job_after_one_attempt_and_a_mended_one_runs_it(house: House) -> None:
    old, broken = old_and_new(house, {1: lambda old: {"size": old["inch"]}, 2: with_unit})
    made = await old.runtime.queue.enqueue("work", {"cm": 2})
    await broken.deliver()
    failed = await house.queue.get(made.id)
    assert (failed.status, outcomes(failed)) == (Status.FAILED, ["invalid"])
    assert failed.error is not None
    assert failed.error.type == "CannotUpcast"
    assert "raised KeyError: 'inch'" in failed.error.message
    (letter,) = await house.letters()
    assert orjson.loads(letter["Body"])["deadLetter"]["error"]["type"] == "CannotUpcast"

    mended = house.process(code_of_version_3())
    await mended.runtime.queue.retry(made.id)
    await mended.deliver()
    assert (await house.queue.get(made.id)).result == 20


@housed
async def test_dead_letters_that_sqs_moves_back_are_brought_up_like_any_job(house: House) -> None:
    old, broken = old_and_new(house, {2: with_unit})
    made = await old.runtime.queue.enqueue("work", {"cm": 2})
    await broken.deliver()
    failed = await house.queue.get(made.id)
    assert failed.error is not None
    assert "there is no step from version 1 any more" in failed.error.message

    mended = house.process(code_of_version_3())
    letters, queue = [await call("work") for call in (old.runtime.queues.dead_letter_url, old.runtime.queues.url)]
    arns = [
        (await house.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]))["Attributes"]["QueueArn"]
        for url in (letters, queue)
    ]
    await house.sqs.start_message_move_task(SourceArn=arns[0], DestinationArn=arns[1])
    async with house.working(mended):
        await asyncio.sleep(60)
    done = await house.queue.get(made.id)
    assert (done.status, done.result, outcomes(done)) == (Status.COMPLETED, 20, ["invalid", "completed"])
    assert await house.letters() == []


@pytest.mark.parametrize("minutes", [1, 60])
@housed
async def test_a_message_of_newer_code_is_neither_run_nor_buried(house: House, minutes: int) -> None:
    made = await house.queue.enqueue("work", {})
    url = await house.runtime.queues.url("work")
    (message,) = await house.first.receive()
    await house.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    future = Envelope(made.id, made.tenant, "work").encode()
    future = future.replace(f'"v":{ENVELOPE_VERSION}', f'"v":{ENVELOPE_VERSION + 1}')
    await house.sqs.send_message(QueueUrl=url, MessageBody=future)
    for _ in range(minutes * 60 // NEWER_SECONDS + 1):
        await house.deliver()
        assert await house.depth() == (0, 1, 0)
        await asyncio.sleep(NEWER_SECONDS + 1)
    assert (await house.queue.get(made.id)).attempt == 0
    assert await house.letters() == []
    assert MAX_RECEIVES * NEWER_SECONDS > 8 * 3_600
