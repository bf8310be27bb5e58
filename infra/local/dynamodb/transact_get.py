"""TransactGetItems: up to 100 items read at one moment."""

from typing import Any

from infra.local.dynamodb.attributes import canonical_attributes
from infra.local.dynamodb.capacity import TRANSACTION_FACTOR, Consumed
from infra.local.dynamodb.errors import constraint, invalid
from infra.local.dynamodb.expressions import bind
from infra.local.dynamodb.items import item_size
from infra.local.dynamodb.keys import exact_key
from infra.local.dynamodb.limits import TRANSACTION_BYTES, TRANSACTION_ITEMS
from infra.local.dynamodb.parameters import check_known, returned_capacity
from infra.local.dynamodb.rows import read_item
from infra.local.dynamodb.tables import find_table
from infra.local.request import Request

_PARAMETERS = frozenset({"TransactItems", "ReturnConsumedCapacity"})
_GET_PARAMETERS = frozenset({"TableName", "Key", "ProjectionExpression", "ExpressionAttributeNames"})


def transact_get_items(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("TransactGetItems", params, _PARAMETERS)
    capacity = returned_capacity(params)
    gets = [entry["Get"] for entry in params["TransactItems"]]
    if not 1 <= len(gets) <= TRANSACTION_ITEMS:
        bound = "greater than or equal to 1" if not gets else f"less than or equal to {TRANSACTION_ITEMS}"
        raise constraint(f"[{len(gets)} items]", "transactItems", f"Member must have length {bound}")
    wanted = []
    for get in gets:
        check_known("TransactGetItems.Get", get, _GET_PARAMETERS)
        plan, _ = bind(get)
        table = find_table(request, get["TableName"])
        wanted.append((table, exact_key(table.keys, canonical_attributes(get["Key"])), plan.projection))
    if len({(table.id, key) for table, key, _ in wanted}) != len(wanted):
        raise invalid("Transaction request cannot include multiple operations on one item")
    responses: list[dict[str, Any]] = []
    consumed: dict[str, Consumed] = {}
    total = 0
    for table, key, projection in wanted:
        item = read_item(request.db, table, key)
        size = 0 if item is None else item_size(item)
        total += size
        if capacity is not None:
            usage = consumed.setdefault(table.name, Consumed(table, capacity, "ReadCapacityUnits"))
            usage.read(size, consistent=True, factor=TRANSACTION_FACTOR)
        if item is None:
            responses.append({})
        else:
            responses.append({"Item": item if projection is None else projection.cut(item)})
    if total > TRANSACTION_BYTES:
        raise invalid("Transaction request cannot read more than 4 MB")
    reply: dict[str, Any] = {"Responses": responses}
    if capacity is not None:
        reply["ConsumedCapacity"] = [usage.reply() for usage in consumed.values()]
    return reply
