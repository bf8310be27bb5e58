"""When a schedule is due: `at(...)`, `rate(...)`, `cron(...)` in a time zone, and plain five-field cron. Pure.

Times are epoch milliseconds. The rules are EventBridge Scheduler's ("Schedule types", User Guide):

- `at(2030-01-31T09:00:00)` is one local time. If clocks skip it, it is due when they have.
- `rate(5 minutes)` counts from its anchor, a start date or the moment it was made, and is due there first. A day is
  24 hours, whatever clocks do.
- `cron(0 9 ? * MON-FRI *)` names local times. A time that clocks skip in spring is left out that day; one that they
  repeat in autumn is due once, the first time.

Why cron by local times and not by trying every instant: the search is over sets of numbers, so it takes microseconds
even to the next 29 February that is a Monday, and only its result is turned into an instant. The first pass through a
repeated hour keeps the order of local times and of instants the same, which is what makes that search right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from queues.cron import DAY_NAMES, LAST_YEAR, Cron, CronFault, Field, read_cron
from queues.errors import InvalidSchedule

AT = re.compile(r"at\(([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\)")
RATE = re.compile(r"rate\(([0-9]{1,9}) (minute|hour|day)s?\)")
CRON = re.compile(r"cron\((.*)\)")
#: Names of the time zone database; no absolute paths, no `posix/` and `right/` variants of its files.
ZONE_NAME = re.compile(r"(?!posix|right)[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")

#: Milliseconds of a rate's units, and the span with which a search for the latest time begins.
UNITS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
MINUTE = UNITS["minute"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Epoch ms after which no cron expression is due, in whatever zone.
END_OF_CRON = (datetime(LAST_YEAR + 1, 1, 2, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)

FORMS = "use at(2030-01-31T09:00:00), rate(5 minutes), cron(0 9 ? * MON-FRI *) or five fields such as '0 9 * * 1-5'"


@dataclass(frozen=True, slots=True)
class At:
    """Due once, at a local time."""

    due: int

    def at_or_after(self, moment: int, anchor: int = 0) -> int | None:
        """The first time that is due at `moment` or later; None when there is none."""
        return self.due if self.due >= moment else None

    def latest(self, moment: int, since: int, anchor: int = 0) -> int | None:
        """The last time that is due within `since` to `moment`; None when there is none."""
        return self.due if since <= self.due <= moment else None


@dataclass(frozen=True, slots=True)
class Rate:
    """Due at its anchor and every `every` milliseconds from there."""

    every: int

    def at_or_after(self, moment: int, anchor: int = 0) -> int | None:
        """As `At.at_or_after`; `anchor` is the first time."""
        return anchor - min(0, (anchor - moment) // self.every * self.every)

    def latest(self, moment: int, since: int, anchor: int = 0) -> int | None:
        """As `At.latest`."""
        last = anchor + (moment - anchor) // self.every * self.every
        return last if last >= max(since, anchor) else None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Due at the local times of a cron expression in a zone."""

    cron: Cron
    zone: ZoneInfo

    def at_or_after(self, moment: int, anchor: int = 0) -> int | None:
        """As `At.at_or_after`; a calendar has no anchor."""
        moment = max(moment, 0)
        if moment >= END_OF_CRON:
            return None
        start = (EPOCH + timedelta(milliseconds=moment)).astimezone(self.zone).replace(tzinfo=None, fold=0)
        local = start.replace(second=0, microsecond=0)
        if local < start:
            local += timedelta(minutes=1)
        while (found := self.cron.at_or_after(local)) is not None:
            due, skipped = _instant(found, self.zone)
            # What is before the moment here is the repeated hour, whose first pass is over.
            if not skipped and due >= moment:
                return due
            local = found + timedelta(minutes=1)
        return None

    def latest(self, moment: int, since: int, anchor: int = 0) -> int | None:
        """As `At.latest`: looks back over spans that double, then forward through the first that holds a time."""
        span = MINUTE
        while True:
            start = max(moment - span, since)
            found = self.at_or_after(start)
            if found is not None and found <= moment:
                break
            if start == since:
                return None
            span *= 2
        while (later := self.at_or_after(found + 1)) is not None and later <= moment:
            found = later
        return found


