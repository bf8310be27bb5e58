"""A job, the statuses it can have, how it may move between them, and the message that stands for it in a queue.

enqueue ──> waiting <──┐ attempt failed, attempts left (shown as `delayed` until its time comes)
   delay ──> delayed ──┤
               │ claim │
               v       │
             active ───┘──> completed | failed (and to the DLQ) | cancelled

A failed job may be retried, which makes it wait again, or discarded, which makes it cancelled.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields, replace
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from queues.errors import InvalidOption, NotLoaded
from queues.log_line import LogLine, read_lines
from queues.retry import Backoff


class Status(StrEnum):
    """Where a job stands. The words are part of the public API."""

    WAITING = "waiting"
    DELAYED = "delayed"
    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: From a status to those that it may become. `delayed` is `waiting` whose time has not come: a row stores `waiting`.
#: What runs and shall be cancelled is `active`: a row stores `cancelling`.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.WAITING: frozenset({Status.ACTIVE, Status.CANCELLED, Status.FAILED}),
    Status.DELAYED: frozenset({Status.WAITING, Status.CANCELLED}),
    Status.ACTIVE: frozenset({Status.WAITING, Status.DELAYED, Status.COMPLETED, Status.FAILED, Status.CANCELLED}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset({Status.WAITING, Status.CANCELLED}),
    Status.CANCELLED: frozenset(),
}

#: What no JSON text begins with. Data or a result that begins with it stands for a text that is elsewhere, or sealed.
MARK = "@"

#: Nothing more will happen to a job in one of these unless somebody asks for it.
ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """Why an attempt did not succeed."""

    #: The exception's class name, or one of ours: `Timeout`, `Lost`, `InvalidData`, `Expired`, `CannotUpcast`,
    #: `NewerData`, `DeadlineExceeded`.
    type: str
    message: str
    traceback: str | None = None
    #: Message and traceback of a sensitive job, encrypted; `message` then says only that. It leaves rows never.
    sealed: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, "message": self.message, "traceback": self.traceback}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ErrorInfo:
        return cls(value["type"], value["message"], value.get("traceback"), value.get("sealed"))


# A tuple, as the envelope is: a frozen dataclass makes a call for each field, and these are made for each job.
class Attempt(NamedTuple):
    """One start of a job. The running one has neither `finished_at` nor `outcome`."""

    number: int
    #: Epoch milliseconds.
    started_at: int
    finished_at: int | None = None
    #: completed, failed, timeout, lost, discarded, snoozed, cancelled, invalid, expired, newer or interrupted.
    outcome: str | None = None
    #: "Type: message" of what went wrong.
    error: str | None = None
    worker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as its row has it. All `*_at` are epoch milliseconds, durations are seconds."""

    #: Unique within the tenant: the caller's `jobId`, or a ULID, which sorts by time of creation.
    id: str
    tenant: str
    type: str
    status: Status
    #: 1 (first) to 100 (last). Of a type with levels (priorities/levels.py) it decides in whose queue the job waits.
    priority: int = 50
    #: Attempts started so far. It also fences: only the holder of this number may settle the job.
    attempt: int = 0
    max_attempts: int
    #: Percent, 0 to 100, as the handler last reported it.
    progress: float = 0
    note: str | None = None
    #: JSON text; `job.data` parses it. As a row has it, it may begin with MARK: see payloads.py.
    data_json: str = "null"
    #: The version of the type's input that the data was written in; see `upcast.py`.
    data_version: int = 1
    result_json: str | None = None
    error: ErrorInfo | None = None
    tags: tuple[str, ...] = ()
    timeout: float
    backoff: Backoff
    created_at: int
    #: The earliest time of the next attempt.
    run_at: int
    #: A job not started by then fails as `Expired`.
    expires_start_at: int | None = None
    #: No attempt runs after this: one that does is stopped, and the job has failed.
    deadline_at: int | None = None
    #: The start of the attempt that runs, or of the last one.
    started_at: int | None = None
    finished_at: int | None = None
    #: While active: until when the attempt is presumed alive, and whose it is.
    lease_until: int | None = None
    worker: str | None = None
    #: Attempts that have ended, oldest first.
    history: tuple[Attempt, ...] = ()
    #: JSON text; `job.logs` parses it.
    logs_json: str = "[]"
    #: When the job's message was put into the DLQ.
    buried_at: int | None = None
    #: How often the reaper has sent the message again; -1: nobody is known to have sent it at all (transactions.py).
    resent: int = 0
    #: When somebody asked for the job to be cancelled, or discarded, and who. It may have completed all the same.
    cancel_at: int | None = None
    cancel_by: str | None = None
    #: The job that this one is a replay of.
    replay_of: str | None = None
    #: Where it wants its own end to be told, as JSON text (webhooks/endpoint.py).
    webhook: str | None = None
    #: What has to be done when the job has ended, by the words of `debts.py`; and when, after its last end, it was.
    owes: tuple[str, ...] = ()
    paid_at: int | None = None
    #: The event before its end that was last told by webhooks (webhooks/telling.py), by its id.
    told: str | None = None
    #: Which step of which flow it is (flows/state.py: Place), if it is one.
    flow: str | None = None
    #: The W3C context of the span that enqueued it, if traces are on: see `observe/trace_context.py`.
    trace: str | None = None
    #: Which of its tenant's shards its row is in (shards.py).
    shard: int = 0

    @property
    def data(self) -> Any:
        """The input as plain JSON values. NotLoaded: see there."""
        return _value(self.id, "data", self.data_json)

    @property
    def result(self) -> Any:
        """What the handler returned, as plain JSON values; None until then. NotLoaded: see there."""
        return None if self.result_json is None else _value(self.id, "result", self.result_json)

    @property
    def logs(self) -> tuple[LogLine, ...]:
        """What its attempts have said, oldest first; an attempt's lines come when it has ended."""
        return read_lines(self.logs_json)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status in ENDED

    @property
    def flow_id(self) -> str | None:
        """The flow of which it is a step."""
        return None if self.flow is None else self.flow.partition("#")[0]

    @property
    def in_debt(self) -> bool:
        """Whether it has ended, and what it owes for that is not known to be done."""
        return bool(self.owes) and self.paid_at is None and self.ended

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that is remembered, the running one last."""
        if self.status is not Status.ACTIVE or self.started_at is None:
            return self.history
        return (*self.history, Attempt(self.attempt, self.started_at, worker=self.worker))

    def seen_at(self, now: int) -> Job:
        """The job as shown at `now`: one that waits for a later time is `delayed`."""
        if self.status is Status.WAITING and self.run_at > now:
            return replace(self, status=Status.DELAYED)
        return self


#: Field -> what it is if nobody says so.
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Job) if field.default is not MISSING}
_NAMES = frozenset(field.name for field in fields(Job))


def _init(job: Job, **values: Any) -> None:
    # A frozen dataclass sets its fields one by one through object.__setattr__: with so many, that was a twentieth of
    # what a job's whole life costs. This is the same in one step.
    held = job.__dict__
    held.update(DEFAULTS)
    held.update(values)
    if held.keys() != _NAMES:
        raise TypeError(f"Job() got or lacks {sorted(held.keys() ^ _NAMES)}")


Job.__init__ = _init  # type: ignore[method-assign, assignment]


def job_with(values: dict[str, Any]) -> Job:
    """The job of these fields, all of them; the dict becomes the job's own. KeyError if some are missing."""
    if len(values) != len(_NAMES):
        raise KeyError(", ".join(sorted(_NAMES - values.keys())))
    job = object.__new__(Job)
    object.__setattr__(job, "__dict__", values)
    return job


