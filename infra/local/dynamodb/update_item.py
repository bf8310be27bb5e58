"""UpdateItem: an expression applied to the item under a key, which is made if it is not there."""

from typing import Any, NamedTuple

from infra.local.dynamodb.attributes import Item, canonical_attributes, copied
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.conditions import require
from infra.local.dynamodb.errors import invalid_value
from infra.local.dynamodb.expressions import Plan, Values, bind
from infra.local.dynamodb.items import check_size, decode, encode
from infra.local.dynamodb.keys import ItemKey, exact_key
from infra.local.dynamodb.parameters import check_known, check_write_options, returned_capacity, returned_values
from infra.local.dynamodb.rows import columns_of, read
from infra.local.dynamodb.tables import Table, find_table
from infra.local.request import Request

TOO_LARGE = "Item size to update has exceeded the maximum allowed size"

_PARAMETERS = frozenset(
    {
        "TableName",
        "Key",
        "ReturnValues",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "UpdateExpression",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    }
)


class Updated(NamedTuple):
    """An update decided but not yet written."""

    #: The item as it will be, shared with nobody.
    item: Item
    #: What was stored before, if anything.
    before: bytes | None
    statement: str
    parameters: tuple[Any, ...]


def update_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("UpdateItem", params, _PARAMETERS)
    check_write_options(params)
    capacity = returned_capacity(params)
    returns = returned_values(params)
    plan, values = bind(params)
    table = find_table(request, params["TableName"])
    updated = decide_update(request, table, params, plan, values)
    request.db.execute(updated.statement, updated.parameters)
    reply: dict[str, Any] = {}
    if returns != "NONE":
        attributes = _returned(returns, plan, updated)
        if attributes:
            reply["Attributes"] = attributes
    if capacity is not None:
        consumed = Consumed(table, capacity)
        consumed.write(None if updated.before is None else decode(updated.before), updated.item)
        reply["ConsumedCapacity"] = consumed.reply()
    return reply


def decide_update(request: Request, table: Table, params: dict[str, Any], plan: Plan, values: Values) -> Updated:
    """Everything of an update but the write."""
    key_attributes = canonical_attributes(params["Key"])
    key = exact_key(table.keys, key_attributes)
    if not plan.updated.isdisjoint(table.key_names):
        name = next(name for name in table.keys.names if name in plan.updated)
        raise invalid_value(f"Cannot update attribute {name}. This attribute is part of the key")
    found = read(request.db, table, key)
    if found is None:
        require(plan, values, None, params)
        item = {name: copied(value) for name, value in key_attributes.items()}
    else:
        item = decode(found[1])
        require(plan, values, item, params)
    if plan.update is not None:
        plan.update.apply(item, values)
    blob = encode(item)
    check_size(item, blob, TOO_LARGE)
    if found is None:
        return _inserted(table, key, item, blob)
    row_id, before = found
    if plan.updated.isdisjoint(table.tracked):
        return Updated(item, before, table.sql.replace_item, (blob, row_id))
    columns = columns_of(table, item, updating=True)
    return Updated(item, before, table.sql.replace_row, (*columns, blob, row_id))


def _inserted(table: Table, key: ItemKey, item: Item, blob: bytes) -> Updated:
    row = (*key, *columns_of(table, item, updating=True), blob)
    return Updated(item, None, table.sql.upsert, row)


def _returned(returns: str, plan: Plan, updated: Updated) -> Item | None:
    if returns == "ALL_NEW":
        return updated.item
    if returns == "UPDATED_NEW":
        return None if plan.update is None else plan.update.touched.cut(updated.item)
    if updated.before is None:
        return None
    old = decode(updated.before)
    if returns == "ALL_OLD":
        return old
    return None if plan.update is None else plan.update.touched.cut(old)
