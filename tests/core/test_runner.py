"""What the runner promises: one attempt at a time, counted at its start, settled by its holder, never forgotten."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from queues import Context, Discard, Status
from queues.job import Envelope
from queues.job_options import JobOptions
from queues.outcome import Returned, settle
from tests.core.house import DAY, LEASE, MINUTE, House, Order, housed, outcomes, throttled


@housed
async def test_a_job_completes_and_leaves_nothing_in_its_queue(house: House) -> None:
    made = await house.queue.enqueue("work", {"size": 3})
    assert made.status is Status.WAITING
    await house.deliver()
    job = await house.queue.get(made.id)
    assert job.status is Status.COMPLETED
    assert job.result == {"made": 3}
    assert job.progress == 100
    assert outcomes(job) == ["completed"]
    assert await house.depth() == (0, 0, 0)
    assert await house.letters() == []


@housed
async def test_an_attempt_is_counted_and_leased_when_it_starts(house: House) -> None:
    async def look(_order: Order, ctx: Context) -> None:
        job = await house.queue.get(ctx.job_id)
        assert (job.status, job.attempt, ctx.attempt) == (Status.ACTIVE, 1, 1)
        assert job.lease_until == house.loop.epoch_ms() + LEASE * 1000
        assert job.worker is not None
        assert job.worker.startswith("w1/")
        assert job.attempts[-1].outcome is None

    house.handlers["work"] = look
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    assert (await house.queue.get(made.id)).status is Status.COMPLETED


@housed
async def test_attempts_follow_the_backoff_until_they_are_used_up(house: House) -> None:
    async def fail(_order: Order, ctx: Context) -> None:
        raise ValueError(f"attempt {ctx.attempt} of {ctx.max_attempts}")

    house.handlers["work"] = fail
    made = await house.queue.enqueue("work", {})
    async with house.working():
        job = await house.queue.wait(made.id)
    assert job.status is Status.FAILED
    assert outcomes(job) == ["failed"] * 3
    assert [round(run[2]) for run in house.runs] == [0, 10, 20]
    assert job.error is not None
    assert (job.error.type, job.error.message) == ("ValueError", "attempt 3 of 3")
    assert "raise ValueError" in (job.error.traceback or "")
    (letter,) = await house.letters()
    body = orjson.loads(letter["Body"])
    assert (body["id"], body["tenant"], body["type"]) == (made.id, "default", "work")
    assert body["deadLetter"] == {
        "error": job.error.to_json(),
        "attempts": 3,
        "origin": "jobyard-work",
        "createdAt": job.created_at,
        "failedAt": job.finished_at,
    }
    assert letter["MessageAttributes"]["errorType"]["StringValue"] == "ValueError"
    assert await house.depth() == (0, 0, 0)


# --- one at a time ------------------------------------------------------------------------------------------------


@housed
async def test_of_two_copies_of_a_message_one_runs(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(5)
    made = await house.queue.enqueue("work", {})
    for _ in range(3):
        await house.runtime.queues.send("work", [(Envelope(made.id, "default", "work").encode(), 0)])
    async with house.working(), house.working(house.process()):
        await asyncio.sleep(2 * LEASE)
    assert len(house.runs) == 1
    assert (await house.queue.get(made.id)).attempt == 1
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_copy_stays_hidden_while_the_attempt_is_alive(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(5)
    made = await house.queue.enqueue("work", {})
    first = asyncio.create_task(house.deliver())
    await asyncio.sleep(1)
    await house.runtime.queues.send("work", [(Envelope(made.id, "default", "work").encode(), 0)])
    await house.deliver()
    assert await house.depth() == (0, 2, 0)
    await first
    await asyncio.sleep(LEASE)
    await house.deliver()
    assert await house.depth() == (0, 0, 0)
    assert len(house.runs) == 1


@housed
async def test_a_worker_that_lost_its_lease_cannot_settle(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    old = await house.runtime.store.claim("default", made.id, "elsewhere/1", house.loop.epoch_ms())
    assert not hasattr(old, "job")
    await asyncio.sleep(LEASE + 6)
    await house.maintain()
    assert outcomes(await house.queue.get(made.id)) == ["lost"]
    await asyncio.sleep(10)
    await house.deliver()
    # The old holder wakes up and is done, too.
    now = house.loop.epoch_ms()
    assert not await house.runtime.store.settle(old, settle(old, Returned('"late"'), now, 0), now, JobOptions())
    job = await house.queue.get(made.id)
    assert (job.status, job.result, outcomes(job)) == (Status.COMPLETED, {"made": 1}, ["lost", "completed"])


@housed
async def test_an_attempt_stops_before_a_lease_that_it_cannot_renew_is_over(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(DAY)
    made = await house.queue.enqueue("work", {}, timeout=600)
    claimed = asyncio.create_task(house.deliver())
    await asyncio.sleep(1)
    house.first.dynamodb.fail("batch_execute_statement", *[throttled() for _ in range(100)])
    await claimed
    (run,) = house.runs
    assert run[3] < LEASE
    assert (await house.queue.get(made.id)).status is Status.ACTIVE, "what it came to is void"


@housed
async def test_heartbeats_keep_a_long_attempt_its_lease_and_its_message(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(250)
    made = await house.queue.enqueue("work", {})
    async with house.working(), house.working(house.process()):
        job = await house.queue.wait(made.id)
    assert job.status is Status.COMPLETED
    assert len(house.runs) == 1
    assert house.loop.time() == pytest.approx(250, abs=2)
    assert await house.depth() == (0, 0, 0)


# --- when ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", [0, 5, 899, 900, 901, 3600, DAY // 4])
@housed
async def test_a_job_runs_at_its_time_however_far_off(house: House, delay: int) -> None:
    made = await house.queue.enqueue("work", {}, delay=delay)
    assert made.status is (Status.DELAYED if delay else Status.WAITING)
    async with house.working():
        await asyncio.sleep(delay + 5)
        job = await house.queue.get(made.id)
    assert job.status is Status.COMPLETED
    assert job.attempt == 1
    assert 0 <= house.runs[0][2] - delay <= 1
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_wait_beyond_15_minutes_is_spent_as_a_delayed_message_not_in_flight(house: House) -> None:
    await house.queue.enqueue("work", {}, delay=3600)
    assert await house.depth() == (0, 0, 1)
    await asyncio.sleep(900)
    await house.deliver()
    assert await house.depth() == (0, 0, 1)
    assert house.runs == []


@housed
async def test_a_job_that_did_not_start_in_time_expires(house: House) -> None:
    made = await house.queue.enqueue("work", {}, expires_in=60)
    await asyncio.sleep(61)
    await house.deliver()
    job = await house.queue.get(made.id)
    assert house.runs == []
    assert (job.status, outcomes(job)) == (Status.FAILED, ["expired"])
    assert job.error is not None
    assert job.error.type == "Expired"
    assert len(await house.letters()) == 1


@housed
async def test_without_the_time_left_an_attempt_is_not_begun_and_not_counted(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    await house.deliver(seconds=200)
    assert (await house.queue.get(made.id)).attempt == 0
    assert await house.depth() == (1, 0, 0), "another invocation can have it at once"
    await house.deliver(seconds=400)
    assert (await house.queue.get(made.id)).status is Status.COMPLETED


# --- trouble ------------------------------------------------------------------------------------------------------


@housed
async def test_a_settlement_survives_throttling_and_a_lost_answer(house: House) -> None:
    async def then_trouble(_order: Order, _ctx: Context) -> str:
        house.first.dynamodb.fail("batch_execute_statement", throttled(), throttled())
        house.first.dynamodb.fail("batch_execute_statement", ConnectionResetError("the answer is lost"), after=True)
        return "done"

    house.handlers["work"] = then_trouble
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    job = await house.queue.get(made.id)
    assert (job.status, job.result, outcomes(job)) == (Status.COMPLETED, "done", ["completed"])
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_claim_whose_answer_is_lost_is_no_second_run(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    house.first.dynamodb.fail("batch_execute_statement", ConnectionResetError("the answer is lost"), after=True)
    async with house.working():
        job = await house.queue.wait(made.id)
    assert (job.status, outcomes(job)) == (Status.COMPLETED, ["lost", "completed"])
    assert len(house.runs) == 1


@housed
async def test_a_worker_that_stops_hands_its_jobs_back_unburnt(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(DAY)
    made = await house.queue.enqueue("work", {})
    running = asyncio.create_task(house.deliver())
    await asyncio.sleep(3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job), job.max_attempts) == (Status.WAITING, ["interrupted"], 4)
    assert await house.depth() == (1, 0, 0), "another worker can have it at once"
    house.handlers.clear()
    await house.deliver()
    assert (await house.queue.get(made.id)).status is Status.COMPLETED


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("service", "call", "end", "seconds"),
    [
        ("dynamodb", "batch_execute_statement", Status.COMPLETED, 4 * LEASE),
        ("sqs", "change_message_visibility", Status.COMPLETED, 4 * LEASE),
    ],
)
@housed
async def test_a_process_killed_at_a_call_costs_time_but_no_job(
    house: House, service: str, call: str, end: Status, seconds: int, *, after: bool
) -> None:
    async def fail_once(_order: Order, ctx: Context) -> str:
        if ctx.attempt == 1:
            raise ValueError("once")
        return "done"

    house.handlers["work"] = fail_once
    made = await house.queue.enqueue("work", {})
    dying = house.process()
    wire: Any = getattr(dying, service)
    await house.die_at(wire, call, dying.deliver(), after=after)
    async with house.working(house.process()):
        job = await house.queue.wait(made.id)
        await asyncio.sleep(seconds)
    assert job.status is end
    assert house.loop.time() < 5 * MINUTE
    assert [run[1] for run in house.runs] == sorted({run[1] for run in house.runs}), "each attempt ran once"
    assert await house.depth() == (0, 0, 0)
    assert await house.letters() == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("service", "call"), [("sqs", "send_message"), ("dynamodb", "get_item")])
@housed
async def test_a_process_killed_while_it_buries_leaves_one_letter(
    house: House, service: str, call: str, *, after: bool
) -> None:
    async def discard(_order: Order, _ctx: Context) -> None:
        raise Discard("no")

    house.handlers["work"] = discard
    made = await house.queue.enqueue("work", {})
    dying = house.process()
    await house.die_at(getattr(dying, service), call, dying.deliver(), after=after)
    async with house.working(house.process()):
        await asyncio.sleep(10 * MINUTE)
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job)) == (Status.FAILED, ["discarded"])
    assert len(await house.letters()) == 1
    assert await house.depth() == (0, 0, 0)
