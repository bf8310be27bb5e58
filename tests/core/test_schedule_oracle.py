"""The search for the next time against the plainest oracle there is: look at every minute, or every day, in turn.

The oracle walks along instants and asks of each whether its local time matches, by sets that hypothesis built
together with the expression's text; so it shares neither the reader nor the search with `queues.schedule`.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from queues.schedule import Calendar, read

MINUTE = 60_000
#: Minutes that the oracle looks at.
WINDOW = 3 * 1440

#: Where clocks are changed by an hour, by half an hour, by a day, at midnight, or not at all: (zone, from).
PLACES = [
    ("Europe/Berlin", "2025-03-29T12:00"),
    ("Europe/Berlin", "2025-10-25T12:00"),
    ("America/Los_Angeles", "2024-03-09T20:00"),
    ("America/Los_Angeles", "2024-11-02T20:00"),
    ("Australia/Lord_Howe", "2025-04-05T00:00"),
    ("Australia/Lord_Howe", "2025-10-04T00:00"),
    ("America/Sao_Paulo", "2018-11-03T12:00"),
    ("America/Sao_Paulo", "2018-02-17T12:00"),
    ("Pacific/Apia", "2011-12-29T00:00"),
    ("Africa/Casablanca", "2025-02-22T00:00"),
    ("Asia/Kathmandu", "2027-12-30T00:00"),
    ("UTC", "2028-02-27T12:00"),
]


@dataclass(frozen=True)
class Matcher:
    """A field as text, and the numbers that it stands for."""

    text: str
    numbers: frozenset[int]


@st.composite
def fields(draw: st.DrawFn, least: int, most: int) -> Matcher:
    """A list of one to three of: a number, a range, a range with a step, a start with a step, all, all with a step."""
    texts: list[str] = []
    numbers: set[int] = set()
    for _ in range(draw(st.integers(1, 3))):
        first = draw(st.integers(least, most))
        last = draw(st.integers(first, most))
        step = draw(st.integers(1, most))
        text, found = draw(
            st.sampled_from(
                [
                    (f"{first}", range(first, first + 1)),
                    (f"{first}-{last}", range(first, last + 1)),
                    (f"{first}-{last}/{step}", range(first, last + 1, step)),
                    (f"{first}/{step}", range(first, most + 1, step)),
                    ("*", range(least, most + 1)),
                    (f"*/{step}", range(least, most + 1, step)),
                ]
            )
        )
        texts.append(text)
        numbers |= set(found)
    return Matcher(",".join(texts), frozenset(numbers))


def nearest_working_day(day: date) -> int:
    """Of the month's Mondays to Fridays the one that is nearest; there is never a draw."""
    length = monthrange(day.year, day.month)[1]
    working = [n for n in range(1, length + 1) if day.replace(day=n).weekday() < 5]
    return min(working, key=lambda n: abs(n - day.day))


def is_last(day: date) -> bool:
    return (day + timedelta(days=1)).month != day.month


@dataclass(frozen=True)
class DayMatcher:
    """The two day fields as text, and whether a day is meant."""

    text: str
    matches: Callable[[date], bool]


@st.composite
def day_fields(draw: st.DrawFn) -> DayMatcher:
    number = draw(st.integers(1, 31))
    weekday = draw(st.integers(1, 7))  # AWS's: Sunday is 1
    nth = draw(st.integers(1, 5))
    numbers = draw(fields(1, 31))
    weekdays = draw(fields(1, 7))

    def aws_weekday(day: date) -> int:
        return day.isoweekday() % 7 + 1

    def near(day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        return number <= length and day.day == nearest_working_day(day.replace(day=number))

    def last_working(day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        return day.day == max(n for n in range(1, length + 1) if day.replace(day=n).weekday() < 5)

    return draw(
        st.sampled_from(
            [
                DayMatcher("* {} ?", lambda day: True),
                DayMatcher("? {} *", lambda day: True),
                DayMatcher(numbers.text + " {} ?", lambda day: day.day in numbers.numbers),
                DayMatcher("? {} " + weekdays.text, lambda day: aws_weekday(day) in weekdays.numbers),
                DayMatcher("L {} ?", is_last),
                DayMatcher("LW {} ?", last_working),
                DayMatcher(f"{number}W {{}} ?", near),
                DayMatcher("? {} L", lambda day: aws_weekday(day) == 7),
                DayMatcher(
                    f"? {{}} {weekday}L",
                    lambda day: aws_weekday(day) == weekday and (day + timedelta(days=7)).month != day.month,
                ),
                DayMatcher(
                    f"? {{}} {weekday}#{nth}",
                    lambda day: aws_weekday(day) == weekday and (day.day - 1) // 7 + 1 == nth,
                ),
            ]
        )
    )


def epoch_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@cache
def minutes_of(zone: str, start: int) -> list[tuple[int, datetime]]:
    """Every instant of the window with its local time, without second passes through repeated hours."""
    found = []
    for instant in range(start, start + WINDOW * MINUTE, MINUTE):
        local = datetime.fromtimestamp(instant / 1000, ZoneInfo(zone))
        if not local.fold:
            found.append((instant, local))
    return found


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), st.integers(0, 2 * 1440), fields(0, 59), fields(0, 23), day_fields(), fields(1, 12))
def test_minute_by_minute_around_clock_changes(
    place: tuple[str, str], later: int, minutes: Matcher, hours: Matcher, days: DayMatcher, months: Matcher
) -> None:
    zone, text = place
    start = epoch_ms(text)
    begin = start + later * MINUTE
    expected = [
        instant
        for instant, local in minutes_of(zone, start)
        if instant >= begin
        and local.minute in minutes.numbers
        and local.hour in hours.numbers
        and local.month in months.numbers
        and days.matches(local.date())
    ][:20]
    schedule = read(f"cron({minutes.text} {hours.text} {days.text.format(months.text)} *)", zone)
    found = []
    due = schedule.at_or_after(begin)
    while due is not None and due < start + WINDOW * MINUTE and len(found) < 20:
        found.append(due)
        due = schedule.at_or_after(due + 1)
    assert found == expected
    assert isinstance(schedule, Calendar)
    for since in (begin, begin + 1):
        last = schedule.latest(begin + 500 * MINUTE, since)
        assert (
            last == max((due for due in expected if since <= due <= begin + 500 * MINUTE), default=None)
            or len(expected) == 20
        )


@settings(max_examples=200, deadline=None)
@given(st.dates(date(1996, 1, 1), date(2190, 1, 1)), day_fields(), fields(1, 12), fields(1970, 2199))
def test_day_by_day_over_four_years(start: date, days: DayMatcher, months: Matcher, years: Matcher) -> None:
    schedule = read(f"cron(0 0 {days.text.format(months.text)} {years.text})")
    due = schedule.at_or_after(epoch_ms(start.isoformat()))
    for n in range(1461):
        day = start + timedelta(days=n)
        if day.year in years.numbers and day.month in months.numbers and days.matches(day):
            assert due == epoch_ms(day.isoformat())
            return
    assert due is None or due > epoch_ms((start + timedelta(days=1460)).isoformat())


@given(st.integers(1, 10_000), st.integers(0, 2**41), st.integers(0, 2**41))
def test_a_rate_is_the_first_step_from_its_anchor_that_is_not_too_early(every: int, anchor: int, begin: int) -> None:
    due = read(f"rate({every} minutes)").at_or_after(begin, anchor)
    assert due is not None
    assert due >= begin
    assert (due - anchor) % (every * MINUTE) == 0
    assert due == anchor or (due > anchor and due - every * MINUTE < begin)
