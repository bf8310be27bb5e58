"""A schedule as the Recurring that would make it, so that a part of it can be changed. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from queues.schedules.job_schedule import JobSchedule
from queues.schedules.options import from_json
from queues.schedules.recurring import Recurring

#: What of a JobSchedule a Recurring says, but for its name.
SAID = (
    *("expression", "timezone", "data_json", "options", "overlap", "catch_up"),
    *("jitter_minutes", "start", "end"),
)


def recurring_of(schedule: JobSchedule) -> Recurring:
    """What a schedule says."""
    return Recurring(
        schedule.expression,
        name=schedule.name,
        data=schedule.data,
        options=from_json(schedule.options) if schedule.options else None,
        timezone=schedule.timezone,
        overlap=schedule.overlap,
        catch_up=schedule.catch_up,
        jitter=schedule.jitter_minutes * 60.0,
        start=_moment(schedule.start),
        end=_moment(schedule.end),
    )


def _moment(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)
