"""Why a job waits, and what a type limits, as the API shows them."""

from __future__ import annotations

from typing import Any

from api.views import job_view, moment
from queues.job import Job, Status
from queues.queue import Queue
from queues.throttle.reason import Waiting
from queues.throttle.rule import Limit, Rate, describe, key_name


async def explained_view(queue: Queue, job: Job) -> dict[str, Any]:
    """A job; one that waits says why."""
    view = job_view(job)
    if job.status in (Status.WAITING, Status.DELAYED) and (waiting := await queue.why(job)) is not None:
        view["waiting"] = waiting_view(waiting)
    return view


def waiting_view(waiting: Waiting) -> dict[str, Any]:
    """What there is to say, and no more."""
    row = {
        "reason": waiting.reason,
        "message": waiting.message,
        "until": moment(waiting.until),
        "limit": waiting.limit,
        "key": waiting.key,
        "ahead": waiting.ahead,
        "seconds": waiting.seconds,
    }
    return {name: value for name, value in row.items() if value is not None}


def limit_view(limit: Limit) -> dict[str, Any]:
    """One limit of a type."""
    return {
        "kind": "rate" if isinstance(limit, Rate) else "concurrency",
        "limit": limit.limit,
        "period": limit.period_ms if isinstance(limit, Rate) else None,
        "per": limit.per,
        "key": None if limit.key is None else key_name(limit.key),
        "description": describe(limit),
    }
