"""The operations on schedules."""

from typing import Any

import orjson

from infra.local.constraints import check_constraints
from infra.local.request import Request
from infra.local.scheduler import group, schedule
from infra.local.scheduler.definition import checked_definition, shown, timing
from infra.local.scheduler.deletions import already_deleted, remember_deletion
from infra.local.scheduler.errors import conflict
from infra.local.scheduler.groups import check_active
from infra.local.scheduler.moments import to_date
from infra.local.scheduler.names import schedule_arn
from infra.local.scheduler.pages import next_token, page_size, position
from infra.local.scheduler.plan import Plan, first_plan
from infra.local.scheduler.schedule import ENABLED, times_of
from infra.local.scheduler.stored import stored

#: The page after (group, name), of all groups.
LIST = """
SELECT group_name, name, state, definition, created_at, modified_at FROM scheduler_schedules
WHERE region = :region AND (group_name, name) > (:after_group, :after_name)
    AND (:state IS NULL OR state = :state) AND substr(name, 1, :length) = :prefix
ORDER BY group_name, name LIMIT :most
"""
#: The page after a name, of one group.
LIST_GROUP = """
SELECT group_name, name, state, definition, created_at, modified_at FROM scheduler_schedules
WHERE region = :region AND group_name = :group AND name > :after_name
    AND (:state IS NULL OR state = :state) AND substr(name, 1, :length) = :prefix
ORDER BY name LIMIT :most
"""


def create_schedule(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("scheduler", "CreateSchedule", params)
    group_name, name, token = params.get("GroupName", group.DEFAULT), params["Name"], params.get("ClientToken")
    definition = checked_definition(request, params)
    check_active(group.find(request, group_name))
    arn = schedule_arn(request, group_name, name)
    known = schedule.look_up(request, group_name, name)
    if known is not None:
        if token is None or (known.token, known.definition) != (token, definition):
            raise conflict(f"Schedule {name} already exists.")
        return {"ScheduleArn": arn}
    state, now = params.get("State", ENABLED), request.now
    anchor = definition.get("StartDate", now)
    plan = first_plan(request, arn, definition, anchor, None) if state == ENABLED else None
    request.db.execute(
        schedule.INSERT,
        (request.region, group_name, name, state, stored(definition), token, now, now, anchor, *times_of(plan)),
    )
    _announce(request, plan)
    return {"ScheduleArn": arn}


def get_schedule(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("scheduler", "GetSchedule", params)
    found = _find(request, params)
    return {
        "Arn": found.arn(request),
        "GroupName": found.group,
        "Name": found.name,
        "State": found.state,
        "CreationDate": to_date(found.created_at),
        "LastModificationDate": to_date(found.modified_at),
        **shown(found.definition),
    }


def update_schedule(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Replaces the whole definition. When its times stay the same, so does the time that is next."""
    check_constraints("scheduler", "UpdateSchedule", params)
    known = _find(request, params)
    definition = checked_definition(request, params, known.definition.get("StartDate"))
    state, token, now = params.get("State", ENABLED), params.get("ClientToken"), request.now
    arn = known.arn(request)
    if token is not None and (token, definition, state) == (known.token, known.definition, known.state):
        return {"ScheduleArn": arn}
    same_times = timing(definition) == timing(known.definition)
    anchor = known.anchor if same_times else definition.get("StartDate", now)
    plan: Plan | None = None
    if state == ENABLED:
        keeps = same_times and known.state == ENABLED
        plan = known.plan if keeps else first_plan(request, arn, definition, anchor, known.last_at)
    request.db.execute(schedule.UPDATE, (state, stored(definition), token, now, anchor, *times_of(plan), known.id))
    _announce(request, plan)
    return {"ScheduleArn": arn}


def delete_schedule(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("scheduler", "DeleteSchedule", params)
    group_name, name, token = params.get("GroupName", group.DEFAULT), params["Name"], params.get("ClientToken")
    arn = schedule_arn(request, group_name, name)
    known = schedule.look_up(request, group_name, name)
    if known is None and already_deleted(request, arn, token):
        return {}
    schedule.remove(request, (known or _find(request, params)).id)
    remember_deletion(request, arn, token)
    return {}


def list_schedules(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Schedules in the order of their groups' names and their own."""
    check_constraints("scheduler", "ListSchedules", params)
    statement = LIST
    if "GroupName" in params:
        group.find(request, params["GroupName"])
        statement = LIST_GROUP
    size, prefix = page_size(params), params.get("NamePrefix", "")
    after_group, after_name = position(params, 2)
    question = {
        "region": request.region,
        "after_group": after_group,
        "after_name": after_name,
        "group": params.get("GroupName"),
        "state": params.get("State"),
        "length": len(prefix),
        "prefix": prefix,
        "most": size + 1,
    }
    rows = request.db.execute(statement, question).fetchall()
    more = {"NextToken": next_token(*rows[size - 1][:2])} if len(rows) > size else {}
    return {"Schedules": [_summary(request, row) for row in rows[:size]], **more}


def _find(request: Request, params: dict[str, Any]) -> schedule.Schedule:
    group_name = params.get("GroupName", group.DEFAULT)
    group.find(request, group_name)
    return schedule.find(request, group_name, params["Name"])


def _summary(request: Request, row: tuple[Any, ...]) -> dict[str, Any]:
    group_name, name, state, definition, created_at, modified_at = row
    return {
        "Arn": schedule_arn(request, group_name, name),
        "CreationDate": to_date(created_at),
        "GroupName": group_name,
        "LastModificationDate": to_date(modified_at),
        "Name": name,
        "State": state,
        "Target": {"Arn": orjson.loads(definition)["Target"]["Arn"]},
    }


def _announce(request: Request, plan: Plan | None) -> None:
    if plan is not None:
        request.alarm(plan.due_at)
