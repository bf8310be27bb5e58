"""TransactWriteItems: up to 100 writes and checks of different items, all or none.

Everything is decided on the items as they are, then everything is written; one refusal cancels all, and the
error gives a reason for each item. A ClientRequestToken is remembered for ten minutes with a fingerprint of its
request, so that a repeated request answers again without writing again.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from infra.local.dynamodb.attributes import Item, canonical_attributes
from infra.local.dynamodb.capacity import TRANSACTION_FACTOR, Consumed
from infra.local.dynamodb.conditions import require
from infra.local.dynamodb.errors import constraint, invalid
from infra.local.dynamodb.expressions import Plan, Values, bind
from infra.local.dynamodb.items import check_size, decode, encode, item_size
from infra.local.dynamodb.keys import ItemKey, exact_key, item_key
from infra.local.dynamodb.limits import REQUEST_TOKEN_MS, TRANSACTION_BYTES, TRANSACTION_ITEMS
from infra.local.dynamodb.parameters import check_known, check_write_options, returned_capacity
from infra.local.dynamodb.put_item import TOO_LARGE
from infra.local.dynamodb.rows import columns_of, read_item
from infra.local.dynamodb.tables import Table, find_table
from infra.local.dynamodb.update_item import decide_update
from infra.local.errors import AwsError
from infra.local.request import Request

_PARAMETERS = frozenset(
    {"TransactItems", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics", "ClientRequestToken"}
)
_EXPRESSION_PARAMETERS = frozenset(
    {
        "TableName",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    }
)
_TOKEN_LENGTHS = range(1, 37)
_CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons"

_FIND_TOKEN = "SELECT fingerprint FROM dynamodb_tokens WHERE region = ? AND token = ? AND expires_at > ?"  # noqa: S105 - the SQL of a request token, no password
_KEEP_TOKEN = "INSERT OR REPLACE INTO dynamodb_tokens (region, token, fingerprint, expires_at) VALUES (?, ?, ?, ?)"  # noqa: S105 - the same
_DROP_TOKENS = "DELETE FROM dynamodb_tokens WHERE expires_at <= ?"


@dataclass(frozen=True, slots=True)
class Decided:
    """One item's part of the transaction, on paper."""

    key: ItemKey
    old: Item | None
    new: Item | None
    #: None for a mere check.
    statement: str | None
    parameters: tuple[Any, ...] = ()


#: Decides one action on its table.
Decide = Callable[[Request, Table, dict[str, Any], Plan, Values], Decided]


