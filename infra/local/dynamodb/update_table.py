"""UpdateTable: throughput and billing, protection and class, and one global index made or dropped at a time.

An index that is made is back-filled by chores.py; until that is done the table is UPDATING and takes no other change.
"""

from collections.abc import Mapping
from typing import Any

from infra.local.dynamodb.chores import begin, is_pending
from infra.local.dynamodb.composition import check_composition
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.create_table import check_encryption
from infra.local.dynamodb.definition import (
    attribute_types,
    check_global_index,
    check_projected,
    check_stream,
)
from infra.local.dynamodb.describe_table import describe, existing
from infra.local.dynamodb.errors import in_use, invalid, invalid_value, no_such_index
from infra.local.dynamodb.limits import GLOBAL_INDEXES
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.tables import Table, save_definition
from infra.local.dynamodb.throughput import change_throughput
from infra.local.errors import AwsError
from infra.local.request import Request

_PARAMETERS = frozenset(
    {
        "TableName",
        "AttributeDefinitions",
        "BillingMode",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexUpdates",
        "StreamSpecification",
        "SSESpecification",
        "TableClass",
        "DeletionProtectionEnabled",
        "OnDemandThroughput",
        "WarmThroughput",
    }
)
#: Parameters that are only written down.
_SETTINGS = ("SSESpecification", "TableClass", "DeletionProtectionEnabled")


def update_table(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("UpdateTable", params)
    check_known("UpdateTable", params, _PARAMETERS)
    updates = params.get("GlobalSecondaryIndexUpdates", [])
    check_composition(params)
    check_encryption("UpdateTable", params)
    table = existing(request, params["TableName"])
    check_stream("UpdateTable", params)
    if is_pending(request, table, "index"):
        raise in_use(f"Table is being updated: {table.name}")
    definition = dict(table.definition)
    change_throughput(definition, params, request.now)
    _check_encrypted(table, params)
    for setting in _SETTINGS:
        if setting in params:
            definition[setting] = params[setting]
    if "TableClass" in params:
        definition["TableClassDateTime"] = request.now / 1000
    made = dropped = None
    for update in updates:
        if "Create" in update:
            made = _with_index(table, definition, update["Create"], params)
        elif "Delete" in update:
            dropped = _without_index(table, definition, update["Delete"]["IndexName"])
    going = None if dropped is None else _described_index(request, table, dropped)
    changed = save_definition(request, table, definition)
    if dropped is not None:
        index = table.index(dropped)
        assert index is not None  # _without_index found it
        request.db.execute(index.columns.drop)
    if made is not None:
        index = changed.index(made)
        assert index is not None  # _with_index put it there
        for statement in index.columns.add:
            request.db.execute(statement)
        begin(request, changed, "index", made)
    return {"TableDescription": _describe(request, changed, made, going)}


def _check_encrypted(table: Table, params: Mapping[str, Any]) -> None:
    """Refuses the encryption that every table has without being asked."""
    if "SSESpecification" not in params or params["SSESpecification"].get("Enabled"):
        return
    if not table.definition.get("SSESpecification", {}).get("Enabled"):
        raise invalid_value("Table is already encrypted by default")


def _with_index(table: Table, definition: dict[str, Any], asked: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    """Adds an index to the definition; says its name."""
    name: str = asked["IndexName"]
    if table.index(name) is not None:
        raise invalid("Attempting to create an index which already exists")
    if "AttributeDefinitions" not in params:
        raise invalid_value(f"AttributeDefinitions is not specified for index: {name}")
    types = attribute_types(params)
    check_global_index(asked, types, definition.get("BillingMode", "PROVISIONED"))
    known = {entry["AttributeName"]: entry["AttributeType"] for entry in definition["AttributeDefinitions"]}
    used = [part["AttributeName"] for part in asked["KeySchema"]]
    for attribute in used:
        if known.get(attribute, types[attribute]) != types[attribute]:
            raise invalid_value(
                "Attributes cannot be redefined. Please check that your attribute has the same type as previously "
                f"defined. Attribute: {attribute}, existing type: {known[attribute]}, new type: {types[attribute]}"
            )
    indexes = definition.get("GlobalSecondaryIndexes", [])
    if len(indexes) == GLOBAL_INDEXES:
        raise AwsError(
            "LimitExceededException",
            "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of "
            f"{GLOBAL_INDEXES}",
        )
    number = definition["NextNumber"]
    definition["NextNumber"] = number + 1
    definition["GlobalSecondaryIndexes"] = [*indexes, {**asked, "Number": number, "IndexStatus": "CREATING"}]
    check_projected([*definition.get("LocalSecondaryIndexes", ()), *definition["GlobalSecondaryIndexes"]])
    definition["AttributeDefinitions"] = [
        *definition["AttributeDefinitions"],
        *(
            {"AttributeName": attribute, "AttributeType": types[attribute]}
            for attribute in used
            if attribute not in known
        ),
    ]
    return name


def _without_index(table: Table, definition: dict[str, Any], name: str) -> str:
    """Takes an index out of the definition, and with it the attributes that only it had as keys."""
    index = table.index(name)
    if index is None:
        raise no_such_index(name, table.name)
    if index.local:
        raise invalid(f"Cannot delete an index that is not a GlobalSecondaryIndex: {name}")
    left = [entry for entry in definition["GlobalSecondaryIndexes"] if entry["IndexName"] != name]
    del definition["GlobalSecondaryIndexes"]
    if left:
        definition["GlobalSecondaryIndexes"] = left
    holders = (definition, *left, *definition.get("LocalSecondaryIndexes", ()))
    used = {part["AttributeName"] for holder in holders for part in holder["KeySchema"]}
    definition["AttributeDefinitions"] = [
        entry for entry in definition["AttributeDefinitions"] if entry["AttributeName"] in used
    ]
    return name


def _described_index(request: Request, table: Table, name: str) -> dict[str, Any]:
    indexes: list[dict[str, Any]] = describe(request, table)["GlobalSecondaryIndexes"]
    return next(index for index in indexes if index["IndexName"] == name)


def _describe(request: Request, changed: Table, made: str | None, dropped: dict[str, Any] | None) -> dict[str, Any]:
    """The reply: as on AWS the change is under way, whatever has been done of it."""
    description = describe(request, changed, status="UPDATING")
    for index in description.get("GlobalSecondaryIndexes", ()):
        if index["IndexName"] == made:
            index |= {"IndexStatus": "CREATING", "Backfilling": False}
    if dropped is not None:
        description.setdefault("GlobalSecondaryIndexes", []).append(dropped | {"IndexStatus": "DELETING"})
    return description
