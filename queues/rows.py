"""A job as a DynamoDB item and back. Pure. `store.py` says what the keys are for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from queues import limits
from queues.job import DEFAULTS, Attempt, ErrorInfo, Job, Status, job_with
from queues.job_options import JobOptions
from queues.log_line import LogLine, add_lines
from queues.outcome import Settlement
from queues.retry import Backoff
from queues.shards import partition, shard_in

Item = dict[str, Any]

SORT_KEY = "job"
OPEN = "open"
#: Of jobs that have ended and to which something is still owed.
OWING = "owing"
#: The stored status of an active job that somebody has asked to be cancelled.
CANCELLING = "cancelling"


def partition_key(tenant: str, job_id: str) -> str:
    """The partition key of a job's row."""
    return f"job#{tenant}#{job_id}"


def key_of(tenant: str, job_id: str) -> Item:
    """The primary key of a job's row."""
    return {"pk": {"S": partition_key(tenant, job_id)}, "sk": {"S": SORT_KEY}}


def string(value: str) -> Item:
    return {"S": value}


def number(value: float) -> Item:
    """In the form in which DynamoDB gives numbers back: no exponent, and no zeros at the end."""
    if isinstance(value, float):
        return {"N": str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")}
    return {"N": str(value)}


def asked(now: int, by: str | None) -> dict[str, Item]:
    """The attributes that say who wanted a job cancelled, and when; a nameless caller leaves none of its own."""
    return {"cancel_at": number(now)} | ({"cancel_by": string(by)} if by else {})


def new_row(job: Job, due: int) -> Item:
    """The item of a job that has just been made; `due` is when the reaper shall look at it."""
    item = {
        "pk": {"S": partition_key(job.tenant, job.id)},
        "sk": {"S": SORT_KEY},
        "state": {"S": partition(job.tenant, OPEN, job.shard)},
        "due": {"N": str(due)},
        "id": {"S": job.id},
        "tenant": {"S": job.tenant},
        "type": {"S": job.type},
        "status": {"S": job.status.value},
        "attempt": {"N": "0"},
        "max_attempts": {"N": str(job.max_attempts)},
        "data": {"S": job.data_json},
        "timeout": number(job.timeout),
        "backoff": {"S": backoff_text(job.backoff)},
        "priority": {"N": str(job.priority)},
        "created_at": {"N": str(job.created_at)},
        "run_at": {"N": str(job.run_at)},
    }
    if job.data_version != 1:
        item["data_version"] = {"N": str(job.data_version)}
    if job.tags:
        item["tags"] = {"S": orjson.dumps(job.tags).decode()}
    if job.expires_start_at is not None:
        item["expires_start_at"] = {"N": str(job.expires_start_at)}
    if job.deadline_at is not None:
        item["deadline_at"] = {"N": str(job.deadline_at)}
    if job.replay_of is not None:
        item["replay_of"] = {"S": job.replay_of}
    if job.owes:
        item["owes"] = {"S": " ".join(job.owes)}
    if job.flow is not None:
        item["flow"] = {"S": job.flow}
    if job.webhook is not None:
        item["webhook"] = {"S": job.webhook}
    if job.trace is not None:
        item["trace"] = {"S": job.trace}
    return item


def job_of(item: Item) -> Job:
    """The job that an item holds, with the status that is stored (see `Job.seen_at`).

    A lease and its holder belong to an active job, whatever the row says; a completed one has come to 100 %.
    """
    # One pass over what is there, since most of what could be is not: this is called for each claim.
    values = DEFAULTS.copy()
    for name, value in item.items():
        known = _READ.get(name)
        if known is not None:
            field_name, kind, read = known
            values[field_name] = value[kind] if read is None else read(value[kind])
    if values["status"] is not Status.ACTIVE:
        values["lease_until"] = values["worker"] = None
        if values["status"] is Status.COMPLETED:
            values["progress"] = 100.0
    return job_with(values)


_STATUSES = {status.value: status for status in Status} | {CANCELLING: Status.ACTIVE}
#: Attribute -> field of a job, DynamoDB's type, and what makes the field's value of the attribute's; None: it is that.
_READ: dict[str, tuple[str, str, Callable[[str], Any] | None]] = {
    **{name: (name, "S", None) for name in ("id", "tenant", "type", "worker", "webhook", "flow", "trace", "told")},
    **{name: (name, "S", None) for name in ("cancel_by", "replay_of")},
    **{name: (name, "N", int) for name in ("priority", "attempt", "max_attempts", "data_version", "resent")},
    **{name: (name, "N", int) for name in ("created_at", "run_at", "started_at", "finished_at", "lease_until")},
    **{name: (name, "N", int) for name in ("expires_start_at", "deadline_at", "cancel_at", "buried_at", "paid_at")},
    **{name: (name, "N", float) for name in ("progress", "timeout")},
    "status": ("status", "S", _STATUSES.__getitem__),
    "state": ("shard", "S", shard_in),
    "data": ("data_json", "S", None),
    "result": ("result_json", "S", None),
    "note": ("note", "S", lambda text: text or None),
    "error": ("error", "S", lambda text: ErrorInfo.from_json(orjson.loads(text)) if text else None),
    "tags": ("tags", "S", lambda text: tuple(orjson.loads(text))),
    "logs": ("logs_json", "S", None),
    "history": ("history", "S", lambda text: tuple([Attempt(*row) for row in orjson.loads(text)])),
    "owes": ("owes", "S", lambda text: tuple(text.split())),
    "backoff": ("backoff", "S", lambda text: _BACKOFFS.get(text) or _backoff(text)),
}
_BACKOFF_TEXTS: dict[Backoff, str] = {}
_BACKOFFS: dict[str, Backoff] = {}


def backoff_text(backoff: Backoff) -> str:
    """A curve as JSON text. Few curves are in use, so each is encoded and decoded once."""
    text = _BACKOFF_TEXTS.get(backoff)
    if text is None:
        text = orjson.dumps(backoff.to_json()).decode()
        _remember(_BACKOFF_TEXTS, backoff, text)
    return text


def _backoff(text: str) -> Backoff:
    found = Backoff.from_json(orjson.loads(text))
    _remember(_BACKOFFS, text, found)
    return found


def _remember(memory: dict[Any, Any], key: Any, value: Any) -> None:
    # A caller may send a new curve with each job; the memory stays small.
    if len(memory) >= 1_000:
        memory.clear()
    memory[key] = value


def history_text(history: tuple[Attempt, ...]) -> str:
    """Ended attempts as JSON text: rows of number, started, finished, outcome, error, worker."""
    kept = history[-limits.MAX_HISTORY :]
    return orjson.dumps([[a.number, a.started_at, a.finished_at, a.outcome, a.error, a.worker] for a in kept]).decode()


def error_text(error: ErrorInfo) -> str:
    value = error.to_json()
    return orjson.dumps(value if error.sealed is None else value | {"sealed": error.sealed}).decode()


@dataclass(slots=True)
class Report:
    """What a handler has said of its attempt and is not yet written."""

    percent: float | None = None
    note: str | None = None
    lines: list[LogLine] = field(default_factory=list)


#: The report of an attempt that nobody heard.
NOTHING = Report()


def ended_values(job: Job, status: Status, now: int, options: JobOptions, check_after: int) -> dict[str, Item]:
    """Where the row of a job goes that ends with `status` at `now` (epoch ms).

    If something is owed to it, its burial or a debt, it goes where the reaper looks should that not happen soon.
    """
    if status is Status.FAILED or job.owes:
        return {"state": {"S": partition(job.tenant, OWING, job.shard)}, "due": {"N": str(now + check_after)}}
    return closed_values(job, status, now, now, options)


def closed_values(job: Job, status: Status, finished_at: int, now: int, options: JobOptions) -> dict[str, Item]:
    """Where the row of a job goes to which nothing is owed any more."""
    keep = options.keep_failed if status is Status.FAILED else options.keep_completed
    return {
        "state": {"S": partition(job.tenant, status.value, job.shard)},
        "due": {"N": str(finished_at)},
        "expires_at": {"N": str(now // 1000 + round(keep))},
    }


def settled_values(
    job: Job, fate: Settlement, now: int, options: JobOptions, report: Report, check_after: int
) -> dict[str, Item]:
    """The attributes to set when an attempt ends with `fate` at `now` (epoch ms)."""
    what = f"{fate.error.type}: {fate.error.message}"[:300] if fate.error else None
    ended = Attempt(job.attempt, job.started_at or now, now, fate.outcome, what, job.worker)
    values: dict[str, Item] = {
        "status": {"S": fate.status.value},
        "history": {"S": history_text((*job.history, ended))},
    }
    if fate.status is Status.WAITING:
        run_at = fate.run_at if fate.run_at is not None else now
        values["run_at"] = number(run_at)
        values["due"] = number(run_at + check_after)
        if fate.max_attempts is not None:
            values["max_attempts"] = number(fate.max_attempts)
        # The next attempt begins at zero, and with nothing to say.
        values["progress"], values["note"] = number(0), string("")
    else:
        values["finished_at"] = {"N": str(now)}
        values |= ended_values(job, fate.status, now, options, check_after)
    if fate.status is Status.COMPLETED:
        values["result"] = {"S": fate.result_json or "null"}
        if job.error is not None:
            values["error"] = string("")
    elif fate.status is not Status.WAITING and report.percent is not None:
        values["progress"] = number(report.percent)
    if fate.status is not Status.WAITING and report.note is not None:
        values["note"] = string(report.note)
    if fate.error is not None:
        values["error"] = string(error_text(fate.error))
    if report.lines:
        values["logs"] = string(add_lines(job.logs_json, report.lines))
    return values
