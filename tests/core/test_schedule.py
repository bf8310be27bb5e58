"""Schedule expressions: AWS's examples and rules as tables, what is refused, and what clock changes do."""

import itertools
from datetime import UTC, datetime

import pytest

from queues.errors import InvalidSchedule
from queues.schedule import Rate, read, to_aws, upcoming


def moment(text: str) -> int:
    """Epoch ms of an ISO time; UTC unless it says otherwise."""
    at = datetime.fromisoformat(text)
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def times(expression: str, start: str, count: int = 3, zone: str = "UTC") -> list[str]:
    """The next times in UTC, minutes only."""
    found = itertools.islice(upcoming(read(expression, zone), moment(start)), count)
    return [datetime.fromtimestamp(due / 1000, UTC).strftime("%Y-%m-%d %H:%M") for due in found]


#: (expression, from, the next times in UTC). The first block is from AWS's own pages: "Schedule types" of the
#: EventBridge Scheduler User Guide and the cron examples of the EventBridge User Guide.
CALENDAR = [
    ("cron(15 10 ? * 6L 2022-2023)", "2022-11-01", ["2022-11-25 10:15", "2022-12-30 10:15", "2023-01-27 10:15"]),
    ("cron(30 8 * * ? *)", "2026-11-19T08:30", ["2026-11-19 08:30", "2026-11-20 08:30", "2026-11-21 08:30"]),
    ("cron(0 10 * * ? *)", "2026-01-01T10:01", ["2026-01-02 10:00", "2026-01-03 10:00", "2026-01-04 10:00"]),
    ("cron(15 12 * * ? *)", "2026-01-01", ["2026-01-01 12:15", "2026-01-02 12:15", "2026-01-03 12:15"]),
    ("cron(0 18 ? * MON-FRI *)", "2026-11-20T18:01", ["2026-11-23 18:00", "2026-11-24 18:00", "2026-11-25 18:00"]),
    ("cron(0 8 1 * ? *)", "2026-11-02", ["2026-12-01 08:00", "2027-01-01 08:00", "2027-02-01 08:00"]),
    ("cron(0/15 * * * ? *)", "2026-01-01T00:16", ["2026-01-01 00:30", "2026-01-01 00:45", "2026-01-01 01:00"]),
    ("cron(0/10 * ? * MON-FRI *)", "2026-11-20T23:45", ["2026-11-20 23:50", "2026-11-23 00:00", "2026-11-23 00:10"]),
    ("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-20T17:54", ["2026-11-20 17:55", "2026-11-23 08:00", "2026-11-23 08:05"]),
    ("cron(0 9 ? * 2#1 *)", "2026-11-01", ["2026-11-02 09:00", "2026-12-07 09:00", "2027-01-04 09:00"]),
    ("cron(0 9 ? * 3#2 *)", "2026-11-01", ["2026-11-10 09:00", "2026-12-08 09:00", "2027-01-12 09:00"]),
    ("cron(1/10 * * * ? *)", "2026-01-01T00:02", ["2026-01-01 00:11", "2026-01-01 00:21", "2026-01-01 00:31"]),
    # The letters.
    ("cron(0 0 L * ? *)", "2028-01-31T00:01", ["2028-02-29 00:00", "2028-03-31 00:00", "2028-04-30 00:00"]),
    ("cron(0 0 LW * ? *)", "2026-05-01", ["2026-05-29 00:00", "2026-06-30 00:00", "2026-07-31 00:00"]),
    ("cron(0 0 3W * ? *)", "2026-01-01", ["2026-01-02 00:00", "2026-02-03 00:00", "2026-03-03 00:00"]),
    ("cron(0 0 1W * ? *)", "2026-08-01", ["2026-08-03 00:00", "2026-09-01 00:00", "2026-10-01 00:00"]),
    ("cron(0 0 31W * ? *)", "2026-05-01", ["2026-05-29 00:00", "2026-07-31 00:00", "2026-08-31 00:00"]),
    ("cron(0 0 1,L * ? *)", "2026-02-02", ["2026-02-28 00:00", "2026-03-01 00:00", "2026-03-31 00:00"]),
    ("cron(0 0 ? * L *)", "2026-11-01", ["2026-11-07 00:00", "2026-11-14 00:00", "2026-11-21 00:00"]),
    ("cron(0 0 ? * friL *)", "2026-11-01", ["2026-11-27 00:00", "2026-12-25 00:00", "2027-01-29 00:00"]),
    ("cron(0 0 ? * SUN#5 *)", "2026-01-01", ["2026-03-29 00:00", "2026-05-31 00:00", "2026-08-30 00:00"]),
    ("cron(0 0 29 2 ? *)", "2096-03-01", ["2104-02-29 00:00", "2108-02-29 00:00", "2112-02-29 00:00"]),
    ("cron(0 0 30 FEB ? *)", "2026-01-01", []),
    # Lists, ranges and steps; the year may be left out.
    ("cron(0-15/5 8-8 ? * 2,7 *)", "2026-11-20", ["2026-11-21 08:00", "2026-11-21 08:05", "2026-11-21 08:10"]),
    ("cron(0 0 1 JAN,jul ?)", "2026-02-01", ["2026-07-01 00:00", "2027-01-01 00:00", "2027-07-01 00:00"]),
    ("cron(0 0 1 1 ? 2199)", "2026-01-01", ["2199-01-01 00:00"]),
    ("cron(59 23 31 12 ? 2199)", "2200-01-01", []),
]


