"""Tags of functions and of event source mappings."""

from __future__ import annotations

from typing import Any

from infra.local.constraints import check_constraints
from infra.local.lambda_.errors import invalid_parameter, no_such_function, not_found
from infra.local.lambda_.limits import MAX_TAGS
from infra.local.lambda_.names import look_up, split_name
from infra.local.request import Request

GET = "SELECT key, value FROM lambda_tags WHERE arn = ? ORDER BY key"
PUT = "INSERT OR REPLACE INTO lambda_tags (arn, key, value) VALUES (?, ?, ?)"
DELETE = "DELETE FROM lambda_tags WHERE arn = ? AND key = ?"
DELETE_ALL = "DELETE FROM lambda_tags WHERE arn = ?"
FIND_MAPPING = (
    "SELECT 1 FROM lambda_mappings WHERE uuid = ? AND region = ? AND (transition <> 'Deleting' OR transition IS NULL)"
)


def list_tags(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "ListTags", params)
    return {"Tags": tags_of(request, _resource(request, params["Resource"]))}


def tag_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "TagResource", params)
    arn = _resource(request, params["Resource"])
    if not params["Tags"]:
        raise invalid_parameter("An error occurred and the request cannot be processed.")
    check_count({**tags_of(request, arn), **params["Tags"]})
    put_tags(request, arn, params["Tags"])
    return {}


def untag_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "UntagResource", params)
    arn = _resource(request, params["Resource"])
    request.db.executemany(DELETE, [(arn, key) for key in params["TagKeys"]])
    return {}


def tags_of(request: Request, arn: str) -> dict[str, str]:
    return dict(request.db.execute(GET, (arn,)).fetchall())


def check_count(tags: dict[str, str]) -> None:
    if len(tags) > MAX_TAGS:
        raise invalid_parameter("Number of tags exceeds resource tag limit.")


def put_tags(request: Request, arn: str, tags: dict[str, str]) -> None:
    request.db.executemany(PUT, [(arn, key, value) for key, value in tags.items()])


def forget_tags(request: Request, arn: str) -> None:
    request.db.execute(DELETE_ALL, (arn,))


def _resource(request: Request, arn: str) -> str:
    """The ARN, if there is such a function or mapping."""
    kind, _, rest = arn.split(":", 5)[5].partition(":")
    if kind == "event-source-mapping":
        if request.db.execute(FIND_MAPPING, (rest, request.region)).fetchone() is None:
            raise not_found("The resource you requested does not exist.")
        return arn
    if kind != "function":
        raise not_found(f"The embedded Lambda has no {kind}: {arn}")
    name, qualifier = split_name(request, arn)
    if qualifier is not None:
        raise invalid_parameter(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    if look_up(request, name) is None:
        raise no_such_function(arn)
    return arn
