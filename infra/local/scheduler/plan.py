"""When a schedule fires next: the time by its expression, and the moment within its window at which that is done.

With a flexible window, every time has a delay of its own: a hash of the schedule's ARN and that time, so it is the
same after a restart and in every test. A delay ends before the schedule's next time, so times stay in order.

The engine's `scheduler_precision` of a minute imitates AWS: without a window too, a schedule then fires at some moment
of the minute that begins when it is due, drawn in the same way.
"""

from dataclasses import dataclass
from hashlib import blake2b

from infra.local.request import Request
from infra.local.scheduler.definition import Definition
from infra.local.scheduler.limits import START_GRACE
from queues.schedule import MINUTE, At, Schedule, read


@dataclass(frozen=True, slots=True)
class Plan:
    """Epoch milliseconds."""

    #: The time by the expression.
    scheduled_at: int
    #: When it is fired.
    due_at: int


def expression_of(definition: Definition) -> Schedule:
    return read(definition["ScheduleExpression"], definition["ScheduleExpressionTimezone"])


def first_plan(request: Request, arn: str, definition: Definition, anchor: int, last_at: int | None) -> Plan | None:
    """The plan of a schedule that was made, changed or enabled now.

    A one-time schedule whose time has passed, but that has not fired, fires at once, as AWS's does when it is enabled
    late. A recurring one begins with the first time from now on, or from a StartDate that has just passed.
    """
    now, expression = request.now, expression_of(definition)
    if isinstance(expression, At):
        if last_at == expression.due:
            return None
        plan = _plan(request, arn, definition, expression, anchor, expression.due)
        return Plan(plan.scheduled_at, max(plan.due_at, now))
    start = definition.get("StartDate")
    begin = start if start is not None and start >= now - START_GRACE else now
    return next_plan(request, arn, definition, anchor, begin if last_at is None else max(begin, last_at + 1))


def next_plan(request: Request, arn: str, definition: Definition, anchor: int, begin: int) -> Plan | None:
    """The plan for the first time at `begin` or later; None when there is none before the EndDate."""
    expression = expression_of(definition)
    found = expression.at_or_after(begin, anchor)
    if found is None or (not isinstance(expression, At) and found > definition.get("EndDate", found)):
        return None
    return _plan(request, arn, definition, expression, anchor, found)


def latest_plan(request: Request, arn: str, definition: Definition, anchor: int, missed: Plan) -> Plan:
    """Of the times from `missed` on, all of which have been missed, the last that is due by now."""
    now, expression = request.now, expression_of(definition)
    last = expression.latest(min(now, definition.get("EndDate", now)), missed.scheduled_at, anchor)
    while last is not None:
        plan = _plan(request, arn, definition, expression, anchor, last)
        if plan.due_at <= now:
            return plan
        last = expression.latest(last - 1, missed.scheduled_at, anchor)
    return missed


def _plan(
    request: Request, arn: str, definition: Definition, expression: Schedule, anchor: int, scheduled_at: int
) -> Plan:
    minutes = definition["FlexibleTimeWindow"].get("MaximumWindowInMinutes")
    if minutes is not None:
        window = minutes * MINUTE
        following = expression.at_or_after(scheduled_at + 1, anchor)
        if following is not None:
            window = min(window, following - scheduled_at)
    else:
        window = request.precision
    if not window:
        return Plan(scheduled_at, scheduled_at)
    digest = blake2b(f"{arn} {scheduled_at}".encode(), digest_size=8).digest()
    return Plan(scheduled_at, scheduled_at + int.from_bytes(digest) % window)
