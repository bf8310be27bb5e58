"""The options of a schedule's jobs as JSON values, and back: what differs from the defaults, by its name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

import orjson

from queues.errors import InvalidOption
from queues.options import DEFAULTS, NewJob, Options
from queues.retry import Backoff
from queues.schedules.job_schedule import JobSchedule
from queues.unique.rule import Unique

#: A point in time is for one job and not for all that a schedule makes: it is not turned into text.
_PLAIN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def to_json(options: Options | None) -> dict[str, Any]:
    """Plain JSON values of the options that were chosen. InvalidOption for one that cannot be kept in a row."""
    chosen = options or DEFAULTS
    found: dict[str, Any] = {}
    for one in fields(Options):
        value = getattr(chosen, one.name)
        if value != getattr(DEFAULTS, one.name):
            found[one.name] = _plain(one.name, value)
    return found


def from_json(values: Mapping[str, Any], job_id: str | None = None) -> Options:
    """The options again; for the job of that id without what it is to be unique by."""
    chosen = dict(values)
    if "unique" in chosen:
        rule = chosen.pop("unique")
        if job_id is None:
            chosen["unique"] = _unique(rule)
    if "backoff" in chosen:
        chosen["backoff"] = Backoff.from_json(chosen["backoff"])
    return Options(**chosen, job_id=job_id)


def job_of(schedule: JobSchedule, job_id: str) -> NewJob:
    """What the schedule asks for, under an id of its own."""
    return NewJob(schedule.type, schedule.data, from_json(schedule.options, job_id))


def unique_of(schedule: JobSchedule) -> Unique | None:
    """What its jobs are to be unique by, if it says so itself."""
    rule = schedule.options.get("unique")
    return None if rule is None else _unique(rule)


def _unique(rule: Mapping[str, Any]) -> Unique:
    return Unique(**{**rule, "fields": tuple(rule.get("fields", ()))})


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Backoff):
        return value.to_json()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Unique):
        given = {
            one.name: getattr(value, one.name) for one in fields(Unique) if getattr(value, one.name) != one.default
        }
        return {one: _plain(f"unique.{one}", said) for one, said in given.items()}
    try:
        return orjson.loads(orjson.dumps(value, option=_PLAIN))
    except TypeError:
        raise InvalidOption(name, value, "the options of a schedule's jobs must be plain values") from None
