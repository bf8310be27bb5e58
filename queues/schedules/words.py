"""A schedule's times in plain English: `at 09:00, Monday to Friday, Europe/Berlin`. Pure.

It tells what was read, not what was written: `*/15`, `0/15` and `0,15,30,45` are all "every 15 minutes".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from queues.cron import FIRST_YEAR, HOURS, LAST_YEAR, MINUTES, MONTH, Cron, Days
from queues.schedule import EPOCH, UNITS, At, Rate, Schedule

#: Times of a day that are told one by one.
MAX_TOLD = 6
#: As Python counts weekdays, from Monday at 0.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def describe(schedule: Schedule, timezone: str) -> str:
    """When a schedule is due, as a part of a sentence."""
    if isinstance(schedule, At):
        local = (EPOCH + timedelta(milliseconds=schedule.due)).astimezone(ZoneInfo(timezone))
        return f"once, on {_day(local)} at {local:%H:%M:%S}, {timezone}"
    if isinstance(schedule, Rate):
        unit = next(unit for unit in ("day", "hour", "minute") if schedule.every % UNITS[unit] == 0)
        return _every(schedule.every // UNITS[unit], unit)
    cron = schedule.cron
    parts = [_times(cron), _days(cron.days), _months(cron), _years(cron)]
    return f"{', '.join(part for part in parts if part)}, {timezone}"


def _day(local: datetime) -> str:
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"


def _times(cron: Cron) -> str:
    minutes, hours = cron.minutes, cron.hours
    if len(minutes) * len(hours) <= MAX_TOLD:
        return f"at {_list([f'{hour:02}:{minute:02}' for hour in hours for minute in minutes])}"
    step = _step(minutes, MINUTES.least, MINUTES.most)
    if step is not None:
        each = _every(step, "minute")
    elif minutes == (0,):
        each = "on the hour"
    else:
        each = f"at {_plural('minute', len(minutes))} {_runs(minutes)}"
    hourly = _step(hours, HOURS.least, HOURS.most)
    if hourly == 1:
        return "every hour" if minutes == (0,) else each if step is not None else f"{each} of every hour"
    if step is not None and hours[-1] - hours[0] == len(hours) - 1:
        return f"{each} from {hours[0]:02}:00 to {hours[-1]:02}:{minutes[-1]:02}"
    if hourly is not None and minutes == (0,):
        return _every(hourly, "hour")
    return f"{each} of {_plural('hour', len(hours))} {_runs(hours)}"


def _days(days: Days) -> str:
    told: list[str] = []
    weekdays = sorted(days.weekdays)
    if len(days.numbers) == 31 or len(weekdays) == 7:
        return ""
    if days.numbers:
        told.append(f"{_plural('day', len(days.numbers))} {_runs(sorted(days.numbers))} of the month")
    if days.last:
        told.append("the last day of the month")
    if days.last_working:
        told.append("the last working day of the month")
    told += [f"the working day nearest to day {day} of the month" for day in sorted(days.nearest)]
    if weekdays and weekdays[-1] - weekdays[0] == len(weekdays) - 1 and len(weekdays) > 2:
        told.append(f"{WEEKDAYS[weekdays[0]]} to {WEEKDAYS[weekdays[-1]]}")
    else:
        told += [WEEKDAYS[day] for day in weekdays]
    told += [f"the last {WEEKDAYS[day]} of the month" for day in sorted(days.last_weekdays)]
    if days.nth is not None:
        day, nth = days.nth
        told.append(f"the {('first', 'second', 'third', 'fourth', 'fifth')[nth - 1]} {WEEKDAYS[day]} of the month")
    return f"on {_list(told)}" if not told[0].startswith(WEEKDAYS) or " to " not in told[0] else _list(told)


def _months(cron: Cron) -> str:
    if len(cron.months) == MONTH.most:
        return ""
    return f"in {_list([MONTHS[month - 1] for month in cron.months])}"


def _years(cron: Cron) -> str:
    if len(cron.years) == LAST_YEAR - FIRST_YEAR + 1:
        return ""
    return f"in {_runs(cron.years)}"


def _step(values: Sequence[int], least: int, most: int) -> int | None:
    """The step with which the values go through all of a field, or None."""
    if len(values) < 2 or values[0] != least:
        return None
    step = values[1] - values[0]
    return step if tuple(values) == tuple(range(least, most + 1, step)) else None


def _runs(values: Sequence[int]) -> str:
    """`1 to 5, 9 and 12`."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    told: list[str] = []
    for run in runs:
        told += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(value) for value in run]
    return _list(told)


def _list(told: Sequence[str]) -> str:
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def _every(count: int, unit: str) -> str:
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
