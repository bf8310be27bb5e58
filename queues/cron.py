"""AWS's cron: six fields of which the year may be left out, read once into sets of numbers, and searched by them. Pure.

    minutes  hours  day-of-month  month  day-of-week  year
    0-59     0-23   1-31          1-12   1-7          1970-2199     (JAN-DEC; SUN-SAT, where 1 is SUN)
    , - * /  , - * /  , - * / ? L W  , - * /  , - * / ? L #  , - * /

One of the two day fields must be `?`. What the letters mean: `L` the last day of the month (in day-of-week:
Saturday), `6L` the month's last Friday, `15W` the Monday-to-Friday day nearest to the 15th within its month, `LW` the
last such day, `3#2` the second Tuesday. Day names and month names are taken in either case.

Here are local times only, minute by minute; which instants they are is told by `queues.schedule`.
Source: "Schedule types", EventBridge Scheduler User Guide.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

#: Years that an expression can name.
FIRST_YEAR, LAST_YEAR = 1970, 2199

MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6  # as Python counts, from Monday at 0


class CronFault(ValueError):
    """What is wrong with an expression, in words that name the field."""


@dataclass(frozen=True, slots=True)
class Field:
    """The numbers that one field takes, and the names of some."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        if text in self.names:
            return self.names.index(text) + self.least
        if not re.fullmatch("[0-9]{1,4}", text) or not self.least <= int(text) <= self.most:
            raise CronFault(f"{self.name} takes {self.least}-{self.most}, not {text!r}")
        return int(text)

    def numbers(self, text: str) -> frozenset[int]:
        """What a list such as `1,10-20/5,*/15` stands for; a range must not run backwards."""
        return frozenset().union(*map(self._span, text.split(",")))

    def _span(self, text: str) -> range:
        span, slash, step = text.partition("/")
        low, dash, high = span.partition("-")
        if span == "*":
            first, last = self.least, self.most
        elif dash:
            first, last = self.number(low), self.number(high)
        else:
            first = self.number(span)
            last = self.most if slash else first
        if first > last:
            raise CronFault(f"{self.name} has the range {span!r}, which runs backwards")
        if slash and not (re.fullmatch("[0-9]{1,4}", step) and 1 <= int(step) <= self.most):
            raise CronFault(f"{self.name} takes steps of 1-{self.most}, not {step!r}")
        return range(first, last + 1, int(step) if slash else 1)


MINUTES = Field("minutes", 0, 59)
HOURS = Field("hours", 0, 23)
DAY_OF_MONTH = Field("day-of-month", 1, 31)
MONTH = Field("month", 1, 12, MONTH_NAMES)
DAY_OF_WEEK = Field("day-of-week", 1, 7, DAY_NAMES)
YEAR = Field("year", FIRST_YEAR, LAST_YEAR)


@dataclass(frozen=True, slots=True)
class Days:
    """Which days of a month are meant. Weekdays are counted as Python does, from Monday at 0."""

    #: Days of the month by number.
    numbers: frozenset[int] = frozenset()
    #: `L`: its last day.
    last: bool = False
    #: `LW`: its last Monday-to-Friday day.
    last_working: bool = False
    #: `15W`: the Monday-to-Friday day nearest to each.
    nearest: frozenset[int] = frozenset()
    #: Weekdays, every week.
    weekdays: frozenset[int] = frozenset()
    #: `6L`: the last of each weekday.
    last_weekdays: frozenset[int] = frozenset()
    #: `3#2`: (weekday, which one).
    nth: tuple[int, int] | None = None

    def of(self, year: int, month: int) -> tuple[int, ...]:
        """The days of that month, in order."""
        return _days(self, *monthrange(year, month))


