"""TransactGetItems: up to 100 items read at one moment."""

from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_attributes
from infra.local.dynamodb.capacity import TRANSACTION_FACTOR, Consumed
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.errors import EmptyKey, invalid
from infra.local.dynamodb.expressions import bind
from infra.local.dynamodb.expressions.projection import Projector
from infra.local.dynamodb.items import item_size
from infra.local.dynamodb.keys import ItemKey, exact_key
from infra.local.dynamodb.limits import TRANSACTION_BYTES
from infra.local.dynamodb.parameters import check_known, returned_capacity
from infra.local.dynamodb.rows import read_item
from infra.local.dynamodb.tables import Table, find_table
from infra.local.dynamodb.transact_write import cancelled
from infra.local.errors import AwsError
from infra.local.request import Request

_PARAMETERS = frozenset({"TransactItems", "ReturnConsumedCapacity"})
_GET_PARAMETERS = frozenset({"TableName", "Key", "ProjectionExpression", "ExpressionAttributeNames"})

#: One item wanted: its table, its key, and what of it to show.
Wanted = tuple[Table, ItemKey, Projector | None]


def transact_get_items(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("TransactGetItems", params)
    check_known("TransactGetItems", params, _PARAMETERS)
    capacity = returned_capacity(params)
    wanted = _wanted(request, [entry["Get"] for entry in params["TransactItems"]])
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


def _wanted(request: Request, gets: list[dict[str, Any]]) -> list[Wanted]:
    """The items, or the refusal: of the request as a whole first, then TransactionCanceledException for wrong keys."""
    legal: list[tuple[Item, Projector | None, frozenset[str]]] = []
    for get in gets:
        check_known("TransactGetItems.Get", get, _GET_PARAMETERS)
        plan, _ = bind(get)
        legal.append((canonical_attributes(get["Key"]), plan.projection, plan.nested))
    tables = [find_table(request, get["TableName"]) for get in gets]
    wanted: list[Wanted] = []
    reasons: list[AwsError | None] = []
    for table, (key, projection, nested) in zip(tables, legal, strict=True):
        try:
            table.check_paths(nested)
            wanted.append((table, exact_key(table.keys, key), projection))
        except EmptyKey:
            raise
        except AwsError as error:
            reasons.append(error)
        else:
            reasons.append(None)
    if len({(table.id, key) for table, key, _ in wanted}) != len(wanted):
        raise invalid("Transaction request cannot include multiple operations on one item")
    if len(wanted) != len(gets):
        raise cancelled(reasons)
    return wanted
