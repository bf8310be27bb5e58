"""PutItem: a whole item in the place of whatever had its key."""

from typing import Any

from infra.local.dynamodb.attributes import canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.conditions import NO_ITEM, require
from infra.local.dynamodb.expressions import bind
from infra.local.dynamodb.items import check_size, encode
from infra.local.dynamodb.keys import item_key
from infra.local.dynamodb.parameters import check_known, check_write_options, returned_capacity, returns_old
from infra.local.dynamodb.rows import columns_of, read_item
from infra.local.dynamodb.tables import find_table
from infra.local.request import Request

TOO_LARGE = "Item size has exceeded the maximum allowed size"

_PARAMETERS = frozenset(
    {
        "TableName",
        "Item",
        "ReturnValues",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    }
)


def put_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("PutItem", params, _PARAMETERS)
    check_write_options(params)
    capacity = returned_capacity(params)
    wants_old = returns_old(params)
    plan, values = bind(params)
    table = find_table(request, params["TableName"])
    item = canonical_attributes(params["Item"])
    key = item_key(table.keys, item)
    blob = encode(item)
    check_size(item, blob, TOO_LARGE)
    row = (*key, *columns_of(table, item), blob)
    db = request.db
    if capacity is None and not wants_old:
        # The old item need not be read when there is no condition, or when it holds where there is no item
        # and there turns out to be none.
        if plan.condition is None:
            db.execute(table.sql.upsert, row)
            return {}
        if plan.condition(NO_ITEM, values) and db.execute(table.sql.insert, row).rowcount:
            return {}
    old = read_item(db, table, key)
    require(plan, values, old, params)
    db.execute(table.sql.upsert, row)
    reply: dict[str, Any] = {}
    if wants_old and old is not None:
        reply["Attributes"] = old
    if capacity is not None:
        consumed = Consumed(table, capacity)
        consumed.write(old, item)
        reply["ConsumedCapacity"] = consumed.reply()
    return reply
