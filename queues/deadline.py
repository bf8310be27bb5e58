"""The times by which a job must have started, and ended. Pure."""

from __future__ import annotations

from queues.job import ErrorInfo, Job
from queues.outcome import Refused


def too_late(job: Job, now: int) -> Refused | None:
    """Why an attempt that could start at `now` (epoch ms) does not."""
    if job.expires_start_at is not None and now > job.expires_start_at:
        return Refused(ErrorInfo("Expired", "the job had not started when its expiresIn was over"))
    if job.deadline_at is not None and now >= job.deadline_at:
        return Refused(ErrorInfo("Expired", "its deadline passed before the attempt could start"))
    return None


def seconds_for(job: Job, now: int) -> float:
    """How long an attempt that starts at `now` may run: its timeout, or until the deadline."""
    if job.deadline_at is None:
        return job.timeout
    return min(job.timeout, (job.deadline_at - now) / 1000)
