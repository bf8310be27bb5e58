"""Jobyard's core: what a job file and a caller import."""

from typing import TYPE_CHECKING, Any

from queues.context import Context
from queues.job import Job, Status
from queues.jobtype import JobType, job
from queues.options import NewJob, Options
from queues.outcome import Cancel, Discard, JobCancelled, RetryAfter, Snooze
from queues.retry import Exponential, Fixed, Linear
from queues.schedules.recurring import Recurring
from queues.unique.rule import Unique
from queues.version import __version__
from queues.webhooks.endpoint import Webhook

if TYPE_CHECKING:
    from queues.blocking import BlockingQueue
    from queues.queue import Queue

__all__ = [
    "BlockingQueue",
    "Cancel",
    "Context",
    "Discard",
    "Exponential",
    "Fixed",
    "Job",
    "JobCancelled",
    "JobType",
    "Linear",
    "NewJob",
    "Options",
    "Queue",
    "Recurring",
    "RetryAfter",
    "Snooze",
    "Status",
    "Unique",
    "Webhook",
    "__version__",
    "job",
]


def __getattr__(name: str) -> Any:
    # A job file needs neither, and a cold start is its imports: they bring botocore and the settings.
    if name == "Queue":
        from queues.queue import Queue

        return Queue
    if name == "BlockingQueue":
        from queues.blocking import BlockingQueue

        return BlockingQueue
    raise AttributeError(f"module 'queues' has no attribute {name!r}")
