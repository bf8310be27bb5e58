"""TransactWriteItems: up to 100 writes and checks of different items, all or none.

Three passes. What the request alone decides (expressions, values, sizes) refuses it as a whole, action by action
in their order. Then the tables are found and every action is decided on the items as they are; one refusal cancels
all, and the error gives a reason for each action. Then everything is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_attributes
from infra.local.dynamodb.capacity import TRANSACTION_FACTOR, Consumed
from infra.local.dynamodb.conditions import require
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.errors import EmptyKey, invalid
from infra.local.dynamodb.expressions import Plan, Values, bind
from infra.local.dynamodb.item_collections import metrics_of_many
from infra.local.dynamodb.items import check_size, decode, encode, item_size
from infra.local.dynamodb.keys import ItemKey, exact_key, exact_key_in, item_key
from infra.local.dynamodb.limits import TRANSACTION_BYTES
from infra.local.dynamodb.parameters import check_known, check_write_options, returned_capacity, wants_metrics
from infra.local.dynamodb.put_item import EMPTY_NAME, TOO_LARGE
from infra.local.dynamodb.request_tokens import fingerprint, remember, was_done
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
_CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons"


@dataclass(frozen=True, slots=True)
class Action:
    """One action as the request has it, with its expressions and values legal."""

    kind: str
    params: dict[str, Any]
    #: The item of a put, or the key of the others.
    attributes: Item
    plan: Plan
    values: Values


@dataclass(frozen=True, slots=True)
class Decided:
    """One action's part of the transaction, on paper."""

    key: ItemKey
    old: Item | None
    new: Item | None
    #: None for a mere check.
    statement: str | None
    parameters: tuple[Any, ...] = ()


#: Decides one action on its table.
Decide = Callable[[Request, Table, Action], Decided]


