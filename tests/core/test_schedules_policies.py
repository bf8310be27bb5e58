"""Overlap and catch-up: which due times make a job when the one before has not ended, or nobody was there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from queues import Context, Status
from queues.schedules.job_schedule import JobSchedule
from tests.core.house import House, Order, housed

HOUR = 3_600


async def hourly(house: House, expression: str = "cron(0 * * * ? *)", **said: Any) -> None:
    await house.queue.schedules.create("hourly", "work", expression, **said)


async def pass_hours(house: House, hours: float) -> None:
    """To some seconds after a full hour."""
    now = house.loop.epoch_ms()
    await asyncio.sleep(((now // (HOUR * 1000) + hours) * HOUR * 1000 - now) / 1000 + 1)


async def fates(house: House) -> list[str]:
    return [fate.value for _, fate in (await house.queue.schedules.get("hourly")).fates]


async def statuses(house: House) -> list[Status]:
    """Of the schedule's jobs, by their due times."""
    jobs = (await house.queue.list(limit=200)).jobs
    return [job.status for job in sorted(jobs, key=lambda job: job.id)]


async def serve_all(house: House) -> None:
    """Until nothing is left that can be received."""
    while await house.deliver():
        pass


async def takes_minutes(_order: Order, _ctx: Context) -> None:
    await asyncio.sleep(280)


# --- overlap --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overlap", "expected", "started"),
    [
        ("skip", ["started", "skipped", "started", "skipped"], 2),
        ("queue", ["started"] * 4, 4),
    ],
)
@housed
async def test_a_job_that_runs_when_the_next_is_due(
    house: House, overlap: Any, expected: Sequence[str], started: int
) -> None:
    house.handlers["work"] = takes_minutes
    await hourly(house, "cron(0/4 * * * ? *)", overlap=overlap)
    async with house.working():
        await asyncio.sleep(4 * 240)
        await house.queue.schedules.pause("hourly")
        await asyncio.sleep(HOUR)
    assert await fates(house) == expected
    assert len(house.runs) == started
    assert set(await statuses(house)) == {Status.COMPLETED}


@housed
async def test_replace_asks_a_job_that_runs_to_end(house: House) -> None:
    house.handlers["work"] = takes_minutes
    await hourly(house, "cron(0/4 * * * ? *)", overlap="replace")
    async with house.working():
        await asyncio.sleep(3 * 240)
        await house.queue.schedules.pause("hourly")
        await asyncio.sleep(HOUR)
    assert await fates(house) == ["started"] * 3
    assert await statuses(house) == [Status.CANCELLED, Status.CANCELLED, Status.COMPLETED]
    (first, *_) = sorted((await house.queue.list(limit=200)).jobs, key=lambda job: job.id)
    assert first.cancel_by == "the schedule hourly"


@housed
async def test_replace_puts_the_new_job_in_the_place_of_one_that_waits(house: House) -> None:
    await hourly(house, overlap="replace", catch_up="all")
    await pass_hours(house, 1)
    (tick,) = await house.first.receive()
    await house.first.invoke("work", [tick])
    # Its job waits: nobody is there to run it.
    await pass_hours(house, 1)
    messages = await house.first.receive()
    await house.first.invoke("work", [one for one in messages if '"tick"' in one["Body"]])
    assert await statuses(house) == [Status.CANCELLED, Status.WAITING]
    await asyncio.sleep(60)
    await serve_all(house)
    assert await statuses(house) == [Status.CANCELLED, Status.COMPLETED]
    assert len(house.runs) == 1


@housed
async def test_skip_waits_for_retries_too(house: House) -> None:
    async def fails(_order: Order, _ctx: Context) -> None:
        raise ConnectionError("no answer")

    house.handlers["work"] = fails
    await hourly(house, overlap="skip")
    await pass_hours(house, 1)
    await house.deliver()
    await house.deliver()
    assert await statuses(house) == [Status.DELAYED]
    await pass_hours(house, 1)
    messages = await house.first.receive()
    await house.first.invoke("work", [one for one in messages if '"tick"' in one["Body"]])
    assert await fates(house) == ["started", "skipped"]


