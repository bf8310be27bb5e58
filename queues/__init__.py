"""Jobyard's core: what a job file and a caller import."""

from typing import TYPE_CHECKING, Any

from queues.context import Context
from queues.flows.flow import Flow, Result, Step, chain, group
from queues.job import Job, Status
from queues.jobtype import JobType, job
from queues.log_line import LogLine
from queues.options import NewJob, Options
from queues.outcome import Cancel, Discard, JobCancelled, RetryAfter, Snooze
from queues.priorities.levels import SERVICE_CLASSES, Level, Levels
from queues.retry import Exponential, Fixed, Linear
from queues.schedules.recurring import Recurring
from queues.throttle.rule import Concurrency, Rate
from queues.unique.rule import Unique
from queues.version import __version__
from queues.webhooks.endpoint import Webhook

if TYPE_CHECKING:
    from queues.blocking import BlockingQueue
    from queues.queue import Queue

__all__ = [
    "SERVICE_CLASSES",
    "BlockingQueue",
    "Cancel",
    "Concurrency",
    "Context",
    "Discard",
    "Exponential",
    "Fixed",
    "Flow",
    "Job",
    "JobCancelled",
    "JobType",
    "Level",
    "Levels",
    "Linear",
    "LogLine",
    "NewJob",
    "Options",
    "Queue",
    "Rate",
    "Recurring",
    "Result",
    "RetryAfter",
    "Snooze",
    "Status",
    "Step",
    "Unique",
    "Webhook",
    "__version__",
    "chain",
    "group",
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
