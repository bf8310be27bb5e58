"""A schedule, made by a caller who may die over it, whose ticks are delivered twice, late, or to the dying; and whose
queue is paused and resumed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from queues import Context, Exponential, job
from queues.job import Job, Status
from queues.jobtype import JobType
from queues.queue import Queue
from queues.runtime import Runtime
from queues.schedules.job_schedule import job_id_of
from tests.campaigns.simulation.plain import unlucky
from tests.campaigns.simulation.world import TROUBLE, Process, World, require

ATTEMPTS = 5
NAME = "often"
MINUTE = 60_000
#: How many due times there are, a minute apart, and how many minutes ahead the first one is when the schedule is made.
TIMES, AHEAD = 6, 3
#: How often its queue may be paused, and for how many seconds, as it is left alone between.
PAUSES, SECONDS = 4, (1, 200)


class Nothing(BaseModel):
    """What such a job is given."""


@dataclass
class Recurring:
    """`began` is the first due time, epoch ms."""

    world: World
    began: int = 0

    def types(self, process: Process) -> Sequence[JobType[Any, Any]]:
        @job("sim-tick", attempts=ATTEMPTS, backoff=Exponential(2, cap=20), timeout=60)
        async def sim_tick(data: Nothing, ctx: Context) -> None:
            with process.running(ctx):
                await asyncio.sleep(self.world.rng.choice([0, 1, 30]))

        return [sim_tick]

    async def act(self) -> None:
        """Makes the schedule; pauses and resumes its queue."""
        rng = self.world.rng
        self.began = (self.world.loop.epoch_ms() // MINUTE + AHEAD) * MINUTE
        start = datetime.fromtimestamp(self.began / 1000, UTC)
        end = start + timedelta(minutes=TIMES - 0.5)
        await self._told(
            lambda queue: queue.schedules.create(
                NAME, "sim-tick", "rate(1 minute)", start=start, end=end, overlap="queue", catch_up="all"
            )
        )
        self.world.pausing = True
        for _ in range(rng.randint(0, PAUSES)):
            await asyncio.sleep(rng.uniform(*SECONDS))
            await self._told(lambda queue: queue.pause("sim-tick"))
            self.world.note("paused sim-tick")
            await asyncio.sleep(rng.uniform(*SECONDS))
            await self._told(lambda queue: queue.resume("sim-tick"))
            self.world.note("resumed sim-tick")

    async def _told(self, ask: Callable[[Queue], Awaitable[object]]) -> None:
        """Asks again until told that it is done."""
        while True:
            try:
                await ask(self.world.client().queue)
            except TROUBLE:
                await asyncio.sleep(self.world.rng.uniform(0.1, 1))
                continue
            return

    async def check(self, rows: Mapping[str, Job], honest: Runtime) -> None:
        made = {row.id: row for row in rows.values() if row.type == "sim-tick"}
        due = {job_id_of(NAME, self.began + number * MINUTE) for number in range(TIMES)}
        require(made.keys() == due, f"schedule: jobs {sorted(made)} for the times {sorted(due)}")
        for row in made.values():
            require(row.status is Status.COMPLETED or unlucky(row, ATTEMPTS), f"G1 {row.id}: {row}")
