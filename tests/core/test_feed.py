"""Whoever watches all jobs of a tenant hears of each event that happens meanwhile, also over a break."""

from __future__ import annotations

import asyncio

import pytest

from queues import Context, Snooze
from queues.events import feed as module
from queues.events.event import Event, EventKind, events_of
from queues.events.feed import OVERLAP, Feed
from tests.core.house import House, Order, housed

#: (job id, event id), progress left out.
Told = set[tuple[str, str]]


def told_of(events: list[Event]) -> Told:
    return {(event.job_id, event.id) for event in events if event.kind is not EventKind.PROGRESS}


def feed_of(house: House, since: int | None = None, type_name: str | None = None) -> Feed:
    start = house.loop.epoch_ms() if since is None else since
    return Feed(house.runtime.store, "default", house.loop.epoch_ms, start, type_name)


async def lives(house: House, count: int) -> None:
    """Jobs, one a second, that complete, fail, are retried, snooze or are cancelled."""

    async def act(order: Order, ctx: Context) -> None:
        ctx.progress(50, "half of it")
        await asyncio.sleep(order.size % 3)
        if order.size % 5 == 1 and ctx.attempt == 1:
            raise Snooze(2)
        if order.size % 5 == 2:
            raise ValueError("no")

    house.handlers["work"] = act
    async with house.working():
        for size in range(count):
            job = await house.queue.enqueue("work", {"size": size}, job_id=f"j{size}", delay=size % 2)
            if size % 5 == 3:
                await house.queue.cancel(job.id)
            await asyncio.sleep(1)
        await asyncio.sleep(60)


async def all_told(house: House, count: int) -> Told:
    return {
        one for size in range(count) for one in told_of(events_of(await house.queue.get(f"j{size}")))
    }  # fmt: skip


@pytest.mark.parametrize("most", [1_000, 4])
@housed
async def test_each_event_is_told_once_while_somebody_watches(
    house: House, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(module, "MAX_OPEN", most)
    monkeypatch.setattr(module, "PAGE", 3)
    feed, heard = feed_of(house), list[Event]()
    work = asyncio.ensure_future(lives(house, 15))
    while not work.done():
        found = await feed.look()
        assert [event.at for event in found] == sorted(event.at or 0 for event in found)
        heard += found
        await asyncio.sleep(0.7)
    heard += await feed.look()
    assert told_of(heard) == await all_told(house, 15)
    once = [(event.job_id, event.id) for event in heard]
    assert len(set(once)) == len(once)
    assert {event.data["percent"] for event in heard if event.kind is EventKind.PROGRESS} == {50}
    assert await feed.look() == []


@housed
async def test_after_a_break_nothing_is_missing(house: House) -> None:
    heard: list[Event] = []
    feed = feed_of(house)
    work = asyncio.ensure_future(lives(house, 15))
    while not work.done():
        for _ in range(3):
            heard += await feed.look()
            await asyncio.sleep(1)
        await asyncio.sleep(5)
        # What was heard last is all that the client remembers.
        feed = feed_of(house, (heard[-1].at or 0) - OVERLAP if heard else None)
    heard += await feed.look()
    assert told_of(heard) == await all_told(house, 15)


@housed
async def test_what_was_before_is_not_told_and_a_type_is_told_alone(house: House) -> None:
    await house.queue.enqueue("work", {}, job_id="before")
    await house.deliver()
    await asyncio.sleep(1)
    every, typed = feed_of(house), feed_of(house, type_name="other")
    assert await every.look() == []
    for name in ("work", "other"):
        await house.queue.enqueue(name, {}, job_id=name)
    await house.queue.for_tenant("acme").enqueue("work", {})
    assert told_of(await every.look()) == {("work", "0.enqueued"), ("other", "0.enqueued")}
    assert told_of(await typed.look()) == {("other", "0.enqueued")}


@housed
async def test_a_failed_job_that_is_discarded_is_told_as_cancelled(house: House) -> None:
    async def fails(_order: Order, _ctx: Context) -> None:
        raise ValueError("no")

    house.handlers["work"] = fails
    feed = feed_of(house)
    job = await house.queue.enqueue("work", {}, attempts=1)
    await house.deliver()
    assert (job.id, "1.failed") in told_of(await feed.look())
    await house.queue.discard(job.id)
    assert told_of(await feed.look()) == {(job.id, "1.cancelled")}
