"""Tags, which groups have and schedules do not."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.constraints import check_constraints
from infra.local.request import Request
from infra.local.scheduler.errors import no_such_group
from infra.local.scheduler.group import Group, find
from infra.local.scheduler.names import group_arn
from infra.local.scheduler.stored import stored

SAVE = "UPDATE scheduler_groups SET tags = ? WHERE id = ?"


def tag_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("scheduler", "TagResource", params)
    group = _find(request, params["ResourceArn"])
    _save(request, group, merged(group.tags, params["Tags"]))
    return {}


def untag_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("scheduler", "UntagResource", params)
    group = _find(request, params["ResourceArn"])
    gone = set(params["TagKeys"])
    _save(request, group, {key: value for key, value in group.tags.items() if key not in gone})
    return {}


def list_tags_for_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("scheduler", "ListTagsForResource", params)
    tags = _find(request, params["ResourceArn"]).tags
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def merged(tags: Mapping[str, str], more: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {**tags, **{tag["Key"]: tag["Value"] for tag in more}}


def _find(request: Request, arn: str) -> Group:
    name = arn.rpartition("/")[2]
    if arn != group_arn(request, name):
        raise no_such_group(name)  # of another account or region
    return find(request, name)


def _save(request: Request, group: Group, tags: dict[str, str]) -> None:
    request.db.execute(SAVE, (stored(tags), group.id))
