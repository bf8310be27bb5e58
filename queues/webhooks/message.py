"""What is sent when something has happened to a job, and under which id. Pure.

The id is made of the job, its attempt, what happened and who hears of it. So it is the same however often that is
seen: it names the one job that delivers it, and is the `webhook-id` by which a receiver knows what it has had before.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from pydantic import BaseModel, Field

from queues.encryption.box import is_sealed
from queues.events.event import Event, EventKind
from queues.job import Job, Status

#: Of the receiver that a single job has named itself.
OWN = "own"
#: After these a job waits.
_WAITS = frozenset({EventKind.ENQUEUED, EventKind.RETRYING, EventKind.SNOOZED, EventKind.RETURNED})


class Delivery(BaseModel):
    """The data of a job `webhook`."""

    url: str = Field(description="Where it goes.")
    endpoint: str = Field(description="The endpoint whose secret signs it.")
    body: str = Field(description="The text that is signed and sent.")


class Delivered(BaseModel):
    """What came of it."""

    status: int = Field(description="What the receiver answered.")


def delivery_id(job: Job, receiver: str) -> str:
    """The id of the message that tells of the job's end, and of the job that delivers it."""
    return _id(job.tenant, job.id, job.created_at, job.attempt, job.finished_at, job.status.value, receiver)


def event_id(row: Job, event: Event, receiver: str) -> str:
    """The same for an event before the end.

    A report of progress may come again, word for word, after another one: it is told apart by what was told before it.
    """
    before = row.told if event.kind is EventKind.PROGRESS else None
    return _id(row.tenant, row.id, row.created_at, event.id, before, receiver)


def _id(*parts: object) -> str:
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
    return _body(job.status.value, data["finishedAt"], data)


def event_body_of(row: Job, event: Event, now: int) -> str:
    """The body for an event before the end, in the same form; `now` stands for the time that a row does not tell.

    `data` has what the event has besides: `runAt`, `percent` and `note`, or `by`. No note of a sensitive job.
    """
    error = event.data.get("error")
    kind, _, message = error.partition(": ") if error is not None else ("", "", "")
    at = _moment(now if event.at is None else event.at)
    waits = event.kind in _WAITS
    run_at = row.run_at if event.kind is EventKind.ENQUEUED and row.attempt == 0 else event.data.get("runAt")
    later = waits and event.at is not None and run_at is not None and run_at > event.at
    data: dict[str, Any] = {
        "jobId": row.id,
        "type": row.type,
        "tenantId": row.tenant,
        "status": Status.DELAYED if later else Status.WAITING if waits else Status.ACTIVE,
        "attempts": event.attempt,
        "maxAttempts": row.max_attempts,
        "error": None if error is None else {"type": kind, "message": message},
        "createdAt": _moment(row.created_at),
        "finishedAt": None,
        "tags": row.tags,
    }
    if waits and run_at is not None:
        data["runAt"] = _moment(run_at)
    for name in ("percent", "note", "by"):
        value = event.data.get(name)
        if value is not None and not (name == "note" and is_sealed(value)):
            data[name] = value
    return _body(event.kind.value, at, data)


def _body(event: str, timestamp: str, data: dict[str, Any]) -> str:
    return orjson.dumps({"type": f"job.{event}", "timestamp": timestamp, "data": data}).decode()


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
