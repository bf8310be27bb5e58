"""Where attempts run in a test: inline, so that mocks, breakpoints and coverage work, or in real worker processes."""

from __future__ import annotations

from typing import Any

from queues.attempts import Attempts, on_loop
from queues.job import Job
from queues.jobtype import JobType
from queues.outcome import Outcome
from queues.processes import Call, ProcessPool
from queues.pulse import Running, on_progress
from queues.settings import Settings


class InlineAttempts(Attempts):
    """Runs plain `def` handlers here, too, one at a time. A timeout stops an `async def`, but not a `def`."""

    async def run(self, job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
        outcome = await on_loop(job_type, job, running, seconds)
        _show(job, running)
        return outcome


class ProcessAttempts(Attempts):
    """Runs each attempt of a plain `def` handler in a worker process of its own, which ends with it."""

    def __init__(self, settings: Settings):
        self._modules = settings.jobs
        super().__init__(ProcessPool(self._modules, size=1), 1)

    async def run(self, job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
        if job_type.is_async:
            outcome = await on_loop(job_type, job, running, seconds)
        else:
            call = Call(job.type, job.data_json, job.id, job.tenant, job.attempt, job.max_attempts)
            pool = ProcessPool(self._modules, size=1)
            try:
                outcome = await pool.run(
                    call, timeout=seconds, on_progress=on_progress(running), on_log=running.report.lines.append
                )
            finally:
                await pool.close()
        _show(job, running)
        return outcome


def _show(job: Job, running: Running) -> None:
    """What a job printed belongs to the job's log; pytest shows it when the test fails."""
    for line in running.report.lines:
        print(f"{job.type} {job.id} attempt {job.attempt} | {line}")