def _value(job_id: str, what: str, text: str) -> Any:
    if text.startswith(MARK):
        raise NotLoaded(job_id, what)
    return orjson.loads(text)


#: The words of the HTTP routes under /jobs, which an id therefore cannot be.
RESERVED_IDS = frozenset(
    {
        *("batch", "schedule", "schedules", "stats", "metrics", "queues", "flows"),
        *("workers", "types", "audit", "webhooks", "events", "health", "retry", "dead-letters", "operations"),
    }
)
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


def check_job_id(job_id: str) -> str:
    """A caller's id if it is allowed, else InvalidOption."""
    if not _ID.fullmatch(job_id) or job_id in (".", ".."):
        raise InvalidOption("jobId", job_id, "use 1 to 128 of the characters A-Z a-z 0-9 _ . : -")
    if job_id in RESERVED_IDS:
        raise InvalidOption("jobId", job_id, "that word is part of a route; choose another")
    return job_id


_TENANT = re.compile(r"[A-Za-z0-9_.:@-]{1,64}")


def check_tenant(tenant: str) -> str:
    """A tenant's name if it is allowed, else InvalidOption. No `#`: it separates the parts of a key."""
    if not _TENANT.fullmatch(tenant):
        raise InvalidOption("tenant", tenant, "use 1 to 64 of the characters A-Z a-z 0-9 _ . : @ -")
    return tenant


#: The version of the message body; a reader refuses those it does not know.
ENVELOPE_VERSION = 1


class NewerEnvelope(ValueError):
    """A message of code that is newer than this: it says nothing that is wrong."""


class Envelope(NamedTuple):
    """What an SQS message says: which job to look at. The row is the truth, so data never is in two places.

    The body is `{"v": 1, "id", "tenant", "type"}`; in a dead-letter queue it has `deadLetter` besides.
    """

    id: str
    tenant: str
    type: str
    #: The number of attempts that the job had when it was buried, if this is a dead letter that came back.
    buried_attempt: int | None = None

    def encode(self, dead_letter: dict[str, Any] | None = None) -> str:
        body: dict[str, Any] = {
            "v": ENVELOPE_VERSION,
            "id": self.id,
            "tenant": self.tenant,
            "type": self.type,
        }
        if dead_letter is not None:
            body["deadLetter"] = dead_letter
        return orjson.dumps(body).decode()

    @classmethod
    def decode(cls, body: str) -> Envelope:
        """Reads a body, or raises ValueError with a sentence that says what is wrong with it; NewerEnvelope if that
        is only its version."""
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"the message is not JSON: {error}") from None
        if not isinstance(value, dict) or value.get("v") != ENVELOPE_VERSION:
            if isinstance(value, dict) and type(value.get("v")) is int and value["v"] > ENVELOPE_VERSION:
                raise NewerEnvelope(f"its envelope is of version {value['v']}, this code knows {ENVELOPE_VERSION}")
            raise ValueError(f"the message is not a Jobyard envelope of version {ENVELOPE_VERSION}")
        job_id, tenant, type_name = value.get("id"), value.get("tenant"), value.get("type")
        if not (isinstance(job_id, str) and isinstance(tenant, str) and isinstance(type_name, str)):
            raise ValueError("the envelope lacks id, tenant or type")  # noqa: TRY004 - the body is bad, not our call
        letter = value.get("deadLetter")
        if not isinstance(letter, dict):
            return cls(job_id, tenant, type_name)
        buried = letter.get("attempts")
        return cls(job_id, tenant, type_name, buried if isinstance(buried, int) else None)
