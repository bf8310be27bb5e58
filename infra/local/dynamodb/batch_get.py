"""BatchGetItem: up to 100 keys of several tables, as many items as fit in 16 MB."""

from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.items import decode, item_size
from infra.local.dynamodb.keys import exact_key
from infra.local.dynamodb.legacy import bind_any
from infra.local.dynamodb.limits import BATCH_GET_BYTES, BATCH_GET_KEYS
from infra.local.dynamodb.parameters import check_known, returned_capacity
from infra.local.dynamodb.tables import find_table
from infra.local.request import Request

_PARAMETERS = frozenset({"RequestItems", "ReturnConsumedCapacity"})
_TABLE_PARAMETERS = frozenset(
    {"Keys", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames", "AttributesToGet"}
)


def batch_get_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("BatchGetItem", params)
    check_known("BatchGetItem", params, _PARAMETERS)
    capacity = returned_capacity(params)
    wanted: dict[str, dict[str, Any]] = params["RequestItems"]
    legal = []
    for name, asked in wanted.items():
        check_known("BatchGetItem", asked, _TABLE_PARAMETERS)
        plan, _ = bind_any(asked)
        legal.append((name, asked, [canonical_attributes(key) for key in asked["Keys"]], plan))
    if sum(len(asked["Keys"]) for asked in wanted.values()) > BATCH_GET_KEYS:
        raise invalid("Too many items requested for the BatchGetItem call")
    _check_one_kind(wanted)
    plans = []
    for name, asked, given, plan in legal:
        table = find_table(request, name)
        table.check_paths(plan.nested)
        keys = [exact_key(table.keys, key) for key in given]
        if len(set(keys)) != len(keys):
            raise invalid("Provided list of item keys contains duplicates")
        plans.append((name, table, asked, keys, plan.projection))
    responses: dict[str, list[Item]] = {}
    unprocessed: dict[str, dict[str, Any]] = {}
    consumed: list[dict[str, Any]] = []
    room = BATCH_GET_BYTES
    for name, table, asked, keys, projection in plans:
        items: list[Item] = []
        usage = None if capacity is None else Consumed(table, capacity)
        consistent = asked.get("ConsistentRead", False)
        execute, statement = request.db.execute, table.sql.get
        for at, key in enumerate(keys):
            row = execute(statement, key).fetchone()
            if row is None:
                if usage is not None:
                    usage.read(0, consistent=consistent)
                continue
            blob = row[1]
            # The JSON is never shorter than the item, so an upper bound serves until it is used up.
            room -= len(blob)
            item = decode(blob)
            if room < 0:
                room += len(blob) - item_size(item)
                if room < 0:
                    unprocessed[name] = {**asked, "Keys": asked["Keys"][at:]}
                    break
            if usage is not None:
                usage.read(item_size(item), consistent=consistent)
            items.append(item if projection is None else projection.cut(item))
        responses[name] = items
        if usage is not None:
            consumed.append(usage.reply())
    reply: dict[str, Any] = {"Responses": responses, "UnprocessedKeys": unprocessed}
    if capacity is not None:
        reply["ConsumedCapacity"] = consumed
    return reply


def _check_one_kind(wanted: dict[str, dict[str, Any]]) -> None:
    """Expressions and legacy parameters do not mix across tables either."""
    if any("AttributesToGet" in asked for asked in wanted.values()) and any(
        "ProjectionExpression" in asked for asked in wanted.values()
    ):
        raise invalid(
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
        )
