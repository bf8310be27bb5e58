"""People who cancel jobs at any time. Whoever was told that a job is cancelled will not see it start."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from queues.errors import JobNotFound, WrongStatus
from queues.job import Job, Status
from queues.jobtype import JobType
from queues.runtime import Runtime
from tests.campaigns.simulation.plain import Plain
from tests.campaigns.simulation.world import TROUBLE, Process, World, require


@dataclass
class Cancels:
    """Who wanted which of the plain jobs cancelled."""

    world: World
    plain: Plain
    #: Jobs that somebody wanted cancelled, whether that got through or not.
    asked: set[str] = field(default_factory=set)
    #: Job -> second at which somebody was told that it is cancelled.
    told: dict[str, float] = field(default_factory=dict)

    def types(self, process: Process) -> Sequence[JobType[Any, Any]]:
        return []

    async def act(self) -> None:
        rng = self.world.rng
        for _ in range(rng.randint(0, 10)):
            await asyncio.sleep(rng.expovariate(0.05))
            if not self.plain.accepted:
                continue
            job_id = rng.choice(sorted(self.plain.accepted))
            self.asked.add(job_id)
            try:
                job = await self.world.client().queue.cancel(job_id, by="somebody")
            except (*TROUBLE, WrongStatus, JobNotFound):
                continue
            self.world.note(f"cancel of {job_id}: {job.status}")
            if job.status is Status.CANCELLED:
                self.told.setdefault(job_id, self.world.loop.time())

    async def check(self, rows: Mapping[str, Job], honest: Runtime) -> None:
        for job_id in self.plain.accepted:
            status, runs = rows[job_id].status, self.world.seen[job_id].runs
            wanted = status is not Status.CANCELLED or job_id in self.asked
            require(wanted, f"cancel {job_id}: cancelled, though nobody wanted that")
            if job_id in self.told:
                cancelled = status is Status.CANCELLED
                require(cancelled, f"cancel {job_id}: somebody was told that it is cancelled, and it is {status}")
                late = any(start > self.told[job_id] for _, start, _ in runs)
                require(not late, f"cancel {job_id}: started after it was cancelled at {self.told[job_id]:.3f}: {runs}")