def transact_write_items(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("TransactWriteItems", params)
    check_known("TransactWriteItems", params, _PARAMETERS)
    capacity = returned_capacity(params)
    actions = [_action(asked) for asked in params["TransactItems"]]
    tables = [find_table(request, action.params["TableName"]) for action in actions]
    token = params.get("ClientRequestToken")
    mark = b"" if token is None else fingerprint({"TransactItems": params["TransactItems"]})
    if token is not None and was_done(request, token, mark):
        return {} if capacity is None else {"ConsumedCapacity": _reads(request, tables, actions, capacity)}
    decided = _decide_all(request, tables, actions)
    consumed: dict[str, Consumed] = {}
    for table, part in zip(tables, decided, strict=True):
        if part.statement is not None:
            request.db.execute(part.statement, part.parameters)
        if capacity is not None:
            usage = consumed.setdefault(table.name, Consumed(table, capacity, "WriteCapacityUnits"))
            usage.write(part.old, part.new, TRANSACTION_FACTOR)
    if token is not None:
        remember(request, token, mark)
    reply: dict[str, Any] = {}
    if capacity is not None:
        reply["ConsumedCapacity"] = [usage.reply() for usage in consumed.values()]
    if wants_metrics(params):
        written = zip(tables, decided, actions, strict=True)
        metrics = metrics_of_many(
            request, ((table, part.key, action.attributes) for table, part, action in written if part.statement)
        )
        if metrics:
            reply["ItemCollectionMetrics"] = metrics
    return reply


def _action(asked: dict[str, Any]) -> Action:
    """What the request alone decides of an action."""
    if len(asked) != 1:
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    ((kind, params),) = asked.items()
    check_known(f"TransactWriteItems.{kind}", params, _EXPRESSION_PARAMETERS | _ACTIONS[kind][1])
    check_write_options(params)
    if kind != "Put":
        plan, values = bind(params)
        return Action(kind, params, canonical_attributes(params["Key"]), plan, values)
    if "" in params["Item"]:
        raise invalid(EMPTY_NAME)
    item = canonical_attributes(params["Item"])
    check_size(item, encode(item), TOO_LARGE)
    plan, values = bind(params)
    return Action(kind, params, item, plan, values)


def _decide_all(request: Request, tables: list[Table], actions: list[Action]) -> list[Decided]:
    """Every part decided, or TransactionCanceledException with a reason for each."""
    decided: list[Decided] = []
    reasons: list[AwsError | None] = []
    targets = [_target(table, action) for table, action in zip(tables, actions, strict=True)]
    if len(set(targets)) != len(targets):
        raise invalid("Transaction request cannot include multiple operations on one item")
    for table, action in zip(tables, actions, strict=True):
        try:
            decided.append(_ACTIONS[action.kind][0](request, table, action))
        except EmptyKey:
            raise
        except AwsError as error:
            reasons.append(error)
        else:
            reasons.append(None)
    if len(decided) != len(actions):
        raise cancelled(reasons)
    if sum(item_size(part.new) for part in decided if part.statement and part.new) > TRANSACTION_BYTES:
        raise invalid("Transaction request cannot write more than 4 MB")
    return decided


def _target(table: Table, action: Action) -> tuple[int, object]:
    """What an action is about, to see two on one item; one whose key is wrong is about nothing else's item."""
    try:
        return table.id, exact_key_in(table.keys, action.attributes)
    except AwsError:
        return table.id, id(action)


def cancelled(errors: Sequence[AwsError | None]) -> AwsError:
    """The end of a transaction, with what was wrong with each of its actions, if anything."""
    reasons = [_reason(error) for error in errors]
    codes = ", ".join(reason["Code"] for reason in reasons)
    return AwsError("TransactionCanceledException", f"{_CANCELLED} [{codes}]", fields={"CancellationReasons": reasons})


def _reason(error: AwsError | None) -> dict[str, Any]:
    if error is None:
        return {"Code": "None"}
    if error.code == "ConditionalCheckFailedException":
        return {"Code": "ConditionalCheckFailed", "Message": error.message, **error.fields}
    if error.code == "ValidationException":
        return {"Code": "ValidationError", "Message": error.message}
    raise error


def _put(request: Request, table: Table, action: Action) -> Decided:
    item = action.attributes
    key = item_key(table.keys, item)
    columns = columns_of(table, item)
    old = _tested(request, table, key, action)
    return Decided(key, old, item, table.sql.upsert, (*key, *columns, encode(item)))


def _update(request: Request, table: Table, action: Action) -> Decided:
    key = exact_key(table.keys, action.attributes)
    write = decide_update(request, table, key, action.attributes, action.params, action.plan, action.values)
    if write.after is None:
        return Decided(key, None, None, None)
    old = None if write.before is None else decode(write.before)
    return Decided(key, old, write.after, write.statement, write.parameters)


def _delete(request: Request, table: Table, action: Action) -> Decided:
    key = exact_key(table.keys, action.attributes)
    return Decided(key, _tested(request, table, key, action), None, table.sql.delete, key)


def _check(request: Request, table: Table, action: Action) -> Decided:
    key = exact_key(table.keys, action.attributes)
    old = _tested(request, table, key, action)
    return Decided(key, old, old, None)


def _tested(request: Request, table: Table, key: ItemKey, action: Action) -> Item | None:
    """The item under a key, if the action's condition holds of it."""
    if action.plan.nested:
        table.check_paths(action.plan.nested)
    old = read_item(request.db, table, key)
    require(action.plan, action.values, old, action.params)
    return old


#: Action -> how it is decided, and its parameters beyond the common ones.
_ACTIONS: dict[str, tuple[Decide, frozenset[str]]] = {
    "Put": (_put, frozenset({"Item"})),
    "Update": (_update, frozenset({"Key", "UpdateExpression"})),
    "Delete": (_delete, frozenset({"Key"})),
    "ConditionCheck": (_check, frozenset({"Key"})),
}


def _reads(request: Request, tables: list[Table], actions: list[Action], capacity: str) -> list[dict[str, Any]]:
    """What a repeated transaction costs: it only reads its items."""
    consumed: dict[str, Consumed] = {}
    for table, action in zip(tables, actions, strict=True):
        item = read_item(request.db, table, exact_key_in(table.keys, action.attributes))
        usage = consumed.setdefault(table.name, Consumed(table, capacity, "ReadCapacityUnits"))
        size = 0 if item is None else item_size(item)
        usage.read(size, consistent=True, factor=TRANSACTION_FACTOR)
    return [usage.reply() for usage in consumed.values()]
