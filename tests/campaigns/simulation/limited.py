"""Jobs of two types with limits: so many at once, and so many starts in a time. Neither is ever exceeded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from queues import Concurrency, Context, Exponential, NewJob, Rate, job
from queues.errors import EnqueueFailed
from queues.job import Job, Status
from queues.jobtype import JobType
from queues.runtime import Runtime
from tests.campaigns.simulation.plain import unlucky
from tests.campaigns.simulation.world import TROUBLE, Process, World, require

ATTEMPTS = 5
#: Jobs at once; and starts, in so many seconds.
AT_ONCE = 2
STARTS, PERIOD = 3, 20


class Work(BaseModel):
    """What a limited job does."""

    seconds: float


@dataclass
class Limited:
    """Which jobs were accepted."""

    world: World
    accepted: set[str] = field(default_factory=set)

    def types(self, process: Process) -> Sequence[JobType[Any, Any]]:
        retries = {"attempts": ATTEMPTS, "backoff": Exponential(2, cap=20), "timeout": 60}

        @job("sim-at-once", limits=[Concurrency(AT_ONCE)], **retries)  # type: ignore[arg-type]
        async def at_once(data: Work, ctx: Context) -> None:
            with process.running(ctx):
                await asyncio.sleep(data.seconds)

        @job("sim-rate", limits=[Rate(STARTS, PERIOD)], **retries)  # type: ignore[arg-type]
        async def rate(data: Work, ctx: Context) -> None:
            with process.running(ctx):
                await asyncio.sleep(data.seconds)

        return [at_once, rate]

    async def act(self) -> None:
        rng = self.world.rng
        for _ in range(rng.randint(1, 4)):
            name = rng.choice(["sim-at-once", "sim-rate"])
            jobs = [NewJob(name, Work(seconds=rng.choice([0, 1, 10]))) for _ in range(rng.randint(1, 6))]
            try:
                made = await self.world.client().queue.enqueue_many(jobs)
            except (*TROUBLE, EnqueueFailed):
                made = []
            self.accepted |= {one.id for one in made}
            await asyncio.sleep(rng.expovariate(0.05))

    async def check(self, rows: Mapping[str, Job], honest: Runtime) -> None:
        for job_id in self.accepted:
            require(job_id in rows, f"G1 {job_id}: accepted, but there is no row")
        mine = [row for row in rows.values() if row.type in ("sim-at-once", "sim-rate")]
        for row in mine:
            require(row.status is Status.COMPLETED or unlucky(row, ATTEMPTS), f"G1 {row.id}: {row}")
        runs = [run for row in mine if row.type == "sim-at-once" for run in self.world.seen[row.id].runs]
        for _, start, _ in runs:
            now = sum(one[1] <= start < one[2] for one in runs)
            require(now <= AT_ONCE, f"limit: {now} at once at {start:.3f}: {sorted(runs, key=lambda run: run[1])}")
        starts = sorted(one.started_at for row in mine if row.type == "sim-rate" for one in row.history)
        for first, last in zip(starts, starts[STARTS:], strict=False):
            apart = last - first
            require(apart >= PERIOD * 1000, f"limit: {STARTS + 1} starts within {apart} ms: {starts}")