# --- catch-up: the workers were away ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ("all", ["started"] * 5),
        ("latest", ["missed"] * 4 + ["started"]),
        ("none", ["missed"] * 5),
    ],
)
@housed
async def test_ticks_that_waited_for_hours(house: House, catch_up: Any, expected: Sequence[str]) -> None:
    await hourly(house, catch_up=catch_up)
    await pass_hours(house, 5)
    await asyncio.sleep(600)
    await serve_all(house)
    found: JobSchedule = await house.queue.schedules.get("hourly")
    assert [fate.value for _, fate in sorted(found.fates)] == expected
    assert len(house.runs) == expected.count("started")


@pytest.mark.parametrize("catch_up", ["all", "latest", "none"])
@housed
async def test_in_time_no_policy_leaves_anything_out(house: House, catch_up: Any) -> None:
    await hourly(house, catch_up=catch_up)
    async with house.working():
        await pass_hours(house, 5)
    assert await fates(house) == ["started"] * 5


@pytest.mark.parametrize(("catch_up", "runs"), [("all", 1), ("latest", 1), ("none", 0)])
@housed
async def test_a_one_time_schedule_that_was_late(house: House, catch_up: Any, runs: int) -> None:
    await hourly(house, "at(2099-01-01T00:00:00)", catch_up=catch_up)
    schedule = await house.queue.schedules.update("hourly", expression=_in(house, HOUR))
    assert schedule.one_time
    await asyncio.sleep(2 * HOUR)
    await serve_all(house)
    assert len(house.runs) == runs


# --- catch-up: times for which no tick came ---------------------------------------------------------------------------


@pytest.mark.parametrize("expression", ["cron(0 * * * ? *)", "rate(1 hour)"])
@pytest.mark.parametrize(("catch_up", "jobs"), [("all", 4), ("latest", 2)])
@housed
async def test_all_makes_up_for_times_without_ticks(house: House, catch_up: Any, jobs: int, expression: str) -> None:
    """As the embedded scheduler leaves them: of the times that it missed, only the last one fires."""
    await hourly(house, expression, catch_up=catch_up)
    for hour in range(4):
        await pass_hours(house, 1)
        ticks = await house.first.receive()
        if hour in (0, 3):
            await house.first.invoke("work", ticks[-1:])
            await serve_jobs(house, ticks[:-1])
        else:
            await serve_jobs(house, ticks)
    await serve_all(house)
    times = [due for due, _ in (await house.queue.schedules.get("hourly")).fates]
    assert len(times) == jobs
    assert times == sorted(times)
    if catch_up == "all":
        assert {later - earlier for earlier, later in pairwise(times)} == {HOUR * 1000}


async def serve_jobs(house: House, ticks: Sequence[dict[str, Any]]) -> None:
    """Loses ticks, as a scheduler does that was not running."""
    url = await house.runtime.queues.url("work")
    for tick in ticks:
        await house.sqs.delete_message(QueueUrl=url, ReceiptHandle=tick["ReceiptHandle"])


@housed
async def test_times_while_it_was_paused_are_not_made_up_for(house: House) -> None:
    await hourly(house, catch_up="all")
    async with house.working():
        await pass_hours(house, 2)
        await house.queue.schedules.pause("hourly")
        await asyncio.sleep(10 * HOUR)
        await house.queue.schedules.resume("hourly")
        await pass_hours(house, 2)
    assert len(house.runs) == 4


@housed
async def test_many_missed_times_are_bounded(house: House) -> None:
    await hourly(house, "rate(1 minute)", catch_up="all")
    async with house.working():
        await asyncio.sleep(90)
    before = len(house.runs)
    url = await house.runtime.queues.url("work")
    await house.queue.schedules.get("hourly")
    for _ in range(60):
        await asyncio.sleep(240)
        await house.sqs.purge_queue(QueueUrl=url)
    async with house.working():
        await asyncio.sleep(70)
    assert 100 <= len(house.runs) - before <= 104


def _in(house: House, seconds: float) -> str:
    return f"at({datetime.fromtimestamp(house.loop.epoch_ms() // 1000 + seconds, UTC):%Y-%m-%dT%H:%M:%S})"
