"""A tick, the message of an EventBridge schedule that is due, and what follows from it. Pure.

Its body says `"v": 2`, so that code which knows no ticks leaves it to newer code, as it does any message of a later
version, and does not take it for poison.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from queues.job import Job
from queues.schedule import At, Calendar
from queues.schedules.job_schedule import Fate, JobSchedule

TICK_VERSION, TICK = 2, "tick"
#: Filled in by EventBridge when it sends. (EventBridge Scheduler User Guide, context attributes)
SCHEDULED_TIME, EXECUTION_ID = "<aws.scheduler.scheduled-time>", "<aws.scheduler.execution-id>"
#: Milliseconds after which a due time counts as missed where the policy makes up for none: a minute is AWS's own
#: precision, and a queue has work before it.
LATE = 300_000


@dataclass(frozen=True, slots=True)
class Tick:
    """A due time of a schedule."""

    tenant: str
    schedule: str
    type: str
    #: Epoch ms; None from a server that does not fill in what EventBridge would.
    at: int | None


def body_of(schedule: JobSchedule) -> str:
    """What the schedule's EventBridge schedule sends."""
    body = {
        "v": TICK_VERSION,
        "kind": TICK,
        "tenant": schedule.tenant,
        "schedule": schedule.name,
        "type": schedule.type,
        "at": SCHEDULED_TIME,
        "execution": EXECUTION_ID,
    }
    return orjson.dumps(body).decode()


def read_tick(body: str) -> Tick | None:
    """The tick that a message's body is, or None if it is none."""
    value: Any = orjson.loads(body)
    if not isinstance(value, dict) or (value.get("v"), value.get("kind")) != (TICK_VERSION, TICK):
        return None
    words = [word for name in ("tenant", "schedule", "type", "at") if isinstance(word := value.get(name), str)]
    if len(words) < 4:
        return None
    tenant, schedule, type_name, at = words
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return Tick(tenant, schedule, type_name, None)
    return Tick(tenant, schedule, type_name, round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000))


def due_of(schedule: JobSchedule, sent_at: int) -> int:
    """The due time of a tick that does not tell it, by when it was sent: the one time, the calendar's last one, or that
    second."""
    times = schedule.times
    if isinstance(times, At) and times.due <= sent_at:
        return times.due
    last = times.latest(sent_at, sent_at - 86_400_000) if isinstance(times, Calendar) else None
    return last if last is not None else sent_at // 1000 * 1000


def is_missed(schedule: JobSchedule, due: int, now: int, grace: int = 0) -> bool:
    """Whether a time is served too late for the schedule's catch-up policy.

    `grace`: milliseconds by which it may be late and is in time.
    """
    if schedule.catch_up == "all" or now - due <= grace:
        return False
    if schedule.catch_up == "none":
        return now - due > LATE + schedule.jitter_minutes * 60_000
    following = None if schedule.one_time else schedule.times.at_or_after(due + 1, due)
    return following is not None and following <= min(now, now if schedule.end is None else schedule.end)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a due time; `cancel` is the job in whose place it starts one: it waits, or it runs."""

    fate: Fate
    cancel: Job | None = None


def decide(schedule: JobSchedule, due: int, now: int, last: Job | None, grace: int = 0) -> Decision:
    """Holds a due time against the policies; `last` is the job that the schedule made last, if it is there.

    `grace`: as `is_missed` has it.
    """
    if is_missed(schedule, due, now, grace):
        return Decision(Fate.MISSED)
    if last is None or last.ended or schedule.overlap == "queue":
        return Decision(Fate.STARTED)
    if schedule.overlap == "skip":
        return Decision(Fate.SKIPPED)
    return Decision(Fate.STARTED, last)
