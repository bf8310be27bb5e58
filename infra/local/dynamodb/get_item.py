"""GetItem: the item under a key. Every read of one process is consistent; ConsistentRead costs more units."""

from typing import Any

from infra.local.dynamodb.attributes import canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.expressions import bind
from infra.local.dynamodb.items import item_size
from infra.local.dynamodb.keys import exact_key
from infra.local.dynamodb.parameters import check_known, returned_capacity
from infra.local.dynamodb.rows import read_item
from infra.local.dynamodb.tables import find_table
from infra.local.request import Request

_PARAMETERS = frozenset(
    {
        "TableName",
        "Key",
        "ConsistentRead",
        "ReturnConsumedCapacity",
        "ProjectionExpression",
        "ExpressionAttributeNames",
    }
)


def get_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("GetItem", params, _PARAMETERS)
    capacity = returned_capacity(params)
    projection = None
    if len(params) > 2:
        projection = bind(params)[0].projection
    table = find_table(request, params["TableName"])
    item = read_item(request.db, table, exact_key(table.keys, canonical_attributes(params["Key"])))
    reply: dict[str, Any] = {}
    if item is not None:
        reply["Item"] = item if projection is None else projection.cut(item)
    if capacity is not None:
        consumed = Consumed(table, capacity)
        size = 0 if item is None else item_size(item)
        consumed.read(size, consistent=params.get("ConsistentRead", False))
        reply["ConsumedCapacity"] = consumed.reply()
    return reply
