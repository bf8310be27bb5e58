"""What a request says of a schedule, checked and in one form: CreateSchedule and UpdateSchedule take the same.

A definition is a JSON object with the request's members and AWS's defaults; dates are epoch milliseconds. An update
replaces all of it: what it leaves out gets its default again.
"""

from typing import Any

from infra.local.request import Request
from infra.local.scheduler.errors import invalid
from infra.local.scheduler.limits import START_GRACE
from infra.local.scheduler.moments import to_date, to_ms
from infra.local.scheduler.target import checked_target
from queues.errors import InvalidSchedule
from queues.schedule import At, read

Definition = dict[str, Any]

DATES = ("StartDate", "EndDate")
#: Members of a request that are kept elsewhere than in the definition.
ELSEWHERE = frozenset({"Name", "GroupName", "State", "ClientToken"})
#: The members that decide when a schedule is due.
TIMING = ("ScheduleExpression", "ScheduleExpressionTimezone", *DATES, "FlexibleTimeWindow")


def checked_definition(request: Request, params: dict[str, Any], known_start: int | None = None) -> Definition:
    """The definition that a request makes; raises ValidationException.

    A StartDate must not be long past, unless it is `known_start`, which the schedule has had before.
    """
    definition = {name: value for name, value in params.items() if name not in ELSEWHERE}
    definition.setdefault("ActionAfterCompletion", "NONE")
    definition.setdefault("ScheduleExpressionTimezone", "UTC")
    definition |= {name: to_ms(definition[name]) for name in DATES if name in definition}
    one_time = _check_expression(definition)
    _check_window(definition["FlexibleTimeWindow"])
    if not one_time:
        _check_dates(definition, request.now, known_start)
    definition["Target"] = checked_target(request, definition["Target"])
    return definition


def shown(definition: Definition) -> dict[str, Any]:
    """As GetSchedule tells it."""
    return definition | {name: to_date(definition[name]) for name in DATES if name in definition}


def timing(definition: Definition) -> list[Any]:
    """What decides when the schedule is due; two definitions with the same are due at the same times."""
    return [definition.get(name) for name in TIMING]


def _check_expression(definition: Definition) -> bool:
    """Whether the schedule is due only once."""
    expression = definition["ScheduleExpression"]
    try:
        return isinstance(read(expression, definition["ScheduleExpressionTimezone"]), At)
    except InvalidSchedule as error:
        if error.name == "timezone":
            raise invalid(f"Invalid ScheduleExpressionTimezone {error.value}.") from None
        raise invalid(f"Invalid Schedule Expression {expression}.") from None


def _check_window(window: dict[str, Any]) -> None:
    if window["Mode"] == "OFF" and "MaximumWindowInMinutes" in window:
        raise invalid("MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.")
    if window["Mode"] == "FLEXIBLE" and "MaximumWindowInMinutes" not in window:
        raise invalid("MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.")


def _check_dates(definition: Definition, now: int, known_start: int | None) -> None:
    start, end = definition.get("StartDate"), definition.get("EndDate")
    if start is not None and end is not None and start >= end:
        raise invalid("The StartDate you specify must come before the EndDate.")
    if start is not None and start != known_start and start < now - START_GRACE:
        raise invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")
