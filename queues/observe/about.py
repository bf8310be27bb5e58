"""Which job a piece of code works on: what log records tell beside their message."""

from __future__ import annotations

from contextvars import ContextVar

from queues.job import Job

#: The job as it was claimed, while its attempt runs in this context.
job_at_work: ContextVar[Job | None] = ContextVar("jobyard_job", default=None)
