"""Jobyard's core: what a job file and a caller import."""

from queues.context import Context
from queues.job import Job, Status
from queues.jobtype import JobType, job
from queues.options import NewJob, Options
from queues.outcome import Cancel, Discard, RetryAfter, Snooze
from queues.queue import Queue
from queues.retry import Exponential, Fixed, Linear
from queues.version import __version__

__all__ = [
    "Cancel",
    "Context",
    "Discard",
    "Exponential",
    "Fixed",
    "Job",
    "JobType",
    "Linear",
    "NewJob",
    "Options",
    "Queue",
    "RetryAfter",
    "Snooze",
    "Status",
    "__version__",
    "job",
]
