"""Tags of alarms and dashboards: words for bills and searches, without effect."""

import re
from typing import Any

import orjson

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.checks import check_constraints
from infra.local.cloudwatch.errors import invalid_value, no_such_resource
from infra.local.request import Request

ARN = re.compile(r"arn:aws[a-z-]*:cloudwatch:([a-z0-9-]*):(\d{12}):(?:alarm:(?P<alarm>.+)|dashboard/(?P<dashboard>.+))")


def tag_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("TagResource", params)
    tags, save = _tags(request, params["ResourceARN"])
    tags |= {tag["Key"]: tag["Value"] for tag in params["Tags"]}
    if len(tags) > limits.MAX_TAGS:
        raise invalid_value(f"The number of tags exceeds the limit of {limits.MAX_TAGS}.")
    save(tags)
    return {}


def untag_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("UntagResource", params)
    tags, save = _tags(request, params["ResourceARN"])
    save({key: value for key, value in tags.items() if key not in params["TagKeys"]})
    return {}


def list_tags_for_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("ListTagsForResource", params)
    tags, _ = _tags(request, params["ResourceARN"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _tags(request: Request, arn: str) -> tuple[dict[str, str], Any]:
    """The tags of what the ARN names, and a function that saves them; raises ResourceNotFoundException."""
    match = ARN.fullmatch(arn)
    if match is None or match[2] != request.account:
        raise no_such_resource(arn)
    if match["alarm"] is not None:
        table, where, key = "cw_alarms", "region = ? AND name = ?", (match[1], match["alarm"])
    else:
        table, where, key = "cw_dashboards", "? = '' AND name = ?", (match[1], match["dashboard"])
    row = request.db.execute(f"SELECT tags FROM {table} WHERE {where}", key).fetchone()  # noqa: S608 (constants)
    if row is None:
        raise no_such_resource(arn)

    def save(tags: dict[str, str]) -> None:
        update = f"UPDATE {table} SET tags = ? WHERE {where}"  # noqa: S608 (constants)
        request.db.execute(update, (orjson.dumps(tags).decode(), *key))

    return orjson.loads(row[0]), save
