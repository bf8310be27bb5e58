"""DescribeTable, ListTables and DeleteTable: what is known of tables, and their end."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.local.dynamodb import warm_throughput
from infra.local.dynamodb.chores import abandon, is_pending
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.counts import count_entries, count_items
from infra.local.dynamodb.definition import PAY_PER_REQUEST, billing_mode
from infra.local.dynamodb.errors import in_use, invalid, no_such_table_named
from infra.local.dynamodb.limits import LIST_TABLES
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.sweep import SWEEP_ITEMS
from infra.local.dynamodb.tables import Index, Table, arn_of, forget, load_table, name_in_arn
from infra.local.dynamodb.tags import drop_tags
from infra.local.dynamodb.throughput import decreases_today
from infra.local.partition import partition_of
from infra.local.request import Request

_TABLE_ONLY = frozenset({"TableName"})
_LIST_PARAMETERS = frozenset({"ExclusiveStartTableName", "Limit"})
#: What DeleteTable does not tell of the table that it deletes.
_NOT_OF_A_DELETED = frozenset(
    {"AttributeDefinitions", "KeySchema", "CreationDateTime", "LocalSecondaryIndexes", "GlobalSecondaryIndexes"}
)

_LIST = "SELECT name FROM dynamodb_tables WHERE region = ? AND name > ? ORDER BY name LIMIT ?"
_DELETE = "DELETE FROM dynamodb_tables WHERE id = ?"
_LEAVE_TO_SWEEP = "INSERT INTO dynamodb_dropped (id) VALUES (?)"


def describe_table(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("DescribeTable", params)
    check_known("DescribeTable", params, _TABLE_ONLY)
    return {"Table": describe(request, existing(request, params["TableName"]))}


def list_tables(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("ListTables", params)
    check_known("ListTables", params, _LIST_PARAMETERS)
    limit = params.get("Limit", LIST_TABLES)
    after = params.get("ExclusiveStartTableName", "")
    rows = request.db.execute(_LIST, (request.region, after, limit + 1)).fetchall()
    names = [name for (name,) in rows[:limit]]
    reply: dict[str, Any] = {"TableNames": names}
    if len(rows) > limit:
        reply["LastEvaluatedTableName"] = names[-1]
    return reply


def delete_table(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("DeleteTable", params)
    check_known("DeleteTable", params, _TABLE_ONLY)
    table = existing(request, params["TableName"])
    if table.definition.get("DeletionProtectionEnabled"):
        raise invalid(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    if is_pending(request, table, "index"):
        raise in_use(f"Table is being updated: {table.name}")
    description = describe(request, table, status="DELETING")
    forget(request)
    abandon(request, table)
    drop_tags(request, table)
    request.db.execute(_DELETE, (table.id,))
    if description["ItemCount"] > SWEEP_ITEMS:
        request.db.execute(_LEAVE_TO_SWEEP, (table.id,))
    else:
        request.db.execute(table.sql.drop)
    kept = {name: value for name, value in description.items() if name not in _NOT_OF_A_DELETED}
    return {"TableDescription": kept}


def existing(request: Request, name: str) -> Table:
    """The table, or ResourceNotFoundException in the words of the operations on tables."""
    table = load_table(request, name)
    if table is None:
        raise no_such_table_named(name_in_arn(request, name) if name.startswith("arn:") else name)
    return table


def describe(request: Request, table: Table, status: str | None = None) -> dict[str, Any]:
    """A TableDescription. Sizes are the count of items times the mean JSON size of some."""
    definition = table.definition
    (mean_size,) = request.db.execute(table.sql.mean_size).fetchone()
    mean = mean_size or 0
    items = count_items(request, table)
    if status is None:
        status = "ACTIVE" if all(index.active for index in table.indexes) else "UPDATING"
    description: dict[str, Any] = {
        "AttributeDefinitions": [dict(entry) for entry in definition["AttributeDefinitions"]],
        "TableName": table.name,
        "KeySchema": [dict(part) for part in definition["KeySchema"]],
        "TableStatus": status,
        "CreationDateTime": datetime.fromtimestamp(table.created_at / 1000, UTC),
        "ProvisionedThroughput": _throughput(definition.get("ProvisionedThroughput"), request.now),
        "TableSizeBytes": int(items * mean),
        "ItemCount": items,
        "TableArn": arn_of(request, table),
        "TableId": table.uuid,
        "DeletionProtectionEnabled": definition.get("DeletionProtectionEnabled", False),
        **_modes(table, request.account, status),
    }
    local = [_index(request, table, index, items, mean) for index in table.indexes if index.local]
    if local:
        description["LocalSecondaryIndexes"] = local
    made = status if status in ("CREATING", "DELETING") else None
    declared = {entry["IndexName"]: entry for entry in definition.get("GlobalSecondaryIndexes", ())}
    indexes = [
        _index(request, table, index, items, mean) | _global(table, index, declared[index.name], made, request.now)
        for index in table.indexes
        if not index.local
    ]
    if indexes:
        description["GlobalSecondaryIndexes"] = indexes
    return description


def _modes(table: Table, account: str, status: str) -> dict[str, Any]:
    """How the table is billed, encrypted and stored, as far as that is not the default."""
    definition = table.definition
    told: dict[str, Any] = {"WarmThroughput": warm_throughput.told(definition, billing_mode(definition))}
    since = _moment(definition, "LastUpdateToPayPerRequestDateTime", table.created_at / 1000)
    if billing_mode(definition) == PAY_PER_REQUEST:
        told["BillingModeSummary"] = {"BillingMode": PAY_PER_REQUEST}
        if status != "CREATING":
            told["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] = since
    elif "LastUpdateToPayPerRequestDateTime" in definition:
        told["BillingModeSummary"] = {"BillingMode": "PROVISIONED", "LastUpdateToPayPerRequestDateTime": since}
    if definition.get("OnDemandThroughput"):
        told["OnDemandThroughput"] = dict(definition["OnDemandThroughput"])
    if "TableClass" in definition:
        summary: dict[str, Any] = {"TableClass": definition["TableClass"]}
        if "TableClassDateTime" in definition:
            summary["LastUpdateDateTime"] = _moment(definition, "TableClassDateTime", 0)
        told["TableClassSummary"] = summary
    if definition.get("SSESpecification", {}).get("Enabled"):
        told["SSEDescription"] = {
            "Status": "ENABLED",
            "SSEType": "KMS",
            "KMSMasterKeyArn": f"arn:{partition_of(table.region)}:kms:{table.region}:{account}:key/{table.uuid}",
        }
    return told


def _index(request: Request, table: Table, index: Index, items: int, mean: float) -> dict[str, Any]:
    """What is told of an index of either kind."""
    kind = "LocalSecondaryIndexes" if index.local else "GlobalSecondaryIndexes"
    given = next(entry for entry in table.definition[kind] if entry["IndexName"] == index.name)
    entries = count_entries(request, index, items)
    return {
        "IndexName": index.name,
        "KeySchema": [dict(part) for part in given["KeySchema"]],
        "Projection": {
            name: list(value) if isinstance(value, list) else value for name, value in given["Projection"].items()
        },
        "IndexSizeBytes": int(entries * mean),
        "ItemCount": entries,
        "IndexArn": f"{arn_of(request, table)}/index/{index.name}",
    }


def _global(table: Table, index: Index, given: Mapping[str, Any], status: str | None, now: int) -> dict[str, Any]:
    """What is told of a global index only."""
    told: dict[str, Any] = {
        "IndexStatus": status or ("ACTIVE" if index.active else "CREATING"),
        "ProvisionedThroughput": _throughput(given.get("ProvisionedThroughput"), now),
        "WarmThroughput": warm_throughput.told(given, billing_mode(table.definition)),
    }
    if not index.active:
        told["Backfilling"] = True
    if given.get("OnDemandThroughput"):
        told["OnDemandThroughput"] = dict(given["OnDemandThroughput"])
    return told


def _throughput(given: Mapping[str, Any] | None, now: int) -> dict[str, Any]:
    told: dict[str, Any] = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    for name, value in (given or {}).items():
        told[name] = datetime.fromtimestamp(value, UTC) if name.endswith("DateTime") else value
    return told | {"NumberOfDecreasesToday": decreases_today(given or {}, now)}


def _moment(definition: Mapping[str, Any], name: str, default: float) -> datetime:
    return datetime.fromtimestamp(definition.get(name, default), UTC)