@pytest.mark.parametrize(("expression", "start", "expected"), CALENDAR)
def test_cron_is_due_at(expression: str, start: str, expected: list[str]) -> None:
    assert times(expression, start) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "cron()",
        "cron(INVALID)",
        "cron(0 1 * * * *)",
        "cron(0 1 ? * ? *)",
        "cron(0 8 1 * MON *)",
        "cron(7 20 * * NOT *)",
        "cron(0 dummy ? * MON-FRI *)",
        "cron(71 8 1 * ? *)",
        "cron(0 24 1 * ? *)",
        "cron(0 8 0 * ? *)",
        "cron(0 8 32 * ? *)",
        "cron(0 8 1 13 ? *)",
        "cron(0 8 ? * 0 *)",
        "cron(0 8 ? * 8 *)",
        "cron(0 8 1 * ? 1969)",
        "cron(0 8 1 * ? 2200)",
        "cron(0 8 ? * 3#1,6#3 *)",
        "cron(0 8 ? * 3#6 *)",
        "cron(0 8 ? * 3# *)",
        "cron(0 8 W * ? *)",
        "cron(0 8 L-3 * ? *)",
        "cron(0 8 ? * 6W *)",
        "cron(0/0 8 1 * ? *)",
        "cron(0/60 8 1 * ? *)",
        "cron(1,,2 8 1 * ? *)",
        "cron(5-1 8 1 * ? *)",
        "cron(0/30 20-2 ? * MON-FRI *)",
        "cron(0 8 1 * ? * *)",
        "cron(0 8 1 *)",
        "cron( 0 8 1 * ? * )",
        "cron(\u0661 8 1 * ? *)",
        "rate()",
        "rate(10)",
        "rate(0 minutes)",
        "rate(-10 minutes)",
        "rate(1.5 hours)",
        "rate(10 seconds)",
        "rate(10 years)",
        "rate(10 minutess)",
        "rate(foo minutes)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "rate(10000000000 days)",
        "RATE(5 minutes)",
        "at(2021-12-31)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31T23:59)",
        "at(2021-02-29T00:00:00)",
        "at(2021-12-31T24:00:00)",
        "*/5 * * * *",
    ],
)
def test_what_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(InvalidSchedule, match="schedule="):
        read(expression)


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "/etc/localtime", "right/UTC", "Europe", "UTC "])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidSchedule, match="timezone="):
        read("rate(1 day)", zone)


def test_a_fault_names_the_field_and_what_it_takes() -> None:
    with pytest.raises(InvalidSchedule, match=r"minutes takes 0-59, not '71'"):
        read("cron(71 8 1 * ? *)")


