"""Queues that share their function's slots: by weight, with nothing idle, never more than there are."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from infra.local.lambda_.level_slots import REST_SECONDS, SharedSlots
from infra.local.lambda_.mapping import LINGERING_WAIT_SECONDS, EventSourceMapping, Mapping
from tests.mapping.conftest import FUNCTION_ARN, QUEUE_ARN, RecordingClient, World, in_world

NAMES = ("high", "usual", "low")
WEIGHTS = (10, 5, 2)


class Levels:
    """Three queues, a mapping for each, and slots that they share; each job takes a second."""

    def __init__(self, world: World, total: int, mosts: tuple[int, ...] | None, *, linger: bool = False):
        self.world, self.total = world, total
        self.shared = SharedSlots(total, WEIGHTS)
        self.sqs = RecordingClient(world.real)
        #: Names of the levels, in the order of their starts.
        self.started: list[str] = []
        self.running = self.most = 0
        self.seconds = 1.0
        self.urls: dict[str, str] = {}
        self.mosts, self.linger = mosts or (total,) * 3, linger
        self.mappings: list[EventSourceMapping] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def function(self, event: dict[str, Any], _context: Any) -> None:
        (record,) = event["Records"]
        self.started.append(record["body"])
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(self.seconds)
        self.running -= 1

    async def open(self) -> None:
        ids = itertools.count()
        for name, slots, most in zip(NAMES, self.shared.levels, self.mosts, strict=True):
            self.urls[name] = (await self.world.real.create_queue(QueueName=name))["QueueUrl"]
            shape = Mapping(
                *(self.urls[name], QUEUE_ARN, "worker", FUNCTION_ARN, "us-east-1"),
                batch_size=1,
                batching_window=0,
                maximum_concurrency=most,
                function_timeout=900,
                polls_linger=self.linger,
            )
            slots.resize(most)
            mapping = EventSourceMapping(
                *(shape, self.function, self.sqs),
                clock=self.world.loop.epoch_ms,
                new_id=lambda: f"00000000-0000-4000-8000-{next(ids):012x}",
                random=random.Random(1).random,
                slots=slots,
            )
            self.mappings.append(mapping)
            self.tasks.append(asyncio.create_task(mapping.run()))
        await asyncio.sleep(0.01)

    async def close(self) -> None:
        await asyncio.gather(*(mapping.stop(0) for mapping in self.mappings))
        await asyncio.gather(*self.tasks)
        assert self.most <= self.total
        assert self.shared.used == 0

    async def send(self, **counts: int) -> None:
        for name, count in counts.items():
            for _ in range(count):
                await self.world.real.send_message(QueueUrl=self.urls[name], MessageBody=name)

    def receives(self) -> int:
        return len(self.sqs.of("receive_message"))


def with_levels(
    test: Callable[[Levels], Coroutine[Any, Any, None]],
    total: int = 4,
    mosts: tuple[int, ...] | None = None,
    *,
    linger: bool = False,
) -> None:
    async def main(world: World) -> None:
        levels = Levels(world, total, mosts, linger=linger)
        await levels.open()
        await test(levels)
        await levels.close()

    in_world(main)


@pytest.mark.parametrize("linger", [False, True])
@pytest.mark.parametrize("total", [1, 2, 4, 17])
def test_with_work_for_all_each_has_its_share_of_the_starts(total: int, linger: bool) -> None:
    async def test(levels: Levels) -> None:
        levels.seconds = 600
        await levels.send(usual=total)
        await asyncio.sleep(30)
        assert len(levels.started) == total
        levels.seconds = 1
        # All of these wait while every slot is in use.
        await levels.send(low=40, usual=100, high=200)
        await asyncio.sleep(600 + 190 / total)
        starts = levels.started[total : total + 170]
        assert len(starts) == 170
        # The first free slots are taken while it is not known yet who has work.
        for first in range(17, 170 - 17):
            window = starts[first : first + 17]
            for name, weight in zip(NAMES, WEIGHTS, strict=True):
                # Slots that are freed at the same moment are taken level by level.
                assert abs(window.count(name) - weight) <= (1 if total < 17 else 5), (first, window)
        assert starts[17:].count("low") == pytest.approx(2 * 9, abs=1)

    with_levels(test, total, linger=linger)


@pytest.mark.parametrize("linger", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("total", [1, 3, 4])
def test_one_level_alone_uses_every_slot(total: int, name: str, linger: bool) -> None:
    async def test(levels: Levels) -> None:
        await levels.send(**{name: 20 * total})
        await asyncio.sleep(LINGERING_WAIT_SECONDS + 10.5)
        # Over HTTP the long polls of the others end by themselves.
        late = LINGERING_WAIT_SECONDS if linger else 0
        assert levels.most == total
        assert len(levels.started) >= total * (LINGERING_WAIT_SECONDS + 10 - late)

    with_levels(test, total, linger=linger)


def test_an_urgent_message_is_the_next_to_start_though_a_backlog_of_another_level_waits() -> None:
    async def test(levels: Levels) -> None:
        levels.seconds = 10
        await levels.send(low=200)
        await asyncio.sleep(25)
        await levels.send(high=3)
        before = len(levels.started)
        await asyncio.sleep(10 + REST_SECONDS)
        assert levels.started[before:].count("high") == 3

    with_levels(test)


def test_the_least_urgent_level_runs_while_the_others_never_end() -> None:
    async def test(levels: Levels) -> None:
        await levels.send(high=400, usual=400)
        await asyncio.sleep(5)
        await levels.send(low=1)
        before = len(levels.started)
        await asyncio.sleep(5)
        # Found within a rest and a slot; then within 9 starts of the others.
        assert levels.started[before:].index("low") <= 9 + 4

    with_levels(test)


def test_a_level_has_no_more_than_its_own_most_and_leaves_the_rest_to_others() -> None:
    async def test(levels: Levels) -> None:
        levels.seconds = 100
        await levels.send(high=9, low=9)
        await asyncio.sleep(1)
        assert (levels.started.count("high"), levels.started.count("low")) == (3, 2)
        await levels.send(usual=9)
        await asyncio.sleep(1)
        assert levels.started.count("usual") == 5

    with_levels(test, 10, (3, 10, 2))


@pytest.mark.parametrize(("total", "most"), [(1, 20), (3, 1), (4, 1)])
def test_looking_at_empty_queues_costs_little(total: int, most: int) -> None:
    """Receives a second: with a slot for each level they are long polls, else one look each rest."""

    async def test(levels: Levels) -> None:
        await asyncio.sleep(60)
        before = levels.receives()
        await asyncio.sleep(60)
        assert levels.receives() - before <= most * 60

    with_levels(test, total)


def test_a_message_to_an_idle_worker_starts_at_once() -> None:
    async def test(levels: Levels) -> None:
        for name in NAMES:
            await asyncio.sleep(100)
            await levels.send(**{name: 1})
            await asyncio.sleep(0.01)
            assert levels.started[-1:] == [name]

    with_levels(test, 3)


def test_a_broken_off_long_poll_loses_no_message() -> None:
    async def test(levels: Levels) -> None:
        for turn in range(30):
            # At the very moment at which its poll is broken off by the others' work, and around it.
            await levels.send(high=4)
            await asyncio.sleep(0.0001 * (turn % 3))
            await levels.send(low=1)
            await asyncio.sleep(20)
        assert levels.started.count("low") == 30
        assert levels.started.count("high") == 120

    with_levels(test, 3)


def test_a_queue_that_cannot_be_received_from_holds_nobody_up() -> None:
    async def test(levels: Levels) -> None:
        await levels.world.real.delete_queue(QueueUrl=levels.urls["high"])
        await levels.send(low=40)
        await asyncio.sleep(15)
        assert levels.started.count("low") == 40
        assert levels.mappings[0].trouble is not None

    with_levels(test)


def test_a_level_that_is_polled_no_more_leaves_its_slots_to_the_others() -> None:
    async def test(levels: Levels) -> None:
        await levels.send(high=40, low=40)
        await asyncio.sleep(3)
        await levels.mappings[0].stop(10)
        before = levels.started.count("low")
        await asyncio.sleep(5)
        assert levels.started.count("low") - before >= 4 * 4

    with_levels(test)
