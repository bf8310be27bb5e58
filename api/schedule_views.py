"""A schedule as the API shows it."""

from __future__ import annotations

from typing import Any

import orjson

from api.type_views import unique_view
from api.views import moment
from queues.job import Job
from queues.schedules.job_schedule import Fate, JobSchedule, job_id_of
from queues.schedules.options import unique_of

#: The options of a job whose values are seconds inside and milliseconds outside.
_SECONDS = {"timeout": "timeout", "expires_in": "expiresIn", "deadline": "deadline"}


def schedule_view(schedule: JobSchedule, last: Job | None, now: int, runs: int) -> dict[str, Any]:
    """All that a tenant may know of its schedule; `runs` due times ahead, `last` the job that it made last."""
    return {
        "name": schedule.name,
        "type": schedule.type,
        "tenantId": schedule.tenant,
        "status": schedule.seen_at(now).value,
        "schedule": schedule.expression,
        "timezone": schedule.timezone,
        "description": schedule.description,
        "data": orjson.Fragment(schedule.data_json),
        "options": _options(schedule),
        "overlap": schedule.overlap,
        "catchUp": schedule.catch_up,
        "jitter": schedule.jitter_minutes * 60_000,
        "start": moment(schedule.start),
        "end": moment(schedule.end),
        "source": schedule.source,
        "createdBy": schedule.created_by or None,
        "createdAt": moment(schedule.created_at),
        "updatedAt": moment(schedule.updated_at),
        "nextRuns": [moment(due) for due in schedule.next_times(runs, now)],
        "lastRun": _run(schedule, last),
        "recent": [_fate(schedule, due, fate) for due, fate in reversed(schedule.fates)],
        "error": schedule.error,
    }


def _run(schedule: JobSchedule, last: Job | None) -> dict[str, Any] | None:
    """The job that it made last; only its id if the job's row is gone."""
    if schedule.last_job is None:
        return None
    error = last.error if last is not None else None
    return {
        "jobId": schedule.last_job,
        "status": None if last is None else last.status.value,
        "createdAt": None if last is None else moment(last.created_at),
        "startedAt": None if last is None else moment(last.started_at),
        "finishedAt": None if last is None else moment(last.finished_at),
        "error": None if error is None else f"{error.type}: {error.message}",
    }


def _fate(schedule: JobSchedule, due: int, fate: Fate) -> dict[str, Any]:
    job_id = job_id_of(schedule.name, due) if fate is Fate.STARTED else None
    return {"dueAt": moment(due), "outcome": fate.value, "jobId": job_id}


def _options(schedule: JobSchedule) -> dict[str, Any]:
    shown = {
        _SECONDS.get(name, name): round(value * 1000) if name in _SECONDS else value
        for name, value in schedule.options.items()
    }
    rule = unique_of(schedule)
    return shown if rule is None else shown | {"unique": unique_view(rule)}
