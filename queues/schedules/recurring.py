"""What somebody wants to run again and again: an expression, a zone, policies. Pure; `@job(schedule=...)` takes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from queues.errors import InvalidOption

if TYPE_CHECKING:
    from queues.options import Options

#: What becomes of a due time whose predecessor's job has not ended: no job; a job all the same; or a job instead of it.
Overlap = Literal["skip", "queue", "replace"]
#: Which of the due times that nobody could serve in time are made up for.
CatchUp = Literal["all", "latest", "none"]

#: Minutes of the longest jitter. (EventBridge Scheduler, MaximumWindowInMinutes)
MAX_JITTER_MINUTES = 1_440
#: Seconds for which a start may lie in the past. (EventBridge Scheduler, StartDate)
START_GRACE_SECONDS = 300
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def check_name(name: str) -> str:
    """A schedule's name if it is allowed, else InvalidOption."""
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise InvalidOption("name", name, "use 1 to 64 of the characters A-Z a-z 0-9 _ . -")
    return name


@dataclass(frozen=True, slots=True)
class Recurring:
    """When jobs of a type are made, and how. InvalidOption and InvalidSchedule say what is not possible."""

    #: `cron(0 9 ? * MON-FRI *)`, five-field cron, `rate(5 minutes)` or `at(2030-01-31T09:00:00)`.
    expression: str
    #: Unique within the tenant; the job type's name if none is given.
    name: str = ""
    #: The jobs' input.
    data: Any = field(default_factory=dict)
    #: The jobs' options, without `delay` and `job_id`. `expires_in` and `deadline` count from the due time.
    options: Options | None = None
    #: An IANA name, such as `Europe/Berlin`, for `cron` and `at`.
    timezone: str = "UTC"
    overlap: Overlap = "queue"
    catch_up: CatchUp = "latest"
    #: Each time is delayed by a share of it: a timedelta or seconds, in whole minutes.
    jitter: timedelta | float = 0.0
    #: Bounds, both included, with a zone. They do not apply to `at`.
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        # Most job types have no schedule, and need not load how to read one.
        from queues.schedule import read, to_aws
        from queues.schedules.terms import check_options

        if self.name:
            check_name(self.name)
        read(to_aws(self.expression), self.timezone)
        if self.overlap not in get_args(Overlap):
            raise InvalidOption("overlap", self.overlap, "use 'skip', 'queue' or 'replace'")
        if self.catch_up not in get_args(CatchUp):
            raise InvalidOption("catchUp", self.catch_up, "use 'all', 'latest' or 'none'")
        if self.jitter_minutes * 60 != self._jitter_seconds or not 0 <= self.jitter_minutes <= MAX_JITTER_MINUTES:
            raise InvalidOption("jitter", self.jitter, f"give whole minutes, {MAX_JITTER_MINUTES} at the most")
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment is not None and moment.tzinfo is None:
                raise InvalidOption(name, moment.isoformat(), "give it a time zone, such as tzinfo=UTC")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidOption("end", self.end.isoformat(), "give a time after the start")
        if self.options is not None:
            check_options(self.options)

    @property
    def _jitter_seconds(self) -> float:
        return self.jitter.total_seconds() if isinstance(self.jitter, timedelta) else float(self.jitter)

    @property
    def jitter_minutes(self) -> int:
        """As EventBridge counts it."""
        return int(self._jitter_seconds // 60)


def declared(schedule: str | Recurring | Iterable[Recurring] | None, type_name: str) -> tuple[Recurring, ...]:
    """What `@job(schedule=...)` says, as a tuple, each with its name."""
    if schedule is None:
        return ()
    if isinstance(schedule, str):
        schedule = Recurring(schedule)
    found = (schedule,) if isinstance(schedule, Recurring) else tuple(schedule)
    named = tuple(one if one.name else replace(one, name=type_name) for one in found)
    for index, one in enumerate(named):
        if any(one.name == other.name for other in named[:index]):
            raise InvalidOption("schedule", one.name, "two schedules of a job type need two names")
    return named
