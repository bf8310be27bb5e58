"""What becomes of a job by what its handler says, and of a message that names none."""

from __future__ import annotations

import asyncio

import pytest

from queues import Cancel, Context, Discard, NewJob, Options, RetryAfter, Snooze, Status
from queues.job import Envelope
from queues.resources import MAX_RECEIVES
from tests.core.house import DAY, House, Order, housed, outcomes

# --- what a handler may say ---------------------------------------------------------------------------------------


@housed
async def test_a_snooze_burns_no_attempt(house: House) -> None:
    async def snooze(_order: Order, ctx: Context) -> str:
        if ctx.attempt <= 5:
            raise Snooze(100)
        return "at last"

    house.handlers["work"] = snooze
    made = await house.queue.enqueue("work", {})
    async with house.working():
        job = await house.queue.wait(made.id)
    assert (job.result, outcomes(job)) == ("at last", ["snoozed"] * 5 + ["completed"])
    assert [round(run[2]) for run in house.runs] == [0, 100, 200, 300, 400, 500]


@housed
async def test_a_job_that_snoozes_without_end_is_not_taken_for_poison(house: House) -> None:
    # Each snooze is a receive of its message, and SQS's own redrive moves a message after MAX_RECEIVES of them.
    async def snooze(_order: Order, ctx: Context) -> str:
        if ctx.attempt <= 3 * MAX_RECEIVES:
            raise Snooze(10)
        return "at last"

    house.handlers["work"] = snooze
    made = await house.queue.enqueue("work", {})
    async with house.working():
        job = await house.queue.wait(made.id)
    assert (job.status, job.result, job.attempt) == (Status.COMPLETED, "at last", 3 * MAX_RECEIVES + 1)
    assert await house.depth() == (0, 0, 0)
    assert await house.letters() == []


@housed
async def test_retry_after_takes_the_place_of_the_backoff_and_burns_an_attempt(house: House) -> None:
    async def later(_order: Order, _ctx: Context) -> None:
        raise RetryAfter(77, "the shop is closed")

    house.handlers["work"] = later
    made = await house.queue.enqueue("work", {})
    async with house.working():
        job = await house.queue.wait(made.id)
    assert (job.status, outcomes(job)) == (Status.FAILED, ["failed"] * 3)
    assert [round(run[2]) for run in house.runs] == [0, 77, 154]
    assert job.error is not None
    assert job.error.message == "the shop is closed"


@housed
async def test_discard_fails_at_once_and_is_buried(house: House) -> None:
    async def discard(_order: Order, _ctx: Context) -> None:
        raise Discard("not a mesh")

    house.handlers["work"] = discard
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job)) == (Status.FAILED, ["discarded"])
    assert len(await house.letters()) == 1
    assert await house.depth() == (0, 0, 0)


@housed
async def test_cancel_from_within_ends_the_job_without_a_dead_letter(house: House) -> None:
    async def cancel(_order: Order, _ctx: Context) -> None:
        raise Cancel("order withdrawn")

    house.handlers["work"] = cancel
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job)) == (Status.CANCELLED, ["cancelled"])
    assert job.error is not None
    assert job.error.message == "order withdrawn"
    assert await house.letters() == []
    assert await house.depth() == (0, 0, 0)


@housed
async def test_an_attempt_over_its_timeout_is_stopped(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(DAY)
    made = await house.queue.enqueue("work", {}, timeout=7, attempts=2)
    async with house.working():
        job = await house.queue.wait(made.id)
    assert (job.status, outcomes(job)) == (Status.FAILED, ["timeout", "timeout"])
    assert [run[3] - run[2] for run in house.runs] == [7, 7]


@housed
async def test_progress_and_log_lines_are_in_the_row_while_it_runs_and_after(house: House) -> None:
    async def talk(_order: Order, ctx: Context) -> None:
        ctx.progress(25, "reading")
        ctx.log("one line")
        print("and another")
        await asyncio.sleep(2)
        job = await house.queue.get(ctx.job_id)
        assert (job.progress, job.note) == (25, "reading")
        ctx.progress(50)
        raise ValueError("half way")

    house.handlers["work"] = talk
    made = await house.queue.enqueue("work", {}, attempts=1)
    await house.deliver()
    job = await house.queue.get(made.id)
    assert (job.progress, job.note) == (50, "reading")
    assert "one line" in [line.message for line in job.logs]


@housed
async def test_a_result_that_cannot_be_kept_is_a_permanent_failure(house: House) -> None:
    async def much(_order: Order, _ctx: Context) -> str:
        return "x" * 200_000

    house.handlers["work"] = much
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job)) == (Status.FAILED, ["discarded"])
    assert job.error is not None
    assert job.error.type == "InvalidResult"


# --- what is no job -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "not JSON",
        '{"v": 0, "id": "a", "tenant": "default", "type": "work"}',
        '{"v": 1, "id": "a"}',
        '{"v": 1, "id": "a", "tenant": "default", "type": "other"}',
        "[]",
    ],
)
@housed
async def test_a_message_that_names_no_job_of_the_queue_is_buried_after_one_delivery(house: House, body: str) -> None:
    await house.runtime.queues.send("work", [(body, 0)])
    await house.deliver()
    assert await house.depth() == (0, 0, 0)
    (letter,) = await house.letters()
    assert letter["Body"] == body
    assert letter["MessageAttributes"]["errorType"]["StringValue"] == "InvalidMessage"
    assert house.runs == []


@housed
async def test_a_message_of_a_job_that_is_gone_is_dropped(house: House) -> None:
    await house.runtime.queues.send("work", [(Envelope("gone", "default", "work").encode(), 0)])
    await house.deliver()
    assert await house.depth() == (0, 0, 0)
    assert await house.letters() == []


@housed
async def test_data_that_no_longer_fits_its_model_fails_after_one_attempt(house: House) -> None:
    made = await house.queue.enqueue("work", {"size": 1})
    await house.dynamodb.update_item(
        TableName="jobyard",
        Key={"pk": {"S": f"job#default#{made.id}"}, "sk": {"S": "job"}},
        UpdateExpression="SET #data = :data",
        ExpressionAttributeNames={"#data": "data"},
        ExpressionAttributeValues={":data": {"S": '{"size": "huge"}'}},
    )
    await house.deliver()
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job)) == (Status.FAILED, ["invalid"])
    assert job.error is not None
    assert job.error.type == "InvalidData"
    assert "size" in job.error.message
    assert len(await house.letters()) == 1


@housed
async def test_one_bad_record_does_not_hurt_its_neighbours(house: House) -> None:
    async def odd(order: Order, _ctx: Context) -> int:
        if order.size % 2:
            raise ValueError("odd")
        return order.size

    house.handlers["work"] = odd
    made = await house.queue.enqueue_many([NewJob("work", {"size": n}, Options(attempts=1)) for n in range(9)])
    await house.runtime.queues.send("work", [("broken", 0)])
    await house.deliver()
    ends = [(await house.queue.get(job.id)).status for job in made]
    assert ends == [Status.FAILED if n % 2 else Status.COMPLETED for n in range(9)]
    assert await house.depth() == (0, 0, 0)
    assert len(await house.letters()) == 4 + 1
