"""Exactly one job for each due time: under duplicate ticks, several workers, and a death between each two calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError

from queues import Status, job
from queues.catalog import Catalog
from queues.job import Envelope, NewerEnvelope
from queues.schedules.job_schedule import Fate
from tests.core.house import LEASE, House, Order, Process, housed, throttled

HOUR = 3_600


class Strict(Order):
    """What `work` takes in newer code."""

    customer: str


async def hourly(house: House, **said: Any) -> None:
    """A schedule of jobs `work` at each full hour. The house begins at one."""
    house.handlers["work"] = _does_nothing
    await house.queue.schedules.create("hourly", "work", "cron(0 * * * ? *)", data={"size": 7}, **said)


async def _does_nothing(_order: Order, _ctx: object) -> None:
    pass


async def to_next_hour(house: House) -> int:
    """Lets the schedule fire; the due time in epoch ms."""
    now = house.loop.epoch_ms()
    due = (now // (HOUR * 1000) + 1) * HOUR * 1000
    await asyncio.sleep((due - now) / 1000)
    await asyncio.sleep(0.5)
    return due


async def made(house: House) -> list[str]:
    """The ids of all jobs, oldest first."""
    return sorted(job.id for job in (await house.queue.list(limit=200)).jobs)


@housed
async def test_a_due_time_is_a_job_with_the_schedules_data(house: House) -> None:
    await hourly(house)
    due = await to_next_hour(house)
    assert await house.deliver() != [], "the tick"
    (job_id,) = await made(house)
    job = await house.queue.get(job_id)
    assert job_id == f"hourly:{_stamp(due)}"
    assert (job.status, job.data, job.attempt) == (Status.WAITING, {"size": 7}, 0)
    await house.deliver()
    assert (await house.queue.get(job_id)).status is Status.COMPLETED
    assert await house.depth() == (0, 0, 0)
    schedule = await house.queue.schedules.get("hourly")
    assert (schedule.fates, schedule.last_job) == (((due, Fate.STARTED),), job_id)
    assert (await house.queue.schedules.last_runs([schedule]))["hourly"].status is Status.COMPLETED


@housed
async def test_a_tick_that_comes_often_is_one_job(house: House) -> None:
    await hourly(house)
    due = await to_next_hour(house)
    (tick,) = await house.first.receive()
    url = await house.runtime.queues.url("work")
    for _ in range(5):
        await house.sqs.send_message(QueueUrl=url, MessageBody=tick["Body"])
    async with house.working(), house.working(house.process()):
        await asyncio.sleep(2 * LEASE)
        await house.sqs.send_message(QueueUrl=url, MessageBody=tick["Body"])
        await asyncio.sleep(2 * LEASE)
    assert await made(house) == [f"hourly:{_stamp(due)}"]
    assert len(house.runs) == 1
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_tick_that_comes_after_its_jobs_row_is_gone_is_still_known(house: House) -> None:
    await hourly(house)
    await to_next_hour(house)
    (tick,) = await house.first.receive()
    await house.first.invoke("work", [tick])
    await house.deliver()
    await house.queue.schedules.pause("hourly")
    await asyncio.sleep(8 * 86_400)
    await house.queue.schedules.resume("hourly")
    await house.sqs.send_message(QueueUrl=await house.runtime.queues.url("work"), MessageBody=tick["Body"])
    await house.deliver()
    assert await made(house) == []


#: Every call that a tick makes, at which its process dies: before AWS has done it, or after.
CALLS = [
    (wire, name, after)
    for wire, name in (("dynamodb", "get_item"), ("dynamodb", "transact_write_items"), ("sqs", "send_message"))
    for after in (False, True)
]


@pytest.mark.parametrize(("wire", "name", "after"), CALLS)
@pytest.mark.parametrize("overlap", ["queue", "skip", "replace"])
@housed
async def test_a_death_at_any_call_loses_and_doubles_nothing(
    house: House, overlap: Any, wire: str, name: str, after: bool
) -> None:
    await hourly(house, overlap=overlap)
    due = await to_next_hour(house)
    dying = house.process()
    await dying.runtime.store.add_tenant("default")
    await dying.runtime.queues.url("work")
    await house.die_at(getattr(dying, wire), name, dying.deliver(), after=after)
    await asyncio.sleep(LEASE)
    async with house.working():
        await asyncio.sleep(2 * LEASE)
    assert await made(house) == [f"hourly:{_stamp(due)}"]
    assert Counter(run[0] for run in house.runs) == {f"hourly:{_stamp(due)}": 1}
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_message_lost_for_ever_is_sent_by_the_reaper(house: House) -> None:
    await hourly(house)
    await to_next_hour(house)
    (tick,) = await house.first.receive()
    dying = house.process()
    await dying.runtime.queues.url("work")
    await house.die_at(dying.sqs, "send_message", dying.invoke("work", [tick]))
    url = await house.runtime.queues.url("work")
    await house.sqs.delete_message(QueueUrl=url, ReceiptHandle=tick["ReceiptHandle"])
    async with house.working():
        await asyncio.sleep(300)
    assert len(house.runs) == 1


@housed
async def test_a_busy_table_leaves_the_tick_to_come_back(house: House) -> None:
    await hourly(house)
    due = await to_next_hour(house)
    house.first.dynamodb.fail("transact_write_items", throttled())
    await house.deliver()
    assert await made(house) == []
    async with house.working():
        await asyncio.sleep(2 * LEASE)
    assert await made(house) == [f"hourly:{_stamp(due)}"]


@housed
async def test_two_ticks_at_once_do_not_both_pass_the_overlap_policy(house: House) -> None:
    await hourly(house, overlap="skip", catch_up="all")
    await to_next_hour(house)
    await to_next_hour(house)
    ticks = await house.first.receive()
    assert len(ticks) == 2
    await asyncio.gather(
        *(process.invoke("work", [tick]) for process, tick in zip((house.first, house.process()), ticks, strict=True))
    )
    schedule = await house.queue.schedules.get("hourly")
    assert sorted(fate.value for _, fate in schedule.fates) == ["skipped", "started"]
    assert len(await made(house)) == 1


@housed
async def test_a_tick_costs_no_attempt_and_few_calls(house: House) -> None:
    await hourly(house)
    await to_next_hour(house)
    process = house.process()
    await process.runtime.store.add_tenant("default")
    await process.runtime.queues.url("work")
    (tick,) = await process.receive()
    process.dynamodb.calls.clear()
    process.sqs.calls.clear()
    await process.invoke("work", [tick])
    assert process.dynamodb.calls == {"get_item": 1, "transact_write_items": 1}
    assert process.sqs.calls == {"send_message": 1}


@housed
async def test_the_cost_of_a_due_time_in_write_units(house: House) -> None:
    await hourly(house)
    await to_next_hour(house)
    (tick,) = await house.first.receive()
    house.first.dynamodb.units = 0
    await house.first.invoke("work", [tick])
    # The schedule's row and the job's with its index entry, in a transaction, which counts each of them twice.
    assert house.first.dynamodb.units == 6


@pytest.mark.parametrize(
    "body",
    [
        {
            "v": 2,
            "kind": "tick",
            "tenant": "default",
            "schedule": "nobody",
            "type": "work",
            "at": "2026-01-01T00:00:00Z",
        },
        {"v": 2, "kind": "tick", "tenant": "other", "schedule": "hourly", "type": "work", "at": "2026-01-01T00:00:00Z"},
    ],
)
@housed
async def test_a_tick_of_no_schedule_comes_to_nothing(house: House, body: dict[str, Any]) -> None:
    await hourly(house)
    url = await house.runtime.queues.url("work")
    await house.sqs.send_message(QueueUrl=url, MessageBody=orjson.dumps(body).decode())
    await house.deliver()
    assert await made(house) == []
    assert await house.depth() == (0, 0, 0)
    assert await house.depth(dead_letters=True) == (0, 0, 0)


@housed
async def test_a_tick_without_a_time_has_that_of_its_message(house: House) -> None:
    """As from an emulator that does not fill in what EventBridge does."""
    await hourly(house)
    due = await to_next_hour(house)
    (tick,) = await house.first.receive()
    await house.first.invoke("work", [tick])
    body = orjson.loads(tick["Body"]) | {"at": "<aws.scheduler.scheduled-time>"}
    url = await house.runtime.queues.url("work")
    await asyncio.sleep(7)
    await house.sqs.send_message(QueueUrl=url, MessageBody=orjson.dumps(body).decode())
    await house.deliver()
    assert await made(house) == [f"hourly:{_stamp(due)}"], "the hour before it was sent"


@housed
async def test_a_schedule_that_its_type_does_not_take_any_more_says_so(house: House) -> None:
    await hourly(house)

    @job("work")
    async def work(order: Strict) -> None:
        """The same type in newer code."""

    await to_next_hour(house)
    newer: Process = house.process(Catalog([work]))
    await newer.deliver()
    assert await made(house) == []
    schedule = await house.queue.schedules.get("hourly")
    assert schedule.fates[-1][1] is Fate.REFUSED
    assert "customer" in (schedule.error or "")
    assert await house.depth() == (0, 0, 0)


@housed
async def test_code_that_knows_no_ticks_leaves_them_to_newer_code(house: House) -> None:
    await hourly(house)
    await to_next_hour(house)
    (tick,) = await house.first.receive()
    with pytest.raises(NewerEnvelope):
        Envelope.decode(tick["Body"])


@housed
async def test_nobody_else_has_its_jobs_id(house: House) -> None:
    """A job that somebody has named as the schedule would is the job of that time."""
    await hourly(house)
    now = house.loop.epoch_ms()
    due = (now // (HOUR * 1000) + 1) * HOUR * 1000
    await house.queue.enqueue("work", {"size": 1}, job_id=f"hourly:{_stamp(due)}", delay=2 * HOUR)
    await to_next_hour(house)
    await house.deliver()
    assert len(await made(house)) == 1
    assert (await house.queue.schedules.get("hourly")).fate_of(due) is Fate.STARTED


@housed
async def test_other_errors_of_dynamodb_are_not_taken_for_a_lost_race(house: House) -> None:
    await hourly(house)
    await to_next_hour(house)
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "TransactWriteItems")
    house.first.dynamodb.fail("transact_write_items", denied)
    await house.deliver()
    assert house.first.dynamodb.calls["transact_write_items"] == 1


def _stamp(due: int) -> str:
    return f"{datetime.fromtimestamp(due / 1000, UTC):%Y%m%dT%H%M%SZ}"