@pytest.mark.parametrize(
    ("expression", "every"),
    [
        ("rate(1 minute)", 60_000),
        ("rate(1 minutes)", 60_000),
        ("rate(2 minute)", 120_000),
        ("rate(3 hours)", 10_800_000),
        ("rate(5 days)", 432_000_000),
    ],
)
def test_a_rate_is_due_at_its_anchor_and_every_so_often_from_there(expression: str, every: int) -> None:
    rate = read(expression)
    assert rate == Rate(every)
    anchor = 1_700_000_000_123
    assert rate.at_or_after(0, anchor) == anchor
    assert rate.at_or_after(anchor, anchor) == anchor
    assert rate.at_or_after(anchor + 1, anchor) == anchor + every
    assert rate.at_or_after(anchor + 5 * every, anchor) == anchor + 5 * every
    assert rate.latest(anchor + 5 * every - 1, 0, anchor) == anchor + 4 * every
    assert rate.latest(anchor - 1, 0, anchor) is None
    assert rate.latest(anchor + every - 1, anchor + 1, anchor) is None


def test_at_is_due_once_in_its_zone() -> None:
    # 1 pm UTC-8 on November 20, 2022: the User Guide's example.
    once = read("at(2022-11-20T13:00:00)", "America/Los_Angeles")
    due = moment("2022-11-20T21:00")
    assert list(upcoming(once, 0)) == [due]
    assert once.at_or_after(due + 1) is None
    assert once.latest(due, 0) == due
    assert once.latest(due + 10, due + 1) is None


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        ("2025-03-09T02:30:00", "America/Los_Angeles", "2025-03-09T10:00"),  # skipped: 02:00 to 03:00
        ("2025-03-30T02:00:00", "Europe/Berlin", "2025-03-30T01:00"),  # the first skipped moment
        ("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-30T10:00"),  # a whole day skipped
        ("2025-10-26T02:30:00", "Europe/Berlin", "2025-10-26T00:30"),  # repeated: the first pass
        ("9999-12-31T23:59:59", "America/New_York", None),
    ],
)
def test_at_a_time_that_clocks_skip_or_repeat(local: str, zone: str, expected: str | None) -> None:
    due = read(f"at({local})", zone).at_or_after(0)
    assert due is not None
    if expected is not None:
        assert due == moment(expected)


def test_cron_leaves_out_a_time_that_clocks_skip_and_is_due_once_when_they_repeat_it() -> None:
    # The User Guide's own example: every day at 2:30 in Los Angeles.
    daily = "cron(30 2 * * ? *)"
    assert times(daily, "2025-03-08T00:00-08:00", 3, "America/Los_Angeles") == [
        "2025-03-08 10:30",
        "2025-03-10 09:30",
        "2025-03-11 09:30",
    ]
    # "fall back" there is from 2:00 to 1:00.
    assert times("cron(30 1 * * ? *)", "2025-11-01T00:00-07:00", 3, "America/Los_Angeles") == [
        "2025-11-01 08:30",
        "2025-11-02 08:30",
        "2025-11-03 09:30",
    ]


def test_a_rate_of_days_counts_24_hours_whatever_clocks_do() -> None:
    daily = read("rate(1 day)", "America/Los_Angeles")
    start = moment("2025-03-08T02:30-08:00")
    assert list(itertools.islice(upcoming(daily, start, start), 3)) == [start + day * 86_400_000 for day in range(3)]


@pytest.mark.parametrize(
    ("plain", "aws"),
    [
        ("* * * * *", "cron(* * * * ? *)"),
        ("*/15 9-17 * * 1-5", "cron(*/15 9-17 ? * MON,TUE,WED,THU,FRI *)"),
        ("0 0 1 jan *", "cron(0 0 1 JAN ? *)"),
        ("30 4 * * 0", "cron(30 4 ? * SUN *)"),
        ("30 4 * * 7", "cron(30 4 ? * SUN *)"),
        ("30 4 * * 5-7", "cron(30 4 ? * SUN,FRI,SAT *)"),
        ("30 4 * * */2", "cron(30 4 ? * SUN,TUE,THU,SAT *)"),
        ("30 4 * * Mon,Wed", "cron(30 4 ? * MON,WED *)"),
        ("rate(5 minutes)", "rate(5 minutes)"),
        ("cron(0 9 1 * ?)", "cron(0 9 1 * ?)"),
    ],
)
def test_five_field_cron_has_an_aws_form(plain: str, aws: str) -> None:
    assert to_aws(plain) == aws
    read(aws)


@pytest.mark.parametrize("plain", ["0 0 1 * 1", "60 0 * * *", "0 0 * * 8", "0 0 * * MON-", "0 0 32 * *"])
def test_five_field_cron_that_has_none_is_refused(plain: str) -> None:
    with pytest.raises(InvalidSchedule):
        to_aws(plain)
