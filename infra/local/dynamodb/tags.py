"""Tags of tables: TagResource, UntagResource, ListTagsOfResource, and the Tags of CreateTable."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.limits import TAGS
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.tables import Table, load_table
from infra.local.errors import AwsError
from infra.local.partition import partition_of
from infra.local.request import Request

_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):(\d{12}):(.+)")
#: Letters, digits and blanks of any script, and these marks.
_KEY = re.compile(r"[\w\s+\-=._:/@]{1,128}")
_VALUE = re.compile(r"[\w\s+\-=._:/@]{0,256}")

_PUT = "INSERT OR REPLACE INTO dynamodb_tags (table_id, key, value) VALUES (?, ?, ?)"
_REMOVE = "DELETE FROM dynamodb_tags WHERE table_id = ? AND key = ?"
_LIST = "SELECT key, value FROM dynamodb_tags WHERE table_id = ? ORDER BY key"
_DROP = "DELETE FROM dynamodb_tags WHERE table_id = ?"


def tag_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    table = _table(request, "TagResource", params)
    tags = params["Tags"]
    if not tags:
        raise invalid("Atleast one Tag needs to be provided as Input.")
    check_tags(tags)
    kept = {key for key, _ in request.db.execute(_LIST, (table.id,))}
    if len(kept | {tag["Key"] for tag in tags}) > TAGS:
        raise _too_many()
    put_tags(request, table, tags)
    return {}


def untag_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    table = _table(request, "UntagResource", params)
    keys = params["TagKeys"]
    if not keys:
        raise invalid("Atleast one Tag Key needs to be provided as Input.")
    for key in keys:
        _check_key(key)
    if len(keys) > TAGS:
        raise _too_many()
    request.db.executemany(_REMOVE, [(table.id, key) for key in keys])
    return {}


def list_tags_of_resource(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """All tags in one page: a table has no more than 50."""
    table = _table(request, "ListTagsOfResource", params)
    rows = request.db.execute(_LIST, (table.id,)).fetchall()
    return {"Tags": [{"Key": key, "Value": value} for key, value in rows]}


def check_tags(tags: Sequence[Mapping[str, str]]) -> None:
    """Refuses tags that no table may have, whatever it has already."""
    seen: set[str] = set()
    for tag in tags:
        key, value = tag.get("Key"), tag.get("Value")
        _check_key(key)
        if value is None or not _VALUE.fullmatch(value):
            raise invalid(f"The Tag Value provided is invalid, Value: {_shown(value)}")
        if tag["Key"].startswith("aws:"):
            raise invalid(f"Tag Key cannot be prefixed with aws:, Key: {key}")
        if key in seen:
            raise invalid(f"Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}")
        seen.add(tag["Key"])
    if len(tags) > TAGS:
        raise _too_many()


def _check_key(key: str | None) -> None:
    if key is None or not _KEY.fullmatch(key):
        raise invalid(f"The Tag Key provided is invalid, Key: {_shown(key)}")


def _shown(text: str | None) -> str:
    """What is not there is told as Java does."""
    return "null" if text is None else text


def put_tags(request: Request, table: Table, tags: Iterable[Mapping[str, str]]) -> None:
    request.db.executemany(_PUT, [(table.id, tag["Key"], tag["Value"]) for tag in tags])


def drop_tags(request: Request, table: Table) -> None:
    request.db.execute(_DROP, (table.id,))


def _too_many() -> AwsError:
    return invalid("Number of Tags exceed the current limit for the provided ResourceArn")


def _table(request: Request, operation: str, params: dict[str, Any]) -> Table:
    """The table that a ResourceArn names."""
    arn: str | None = params.get("ResourceArn")
    if arn is None:
        raise invalid("Invalid TableArn")
    check(operation, params)
    check_known(operation, params, frozenset({"ResourceArn", "Tags", "TagKeys", "NextToken"}))
    if not arn.startswith("arn:"):
        raise invalid_value(f"Invalid resource arn provided: ARNs must start with 'arn:': {arn}")
    match = _ARN.fullmatch(arn)
    if match is None or not re.fullmatch(r"table/[a-zA-Z0-9_.-]{3,255}", match[3]):
        raise invalid_value(
            f"Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {arn}"
        )
    if match[2] != request.account:
        raise AwsError(
            "AccessDeniedException",
            f"User: arn:{partition_of(request.region)}:iam::{request.account}:root is not authorized to perform: "
            f"dynamodb:{operation} on resource: {arn} because no resource-based policy allows the "
            f"dynamodb:{operation} action",
        )
    if match[1] != request.region:
        raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    table = load_table(request, match[3].removeprefix("table/"))
    if table is None:
        raise AwsError("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn} not found")
    return table
