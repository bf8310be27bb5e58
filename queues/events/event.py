"""What happened to a job, as events that are read from its row. Pure.

A job's row remembers enough of its life to tell it: when it was made, each attempt with its outcome, the progress of
the one that runs, how it ended. So an event is not stored, it follows from a row, the same event each time, under an id
that is its place in the job's life: ATTEMPT.KIND, as `2.retrying`. Whoever has heard of an event can name it, and is
told what came after it, by any process, without a gap and without an event twice.

What a row does not remember is not told: of reports of progress only the latest, of attempts the last MAX_HISTORY, and
that a failed job was given another go (its next attempt is told).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from zlib import crc32

from queues.job import Attempt, Job, Status


class EventKind(StrEnum):
    """What happened. The words are part of the public API."""

    #: It was made, and waits, perhaps for its time.
    ENQUEUED = "enqueued"
    #: An attempt has begun.
    STARTED = "started"
    #: The attempt has told how far it is.
    PROGRESS = "progress"
    #: Somebody has asked for the attempt to be stopped.
    CANCELLING = "cancelling"
    #: The attempt's process was lost: what comes of it is told by the next event.
    STALLED = "stalled"
    #: The attempt has failed, or was lost, and there will be another one.
    RETRYING = "retrying"
    #: The attempt has asked for a pause, and there will be another one.
    SNOOZED = "snoozed"
    #: The attempt was handed back: its worker was stopped, or is too old for the job's data.
    RETURNED = "returned"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: Nothing comes after these, unless somebody retries or discards a failed job.
LAST = frozenset({EventKind.COMPLETED, EventKind.FAILED, EventKind.CANCELLED})

#: The order within one attempt; before the first one the attempt is 0.
_RANKS = {
    EventKind.ENQUEUED: 0,
    EventKind.STARTED: 1,
    EventKind.PROGRESS: 2,
    EventKind.CANCELLING: 3,
    EventKind.STALLED: 4,
    EventKind.RETRYING: 5,
    EventKind.SNOOZED: 5,
    EventKind.RETURNED: 5,
    EventKind.COMPLETED: 6,
    EventKind.FAILED: 6,
    EventKind.CANCELLED: 7,
}
#: Outcomes of attempts after which the job went on; all others are `retrying`.
_WENT_ON = {
    "snoozed": EventKind.SNOOZED,
    "interrupted": EventKind.RETURNED,
    "newer": EventKind.RETURNED,
}
_ID = re.compile(r"(\d{1,6})\.([a-z]{1,16})(\.[0-9a-f]{8})?")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    #: ATTEMPT.KIND, and for progress a mark of what was told; the same each time it is read.
    id: str
    kind: EventKind
    job_id: str
    type: str
    attempt: int
    #: Epoch ms; None where the row does not tell: of progress.
    at: int | None
    #: What else there is to it: `error`, `runAt`, `percent`, `note`, `by`. Never the job's data or result.
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def last(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.kind in LAST


def events_of(job: Job) -> list[Event]:
    """All that a row tells, in order."""
    return list(_life(job))


def events_between(before: Job | None, after: Job) -> list[Event]:
    """What happened to a job from one state of its row to a later one; None: all of it."""
    told = events_of(before)[-1].id if before is not None else None
    return events_after(told, after)


def events_after(told: str | None, job: Job) -> list[Event]:
    """What happened since the event of that id; all of it if the id is none of ours."""
    place = _place(told) if told is not None else None
    found = events_of(job)
    if place is None:
        return found
    attempt, rank = place
    progress = _RANKS[EventKind.PROGRESS]
    return [
        event
        for event in found
        if (event.attempt, _RANKS[event.kind]) > (attempt, rank)
        # Progress that differs from the one that was told is later: the row has only the latest.
        or ((event.attempt, _RANKS[event.kind]) == (attempt, progress) == place and event.id != told)
    ]


def is_last(told: str | None) -> bool:
    """Whether an id is that of an event after which nothing comes by itself."""
    match = _ID.fullmatch(told or "")
    return match is not None and match[2] in LAST


def _place(told: str) -> tuple[int, int] | None:
    match = _ID.fullmatch(told)
    if match is None or match[2] not in list(EventKind):
        return None
    return int(match[1]), _RANKS[EventKind(match[2])]


def _life(job: Job) -> Iterator[Event]:
    def event(kind: EventKind, attempt: int, at: int | None, mark: str = "", **data: Any) -> Event:
        told = {name: value for name, value in data.items() if value is not None}
        return Event(f"{attempt}.{kind}{mark}", kind, job.id, job.type, attempt, at, told)

    yield event(EventKind.ENQUEUED, 0, job.created_at)
    history = job.history
    for attempt in history:
        number, ended = attempt.number, attempt.finished_at
        yield event(EventKind.STARTED, number, attempt.started_at)
        if _was_asked(job, attempt):
            yield event(EventKind.CANCELLING, number, job.cancel_at, by=job.cancel_by)
        if attempt.outcome == "lost":
            yield event(EventKind.STALLED, number, ended, error=attempt.error)
        if not _ended_with(job, attempt):
            run_at = job.run_at if attempt is history[-1] and job.status in _WAITS else None
            kind = _WENT_ON.get(attempt.outcome or "", EventKind.RETRYING)
            yield event(kind, number, ended, error=attempt.error, runAt=run_at)
    number = job.attempt
    if job.status is Status.ACTIVE:
        yield event(EventKind.STARTED, number, job.started_at)
        if job.progress or job.note is not None:
            mark = f".{crc32(f'{job.progress:g} {job.note}'.encode()):08x}"
            yield event(EventKind.PROGRESS, number, None, mark, percent=job.progress, note=job.note)
        if job.cancel_at is not None:
            yield event(EventKind.CANCELLING, number, job.cancel_at, by=job.cancel_by)
        return
    error = f"{job.error.type}: {job.error.message}" if job.error is not None else None
    if job.status is Status.COMPLETED:
        yield event(EventKind.COMPLETED, number, job.finished_at)
    elif job.status is Status.FAILED:
        yield event(EventKind.FAILED, number, job.finished_at, error=error)
    elif job.status is Status.CANCELLED:
        if _was_discarded(job, history):
            yield event(EventKind.FAILED, number, job.finished_at, error=error)
            yield event(EventKind.CANCELLED, number, job.cancel_at, by=job.cancel_by)
        else:
            yield event(EventKind.CANCELLED, number, job.finished_at, by=job.cancel_by)


#: Outcomes of an attempt that was asked to stop (`outcome.settle`).
_ENDS_OF_ASKED = frozenset({"cancelled", "completed", "lost"})
_WAITS = frozenset({Status.WAITING, Status.DELAYED})


def _ended_with(job: Job, attempt: Attempt) -> bool:
    """Whether the job ended as this attempt did: both are written with one time."""
    return job.ended and attempt.number == job.attempt and attempt.finished_at == job.finished_at


def _was_asked(job: Job, attempt: Attempt) -> bool:
    """Whether somebody had asked for the attempt to be stopped, with which the job then ended, perhaps completed."""
    if job.cancel_at is None or not _ended_with(job, attempt) or attempt.outcome not in _ENDS_OF_ASKED:
        return False
    return attempt.started_at <= job.cancel_at <= (job.finished_at or job.cancel_at)


def _was_discarded(job: Job, history: Sequence[Attempt]) -> bool:
    """Whether a cancelled job had failed before: giving it up leaves its end and its error as they were."""
    ended_so = bool(history) and _ended_with(job, history[-1])
    return ended_so and job.error is not None and job.error.type != "Cancel"