Schedule = At | Rate | Calendar


@lru_cache(maxsize=4096)
def read(expression: str, timezone: str = "UTC") -> Schedule:
    """Reads one of AWS's three forms; raises `InvalidSchedule` with what to write instead."""
    zone = read_zone(timezone)
    if match := AT.fullmatch(expression):
        try:
            local = datetime.fromisoformat(match[1])
        except ValueError as error:
            raise InvalidSchedule(expression, f"there is no such time: {error}") from None
        due, skipped = _instant(local, zone)
        return At(_end_of_gap(local, zone) if skipped else due)
    if match := RATE.fullmatch(expression):
        if int(match[1]) == 0:
            raise InvalidSchedule(expression, "give a rate of 1 or more")
        return Rate(int(match[1]) * UNITS[match[2]])
    if match := CRON.fullmatch(expression):
        try:
            return Calendar(read_cron(match[1]), zone)
        except CronFault as fault:
            raise InvalidSchedule(expression, str(fault)) from None
    raise InvalidSchedule(expression, FORMS)


def read_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name such as `Europe/Berlin`; raises `InvalidSchedule`."""
    try:
        if ZONE_NAME.fullmatch(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass  # a folder of zones, or nothing
    raise InvalidSchedule(name, "give a name of the IANA time zone database, such as Europe/Berlin", option="timezone")


def to_aws(expression: str) -> str:
    """The form that AWS takes: five-field cron becomes `cron(...)`, the other forms stay. Raises `InvalidSchedule`.

    In five-field cron days of the week are 0-7 with Sunday at both ends. It is due when the day of the month OR that
    of the week matches; AWS has no such rule, so one of the two must be `*`.
    """
    fields = expression.upper().split()
    if len(fields) != 5 or "(" in expression:
        return expression
    minutes, hours, day_of_month, month, day_of_week = fields
    if day_of_month != "*" and day_of_week != "*":
        raise InvalidSchedule(expression, "a day of the month and a day of the week together are two schedules on AWS")
    if day_of_week == "*":
        aws = f"cron({minutes} {hours} {day_of_month} {month} ? *)"
    else:
        aws = f"cron({minutes} {hours} ? {month} {_aws_days(expression, day_of_week)} *)"
    read(aws)
    return aws


def upcoming(schedule: Schedule, moment: int, anchor: int = 0) -> Iterator[int]:
    """The times from `moment` on, without end for most schedules."""
    due = schedule.at_or_after(moment, anchor)
    while due is not None:
        yield due
        due = schedule.at_or_after(due + 1, anchor)


def _aws_days(expression: str, text: str) -> str:
    """Days of the week as names; 0-7 with names counted from Sunday at 0."""
    try:
        numbers = Field("day of the week", 0, 7, DAY_NAMES).numbers(text)
    except CronFault as fault:
        raise InvalidSchedule(expression, str(fault)) from None
    return ",".join(DAY_NAMES[number] for number in sorted({number % 7 for number in numbers}))


def _instant(local: datetime, zone: ZoneInfo) -> tuple[int, bool]:
    """Epoch ms of a local time, its first pass where clocks repeat it; and whether clocks skip it (PEP 495)."""
    before = _offset(local.replace(tzinfo=zone))
    after = _offset(local.replace(tzinfo=zone, fold=1))
    return (local.replace(tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1) - before, after > before


def _end_of_gap(local: datetime, zone: ZoneInfo) -> int:
    """Epoch ms at which clocks jump over that local time."""
    early = (local.replace(tzinfo=zone, fold=1).astimezone(UTC) - EPOCH) // timedelta(seconds=1)
    late = (local.replace(tzinfo=zone, fold=0).astimezone(UTC) - EPOCH) // timedelta(seconds=1)
    offset = _offset(local.replace(tzinfo=zone, fold=1))
    while late - early > 1:
        middle = (early + late) // 2
        if _offset((EPOCH + timedelta(seconds=middle)).astimezone(zone)) == offset:
            late = middle
        else:
            early = middle
    return late * 1000


def _offset(moment: datetime) -> int:
    """Milliseconds ahead of UTC."""
    ahead = moment.utcoffset()
    assert ahead is not None
    return ahead // timedelta(milliseconds=1)
