"""The shapes of answers about schedules, for OpenAPI only; as in `answers.py`, a test holds real ones against them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from api.answers import Milliseconds
from queues.job import Status
from queues.schedules.job_schedule import Fate
from queues.schedules.recurring import CatchUp, Overlap


class _Answer(BaseModel):
    # Built when /openapi.json is first asked for, and not at each cold start.
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)


class LastRun(_Answer):
    """The job that a schedule made last. All but its id is null once its row is gone."""

    job_id: str
    status: Status | None
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


class DueTime(_Answer):
    """What became of a due time."""

    due_at: datetime
    outcome: Fate
    job_id: str | None = Field(description="Of the job that was started.")


class ScheduleView(_Answer):
    name: str
    type: str
    tenant_id: str
    status: Literal["active", "paused", "ended"] = Field(description="`ended`: it has no further time.")
    schedule: str
    timezone: str
    description: str = Field(description="Its times in English.")
    data: Any
    options: dict[str, Any] = Field(description="What differs from the job type's.")
    overlap: Overlap
    catch_up: CatchUp
    jitter: Milliseconds
    start: datetime | None
    end: datetime | None
    source: Literal["code", "call"] = Field(description="`code`: declared with @job(schedule=...), and changed there.")
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    next_runs: list[datetime] = Field(description="Without jitter. None while it is paused.")
    last_run: LastRun | None
    recent: list[DueTime] = Field(description="The last due times, latest first.")
    error: str | None = Field(description="Why the last due time made no job, if the job type refused it.")


class SchedulesPage(_Answer):
    schedules: list[ScheduleView] = Field(description="By their names.")
    cursor: str | None = Field(description="Pass it on to get the next page; null at the end.")


class DeletedSchedule(_Answer):
    name: str
    deleted: Literal[True]
