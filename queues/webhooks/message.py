"""What is sent when a job has ended, and under which id. Pure.

The id is made of the job, its attempt, how it ended and who hears of it. So it is the same however often the end is
seen: it names the one job that delivers it, and is the `webhook-id` by which a receiver knows what it has had before.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from pydantic import BaseModel, Field

from queues.job import Job

#: Of the receiver that a single job has named itself.
OWN = "own"


class Delivery(BaseModel):
    """The data of a job `webhook`."""

    url: str = Field(description="Where it goes.")
    endpoint: str = Field(description="The endpoint whose secret signs it.")
    body: str = Field(description="The text that is signed and sent.")


class Delivered(BaseModel):
    """What came of it."""

    status: int = Field(description="What the receiver answered.")


def delivery_id(job: Job, receiver: str) -> str:
    """The id of the message, and of the job that delivers it."""
    parts = (job.tenant, job.id, job.created_at, job.attempt, job.finished_at, job.status.value, receiver)
    return "msg_" + sha256("#".join(map(str, parts)).encode()).hexdigest()[:40]


def body_of(job: Job) -> str:
    """The body: `type`, `timestamp` and `data`, as Standard Webhooks have it. No data of the job's, and no result."""
    error = None if job.error is None else {"type": job.error.type, "message": job.error.message}
    data: dict[str, Any] = {
        "jobId": job.id,
        "type": job.type,
        "tenantId": job.tenant,
        "status": job.status.value,
        "attempts": job.attempt,
        "maxAttempts": job.max_attempts,
        "error": error,
        "createdAt": _moment(job.created_at),
        "finishedAt": _moment(job.finished_at or job.created_at),
        "tags": job.tags,
    }
    body = {"type": f"job.{job.status.value}", "timestamp": data["finishedAt"], "data": data}
    return orjson.dumps(body).decode()


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
