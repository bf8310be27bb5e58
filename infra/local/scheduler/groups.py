"""The operations on schedule groups.

A group goes with all its schedules. A small one goes at once; one with more than a round removes stays, DELETING,
while ticks remove the rest, and its schedules may fire until they are gone, as on AWS.
"""

from typing import Any

from infra.local.constraints import check_constraints
from infra.local.request import Request
from infra.local.scheduler.deletions import already_deleted, remember_deletion
from infra.local.scheduler.errors import conflict, invalid
from infra.local.scheduler.group import (
    DEFAULT,
    DELETING,
    Group,
    ensure_default,
    find,
    group_of,
    insert,
    look_up,
)
from infra.local.scheduler.limits import REMOVE_LIMIT
from infra.local.scheduler.names import group_arn
from infra.local.scheduler.pages import next_token, page_size, position
from infra.local.scheduler.schedule import remove_some
from infra.local.scheduler.tags import merged

MARK = "UPDATE scheduler_groups SET state = ?, modified_at = ? WHERE id = ?"
REMOVE = "DELETE FROM scheduler_groups WHERE id = ?"
IN_DELETION = "SELECT id, region, name FROM scheduler_groups WHERE state = 'DELETING' LIMIT 1"
LIST = """
SELECT * FROM scheduler_groups
WHERE region = ? AND name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?
"""


def create_schedule_group(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("scheduler", "CreateScheduleGroup", params)
    name, token = params["Name"], params.get("ClientToken")
    tags = merged({}, params.get("Tags", []))
    group = look_up(request, name)
    if group is None:
        insert(request, name, tags, token)
    elif token is None or (token, tags) != (group.token, group.tags):
        raise conflict(f"Schedule group {name} already exists.")
    return {"ScheduleGroupArn": group_arn(request, name)}


def get_schedule_group(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("scheduler", "GetScheduleGroup", params)
    return find(request, params["Name"]).summary(request)


def list_schedule_groups(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Groups in the order of their names."""
    check_constraints("scheduler", "ListScheduleGroups", params)
    ensure_default(request)
    size, prefix = page_size(params), params.get("NamePrefix", "")
    (after,) = position(params, 1)
    rows = request.db.execute(LIST, (request.region, after, len(prefix), prefix, size + 1)).fetchall()
    groups = [group_of(row) for row in rows[:size]]
    more = {"NextToken": next_token(groups[-1].name)} if len(rows) > size else {}
    return {"ScheduleGroups": [group.summary(request) for group in groups], **more}


def delete_schedule_group(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("scheduler", "DeleteScheduleGroup", params)
    name, token = params["Name"], params.get("ClientToken")
    if name == DEFAULT:
        raise invalid("The default schedule group cannot be deleted.")
    arn = group_arn(request, name)
    group = look_up(request, name)
    if group is None and already_deleted(request, arn, token):
        return {}
    group = group or find(request, name)
    if not go_on(request, group.id, name):
        request.db.execute(MARK, (DELETING, request.now, group.id))
        request.alarm(request.now)
    remember_deletion(request, arn, token)
    return {}


def check_active(group: Group) -> None:
    """Raises unless schedules can be added to the group and changed in it."""
    if group.state == DELETING:
        raise conflict(f"Schedule group {group.name} is being deleted.")


def clear_deleted(request: Request) -> bool:
    """One round of removing a group that is being deleted; whether there is more to do."""
    row = request.db.execute(IN_DELETION).fetchone()
    if row is None:
        return False
    number, request.region, name = row
    go_on(request, number, name)
    return True


def go_on(request: Request, number: int, name: str) -> bool:
    """Removes some schedules of the group, and the group when none is left; whether it is gone."""
    gone = remove_some(request, name, REMOVE_LIMIT) < REMOVE_LIMIT
    if gone:
        request.db.execute(REMOVE, (number,))
    return gone
