"""Schedules that job types declare, `@job(schedule=...)`: how they look beside their rows. Pure.

What code says is the definition, wherever that code runs; the row remembers what code cannot know: whether somebody has
paused it, and what became of its due times. So a deployment that changes a schedule needs to change no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from queues.errors import InvalidOption
from queues.jobtype import JobType
from queues.schedules.job_schedule import CODE, JobSchedule, ScheduleStatus
from queues.schedules.options import to_json
from queues.schedules.recurring import Recurring
from queues.schedules.terms import check_type

#: Whose jobs the schedules of code make.
TENANT = "default"


def milliseconds(moment: datetime | None) -> int | None:
    """Epoch ms."""
    return None if moment is None else round(moment.timestamp() * 1000)


def schedule_of(recurring: Recurring, job_type: JobType[Any, Any], tenant: str, now: int) -> JobSchedule:
    """A new schedule of jobs of a type, without a row: of `revision` 0. InvalidData if the type refuses its data."""
    start = milliseconds(recurring.start)
    if job_type.options.sensitive and recurring.data:
        # Without the value: the refusal is shown.
        raise InvalidOption("data", "...", "a schedule keeps its data in clear: give a sensitive type's schedule none")
    return JobSchedule(
        name=recurring.name or job_type.name,
        tenant=tenant,
        type=job_type.name,
        expression=recurring.expression,
        timezone=recurring.timezone,
        data_json=check_type(recurring.data, recurring.options, job_type),
        options=to_json(recurring.options),
        overlap=recurring.overlap,
        catch_up=recurring.catch_up,
        jitter_minutes=recurring.jitter_minutes,
        start=start,
        end=milliseconds(recurring.end),
        created_at=now,
        updated_at=now,
        anchor=now if start is None else start,
        since=now,
        revision=0,
    )


def declaration(
    job_type: JobType[Any, Any], tenant: str, name: str, row: JobSchedule | None, now: int
) -> JobSchedule | None:
    """The schedule of that name which the type declares, on top of what its row remembers; None if it declares none."""
    if tenant != TENANT:
        return None
    found = next((one for one in job_type.schedules if one.name == name), None)
    if found is None:
        return None
    new = replace(schedule_of(found, job_type, tenant, now), source=CODE)
    return new if row is None else on_top(new, row)


def declarations(types: Iterable[JobType[Any, Any]], now: int) -> list[JobSchedule]:
    """All schedules that types declare, without their rows, by their names."""
    found = [declaration(one, TENANT, recurring.name, None, now) for one in types for recurring in one.schedules]
    return sorted((one for one in found if one is not None), key=lambda schedule: schedule.name)


def on_top(new: JobSchedule, row: JobSchedule) -> JobSchedule:
    """What code says now, with what the row remembers. New times begin now: none before them is made up for."""
    same = timing(new) == timing(row) and row.status is not ScheduleStatus.DELETED
    return replace(
        new,
        status=ScheduleStatus.PAUSED if row.status is ScheduleStatus.PAUSED else ScheduleStatus.ACTIVE,
        created_at=row.created_at,
        updated_at=row.updated_at if same else new.updated_at,
        anchor=row.anchor if same else new.anchor,
        since=row.since if same else new.since,
        revision=row.revision,
        ticks=row.ticks,
        created_by=new.created_by or row.created_by,
        last_job=row.last_job,
        last_at=row.last_at,
        error=row.error,
        fates=row.fates,
        spans=row.spans,
    )


def timing(schedule: JobSchedule) -> Sequence[object]:
    """What decides when it is due."""
    return (schedule.aws_expression, schedule.timezone, schedule.start, schedule.end, schedule.jitter_minutes)


def same_definition(new: JobSchedule, row: JobSchedule) -> bool:
    """Whether the row says what code says."""
    return row.status is not ScheduleStatus.DELETED and replace(
        new, created_at=0, updated_at=0, anchor=0, since=0, fates=()
    ) == replace(row, created_at=0, updated_at=0, anchor=0, since=0, fates=())
