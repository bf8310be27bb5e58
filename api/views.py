"""A job as the API shows it: camelCase, durations in milliseconds, times as ISO-8601 in UTC.

Data and result go out as the JSON text that the row holds, neither parsed nor written again. What the row holds in
place of a text is not shown: it reads null there, and is named in `omitted`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from starlette.responses import Response

from queues.artifacts.reference import reference_in
from queues.encryption.box import is_sealed
from queues.job import MARK, Attempt, Job
from queues.listing import Page
from queues.log_line import LogLine
from queues.payloads import has_sealed_words

#: Characters of JSON that a row of a list carries of `data` and of `result`: 200 rows fit a Lambda's answer of 6 MB.
#: What is longer reads null there and is named in `omitted`.
MAX_LISTED_CHARS = 4_096

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at: int | None) -> str | None:
    """Epoch milliseconds as 2026-11-22T07:30:00.123Z."""
    if at is None:
        return None
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds")[:-6] + "Z"


def job_view(job: Job) -> dict[str, Any]:
    """All that a tenant may know of its job."""
    row = _row(job)
    omitted = []
    for name, text in (("data", job.data_json), ("result", job.result_json)):
        if text is not None and text.startswith(MARK):
            omitted.append(name)
        elif text is not None:
            row[name] = orjson.Fragment(text)
    return row | {"omitted": omitted, "logs": [_line(line) for line in job.logs if line.sealed is None]}


def listed_view(job: Job) -> dict[str, Any]:
    """A job as a row of a list: without its log, and without what would make the list too long."""
    row = _row(job)
    omitted = []
    for name, text in (("data", job.data_json), ("result", job.result_json)):
        if text is not None and (len(text) > MAX_LISTED_CHARS or text.startswith(MARK)):
            omitted.append(name)
            text = None
        row[name] = None if text is None else orjson.Fragment(text)
    return row | {"omitted": omitted}


def page_view(page: Page) -> dict[str, Any]:
    """One page of a list."""
    return {"jobs": [listed_view(job) for job in page.jobs], "cursor": page.cursor}


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    return Response(orjson.dumps(value), status, headers, "application/json")


def _row(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "type": job.type,
        "tenantId": job.tenant,
        "status": job.status.value,
        "priority": job.priority,
        "attempts": job.attempt,
        "maxAttempts": job.max_attempts,
        "progress": int(job.progress) if job.progress == int(job.progress) else job.progress,
        "note": None if is_sealed(job.note) else job.note,
        "encrypted": _encrypted(job),
        "data": None,
        "result": None,
        "dataSize": _stored_size(job.data_json),
        "resultSize": _stored_size(job.result_json),
        "error": None if job.error is None else job.error.to_json(),
        "createdAt": moment(job.created_at),
        "runAt": moment(job.run_at),
        "startedAt": moment(job.started_at),
        "finishedAt": moment(job.finished_at),
        "expiresAt": moment(job.expires_start_at),
        "deadlineAt": moment(job.deadline_at),
        "cancelRequestedAt": moment(job.cancel_at),
        "cancelRequestedBy": job.cancel_by,
        "replayOf": job.replay_of,
        "flowId": job.flow_id,
        "tags": job.tags,
        "timeout": round(job.timeout * 1000),
        "backoff": job.backoff.to_json(),
        "history": [_attempt(attempt) for attempt in job.attempts],
    }


def _line(line: LogLine) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "at": moment(line.at),
        "attempt": line.attempt,
        "level": line.level,
        "message": line.message,
    }
    more = {
        "logger": line.logger,
        "stream": line.stream,
        "fields": line.fields or None,
        "exception": line.exception,
    }
    return shown | {name: value for name, value in more.items() if value is not None}


def _encrypted(job: Job) -> bool:
    """Whether something of it is not shown because it is encrypted."""
    return is_sealed(job.data_json) or is_sealed(job.result_json) or has_sealed_words(job)


def _stored_size(text: str | None) -> int | None:
    reference = reference_in(text)
    return None if reference is None else reference.size


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt": attempt.number,
        "startedAt": moment(attempt.started_at),
        "finishedAt": moment(attempt.finished_at),
        "outcome": attempt.outcome,
        "error": attempt.error,
        "worker": attempt.worker,
    }
