"""UpdateItem: an expression applied to the item under a key, which is made if it is not there."""

from collections.abc import Mapping
from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_attributes, copied
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.conditions import require
from infra.local.dynamodb.errors import enveloped, invalid_value
from infra.local.dynamodb.expressions import Plan, Values, bind
from infra.local.dynamodb.expressions.update import UpdateProgram
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
from infra.local.dynamodb.write import Write
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


def update_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    plain = check_request(request, "UpdateItem", params, _PLAIN, _PARAMETERS)
    try:
        key_attributes = canonical_attributes(params["Key"])
        plan, values = bind(params) if plain else bind_any(params)
    except AwsError as error:
        raise enveloped(error) from None
    table = find_table(request, params["TableName"])
    key = exact_key(table.keys, key_attributes)
    write = decide_update(request, table, key, key_attributes, params, plan, values)
    write.do(request)
    reply: dict[str, Any] = {}
    if plain:
        return reply
    returns = returned_values(params)
    if returns != "NONE" and write.after is not None:
        attributes = _returned(returns, plan, write.before, write.after)
        if attributes:
            reply["Attributes"] = attributes
    capacity = returned_capacity(params)
    if capacity is not None:
        consumed = Consumed(table, capacity)
        write.use(consumed)
        reply["ConsumedCapacity"] = consumed.reply()
    if wants_metrics(params):
        metrics = metrics_of(request, table, key, key_attributes)
        if metrics is not None:
            reply["ItemCollectionMetrics"] = metrics
    return reply


def decide_update(
    request: Request,
    table: Table,
    key: ItemKey,
    key_attributes: Item,
    params: Mapping[str, Any],
    plan: Plan,
    values: Values,
) -> Write:
    """Everything of an update but the write: none if it only takes attributes away from an item that is not there.

    `key_attributes` begin an item that is not there yet; of `params` it reads what a condition that fails gives back.
    """
    update = plan.update
    tracked = False
    if update is not None:
        if not plan.updated.isdisjoint(table.key_names):
            name = next(name for name in table.keys.names if name in plan.updated)
            raise invalid_value(f"Cannot update attribute {name}. This attribute is part of the key")
        tracked = not plan.updated.isdisjoint(table.tracked)
        if tracked and not request.trusted:
            _check_index_keys(table, update, values)
    if plan.nested:
        table.check_paths(plan.nested)
    found = read(request.db, table, key)
    if found is None:
        require(plan, values, None, params)
        item = {name: copied(value) for name, value in key_attributes.items()}
    else:
        item = decode(found[1])
        require(plan, values, item, params)
    if update is not None:
        update.apply(item, values, shared=request.trusted)
    blob = encode(item)
    check_size(item, blob, TOO_LARGE)
    if found is None:
        if update is not None and not update.creates:
            return Write(None, None, "", ())
        return Write(None, item, table.sql.upsert, (*key, *columns_of(table, item, updating=True), blob))
    row_id, before = found
    if not tracked:
        return Write(before, item, table.sql.replace_item, (blob, row_id))
    columns = columns_of(table, item, updating=True)
    return Write(before, item, table.sql.replace_row, (*columns, blob, row_id))


def _check_index_keys(table: Table, update: UpdateProgram, values: Values) -> None:
    """Refuses a value that is set as it is, and cannot be the key of an index, before the item is read."""
    for name, (attribute, index) in table.index_keys.items():
        placeholder = update.plain.get(name)
        if placeholder is not None:
            content = values[placeholder].get(attribute.type)
            if content is None:
                raise index_mismatch(attribute, values[placeholder], index)
            if not content and attribute.type != "N":
                raise index_key_emptied(attribute)


def _returned(returns: str, plan: Plan, before: bytes | None, after: Item) -> Item | None:
    if returns == "ALL_NEW":
        return after
    if returns == "UPDATED_NEW":
        return None if plan.update is None else plan.update.touched.cut(after)
    if before is None:
        return None
    old = decode(before)
    if returns == "ALL_OLD":
        return old
    return None if plan.update is None else plan.update.touched.cut(old)
