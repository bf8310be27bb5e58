"""A job as a DynamoDB item and back. Pure. `store.py` says what the keys are for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from queues import limits
from queues.job import DEFAULTS, ENDED, Attempt, ErrorInfo, Job, Status, job_with
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


def lease(until: int, started_at: int | None, worker: str | None) -> Item:
    """An attempt's lease, start (both epoch ms) and holder: one attribute, since they are written together."""
    return {"S": f"{until} {started_at} {worker}"}


def asked(now: int, by: str | None) -> dict[str, Item]:
    """The attributes that say who wanted a job cancelled, and when; a nameless caller leaves none of its own."""
    return {"cancel_at": number(now)} | ({"cancel_by": string(by)} if by else {})


def new_row(job: Job, due: int) -> Item:
    """The item of a job that has just been made; `due` is when the reaper shall look at it.

    What its key or another attribute tells has none of its own: each is paid for at every read and write.
    """
    item = {
        "pk": {"S": partition_key(job.tenant, job.id)},
        "sk": {"S": SORT_KEY},
        "state": {"S": partition(job.tenant, OPEN, job.shard)},
        "due": {"N": str(due)},
        "type": {"S": job.type},
        "status": _STORED[job.status],
        "attempt": {"N": "0"},
        "data": {"S": job.data_json},
        "policy": {"S": policy_text(job.max_attempts, job.timeout, job.backoff)},
        "created_at": {"N": str(job.created_at)},
        "run_at": {"N": str(job.run_at)},
    }
    if job.priority != DEFAULTS["priority"]:
        item["priority"] = {"N": str(job.priority)}
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

    A lease and its holder belong to an active job, whatever the row says; a completed one has come to 100 %. A job that
    an attempt ended has ended with it.
    """
    # What is always there, one by one, then one pass over the few others that are: this is called for each claim.
    values = DEFAULTS.copy()
    _, values["tenant"], values["id"] = item["pk"]["S"].split("#")
    values["type"] = item["type"]["S"]
    values["status"] = status = _STATUSES[item["status"]["S"]]
    values["attempt"] = int(item["attempt"]["N"])
    values["data_json"] = item["data"]["S"]
    values["max_attempts"], values["timeout"], values["backoff"] = _policy(item["policy"]["S"])
    values["created_at"] = int(item["created_at"]["N"])
    values["run_at"] = int(item["run_at"]["N"])
    values["shard"] = shard_in(item["state"]["S"])
    held = item.get("lease")
    if held is not None:
        until, started_at, worker = held["S"].split(" ", 2)
        values["started_at"] = int(started_at)
        if status is _ACTIVE:
            values["lease_until"], values["worker"] = int(until), worker
    for name in item.keys() - _BY_NAME:
        known = _READ.get(name)
        if known is not None:
            field_name, kind, read = known
            value = item[name][kind]
            values[field_name] = value if read is None else read(value)
    if status is _COMPLETED:
        values["progress"] = 100.0
    if status in ENDED and values["finished_at"] is None:
        values["finished_at"] = values["history"][-1].finished_at
    return job_with(values)


_STATUSES = {status.value: status for status in Status} | {CANCELLING: Status.ACTIVE}
_STORED: dict[Status, Item] = {status: {"S": status.value} for status in Status}
# A member of an enumeration is looked up by a function of Python's, in each of some twenty places for each job.
_WAITING, _ACTIVE, _COMPLETED, _FAILED = Status.WAITING, Status.ACTIVE, Status.COMPLETED, Status.FAILED
#: The attributes of nearly every row, which `job_of` reads by name. (It has no use for `sk` and `due`.)
_BY_NAME = frozenset(
    {
        *("pk", "sk", "state", "due", "type", "status", "attempt"),
        *("data", "policy", "created_at", "run_at", "lease"),
    }
)
#: Other attribute -> field of a job, DynamoDB's type, and what makes the field's value of the attribute's; None: it is
#: that.
_READ: dict[str, tuple[str, str, Callable[[str], Any] | None]] = {
    **{name: (name, "S", None) for name in ("webhook", "flow", "trace", "told", "cancel_by", "replay_of")},
    **{name: (name, "N", int) for name in ("priority", "max_attempts", "data_version", "resent", "finished_at")},
    **{name: (name, "N", int) for name in ("expires_start_at", "deadline_at", "cancel_at", "buried_at", "paid_at")},
    "progress": ("progress", "N", float),
    "result": ("result_json", "S", None),
    "note": ("note", "S", lambda text: text or None),
    "error": ("error", "S", lambda text: ErrorInfo.from_json(orjson.loads(text)) if text else None),
    "tags": ("tags", "S", lambda text: tuple(orjson.loads(text))),
    "logs": ("logs_json", "S", None),
    "history": ("history", "S", lambda text: tuple([Attempt(*row) for row in orjson.loads(text)])),
    "owes": ("owes", "S", lambda text: tuple(text.split())),
}
#: Attempts, of which a row has an attribute of its own once they are others; seconds; the curve.
Policy = tuple[int, float, Backoff]
_POLICY_TEXTS: dict[Policy, str] = {}
_POLICIES: dict[str, Policy] = {}


def policy_text(attempts: int, timeout: float, backoff: Backoff) -> str:
    """A policy as JSON text. Few are in use, so each is encoded and decoded once."""
    policy = (attempts, timeout, backoff)
    text = _POLICY_TEXTS.get(policy)
    if text is None:
        text = orjson.dumps({"attempts": attempts, "timeout": timeout, "backoff": backoff.to_json()}).decode()
        _remember(_POLICY_TEXTS, policy, text)
    return text


def _policy(text: str) -> Policy:
    found = _POLICIES.get(text)
    if found is None:
        value = orjson.loads(text)
        found = value["attempts"], float(value["timeout"]), Backoff.from_json(value["backoff"])
        _remember(_POLICIES, text, found)
    return found


def _remember(memory: dict[Any, Any], key: Any, value: Any) -> None:
    # A caller may send a new one with each job; the memory stays small.
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
    if status is _FAILED or job.owes:
        return {"state": {"S": partition(job.tenant, OWING, job.shard)}, "due": {"N": str(now + check_after)}}
    return closed_values(job, status, now, now, options)


def closed_values(job: Job, status: Status, finished_at: int, now: int, options: JobOptions) -> dict[str, Item]:
    """Where the row of a job goes to which nothing is owed any more."""
    keep = options.keep_failed if status is _FAILED else options.keep_completed
    return {
        "state": {"S": partition(job.tenant, _STORED[status]["S"], job.shard)},
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
        "status": _STORED[fate.status],
        "history": {"S": history_text((*job.history, ended))},
    }
    if fate.status is _WAITING:
        run_at = fate.run_at if fate.run_at is not None else now
        values["run_at"] = number(run_at)
        values["due"] = number(run_at + check_after)
        if fate.max_attempts is not None:
            values["max_attempts"] = number(fate.max_attempts)
        # The next attempt begins at zero, and with nothing to say.
        values["progress"], values["note"] = number(0), string("")
    else:
        values |= ended_values(job, fate.status, now, options, check_after)
    if fate.status is _COMPLETED:
        values["result"] = {"S": fate.result_json or "null"}
        if job.error is not None:
            values["error"] = string("")
    elif fate.status is not _WAITING and report.percent is not None:
        values["progress"] = number(report.percent)
    if fate.status is not _WAITING and report.note is not None:
        values["note"] = string(report.note)
    if fate.error is not None:
        values["error"] = string(error_text(fate.error))
    if report.lines:
        values["logs"] = string(add_lines(job.logs_json, report.lines))
    return values
