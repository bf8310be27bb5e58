"""Which due times have passed, which of them are left out, and which ticks find theirs decided: pure tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from sys import maxsize
from typing import Any

import pytest

from queues.schedules.job_schedule import MAX_CAUGHT_UP, MAX_REMEMBERED, JobSchedule, Span
from queues.schedules.passed import MAX_SPANS, ROUND, is_settled, looked_at_next, passed, with_span
from queues.schedules.row import row_of, schedule_of
from queues.schedules.tick import due_of

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
#: Noon, epoch ms.
NOON = round(datetime(2026, 9, 21, 12, tzinfo=UTC).timestamp()) * SECOND


def schedule(expression: str = "cron(0 * * * ? *)", **said: Any) -> JobSchedule:
    """Made half an hour before noon, unless it says more."""
    made = said.pop("made", NOON - HOUR // 2)
    new = JobSchedule(
        name="s",
        tenant="t",
        type="work",
        expression=expression,
        created_at=made,
        updated_at=made,
        anchor=made,
        since=made,
    )
    return replace(new, **said)


def times(one: JobSchedule, now: int, **more: int) -> tuple[int, list[int]] | None:
    """The next time that is to be decided, and those before it that are left out; in minutes from noon."""
    found = passed(one, now, **more)
    return None if found is None else ((found.due - NOON) // MINUTE, [(at - NOON) // MINUTE for at in found.missed])


@pytest.mark.parametrize(
    ("one", "after", "expected"),
    [
        (schedule(), -1, None),
        (schedule(), 0, (0, [])),
        (schedule(last_at=NOON), 0, None),
        (schedule(since=NOON + 1), 0, None),
        (schedule(since=NOON), 0, (0, [])),
        (schedule(last_at=NOON - HOUR), 0, (0, [])),
        (schedule(start=NOON + HOUR), HOUR - 1, None),
        (schedule(start=NOON + HOUR), HOUR, (60, [])),
        (schedule(end=NOON), 3 * HOUR, (0, [])),
        (schedule(end=NOON - 1), 3 * HOUR, None),
        # A time has passed when its jitter is over, not before.
        (schedule(jitter_minutes=10), 10 * MINUTE - 1, None),
        (schedule(jitter_minutes=10), 10 * MINUTE, (0, [])),
        (schedule(jitter_minutes=10, end=NOON), 10 * MINUTE, (0, [])),
        # Once, whatever start and end say.
        (schedule("at(2026-09-21T12:00:00)", start=NOON + HOUR, end=NOON - HOUR), 5 * HOUR, (0, [])),
        (schedule("at(2026-09-21T12:00:00)", last_at=NOON), 5 * HOUR, None),
        (schedule("at(2026-09-21T12:00:00)", since=NOON + 1), 5 * HOUR, None),
        (schedule("at(2026-09-21T12:00:00)"), -1, None),
        (schedule("at(2026-09-21T14:00:00)", timezone="Europe/Berlin"), 0, (0, [])),
        # A rate is due when it is made, and then in its own step.
        (schedule("rate(1 hour)", made=NOON), 0, (0, [])),
        (schedule("rate(1 hour)", made=NOON, last_at=NOON), HOUR - 1, None),
        (schedule("rate(1 hour)", made=NOON, last_at=NOON), HOUR, (60, [])),
        (schedule("rate(1 hour)", made=NOON + 400, last_at=NOON), HOUR, (60, [])),
        (schedule("rate(1 hour)", made=NOON + 5 * MINUTE, last_at=NOON), 5 * MINUTE, (5, [])),
        (schedule("rate(1 hour)", since=NOON + MINUTE), HOUR // 2 - 1, None),
        (schedule("rate(1 hour)", since=NOON + MINUTE), HOUR // 2, (30, [])),
    ],
)
def test_a_time_that_has_passed_and_is_not_decided(
    one: JobSchedule, after: int, expected: tuple[int, list[int]] | None
) -> None:
    assert times(one, NOON + after) == expected


@pytest.mark.parametrize(
    ("catch_up", "late", "expected"),
    [
        ("latest", ROUND - 1, (120, [0, 60])),
        ("latest", HOUR - 1, (120, [0, 60])),
        ("all", HOUR - 1, (0, [])),
        ("none", 5 * MINUTE, (120, [0, 60])),
        # All are too late: the last one is told so by itself.
        ("none", 5 * MINUTE + 1, (120, [0, 60])),
    ],
)
def test_of_a_gap_the_catch_up_policy_decides(catch_up: Any, late: int, expected: tuple[int, list[int]]) -> None:
    assert times(schedule(catch_up=catch_up), NOON + 2 * HOUR + late) == expected


@pytest.mark.parametrize(
    ("late", "expected"), [(ROUND, (1, [])), (ROUND + 1, (2, [1])), (ROUND + MINUTE + 1, (3, [1, 2]))]
)
def test_a_round_that_is_late_misses_nothing(late: int, expected: tuple[int, list[int]]) -> None:
    assert times(schedule("cron(* * * * ? *)", last_at=NOON), NOON + MINUTE + late) == expected


def test_within_its_jitter_no_time_is_missed() -> None:
    one = schedule("cron(0/5 * * * ? *)", jitter_minutes=30, last_at=NOON)
    assert times(one, NOON + 37 * MINUTE) == (5, [])


def test_what_was_due_at_a_purge_is_gone() -> None:
    one = schedule(catch_up="all")
    assert times(one, NOON + 2 * HOUR, purged_at=NOON + HOUR) == (120, [])
    assert times(one, NOON + 2 * HOUR, purged_at=NOON + 2 * HOUR) is None
    # Its tick may not have been sent by then.
    assert times(replace(one, jitter_minutes=5), NOON + 2 * HOUR, purged_at=NOON + HOUR) == (60, [])


def test_a_long_gap_is_bounded() -> None:
    one, now = schedule("cron(* * * * ? *)", last_at=NOON), NOON + 500 * MINUTE
    latest = passed(one, now)
    assert latest is not None
    assert (latest.after, len(latest.missed)) == (NOON, MAX_REMEMBERED - 3), "all before it are decided with it"
    all_of_them = passed(replace(one, catch_up="all"), now)
    assert all_of_them is not None
    first = NOON + (500 - MAX_CAUGHT_UP + 1) * MINUTE
    assert (all_of_them.due, all_of_them.after) == (first, first - 1), "those before it are left to their ticks"


@pytest.mark.parametrize(
    ("one", "now", "expected"),
    [
        (schedule(), NOON - 1, NOON),
        (schedule(), NOON, NOON + HOUR),
        (schedule(jitter_minutes=10), NOON, NOON + 10 * MINUTE),
        (schedule("rate(1 hour)", made=NOON, last_at=NOON), NOON, NOON + HOUR),
        (schedule("at(2026-09-21T12:00:00)"), NOON, maxsize),
    ],
)
def test_when_to_look_again(one: JobSchedule, now: int, expected: int) -> None:
    assert looked_at_next(one, now) == expected


@pytest.mark.parametrize(
    ("due", "settled"), [(NOON - HOUR, False), (NOON, True), (NOON + HOUR, True), (NOON + 2 * HOUR, False)]
)
def test_a_tick_of_a_span_finds_its_time_decided(due: int, settled: bool) -> None:
    one = schedule()
    one = replace(one, spans=with_span(one, NOON - HOUR, NOON + HOUR))
    assert is_settled(one, due) is settled


@pytest.mark.parametrize("out_of_step", [-29_000, -400, 0, 600, 29_000])
@pytest.mark.parametrize(("step", "settled"), [(-1, False), (0, True), (1, True), (2, True), (3, False)])
def test_a_tick_of_a_rate_is_known_by_its_nearest_time(out_of_step: int, step: int, settled: bool) -> None:
    one = schedule("rate(1 minute)", made=NOON)
    one = replace(one, spans=with_span(one, NOON - 1, NOON + 2 * MINUTE))
    assert is_settled(one, NOON + step * MINUTE + out_of_step) is settled


def test_times_that_are_set_anew_are_no_neighbours_of_old_ones() -> None:
    old = schedule("rate(5 minutes)", made=NOON)
    spans = with_span(old, NOON - 1, NOON + 10 * MINUTE)
    changed = NOON + 10 * MINUTE + 30_000
    new = replace(old, expression="rate(1 hour)", anchor=changed, since=changed, spans=spans)
    assert not is_settled(new, changed), "due when it was changed"
    assert is_settled(new, NOON + 5 * MINUTE + 400), "an old tick"
    assert not is_settled(new, NOON - 5 * MINUTE)


def test_spans_grow_while_times_follow_each_other() -> None:
    one = schedule()
    one = replace(one, spans=with_span(one, NOON - HOUR, NOON))
    one = replace(one, spans=with_span(one, NOON, NOON + HOUR))
    assert one.spans == (Span(NOON - HOUR, NOON + HOUR),)
    one = replace(one, spans=with_span(one, NOON + 3 * HOUR, NOON + 4 * HOUR))
    assert one.spans == (Span(NOON - HOUR, NOON + HOUR), Span(NOON + 3 * HOUR, NOON + 4 * HOUR))
    for day in range(1, 20):
        one = replace(one, spans=with_span(one, NOON + day * 24 * HOUR, NOON + day * 24 * HOUR + HOUR))
    assert len(one.spans) == MAX_SPANS
    rate = schedule("rate(1 hour)", made=NOON)
    rate = replace(rate, spans=with_span(rate, NOON, NOON + HOUR))
    rate = replace(rate, anchor=NOON + HOUR)
    assert len(with_span(rate, NOON + HOUR, NOON + 2 * HOUR)) == 2, "it counts anew"


def test_the_row_remembers_spans() -> None:
    one = schedule("rate(1 hour)")
    assert "spans" not in row_of(one)
    one = replace(one, spans=with_span(one, NOON, NOON + HOUR))
    assert schedule_of(row_of(one)).spans == one.spans


def test_a_tick_that_tells_no_time_is_that_of_the_one_time() -> None:
    one = schedule("at(2026-09-21T12:00:00)")
    assert due_of(one, NOON + 7 * SECOND) == NOON
    # A tick of the time that it had before somebody changed it.
    assert due_of(one, NOON - HOUR + 7) == NOON - HOUR