def transact_write_items(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("TransactWriteItems", params, _PARAMETERS)
    check_write_options(params)
    capacity = returned_capacity(params)
    bound = _bound(request, params["TransactItems"])
    token = params.get("ClientRequestToken")
    if token is not None and _was_done(request, params, token):
        return {} if capacity is None else {"ConsumedCapacity": _reads(request, bound, capacity)}
    decided = _decide_all(request, bound)
    consumed: dict[str, Consumed] = {}
    for (table, *_), part in zip(bound, decided, strict=True):
        if part.statement is not None:
            request.db.execute(part.statement, part.parameters)
        if capacity is not None:
            usage = consumed.setdefault(table.name, Consumed(table, capacity, "WriteCapacityUnits"))
            usage.write(part.old, part.new, TRANSACTION_FACTOR)
    if token is not None:
        _remember(request, params, token)
    return {} if capacity is None else {"ConsumedCapacity": [usage.reply() for usage in consumed.values()]}


def _bound(request: Request, actions: list[dict[str, Any]]) -> list[tuple[Table, Decide, dict[str, Any], Plan, Values]]:
    """What the request alone decides: each action with its table, expressions and values."""
    if not actions:
        raise constraint("[]", "transactItems", "Member must have length greater than or equal to 1")
    if len(actions) > TRANSACTION_ITEMS:
        raise constraint(
            f"[{len(actions)} items]",
            "transactItems",
            f"Member must have length less than or equal to {TRANSACTION_ITEMS}",
        )
    bound = []
    for action in actions:
        if len(action) != 1:
            raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
        ((name, params),) = action.items()
        decide, own = _ACTIONS[name]
        check_known(f"TransactWriteItems.{name}", params, _EXPRESSION_PARAMETERS | own)
        check_write_options(params)
        plan, values = bind(params)
        bound.append((find_table(request, params["TableName"]), decide, params, plan, values))
    return bound


def _decide_all(request: Request, bound: list[tuple[Table, Decide, dict[str, Any], Plan, Values]]) -> list[Decided]:
    """Every part decided, or TransactionCanceledException with a reason for each."""
    decided: list[Decided] = []
    reasons: list[dict[str, Any]] = []
    for table, decide, params, plan, values in bound:
        try:
            decided.append(decide(request, table, params, plan, values))
        except AwsError as error:
            reasons.append(_reason(error))
        else:
            reasons.append({"Code": "None"})
    if len(decided) != len(bound):
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise AwsError(
            "TransactionCanceledException", f"{_CANCELLED} [{codes}]", fields={"CancellationReasons": reasons}
        )
    if len({(table.id, part.key) for (table, *_), part in zip(bound, decided, strict=True)}) != len(bound):
        raise invalid("Transaction request cannot include multiple operations on one item")
    if sum(item_size(part.new) for part in decided if part.statement and part.new) > TRANSACTION_BYTES:
        raise invalid("Transaction request cannot write more than 4 MB")
    return decided


def _reason(error: AwsError) -> dict[str, Any]:
    if error.code == "ConditionalCheckFailedException":
        return {"Code": "ConditionalCheckFailed", "Message": error.message, **error.fields}
    if error.code == "ValidationException":
        return {"Code": "ValidationError", "Message": error.message}
    raise error


def _put(request: Request, table: Table, params: dict[str, Any], plan: Plan, values: Values) -> Decided:
    item = canonical_attributes(params["Item"])
    key = item_key(table.keys, item)
    blob = encode(item)
    check_size(item, blob, TOO_LARGE)
    columns = columns_of(table, item)
    old = read_item(request.db, table, key)
    require(plan, values, old, params)
    return Decided(key, old, item, table.sql.upsert, (*key, *columns, blob))


def _update(request: Request, table: Table, params: dict[str, Any], plan: Plan, values: Values) -> Decided:
    key = exact_key(table.keys, canonical_attributes(params["Key"]))
    updated = decide_update(request, table, params, plan, values)
    old = None if updated.before is None else decode(updated.before)
    return Decided(key, old, updated.item, updated.statement, updated.parameters)


def _delete(request: Request, table: Table, params: dict[str, Any], plan: Plan, values: Values) -> Decided:
    key = exact_key(table.keys, canonical_attributes(params["Key"]))
    old = read_item(request.db, table, key)
    require(plan, values, old, params)
    return Decided(key, old, None, table.sql.delete, key)


def _check(request: Request, table: Table, params: dict[str, Any], plan: Plan, values: Values) -> Decided:
    key = exact_key(table.keys, canonical_attributes(params["Key"]))
    old = read_item(request.db, table, key)
    require(plan, values, old, params)
    return Decided(key, old, old, None)


#: Action -> how it is decided, and its parameters beyond the common ones.
_ACTIONS: dict[str, tuple[Decide, frozenset[str]]] = {
    "Put": (_put, frozenset({"Item"})),
    "Update": (_update, frozenset({"Key", "UpdateExpression"})),
    "Delete": (_delete, frozenset({"Key"})),
    "ConditionCheck": (_check, frozenset({"Key"})),
}


def _fingerprint(params: dict[str, Any]) -> bytes:
    text = orjson.dumps({"TransactItems": params["TransactItems"]}, default=repr, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).digest()


def _was_done(request: Request, params: dict[str, Any], token: str) -> bool:
    if len(token) not in _TOKEN_LENGTHS:
        bound = "less than or equal to 36" if token else "greater than or equal to 1"
        raise constraint(token, "clientRequestToken", f"Member must have length {bound}")
    row = request.db.execute(_FIND_TOKEN, (request.region, token, request.now)).fetchone()
    if row is not None and row[0] != _fingerprint(params):
        raise AwsError(
            "IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request. Do not reuse a "
            "client token with different requests, unless the requests are identical",
        )
    return row is not None


def _remember(request: Request, params: dict[str, Any], token: str) -> None:
    request.db.execute(_DROP_TOKENS, (request.now,))
    row = (request.region, token, _fingerprint(params), request.now + REQUEST_TOKEN_MS)
    request.db.execute(_KEEP_TOKEN, row)


def _reads(
    request: Request, bound: list[tuple[Table, Decide, dict[str, Any], Plan, Values]], capacity: str
) -> list[dict[str, Any]]:
    """What a repeated transaction costs: it only reads its items."""
    consumed: dict[str, Consumed] = {}
    for table, _, params, _, _ in bound:
        attributes = canonical_attributes(params.get("Key") or params["Item"])
        key = exact_key(table.keys, attributes) if "Key" in params else item_key(table.keys, attributes)
        item = read_item(request.db, table, key)
        usage = consumed.setdefault(table.name, Consumed(table, capacity, "ReadCapacityUnits"))
        size = 0 if item is None else item_size(item)
        usage.read(size, consistent=True, factor=TRANSACTION_FACTOR)
    return [usage.reply() for usage in consumed.values()]
