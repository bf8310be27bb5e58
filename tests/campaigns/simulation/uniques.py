"""Many callers who ask for jobs of few keys: one job at a time, one in a window, or the last after quiet."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from pydantic import BaseModel

from queues import Context, Exponential, Options, Unique, job
from queues.errors import EnqueueFailed
from queues.job import Job, Status
from queues.jobtype import JobType
from queues.runtime import Runtime
from tests.campaigns.simulation.plain import unlucky
from tests.campaigns.simulation.world import TROUBLE, Process, World, require

ATTEMPTS = 5
#: Seconds of a key's window, where its mode has one.
WINDOW = 40
#: Seconds of the clock's precision.
CLOCK = 0.001
KEYS = ("simple", "throttle", "debounce")


class Ask(BaseModel):
    """What was asked for: the `number`th time for that key."""

    key: str
    number: int
    seconds: float = 0.0


class Told(NamedTuple):
    """A caller that was told, in the end."""

    #: The loop's second at which it first asked.
    began: float
    #: Epoch ms.
    answered: int


@dataclass
class Uniques:
    """Three keys, one for each mode."""

    world: World
    #: Key -> numbers that were acknowledged, in order.
    told: dict[str, dict[int, Told]] = field(default_factory=lambda: defaultdict(dict))

    def types(self, process: Process) -> Sequence[JobType[Any, Any]]:
        @job("sim-unique", attempts=ATTEMPTS, backoff=Exponential(2, cap=20), timeout=60)
        async def sim_unique(data: Ask, ctx: Context) -> None:
            with process.running(ctx):
                await asyncio.sleep(data.seconds)

        return [sim_unique]

    async def act(self) -> None:
        await asyncio.gather(*(self._ask_for(key) for key in KEYS))

    async def _ask_for(self, key: str) -> None:
        rng = self.world.rng
        for number in range(rng.randint(2, 10)):
            data = Ask(key=key, number=number, seconds=rng.choice([0, 2, 30]))
            # The last wins a debounce, so there must be a last; the others are asked for by several at once.
            copies = 1 if key == "debounce" else rng.randint(1, 3)
            await asyncio.gather(*(self._enqueue(data) for _ in range(copies)))
            await asyncio.sleep(rng.expovariate(0.07))

    async def _enqueue(self, data: Ask) -> None:
        began = self.world.loop.time()
        rule = Unique(key=data.key, mode=data.key, window=None if data.key == "simple" else WINDOW)  # type: ignore[arg-type]
        while True:
            try:
                made = await self.world.client().queue.enqueue("sim-unique", data, Options(unique=rule))
            except (*TROUBLE, EnqueueFailed):
                await asyncio.sleep(self.world.rng.uniform(0.1, 3))
                continue
            self.told[data.key].setdefault(data.number, Told(began, self.world.loop.epoch_ms()))
            self.world.note(f"asked for {data.key} {data.number}: {made.id}")
            return

    async def check(self, rows: Mapping[str, Job], honest: Runtime) -> None:
        by_key: dict[str, list[Job]] = defaultdict(list)
        for row in rows.values():
            if row.type == "sim-unique":
                by_key[row.data["key"]].append(row)
                require(row.status is Status.COMPLETED or unlucky(row, ATTEMPTS), f"G1 {row.id}: {row}")
        for key in KEYS:
            # A window begins when a job is made: the first may begin after the second, if its message was lost.
            made = sorted(
                by_key[key], key=lambda row: row.created_at if key == "throttle" else row.history[0].started_at
            )
            require(bool(made), f"unique {key}: asked for, and no job came of it")
            for one, other in pairwise(made):
                _check_pair(key, one, other, self.told[key])
        _check_last(by_key["debounce"], self.told["debounce"], self.world)


def _check_pair(key: str, one: Job, other: Job, told: dict[int, Told]) -> None:
    """Of two jobs of a key the second must have come when the first no longer held the key."""
    second = other.history[0].started_at
    match key:
        case "simple":
            assert one.finished_at is not None
            require(second >= one.finished_at, f"unique simple: {other.id} began before {one.id} had ended")
        case "throttle":
            apart = second - one.created_at
            require(apart >= WINDOW * 1000, f"unique throttle: {other.id} began {apart} ms after {one.id} was made")
        case "debounce":
            number = one.data["number"]
            # Who has not been told asks again, by then perhaps for a job that has begun.
            again = number == other.data["number"] and one.history[0].started_at <= told[number].answered
            require(number < other.data["number"] or again, f"unique debounce: {one.data} ran before {other.data}")


def _check_last(made: list[Job], told: dict[int, Told], world: World) -> None:
    last = max(told)
    ran = any(row.data["number"] == last for row in made)
    require(ran, f"unique debounce: the last was {last}, and {[row.data for row in made]} ran")
    for row in made:
        quiet = world.seen[row.id].runs[0][1] - told[row.data["number"]].began if world.seen[row.id].runs else WINDOW
        require(quiet > WINDOW - CLOCK, f"unique debounce: {row.id} ran {quiet:.3f} s after it was asked for")
