"""Where attempts run in a test: inline, so that mocks, breakpoints and coverage work, or in real worker processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from queues.attempts import Attempts, on_loop
from queues.capture import OnMetrics
from queues.clock import Clock
from queues.job import Job
from queues.jobtype import JobType
from queues.outcome import Outcome
from queues.processes import ProcessPool
from queues.pulse import Running
from queues.settings import Settings


class InlineAttempts(Attempts):
    """Runs plain `def` handlers here, too, one at a time. A timeout stops an `async def`, but not a `def`."""

    def __init__(self, settings: Settings, metrics: Callable[[], OnMetrics], clock: Clock):
        """`metrics` makes what takes the lines of metrics that handlers print, on the loop that runs."""
        self._modules, self._metrics = settings.jobs, metrics
        super().__init__(ProcessPool(self._modules, size=1), 1, clock=clock)

    async def run(self, job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
        outcome = await self._outcome(job_type, job, running, seconds)
        # A direct invocation has no message; it prints for itself.
        for line in running.report.lines if running.receipt else ():
            for text in str(line).split("\n"):
                print(f"{job.type} {job.id} attempt {job.attempt} | {text}")
        return outcome

    async def _outcome(self, job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
        return await on_loop(job_type, job, running, seconds, self._metrics(), clock=self.clock)


class ProcessAttempts(InlineAttempts):
    """Runs each attempt of a plain `def` handler in a worker process of its own, which ends with it."""

    async def _outcome(self, job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
        metrics = self._metrics()
        pool = ProcessPool(self._modules, size=1, on_metrics=metrics, clock=self.clock)
        try:
            return await Attempts(pool, 1, metrics, clock=self.clock).run(job_type, job, running, seconds)
        finally:
            await pool.close()
