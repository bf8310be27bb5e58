"""Events follow from rows: from whichever states of a row somebody has seen, each is told once and none is left out."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise

import pytest

from queues import Cancel, Context, Discard, Fixed, Snooze, Status
from queues.errors import JobNotFound
from queues.events.event import Event, EventKind, events_after, events_between, events_of, is_last
from queues.job import Attempt, ErrorInfo, Job
from tests.core.house import LEASE, House, Order, housed
from tests.core.test_reaper import claim

#: Until when a job's life is watched, in seconds.
LIFE = 120


def ids(events: list[Event]) -> list[str]:
    return [event.id for event in events]


async def lives(house: House, *deeds: str) -> tuple[list[Job], Job]:
    """A job whose attempts do these deeds, one each: every state that its row had, and the last one."""

    async def act(_order: Order, ctx: Context) -> str:
        deed = deeds[min(ctx.attempt, len(deeds)) - 1]
        if deed == "fail":
            raise ValueError("no")
        if deed == "snooze":
            raise Snooze(5)
        if deed == "discard":
            raise Discard("never")
        if deed == "cancel":
            raise Cancel("not wanted")
        for percent in (10, 50, 50):
            ctx.progress(percent, f"at {percent}")
            await asyncio.sleep(LEASE / 2)
        return "secret"

    house.handlers["work"] = act
    job = await house.queue.enqueue("work", {})
    if deeds[0] == "lost":
        await claim(house, job)
    seen = [await house.queue.get(job.id)]
    async with house.working():
        for _ in range(10 * LIFE):
            await asyncio.sleep(0.1)
            state = await house.queue.get(job.id)
            if state != seen[-1]:
                seen.append(state)
            if state.ended:
                break
    assert seen[-1].ended
    return seen, seen[-1]


@pytest.mark.parametrize(
    ("deeds", "told"),
    [
        (["work"], ["0.enqueued", "1.started", "1.completed"]),
        (["fail", "work"], ["0.enqueued", "1.started", "1.retrying", "2.started", "2.completed"]),
        (["snooze", "work"], ["0.enqueued", "1.started", "1.snoozed", "2.started", "2.completed"]),
        (["lost", "work"], ["0.enqueued", "1.started", "1.stalled", "1.retrying", "2.started", "2.completed"]),
        (["discard"], ["0.enqueued", "1.started", "1.failed"]),
        (["cancel"], ["0.enqueued", "1.started", "1.cancelled"]),
        (["fail"], ["0.enqueued", "1.started", "1.retrying", "2.started", "2.retrying", "3.started", "3.failed"]),
    ],
)  # fmt: skip
@housed
async def test_a_life_told_from_any_of_its_states(house: House, deeds: list[str], told: list[str]) -> None:
    states, last = await lives(house, *deeds)
    assert ids(events_of(last)) == told
    assert "secret" not in repr(events_of(last))
    whole = [event for before, after in pairwise([None, *states]) if after for event in events_between(before, after)]
    # Who sees every state hears of progress besides.
    assert ids([event for event in whole if event.kind is not EventKind.PROGRESS]) == told
    assert len(set(ids(whole))) == len(whole)
    if "work" in deeds:
        assert [event.data["percent"] for event in whole if event.kind is EventKind.PROGRESS] == [10, 50]
    source = random.Random(3)
    for _ in range(50):
        # Somebody who looks now and then, and has forgotten all but the last id.
        heard: list[str] = []
        for state in [*(one for one in states[:-1] if source.random() < 0.5), last, last]:
            heard += ids(events_after(heard[-1] if heard else None, state))
        assert [one for one in heard if ".progress" not in one] == told
        assert len(set(heard)) == len(heard)


def row(**values: object) -> Job:
    plain: dict[str, object] = {
        "id": "a", "tenant": "default", "type": "work", "status": Status.WAITING, "max_attempts": 3,
        "timeout": 60.0, "backoff": Fixed(1), "created_at": 1, "run_at": 1,
    }  # fmt: skip
    return Job(**(plain | values))  # type: ignore[arg-type]


FAILED = Attempt(1, 2, 3, "failed", "ValueError: no")
ERROR = ErrorInfo("ValueError", "no")


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (row(), ["0.enqueued"]),
        (row(status=Status.DELAYED, run_at=9), ["0.enqueued"]),
        (row(status=Status.CANCELLED, finished_at=5), ["0.enqueued", "0.cancelled"]),
        # It waited for its second attempt when it was cancelled, or when SQS moved its message away.
        (row(status=Status.CANCELLED, attempt=1, finished_at=5, history=(FAILED,), error=ERROR),
         ["0.enqueued", "1.started", "1.retrying", "1.cancelled"]),
        (row(status=Status.FAILED, attempt=1, finished_at=5, history=(FAILED,), error=ERROR),
         ["0.enqueued", "1.started", "1.retrying", "1.failed"]),
        # It had failed when it was discarded.
        (row(status=Status.CANCELLED, attempt=1, finished_at=3, cancel_at=9, history=(FAILED,), error=ERROR),
         ["0.enqueued", "1.started", "1.failed", "1.cancelled"]),
        (row(status=Status.ACTIVE, attempt=1, started_at=2, cancel_at=9, cancel_by="ada"),
         ["0.enqueued", "1.started", "1.cancelling"]),
        (row(status=Status.CANCELLED, attempt=1, finished_at=3, cancel_at=2, error=ErrorInfo("Cancel", "lost"),
             history=(Attempt(1, 2, 3, "lost"),)),
         ["0.enqueued", "1.started", "1.cancelling", "1.stalled", "1.cancelled"]),
        # Somebody has asked it to end, and it completed all the same.
        (row(status=Status.COMPLETED, attempt=1, finished_at=3, cancel_at=2, history=(Attempt(1, 2, 3, "completed"),)),
         ["0.enqueued", "1.started", "1.cancelling", "1.completed"]),
        # It waited for its second attempt when it was cancelled, in the very millisecond.
        (row(status=Status.CANCELLED, attempt=1, finished_at=3, cancel_at=3, history=(Attempt(1, 2, 3, "snoozed"),)),
         ["0.enqueued", "1.started", "1.cancelled"]),
        (row(attempt=1, history=(Attempt(1, 2, 3, "interrupted"),)), ["0.enqueued", "1.started", "1.returned"]),
    ],
)  # fmt: skip
def test_states_that_are_rare(job: Job, told: list[str]) -> None:
    assert ids(events_of(job)) == told
    assert [events_after(one, job) for one in told] == [events_of(job)[at:] for at in range(1, len(told) + 1)]


def test_a_failed_job_that_is_tried_again_goes_on_where_it_was() -> None:
    failed = row(status=Status.FAILED, attempt=1, finished_at=3, history=(FAILED,), error=ERROR)
    again = row(attempt=1, history=(FAILED,), error=ERROR)
    assert events_between(failed, again) == []
    assert ids(events_between(failed, row(status=Status.ACTIVE, attempt=2, started_at=9, history=(FAILED,)))) == [
        "2.started"
    ]


@pytest.mark.parametrize("told", ["", "x", "1.exploded", "1", "9999999.started", "1.started\n", "1.progress.xyz"])
def test_who_names_no_event_of_ours_is_told_all(told: str) -> None:
    assert ids(events_after(told, row())) == ["0.enqueued"]
    assert not is_last(told)


@housed
async def test_a_subscriber_hears_of_all_up_to_the_end(house: House) -> None:
    async def fails_once(_order: Order, ctx: Context) -> None:
        if ctx.attempt == 1:
            raise ValueError("no")

    house.handlers["work"] = fails_once
    job = await house.queue.enqueue("work", {})
    async with house.working():
        heard = [event async for event in house.queue.events(job.id)]
    assert ids(heard) == ["0.enqueued", "1.started", "1.retrying", "2.started", "2.completed"]
    assert heard[2].data["error"] == "ValueError: no"
    assert heard[2].data["runAt"] >= (heard[2].at or 0) + 10_000
    assert heard[-1].last
    assert ids([event async for event in house.queue.events(job.id, after="1.retrying")]) == ids(heard[3:])
    with pytest.raises(JobNotFound):
        await anext(house.queue.for_tenant("acme").events(job.id))


@housed
async def test_a_job_that_is_watched_is_written_no_more_often(house: House) -> None:
    async def one() -> tuple[float, int]:
        before, calls = house.first.dynamodb.units, house.first.dynamodb.calls.total()
        await house.queue.enqueue("work", {})
        await house.deliver()
        return house.first.dynamodb.units - before, house.first.dynamodb.calls.total() - calls

    await one()
    alone = await one()
    watcher = house.process()
    job = await house.queue.enqueue("work", {}, delay=3_600)
    task = asyncio.ensure_future(anext(watcher.runtime.queue.events(job.id, after="0.enqueued")))
    await asyncio.sleep(60)
    # Two looks a second after a while, and no writes.
    assert 100 < watcher.dynamodb.calls["get_item"] < 140
    assert watcher.dynamodb.units == 0
    assert await one() == alone
    task.cancel()