@lru_cache(maxsize=4096)
def _days(days: Days, first_weekday: int, length: int) -> tuple[int, ...]:
    """There are but 28 kinds of months: by the weekday of their first day and by their length."""

    def weekday(day: int) -> int:
        return (first_weekday + day - 1) % 7

    def nearest_working(day: int) -> int:
        if weekday(day) == SATURDAY:
            return day - 1 if day > 1 else day + 2
        if weekday(day) == SUNDAY:
            return day + 1 if day < length else day - 2
        return day

    found = {day for day in days.numbers if day <= length}
    found |= {nearest_working(day) for day in days.nearest if day <= length}
    if days.last:
        found.add(length)
    if days.last_working:
        found.add(nearest_working(length) if weekday(length) != SUNDAY else length - 2)
    found |= {day for day in range(1, length + 1) if weekday(day) in days.weekdays}
    found |= {day for day in range(length - 6, length + 1) if weekday(day) in days.last_weekdays}
    if days.nth is not None:
        wanted, nth = days.nth
        day = 1 + (wanted - first_weekday) % 7 + 7 * (nth - 1)
        if day <= length:
            found.add(day)
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Cron:
    """An expression, read."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days
    months: tuple[int, ...]
    years: tuple[int, ...]

    def at_or_after(self, local: datetime) -> datetime | None:
        """The first matching local time, None when there is none up to the last year. `local` is a full minute."""
        for year in self.years[bisect_left(self.years, local.year) :]:
            months = self.months if year > local.year else self.months[bisect_left(self.months, local.month) :]
            for month in months:
                days = self.days.of(year, month)
                if (year, month) == (local.year, local.month):
                    days = days[bisect_left(days, local.day) :]
                for day in days:
                    if (year, month, day) != (local.year, local.month, local.day):
                        return datetime(year, month, day, self.hours[0], self.minutes[0])
                    if time := self._time_at_or_after(local.hour, local.minute):
                        return datetime(year, month, day, *time)
        return None

    def _time_at_or_after(self, hour: int, minute: int) -> tuple[int, int] | None:
        """The first matching hour and minute of a day."""
        at = bisect_left(self.hours, hour)
        if at < len(self.hours) and self.hours[at] == hour:
            minutes = self.minutes[bisect_left(self.minutes, minute) :]
            if minutes:
                return hour, minutes[0]
            at += 1
        return (self.hours[at], self.minutes[0]) if at < len(self.hours) else None


def read_cron(text: str) -> Cron:
    """Reads what stands between the brackets of `cron(...)`; raises `CronFault`."""
    fields = text.upper().split()
    if text != text.strip() or len(fields) not in (5, 6):
        raise CronFault("cron takes five or six fields: minutes hours day-of-month month day-of-week [year]")
    minutes, hours, day_of_month, month, day_of_week = fields[:5]
    if (day_of_month == "?") == (day_of_week == "?"):
        raise CronFault("one of day-of-month and day-of-week, and not both, must be '?'")
    return Cron(
        tuple(sorted(MINUTES.numbers(minutes))),
        tuple(sorted(HOURS.numbers(hours))),
        _days_of_week(day_of_week) if day_of_month == "?" else _days_of_month(day_of_month),
        tuple(sorted(MONTH.numbers(month))),
        tuple(sorted(YEAR.numbers(fields[5] if len(fields) == 6 else "*"))),
    )


def _days_of_month(text: str) -> Days:
    numbers: set[int] = set()
    nearest: set[int] = set()
    parts = text.split(",")
    for part in parts:
        if part.endswith("W") and part != "LW":
            nearest.add(DAY_OF_MONTH.number(part[:-1]))
        elif part not in ("L", "LW"):
            numbers |= DAY_OF_MONTH.numbers(part)
    return Days(frozenset(numbers), "L" in parts, "LW" in parts, frozenset(nearest))


def _days_of_week(text: str) -> Days:
    if "#" in text:
        if "," in text:
            raise CronFault("day-of-week with '#' takes one expression only")
        day, _, nth = text.partition("#")
        if not re.fullmatch("[1-5]", nth):
            raise CronFault(f"day-of-week has {text!r}: after '#' stands 1-5")
        return Days(nth=(_weekday(DAY_OF_WEEK.number(day)), int(nth)))
    numbers: set[int] = set()
    last: set[int] = set()
    for part in text.split(","):
        if part == "L":
            numbers.add(DAY_OF_WEEK.most)
        elif part.endswith("L"):
            last.add(DAY_OF_WEEK.number(part[:-1]))
        else:
            numbers |= DAY_OF_WEEK.numbers(part)
    return Days(weekdays=frozenset(map(_weekday, numbers)), last_weekdays=frozenset(map(_weekday, last)))


def _weekday(number: int) -> int:
    """AWS counts from Sunday at 1, Python from Monday at 0."""
    return (number - 2) % 7
