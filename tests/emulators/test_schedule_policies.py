"""Overlap and catch-up of schedules, on the embedded AWS and on MiniStack.

A time of a calendar comes once a minute at the most, so ticks are sent here as EventBridge sends them, to processes
whose clock is set forward; that it fires by itself, over a stop too, is shown by times that come once.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queues import Options, Status, Unique, job
from queues.schedules.tick import SCHEDULED_TIME, body_of
from tests.emulators.place import JOBS, Place, until
from tests.emulators.process import Deployment, Process

HOUR = 3_600_000


@job("hourly", attempts=2, backoff=lambda _attempt, _error: 600.0)
async def hourly(_data: Any) -> None:
    """Fails once, and is waited for meanwhile."""
    raise ConnectionError("busy")


def is_tick(body: str) -> bool:
    return '"tick"' in body


async def due(process: Process, *times: int) -> None:
    """Sends the schedule's ticks of these times."""
    schedule = await process.runtime.queue.schedules.get("hourly")
    for at in times:
        said = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = body_of(schedule).replace(SCHEDULED_TIME, said)
        url = await process.runtime.queues.url("hourly")
        await process.runtime.clients.sqs.send_message(QueueUrl=url, MessageBody=body)


async def serve(process: Process, ticks: int) -> None:
    """Serves so many ticks, and leaves jobs alone."""
    while ticks > 0:
        ticks -= await process.deliver("hourly", is_tick)


async def made(process: Process, **policy: Any) -> int:
    """Makes the schedule; its first due time, in epoch ms."""
    await process.runtime.queue.schedules.create("hourly", "hourly", "cron(0 * * * ? *)", **policy)
    return (process.clock() // HOUR + 1) * HOUR


async def fates(process: Process) -> list[str]:
    return [fate.value for _, fate in sorted((await process.runtime.queue.schedules.get("hourly")).fates)]


@pytest.mark.parametrize(
    ("overlap", "expected", "first"),
    [
        ("queue", ["started", "started"], Status.DELAYED),
        ("skip", ["started", "skipped"], Status.DELAYED),
        ("replace", ["started", "started"], Status.CANCELLED),
    ],
)
async def test_a_time_comes_while_the_job_before_waits_for_its_retry(
    deployment: Deployment, overlap: Any, expected: list[str], first: Status
) -> None:
    process = await deployment.process(hourly)
    begin = await made(process, overlap=overlap)
    process.clock.pass_to(begin)
    await due(process, begin)
    await serve(process, 1)
    (started,) = (await process.runtime.queue.list()).jobs
    assert (await process.run(started)).status is Status.DELAYED
    process.clock.pass_to(begin + HOUR)
    # The job's retry was due long ago; nobody was there for it.
    await due(process, begin + HOUR)
    await serve(process, 1)
    assert await fates(process) == expected
    jobs = sorted((await process.runtime.queue.list()).jobs, key=lambda one: one.id)
    assert [one.status for one in jobs[1:]] == [Status.WAITING] * (expected.count("started") - 1)
    assert jobs[0].status in (first, Status.WAITING if first is Status.DELAYED else first)


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ("all", ["started"] * 4),
        ("latest", ["missed", "missed", "missed", "started"]),
        ("none", ["missed"] * 4),
    ],
)
async def test_ticks_have_waited_for_hours(deployment: Deployment, catch_up: Any, expected: list[str]) -> None:
    process = await deployment.process(hourly)
    begin = await made(process, catch_up=catch_up)
    process.clock.pass_to(begin + 3 * HOUR + HOUR // 2)
    await due(process, *(begin + number * HOUR for number in range(4)))
    await serve(process, 4)
    assert await fates(process) == expected
    assert len((await process.runtime.queue.list()).jobs) == expected.count("started")


async def test_times_that_no_tick_came_for_are_made_up_for(deployment: Deployment) -> None:
    """The last one alone fires, as it does when the embedded scheduler starts again."""
    process = await deployment.process(hourly)
    begin = await made(process, catch_up="all")
    process.clock.pass_to(begin + 3 * HOUR)
    await due(process, begin + 3 * HOUR)
    await serve(process, 1)
    assert await fates(process) == ["started"] * 4
    jobs = (await process.runtime.queue.list()).jobs
    assert len({one.id for one in jobs}) == 4


async def test_a_tick_that_comes_twice_makes_one_job(deployment: Deployment) -> None:
    process = await deployment.process(hourly)
    begin = await made(process)
    process.clock.pass_to(begin)
    await due(process, begin, begin)
    await serve(process, 2)
    assert await fates(process) == ["started"]
    assert len((await process.runtime.queue.list()).jobs) == 1


async def test_a_time_whose_job_would_have_expired_or_whose_key_is_held_makes_none(deployment: Deployment) -> None:
    process = await deployment.process(hourly)
    options = Options(expires_in=600, unique=Unique(key="one"))
    begin = await made(process, catch_up="all", options=options)
    process.clock.pass_to(begin + HOUR // 2)
    await due(process, begin)
    await serve(process, 1)
    assert await fates(process) == ["missed"]
    process.clock.pass_to(begin + HOUR)
    await due(process, begin + HOUR)
    await serve(process, 1)
    (holder,) = (await process.runtime.queue.list()).jobs
    assert (await process.run(holder)).status is Status.DELAYED
    process.clock.pass_to(begin + 2 * HOUR)
    await due(process, begin + 2 * HOUR)
    await serve(process, 1)
    assert await fates(process) == ["missed", "started", "skipped"]


def test_a_time_that_passes_while_nobody_works_makes_its_job_after_the_start(place: Place) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    for name, policy in (("down-latest", "latest"), ("down-all", "all"), ("down-none", "none")):
        body = {"name": name, "type": "hello", "schedule": f"at({soon:%Y-%m-%dT%H:%M:%S})", "data": {"name": "Ada"}}
        assert place.api.post(f"{JOBS}/schedules", json=body | {"catchUp": policy}).status_code == 201
    assert place.stop() == 0
    time.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()))
    place.start()
    for name in ("down-latest", "down-all", "down-none"):
        path = f"{JOBS}/schedules/{name}"
        found = until(lambda path=path: place.api.get(path).json(), lambda one: bool(one["recent"]))  # type: ignore[misc]
        (fate,) = found["recent"]
        # Seconds late is in time: `none` leaves out what is late by minutes.
        assert fate["outcome"] == "started"
        assert place.ended(fate["jobId"])["result"] == "Hello, Ada!"
