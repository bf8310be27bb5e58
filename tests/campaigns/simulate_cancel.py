"""The part of the simulation that cancels: people who cancel jobs at any time, and what must hold of them at rest."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from queues.errors import JobNotFound, WrongStatus
from queues.job import Job, Status
from queues.runtime import Runtime
from tests.campaigns.faults import ProcessDead
from tests.campaigns.virtual import VirtualLoop


@dataclass
class Cancels:
    """Who wanted what cancelled."""

    #: Jobs that somebody wanted cancelled, whether that got through or not.
    asked: set[str] = field(default_factory=set)
    #: Job -> second at which somebody was told that it is cancelled.
    told: dict[str, float] = field(default_factory=dict)

    async def make(
        self,
        loop: VirtualLoop,
        rng: random.Random,
        accepted: Mapping[str, str],
        assemble: Callable[[], Runtime],
        note: Callable[[str], None],
    ) -> None:
        """Cancels some of the jobs that there are, in a while; each caller may die or be told nothing."""
        for _ in range(rng.randint(0, 10)):
            await asyncio.sleep(rng.expovariate(0.05))
            if not accepted:
                continue
            job_id = rng.choice(sorted(accepted))
            self.asked.add(job_id)
            try:
                job = await assemble().queue.cancel(job_id, by="somebody")
            except (ClientError, BotoCoreError, ProcessDead, WrongStatus, JobNotFound):
                continue
            note(f"cancel of {job_id}: {job.status}")
            if job.status is Status.CANCELLED:
                self.told.setdefault(job_id, loop.time())

    def complaint(self, row: Job, runs: list[list[float]]) -> str | None:
        """What is wrong with a job as far as cancelling goes. `runs` are [attempt, start, end]."""
        if row.status is Status.CANCELLED and row.id not in self.asked:
            return "cancelled, though nobody wanted that"
        if row.id not in self.told:
            return None
        if row.status is not Status.CANCELLED:
            return f"somebody was told that it is cancelled, and it is {row.status}"
        if any(start > self.told[row.id] for _, start, _ in runs):
            return f"started after it was cancelled at {self.told[row.id]:.3f}: {runs}"
        return None
