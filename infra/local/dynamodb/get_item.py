"""GetItem: the item under a key. Every read of one process is consistent; ConsistentRead costs more units."""

from typing import Any

from infra.local.dynamodb.attributes import canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.items import item_size
from infra.local.dynamodb.keys import exact_key
from infra.local.dynamodb.legacy import bind_any
from infra.local.dynamodb.parameters import check_request, returned_capacity
from infra.local.dynamodb.rows import read_item
from infra.local.dynamodb.tables import find_table
from infra.local.request import Request

_PLAIN = frozenset({"TableName", "Key", "ConsistentRead"})
_PARAMETERS = _PLAIN | {
    "ReturnConsumedCapacity",
    "ProjectionExpression",
    "ExpressionAttributeNames",
    "AttributesToGet",
}


def get_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    projection = capacity = None
    nested: frozenset[str] = frozenset()
    if not check_request(request, "GetItem", params, _PLAIN, _PARAMETERS):
        capacity = returned_capacity(params)
        plan, _ = bind_any(params)
        projection, nested = plan.projection, plan.nested
    key_attributes = canonical_attributes(params["Key"])
    table = find_table(request, params["TableName"])
    key = exact_key(table.keys, key_attributes)
    table.check_paths(nested)
    item = read_item(request.db, table, key)
    reply: dict[str, Any] = {}
    if item is not None:
        reply["Item"] = item if projection is None else projection.cut(item)
    if capacity is not None:
        consumed = Consumed(table, capacity)
        size = 0 if item is None else item_size(item)
        consumed.read(size, consistent=params.get("ConsistentRead", False))
        reply["ConsumedCapacity"] = consumed.reply()
    return reply
