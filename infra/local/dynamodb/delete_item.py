"""DeleteItem: the item under a key, if it is there, gone."""

from typing import Any

from infra.local.dynamodb.attributes import canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.conditions import require
from infra.local.dynamodb.expressions import bind
from infra.local.dynamodb.keys import exact_key
from infra.local.dynamodb.parameters import check_known, check_write_options, returned_capacity, returns_old
from infra.local.dynamodb.rows import read_item
from infra.local.dynamodb.tables import find_table
from infra.local.request import Request

_PARAMETERS = frozenset(
    {
        "TableName",
        "Key",
        "ReturnValues",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    }
)


def delete_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("DeleteItem", params, _PARAMETERS)
    check_write_options(params)
    capacity = returned_capacity(params)
    wants_old = returns_old(params)
    plan, values = bind(params)
    table = find_table(request, params["TableName"])
    key = exact_key(table.keys, canonical_attributes(params["Key"]))
    old = None
    if wants_old or capacity is not None or plan.condition is not None:
        old = read_item(request.db, table, key)
        require(plan, values, old, params)
    request.db.execute(table.sql.delete, key)
    reply: dict[str, Any] = {}
    if wants_old and old is not None:
        reply["Attributes"] = old
    if capacity is not None:
        consumed = Consumed(table, capacity)
        consumed.write(old, None)
        reply["ConsumedCapacity"] = consumed.reply()
    return reply
