"""Due times that have passed while nobody receives the ticks of a schedule, since its queue is paused. Pure.

They are decided about without their ticks (paused.py). The row remembers in spans which they were, because the ticks
wait in the queue and come when it is resumed, more of them perhaps than a schedule remembers fates, and then find their
times decided.

A rate's tick may tell another second than we count: EventBridge counts from the moment at which its own schedule was
made. The two are out of step by the same each time, so whichever of the span's times is nearest to a tick's is its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from sys import maxsize

from queues.schedule import At, Rate
from queues.schedules.job_schedule import MAX_CAUGHT_UP, MAX_REMEMBERED, Fate, JobSchedule, Span
from queues.schedules.tick import is_missed

#: Milliseconds by which whoever looks for such times may be late himself, without a time being missed for that: the
#: reaper's function comes once a minute, and EventBridge calls it within another.
ROUND = 120_000
#: Milliseconds by which our clock and EventBridge's may differ about when a schedule was made.
SKEW = 60_000
#: Spans that are remembered: pauses of a queue in which the schedule was due.
MAX_SPANS = 10


@dataclass(frozen=True, slots=True)
class Passed:
    """What is to be decided next."""

    #: The due time.
    due: int
    #: Times before it, the oldest first, that the catch-up policy leaves out: decided in the same breath.
    missed: tuple[int, ...]
    #: All of the schedule's times after this one, up to the due time, are decided about with it.
    after: int
    #: Milliseconds by which it may be late and is in time.
    grace: int

    @property
    def fates(self) -> list[tuple[int, Fate]]:
        """What becomes of those before it."""
        return [(time, Fate.MISSED) for time in self.missed]


def passed(schedule: JobSchedule, now: int, purged_at: int = 0) -> Passed | None:
    """The first time that is to be decided about, of those that have passed since the last decision; None if none has.

    A time has passed once its jitter is over: before that EventBridge may not have sent its tick. What was due when the
    queue was last purged, at `purged_at`, is gone with its ticks. Times are epoch ms.
    """
    times, jitter = schedule.times, schedule.jitter_minutes * 60_000
    until = now - jitter
    if schedule.end is not None and not isinstance(times, At):
        until = min(until, schedule.end)
    after = max(schedule.since - 1, purged_at - jitter, -1 if schedule.last_at is None else schedule.last_at)
    if schedule.start is not None and not isinstance(times, At):
        after = max(after, schedule.start - 1)
    anchor, found = _anchor(schedule), list[int]()
    most = MAX_CAUGHT_UP if schedule.catch_up == "all" else MAX_REMEMBERED
    due = times.latest(until, after + 1, anchor)
    while due is not None and len(found) < most:
        found.append(due)
        due = times.latest(due - 1, after + 1, anchor)
    if not found:
        return None
    if due is not None and schedule.catch_up == "all":
        # What one gap has too many is left to its ticks, if there are any.
        after = found[-1] - 1
    grace = jitter + ROUND
    missed = [time for time in reversed(found[1:]) if is_missed(schedule, time, now, grace)]
    return Passed(found[-1 - len(missed)], tuple(missed), after, grace)


def looked_at_next(schedule: JobSchedule, now: int) -> int:
    """When to look at a schedule again of which nothing has passed at `now`, epoch ms."""
    jitter = schedule.jitter_minutes * 60_000
    following = schedule.times.at_or_after(now - jitter + 1, _anchor(schedule))
    return maxsize if following is None else following + jitter


def with_span(schedule: JobSchedule, after: int, until: int) -> tuple[Span, ...]:
    """Its spans, and one of the times after `after` up to `until`, which goes on from the last if that ends there."""
    every, anchor = _grid(schedule)
    new, spans = Span(after, until, every, anchor), tuple(schedule.spans)
    if spans and spans[-1].until == after and (spans[-1].every, spans[-1].anchor) == (every, anchor):
        spans, new = spans[:-1], Span(spans[-1].after, until, every, anchor)
    return (*spans, new)[-MAX_SPANS:]


def is_settled(schedule: JobSchedule, due: int) -> bool:
    """Whether the time of a tick was decided about without it."""
    return any(_holds(span, schedule, due) for span in schedule.spans)


def _holds(span: Span, schedule: JobSchedule, due: int) -> bool:
    if not span.every:
        return span.after < due <= span.until
    if due >= schedule.since and (span.every, span.anchor) != _grid(schedule):
        # A time that was set later, and is no neighbour of those.
        return False
    steps = (2 * (span.until - due) + span.every) // (2 * span.every)
    return span.after < span.until - steps * span.every <= span.until


def _anchor(schedule: JobSchedule) -> int:
    """From which a rate counts: the last time that a tick told, if it belongs to the times that are set now."""
    times, last = schedule.times, schedule.last_at
    if isinstance(times, Rate) and last is not None and last > schedule.anchor - min(SKEW, times.every // 2):
        return last
    return schedule.anchor


def _grid(schedule: JobSchedule) -> tuple[int, int]:
    """What tells a rate's times from those that it had before it was changed."""
    times = schedule.times
    return (times.every, schedule.anchor) if isinstance(times, Rate) else (0, 0)
