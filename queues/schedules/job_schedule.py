"""A job schedule as its row has it, and what can be told from it without asking anybody. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice, takewhile
from typing import Any

import orjson

from queues.schedule import At, Rate, Schedule, read, to_aws, upcoming
from queues.schedules.recurring import CatchUp, Overlap
from queues.schedules.words import describe

#: Due times whose fate a schedule remembers: so many may come twice, or late, and still be known.
MAX_REMEMBERED = 30
#: Due times before a tick that one tick makes up for.
MAX_CAUGHT_UP = 100
#: Schedules of one page, and due times of one answer, at the most.
MAX_LIMIT = 200
MAX_NEXT_RUNS = 100
#: Who made a schedule: `@job(schedule=...)`, or a call at run time.
CODE, CALL = "code", "call"


class ScheduleStatus(StrEnum):
    """Where a schedule stands. The words are part of the public API; a deleted one is never shown."""

    ACTIVE = "active"
    PAUSED = "paused"
    #: It is active and has no further time.
    ENDED = "ended"
    DELETED = "deleted"


class Fate(StrEnum):
    """What became of a due time. The words are part of the public API."""

    STARTED = "started"
    #: Another job stands for it, which had its key: a debounced one took what it says, or it got the id of one that
    #: somebody had promised.
    JOINED = "joined"
    #: The job before it had not ended, and the overlap policy is `skip`; or another job held its key.
    SKIPPED = "skipped"
    #: Nobody could serve it in time: the catch-up policy leaves it out, or its job would have been over.
    MISSED = "missed"
    #: The job type did not take the schedule's data or options.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Span:
    """Due times that were decided about without their ticks, while the queue was paused: see passed.py. Epoch ms."""

    #: All after the first, up to the second.
    after: int
    until: int
    #: Of a rate: its step in milliseconds, and the anchor from which it counted; otherwise 0.
    every: int = 0
    anchor: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSchedule:
    """All `*_at`, `start`, `end`, `anchor` and `since` are epoch milliseconds."""

    name: str
    tenant: str
    type: str
    expression: str
    timezone: str = "UTC"
    data_json: str = "{}"
    #: What its jobs' options differ in from their type's, as JSON values; see `options.py`.
    options: Mapping[str, Any] = field(default_factory=dict)
    overlap: Overlap = "queue"
    catch_up: CatchUp = "latest"
    jitter_minutes: int = 0
    start: int | None = None
    end: int | None = None
    status: ScheduleStatus = ScheduleStatus.ACTIVE
    #: `code` or `call`; and whose token it was, or which modules.
    source: str = CALL
    created_by: str = ""
    created_at: int
    updated_at: int
    #: From which a rate counts.
    anchor: int
    #: No time before it is made up for: when the times were set, or when it was resumed.
    since: int
    #: Counts changes of all above; and decisions about due times.
    revision: int = 1
    ticks: int = 0
    #: The job that was made last.
    last_job: str | None = None
    #: The latest due time that was decided about.
    last_at: int | None = None
    #: Why the last one was refused.
    error: str | None = None
    #: Fates of the last due times, latest last: (time, fate).
    fates: Sequence[tuple[int, Fate]] = ()
    #: Which times were decided about while the queue was paused, latest last.
    spans: Sequence[Span] = ()

    @property
    def aws_expression(self) -> str:
        """The expression as EventBridge takes it."""
        return to_aws(self.expression)

    @property
    def times(self) -> Schedule:
        """When it is due."""
        return read(self.aws_expression, self.timezone)

    @property
    def data(self) -> Any:
        """Its jobs' input as plain JSON values."""
        return orjson.loads(self.data_json)

    @property
    def description(self) -> str:
        """When it is due, in English."""
        return describe(self.times, self.timezone)

    @property
    def one_time(self) -> bool:
        """Whether it is due only once."""
        return isinstance(self.times, At)

    def next_times(self, count: int, now: int) -> list[int]:
        """The next due times after `now`, at most so many, in epoch ms; jitter comes on top. None while paused."""
        if self.status is not ScheduleStatus.ACTIVE:
            return []
        begin = now + 1 if self.one_time or self.start is None else max(now + 1, self.start)
        found = islice(upcoming(self.times, begin, self.anchor), count)
        return list(found if self.one_time else takewhile(self._in_bounds, found))

    def next_runs(self, count: int, now: int) -> list[datetime]:
        """The same as moments in UTC."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return [epoch + timedelta(milliseconds=due) for due in self.next_times(count, now)]

    def seen_at(self, now: int) -> ScheduleStatus:
        """Its status as shown at `now`."""
        ended = self.status is ScheduleStatus.ACTIVE and not self.next_times(1, now)
        return ScheduleStatus.ENDED if ended else self.status

    def fate_of(self, due: int) -> Fate | None:
        """What became of a due time, if it is remembered."""
        return next((fate for at, fate in reversed(self.fates) if at == due), None)

    def unserved_before(self, due: int) -> list[int]:
        """Times before `due` that no tick came for, the oldest first; the latest MAX_CAUGHT_UP of them."""
        since = max(self.since, self.start or 0, -1 if self.last_at is None else self.last_at)
        times = self.times
        if isinstance(times, At):
            return []
        # A tick tells whole seconds, and a rate is due at its anchor's: half a step keeps its neighbours apart.
        first = since + times.every // 2 if isinstance(times, Rate) else since + 1
        found: list[int] = []
        earlier = times.latest(due - 1, first, _grid(times, due, first))
        while earlier is not None and len(found) < MAX_CAUGHT_UP:
            found.append(earlier)
            earlier = times.latest(earlier - 1, first, _grid(times, due, first))
        return found[::-1]

    def _in_bounds(self, due: int) -> bool:
        return self.end is None or due <= self.end


def _grid(times: Schedule, due: int, first: int) -> int:
    """An anchor at or before `first` from which a rate is due at `due`."""
    return due + (first - due) // times.every * times.every if isinstance(times, Rate) else 0


def job_id_of(name: str, due: int) -> str:
    """The id of the job of a due time: `nightly:20300131T090000Z`. No schedule's name has a colon."""
    moment = datetime.fromtimestamp(due // 1000, UTC)
    return f"{name}:{moment:%Y%m%dT%H%M%SZ}"
