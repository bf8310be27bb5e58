"""Daylight saving, both ways, on the embedded engine in virtual time: which local times make jobs, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from queues import job
from queues.testing import Yard, open_yard


@job("note")
async def note(_data: Any) -> None:
    """Nothing but a time."""


@pytest.fixture
def yard() -> Iterator[Yard]:
    with open_yard([note]) as opened:
        yield opened


async def runs(yard: Yard, zone: str, expression: str, start: str, days: int) -> list[str]:
    """The local times, with their offsets, at which jobs ran."""
    local = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    await yard.advance_to(local.astimezone(UTC))
    await yard.queue.schedules.create("s", "note", expression, timezone=zone)
    # A rate is due as soon as it is there, too.
    told = (await yard.queue.schedules.get("s")).next_runs(100, yard.clock() - 1)
    ran = await yard.work(timedelta(days=days))
    times = [datetime.fromtimestamp(one.attempt.started_at / 1000, UTC) for one in ran]
    assert times == list(told[: len(times)]), "as was told before"
    assert [one.job.id for one in ran] == [f"s:{moment:%Y%m%dT%H%M%SZ}" for moment in times]
    return [moment.astimezone(ZoneInfo(zone)).strftime("%d %H:%M %z") for moment in times]


async def test_berlin_in_spring_leaves_out_the_time_that_is_skipped(yard: Yard) -> None:
    found = await runs(yard, "Europe/Berlin", "30 2 * * *", "2026-03-28T00:00:00", 3)
    assert found == ["28 02:30 +0100", "30 02:30 +0200"]


async def test_berlin_in_autumn_runs_once_in_the_hour_that_comes_twice(yard: Yard) -> None:
    found = await runs(yard, "Europe/Berlin", "30 2 * * *", "2026-10-24T00:00:00", 3)
    assert found == ["24 02:30 +0200", "25 02:30 +0200", "26 02:30 +0100"]


async def test_new_york_in_spring(yard: Yard) -> None:
    found = await runs(yard, "America/New_York", "cron(15 2 * * ? *)", "2026-03-07T00:00:00", 3)
    assert found == ["07 02:15 -0500", "09 02:15 -0400"]


async def test_new_york_in_autumn(yard: Yard) -> None:
    found = await runs(yard, "America/New_York", "cron(15 1 * * ? *)", "2026-10-31T00:00:00", 3)
    assert found == ["31 01:15 -0400", "01 01:15 -0400", "02 01:15 -0500"]


@pytest.mark.parametrize(
    ("zone", "start", "before", "after"),
    [
        ("Europe/Berlin", "2026-03-28T00:00:00", "+0100", "+0200"),
        ("Europe/Berlin", "2026-10-24T00:00:00", "+0200", "+0100"),
        ("America/New_York", "2026-03-07T00:00:00", "-0500", "-0400"),
        ("America/New_York", "2026-10-31T00:00:00", "-0400", "-0500"),
    ],
)
async def test_nine_in_the_morning_is_nine_in_the_morning(
    yard: Yard, zone: str, start: str, before: str, after: str
) -> None:
    found = await runs(yard, zone, "0 9 * * *", start, 2)
    assert [one[3:] for one in found] == [f"09:00 {before}", f"09:00 {after}"]


@pytest.mark.parametrize("start", ["2026-03-29T00:00:00", "2026-10-25T00:00:00"])
async def test_a_rate_of_hours_knows_no_daylight_saving(yard: Yard, start: str) -> None:
    found = await runs(yard, "Europe/Berlin", "rate(1 hour)", start, 1)
    assert len(found) == 25
    assert len(set(found)) == 25


async def test_every_minute_is_silent_for_the_hour_that_comes_again(yard: Yard) -> None:
    found = await runs(yard, "Europe/Berlin", "*/20 * * * *", "2026-10-25T01:30:00", 0)
    assert found == []
    ran = await yard.work(hours=4)
    local = [
        datetime.fromtimestamp(one.attempt.started_at / 1000, ZoneInfo("Europe/Berlin")).strftime("%H:%M")
        for one in ran
    ]
    assert local == ["01:40", "02:00", "02:20", "02:40", "03:00", "03:20", "03:40", "04:00", "04:20"]


async def test_at_a_time_that_is_skipped_runs_when_clocks_have_jumped(yard: Yard) -> None:
    found = await runs(yard, "Europe/Berlin", "at(2026-03-29T02:30:00)", "2026-03-28T00:00:00", 3)
    assert found == ["29 03:00 +0200"]
