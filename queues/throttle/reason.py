"""Why a job waits, as data and as a sentence. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from queues.job import Job, Status
from queues.throttle import slots, window
from queues.throttle.line import kept
from queues.throttle.rule import Concurrency, Rate, describe
from queues.throttle.scope import Scope
from queues.throttle.state import State

Reason = Literal["delayed", "retry", "paused", "rate", "concurrency", "tenant-cap", "queue"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a job waits."""

    reason: Reason
    #: A sentence for people.
    message: str
    #: Epoch ms before which it will not start.
    until: int | None = None
    #: The limit in words, and the value of its key.
    limit: str | None = None
    key: str | None = None
    #: About how many jobs go before it, and about how many seconds that takes.
    ahead: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How a tenant's jobs of a type go: how many are in front of a job, and how many end in a second, if any did."""

    ahead: int
    #: Whether there may be more in front of it.
    more: bool
    per_second: float | None


def too_early(job: Job) -> Waiting | None:
    """The reason of a job whose time has not come, which its own row tells."""
    if job.status is not Status.DELAYED:
        return None
    last = job.history[-1].outcome if job.history else None
    if last is None:
        return Waiting("delayed", f"It is to start at {_time(job.run_at)}.", job.run_at)
    why = "asked to be run again later" if last == "snoozed" else f"ended as {last}"
    return Waiting("retry", f"Its attempt {job.attempt} {why}; the next one is at {_time(job.run_at)}.", job.run_at)


PAUSED = Waiting("paused", "Its queue is paused: it starts when somebody resumes it.")


def limited(job: Job, now: int, scopes: Sequence[Scope], states: Mapping[str, State]) -> Waiting | None:
    """The first of a job's limits that is full, or in whose line it waits."""
    for scope in scopes:
        found = _concurrency(job, now, scope, states[scope.pk]) or _rate(job, now, scope, states[scope.pk])
        if found is not None:
            return found
    return None


def _concurrency(job: Job, now: int, scope: Scope, state: State) -> Waiting | None:
    rule = scope.limit
    if not isinstance(rule, Concurrency):
        return None
    step = slots.step_of(rule, state, now)
    taken = len(state.holders) - (f"{job.tenant}#{job.id}" in state.holders)
    ahead, seconds = _line(job, now, state, step, 2 * step)
    if taken < rule.limit and not ahead:
        return None
    reason: Reason = "tenant-cap" if rule.per == "tenant" else "concurrency"
    what = f"{taken} of {rule.limit} places of the limit {describe(rule)} are taken{_of_key(scope)}"
    return Waiting(reason, f"{what}{_turn(ahead, seconds)}.", None, describe(rule), scope.label, ahead, seconds)


def _rate(job: Job, now: int, scope: Scope, state: State) -> Waiting | None:
    rule = scope.limit
    if not isinstance(rule, Rate):
        return None
    step = window.step_of(rule)
    starts = window.counted(rule, state, now)
    until = window.free_at(rule, starts, now)
    ahead, seconds = _line(job, now, state, step, step)
    if until <= now and not ahead:
        return None
    used = f"{sum(starts.values())} of the limit {describe(rule)} have started{_of_key(scope)}"
    if until > now:
        used += f"; the next start is possible at {_time(until)}"
    return Waiting(
        "rate",
        f"{used}{_turn(ahead, seconds)}.",
        until if until > now else None,
        describe(rule),
        scope.label,
        ahead,
        seconds,
    )


def _line(job: Job, now: int, state: State, step: float, each: float) -> tuple[int | None, float | None]:
    """About how many were turned away and come before a job that is turned away now; `each`: ms that one takes."""
    line = kept(state.line, state.asked, now, step)
    place = line.get(job.tenant)
    if place is None:
        return None, None
    ahead = max(0, round((place.tail - now) / (step * len(line))))
    return ahead, round(ahead * each * len(line) / 1000, 1)


def queued(pace: Pace) -> Waiting:
    """The reason of a job that only waits for a worker."""
    if pace.ahead == 0:
        return Waiting("queue", "It is next: no worker has taken it yet.", ahead=0)
    count = f"{pace.ahead:,} jobs" if pace.ahead > 1 else "one job"
    message = f"It is behind about {count}{' or more' if pace.more else ''} of the same type and tenant"
    seconds = None if pace.per_second is None else math.ceil(pace.ahead / pace.per_second)
    if seconds is None:
        return Waiting("queue", f"{message}, none of which has ended lately.", ahead=pace.ahead)
    message += f": about {seconds:,} s at the current rate."
    return Waiting("queue", message, ahead=pace.ahead, seconds=float(seconds))


def _of_key(scope: Scope) -> str:
    return f" for {scope.label}" if scope.label is not None else ""


def _turn(ahead: int | None, seconds: float | None) -> str:
    if not ahead:
        return ""
    return f"; about {ahead:,} {'job waits' if ahead == 1 else 'jobs wait'} in line, for about {seconds:g} s"


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
