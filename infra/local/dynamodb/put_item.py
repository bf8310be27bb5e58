"""PutItem: a whole item in the place of whatever had its key."""

from typing import Any

from infra.local.dynamodb.attributes import canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.conditions import NO_ITEM, require
from infra.local.dynamodb.errors import enveloped, invalid
from infra.local.dynamodb.expressions import bind
from infra.local.dynamodb.item_collections import metrics_of
from infra.local.dynamodb.items import check_size, encode
from infra.local.dynamodb.keys import item_key
from infra.local.dynamodb.legacy import bind_any
from infra.local.dynamodb.parameters import (
    EXPRESSIONS,
    check_request,
    returned_capacity,
    returns_old,
    wants_metrics,
)
from infra.local.dynamodb.rows import columns_of, read_item
from infra.local.dynamodb.tables import find_table
from infra.local.errors import AwsError
from infra.local.request import Request

TOO_LARGE = "Item size has exceeded the maximum allowed size"
EMPTY_NAME = "Empty attribute name"

_PLAIN = EXPRESSIONS | {"TableName", "Item"}
_PARAMETERS = _PLAIN | {
    "ReturnValues",
    "ReturnConsumedCapacity",
    "ReturnItemCollectionMetrics",
    "ReturnValuesOnConditionCheckFailure",
    "Expected",
    "ConditionalOperator",
}


def put_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    plain = check_request(request, "PutItem", params, _PLAIN, _PARAMETERS)
    try:
        if "" in params["Item"]:
            raise invalid(EMPTY_NAME)
        item = canonical_attributes(params["Item"])
        wants_old = not plain and returns_old(params)
        plan, values = bind(params) if plain else bind_any(params)
    except AwsError as error:
        raise enveloped(error) from None
    blob = encode(item)
    check_size(item, blob, TOO_LARGE)
    table = find_table(request, params["TableName"])
    if plan.nested:
        table.check_paths(plan.nested)
    key = item_key(table.keys, item)
    row = (*key, *columns_of(table, item), blob)
    capacity = None if plain else returned_capacity(params)
    db = request.db
    old = None
    written = False
    if capacity is None and not wants_old:
        # The old item need not be read when there is no condition, or when it holds where there is no item
        # and there turns out to be none.
        if plan.condition is None:
            db.execute(table.sql.upsert, row)
            written = True
        elif plan.condition(NO_ITEM, values):
            written = bool(db.execute(table.sql.insert, row).rowcount)
    if not written:
        old = read_item(db, table, key)
        require(plan, values, old, params)
        db.execute(table.sql.upsert, row)
    reply: dict[str, Any] = {}
    if plain:
        return reply
    if wants_old and old is not None:
        reply["Attributes"] = old
    if capacity is not None:
        consumed = Consumed(table, capacity)
        consumed.write(old, item)
        reply["ConsumedCapacity"] = consumed.reply()
    if wants_metrics(params):
        metrics = metrics_of(request, table, key, item)
        if metrics is not None:
            reply["ItemCollectionMetrics"] = metrics
    return reply
