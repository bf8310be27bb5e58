"""The rules of a job type as the API shows them: what errors mean, which jobs count as the same, when they come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from api.views import moment
from queues.job_options import JobOptions
from queues.jobtype import JobType
from queues.outcome import Cancel, Discard
from queues.policy import Action, Name
from queues.schedules.recurring import Recurring
from queues.unique.rule import Unique

#: The words for what an exception may mean besides waits of its own.
_WORDS: dict[Any, str] = {Discard: "discard", Cancel: "cancel"}


def rules_view(options: JobOptions) -> dict[str, Any]:
    """What a caller's job meets without having asked for it; durations in milliseconds."""
    return {
        "cancelGrace": round(options.cancel_grace * 1000),
        "runsOn": options.runs_on,
        "onError": [_error_rule(name, action) for name, action in options.on_error],
        "unique": None if options.unique is None else unique_view(options.unique),
    }


def recurring_view(job_type: JobType[Any, Any], one: Recurring) -> dict[str, Any]:
    """A schedule that the type declares."""
    return {
        "name": one.name,
        "schedule": one.expression,
        "timezone": one.timezone,
        # It may be given as a model.
        "data": orjson.Fragment(job_type.check(one.data)),
        "overlap": one.overlap,
        "catchUp": one.catch_up,
        "jitter": one.jitter_minutes * 60_000,
        "start": _moment(one.start),
        "end": _moment(one.end),
    }


def _error_rule(name: Name, action: Action) -> dict[str, Any]:
    word = _WORDS.get(action)
    return {
        "error": name if isinstance(name, str) else _dotted(name),
        "action": word or "retry",
        "backoff": None if isinstance(action, type) else action.to_json(),
    }


def _dotted(error: type[BaseException]) -> str:
    builtin = error.__module__ == "builtins"
    return error.__qualname__ if builtin else f"{error.__module__}.{error.__qualname__}"


def unique_view(rule: Unique) -> dict[str, Any]:
    """What jobs are unique by."""
    window = None if rule.window is None else rule.window_ms
    return {
        "key": rule.key,
        "fields": rule.fields,
        "window": window,
        "mode": rule.mode,
        "maxWait": rule.max_wait_ms,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else moment(round(at.astimezone(UTC).timestamp() * 1000))
