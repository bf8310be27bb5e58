"""DescribeTable, ListTables and DeleteTable: what is known of tables, and their end."""

from datetime import UTC, datetime
from typing import Any

from infra.local.dynamodb.errors import constraint, no_such_table_named
from infra.local.dynamodb.limits import LIST_TABLES
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.statements import IndexColumns
from infra.local.dynamodb.sweep import SWEEP_ITEMS
from infra.local.dynamodb.tables import Table, forget, load_table
from infra.local.request import Request

_TABLE_ONLY = frozenset({"TableName"})
_LIST_PARAMETERS = frozenset({"ExclusiveStartTableName", "Limit"})

_LIST = "SELECT name FROM dynamodb_tables WHERE region = ? AND name > ? ORDER BY name LIMIT ?"
_DELETE = "DELETE FROM dynamodb_tables WHERE id = ?"
_LEAVE_TO_SWEEP = "INSERT INTO dynamodb_dropped (id) VALUES (?)"


def describe_table(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("DescribeTable", params, _TABLE_ONLY)
    return {"Table": describe(request, existing(request, params["TableName"]))}


def list_tables(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("ListTables", params, _LIST_PARAMETERS)
    limit = params.get("Limit", LIST_TABLES)
    if not 1 <= limit <= LIST_TABLES:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {LIST_TABLES}"
        raise constraint(limit, "limit", f"Member must have value {bound}")
    after = params.get("ExclusiveStartTableName", "")
    rows = request.db.execute(_LIST, (request.region, after, limit + 1)).fetchall()
    names = [name for (name,) in rows[:limit]]
    reply: dict[str, Any] = {"TableNames": names}
    if len(rows) > limit:
        reply["LastEvaluatedTableName"] = names[-1]
    return reply


def delete_table(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("DeleteTable", params, _TABLE_ONLY)
    table = existing(request, params["TableName"])
    description = describe(request, table, status="DELETING")
    forget(request)
    request.db.execute(_DELETE, (table.id,))
    if description["ItemCount"] > SWEEP_ITEMS:
        request.db.execute(_LEAVE_TO_SWEEP, (table.id,))
    else:
        request.db.execute(table.sql.drop)
    for member in ("AttributeDefinitions", "KeySchema", "CreationDateTime"):
        del description[member]
    return {"TableDescription": description}


def existing(request: Request, name: str) -> Table:
    table = load_table(request, name)
    if table is None:
        raise no_such_table_named(name)
    return table


def describe(request: Request, table: Table, status: str = "ACTIVE") -> dict[str, Any]:
    """A TableDescription. Counts are exact; sizes are the count times the mean JSON size of some items."""
    (mean_size,) = request.db.execute(table.sql.mean_size).fetchone()
    arn = f"arn:aws:dynamodb:{request.region}:{request.account}:table/{table.name}"
    definition = table.definition
    on_demand = definition.get("BillingMode") == "PAY_PER_REQUEST"
    created = datetime.fromtimestamp(table.created_at / 1000, UTC)

    def extent(columns: IndexColumns) -> tuple[int, int]:
        (count,) = request.db.execute(columns.count).fetchone()
        return count, int(count * (mean_size or 0))

    count, size = extent(table.sql.key)
    description: dict[str, Any] = {
        "AttributeDefinitions": [dict(entry) for entry in definition["AttributeDefinitions"]],
        "TableName": table.name,
        "KeySchema": [dict(part) for part in definition["KeySchema"]],
        "TableStatus": status,
        "CreationDateTime": created,
        "ProvisionedThroughput": _throughput(definition.get("ProvisionedThroughput")),
        "TableSizeBytes": size,
        "ItemCount": count,
        "TableArn": arn,
        "TableId": table.uuid,
        "DeletionProtectionEnabled": False,
    }
    if on_demand:
        description["BillingModeSummary"] = {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": created,
        }
    declared = definition.get("GlobalSecondaryIndexes", ())
    indexes = []
    for index, given in zip(table.indexes, declared, strict=True):
        count, size = extent(index.columns)
        projection = given["Projection"]
        indexes.append(
            {
                "IndexName": index.name,
                "KeySchema": [dict(part) for part in given["KeySchema"]],
                "Projection": {
                    name: list(value) if isinstance(value, list) else value for name, value in projection.items()
                },
                "IndexStatus": status,
                "ProvisionedThroughput": _throughput(given.get("ProvisionedThroughput")),
                "IndexSizeBytes": size,
                "ItemCount": count,
                "IndexArn": f"{arn}/index/{index.name}",
            }
        )
    if indexes:
        description["GlobalSecondaryIndexes"] = indexes
    return description


def _throughput(given: dict[str, int] | None) -> dict[str, int]:
    units = given or {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    return {"NumberOfDecreasesToday": 0, **units}
