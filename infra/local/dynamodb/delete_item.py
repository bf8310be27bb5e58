"""DeleteItem: the item under a key, if it is there, gone."""

from typing import Any

from infra.local.dynamodb.attributes import canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.conditions import require
from infra.local.dynamodb.errors import enveloped
from infra.local.dynamodb.expressions import bind
from infra.local.dynamodb.item_collections import metrics_of
from infra.local.dynamodb.keys import exact_key
from infra.local.dynamodb.legacy import bind_any
from infra.local.dynamodb.parameters import (
    EXPRESSIONS,
    check_request,
    returned_capacity,
    returns_old,
    wants_metrics,
)
from infra.local.dynamodb.rows import read_item
from infra.local.dynamodb.tables import find_table
from infra.local.errors import AwsError
from infra.local.request import Request

_PLAIN = EXPRESSIONS | {"TableName", "Key"}
_PARAMETERS = _PLAIN | {
    "ReturnValues",
    "ReturnConsumedCapacity",
    "ReturnItemCollectionMetrics",
    "ReturnValuesOnConditionCheckFailure",
    "Expected",
    "ConditionalOperator",
}


def delete_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    plain = check_request(request, "DeleteItem", params, _PLAIN, _PARAMETERS)
    try:
        key_attributes = canonical_attributes(params["Key"])
        wants_old = not plain and returns_old(params)
        plan, values = bind(params) if plain else bind_any(params)
    except AwsError as error:
        raise enveloped(error) from None
    table = find_table(request, params["TableName"])
    if plan.nested:
        table.check_paths(plan.nested)
    key = exact_key(table.keys, key_attributes)
    capacity = None if plain else returned_capacity(params)
    old = None
    if wants_old or capacity is not None or plan.condition is not None:
        old = read_item(request.db, table, key)
        require(plan, values, old, params)
    request.db.execute(table.sql.delete, key)
    reply: dict[str, Any] = {}
    if plain:
        return reply
    if wants_old and old is not None:
        reply["Attributes"] = old
    if capacity is not None:
        consumed = Consumed(table, capacity)
        consumed.write(old, None)
        reply["ConsumedCapacity"] = consumed.reply()
    if wants_metrics(params):
        metrics = metrics_of(request, table, key, key_attributes)
        if metrics is not None:
            reply["ItemCollectionMetrics"] = metrics
    return reply
