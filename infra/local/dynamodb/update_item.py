"""UpdateItem: an expression applied to the item under a key, which is made if it is not there."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from infra.local.dynamodb.attributes import Item, canonical_attributes, copied
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.conditions import require
from infra.local.dynamodb.errors import enveloped, invalid_value
from infra.local.dynamodb.expressions import Plan, Values, bind
from infra.local.dynamodb.item_collections import metrics_of
from infra.local.dynamodb.items import check_size, decode, encode
from infra.local.dynamodb.keys import ItemKey, exact_key, index_key_emptied, index_mismatch
from infra.local.dynamodb.legacy import bind_any
from infra.local.dynamodb.parameters import (
    EXPRESSIONS,
    check_request,
    returned_capacity,
    returned_values,
    wants_metrics,
)
from infra.local.dynamodb.rows import columns_of, read
from infra.local.dynamodb.tables import Table, find_table
from infra.local.errors import AwsError
from infra.local.request import Request

TOO_LARGE = "Item size to update has exceeded the maximum allowed size"

_PLAIN = EXPRESSIONS | {"TableName", "Key"}
_PARAMETERS = _PLAIN | {
    "ReturnValues",
    "ReturnConsumedCapacity",
    "ReturnItemCollectionMetrics",
    "ReturnValuesOnConditionCheckFailure",
    "AttributeUpdates",
    "Expected",
    "ConditionalOperator",
}


class Updated(NamedTuple):
    """An update decided but not yet written."""

    #: The item as it will be, shared with nobody.
    item: Item
    #: What was stored before, if anything.
    before: bytes | None
    statement: str
    parameters: tuple[Any, ...]


def update_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    plain = check_request(request, "UpdateItem", params, _PLAIN, _PARAMETERS)
    try:
        key_attributes = canonical_attributes(params["Key"])
        plan, values = bind(params) if plain else bind_any(params)
    except AwsError as error:
        raise enveloped(error) from None
    table = find_table(request, params["TableName"])
    updated = decide_update(request, table, key_attributes, params, plan, values)
    written = leaves_item(plan, updated)
    if written:
        request.db.execute(updated.statement, updated.parameters)
    reply: dict[str, Any] = {}
    if plain:
        return reply
    returns = returned_values(params)
    if returns != "NONE" and written:
        attributes = _returned(returns, plan, updated)
        if attributes:
            reply["Attributes"] = attributes
    capacity = returned_capacity(params)
    if capacity is not None:
        consumed = Consumed(table, capacity)
        consumed.write(None if updated.before is None else decode(updated.before), updated.item if written else None)
        reply["ConsumedCapacity"] = consumed.reply()
    if wants_metrics(params):
        key = exact_key(table.keys, key_attributes)
        metrics = metrics_of(request, table, key, updated.item)
        if metrics is not None:
            reply["ItemCollectionMetrics"] = metrics
    return reply


def decide_update(
    request: Request, table: Table, key_attributes: Item, params: Mapping[str, Any], plan: Plan, values: Values
) -> Updated:
    """Everything of an update but the write. The key's values are canonical; of `params` it reads what a condition
    that fails gives back.
    """
    key = exact_key(table.keys, key_attributes)
    tracked = False
    if plan.update is not None:
        if not plan.updated.isdisjoint(table.key_names):
            name = next(name for name in table.keys.names if name in plan.updated)
            raise invalid_value(f"Cannot update attribute {name}. This attribute is part of the key")
        tracked = not plan.updated.isdisjoint(table.tracked)
        if tracked and not request.trusted:
            _check_index_keys(table, plan, values)
    if plan.nested:
        table.check_paths(plan.nested)
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
    if not tracked:
        return Updated(item, before, table.sql.replace_item, (blob, row_id))
    columns = columns_of(table, item, updating=True)
    return Updated(item, before, table.sql.replace_row, (*columns, blob, row_id))


def leaves_item(plan: Plan, updated: Updated) -> bool:
    """Whether there is an item after the update: one that only takes attributes away makes none."""
    return updated.before is not None or plan.update is None or plan.update.creates


def _check_index_keys(table: Table, plan: Plan, values: Values) -> None:
    """Refuses a value that is set as it is, and cannot be the key of an index, before the item is read."""
    assert plan.update is not None
    placeholders = plan.update.placeholders
    for name, (attribute, index) in table.index_keys.items():
        placeholder = placeholders.get(name)
        if placeholder is not None:
            content = values[placeholder].get(attribute.type)
            if content is None:
                raise index_mismatch(attribute, values[placeholder], index)
            if not content and attribute.type != "N":
                raise index_key_emptied(attribute)


def _inserted(table: Table, key: ItemKey, item: Item, blob: bytearray) -> Updated:
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
