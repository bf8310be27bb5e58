"""BatchExecuteStatement: up to 25 statements, each with an answer or an error of its own.

They are all reads of one item each, or all writes, of different items. One that is refused has written nothing, and
does not keep the others from running. AWS's page does not say that no two may name one item; DynamoDB Local refuses
such a batch in the words of BatchWriteItem.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
"""

from contextlib import suppress
from typing import Any

from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import Values
from infra.local.dynamodb.keys import ItemKey, exact_key
from infra.local.dynamodb.parameters import returned_capacity
from infra.local.dynamodb.partiql.action import Action, compile_statement
from infra.local.dynamodb.partiql.check import ConditionCheck
from infra.local.dynamodb.partiql.errors import batch_code, check_alone
from infra.local.dynamodb.partiql.prepared import Prepared, prepare
from infra.local.dynamodb.partiql.reading import read_item
from infra.local.dynamodb.partiql.select import Selection
from infra.local.dynamodb.tables import Table, find_table
from infra.local.errors import AwsError
from infra.local.request import Request

#: Statements of one batch, and characters of one of them. (The operation's API reference.)
_SIZES = range(1, 26)
_CHARACTERS = range(1, 8193)
#: A member that can be run: its table, what it is to do there, its parameters, and what else it asks for.
Member = tuple[Table, Action, Values, dict[str, Any]]
_NEEDS_KEY = "Select statements within BatchExecuteStatement must specify the primary key in the where clause."


def batch_execute_statement(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    members: list[dict[str, Any]] = params.get("Statements", ())
    trusted = request.trusted
    if not trusted and (
        "ReturnConsumedCapacity" in params or len(members) not in _SIZES or not all(map(_is_plain, members))
    ):
        check("BatchExecuteStatement", params)
    capacity = returned_capacity(params)
    # A batch is often of one text, many times.
    prepared = {text: _prepared(text) for text in {member["Statement"] for member in members}}
    if len({statement.reads for statement in prepared.values() if isinstance(statement, Prepared)}) > 1:
        raise invalid("Read and write requests together in the same batch is not supported.")
    found: dict[str, tuple[Table, Action]] = {}
    ready = [_ready(request, member, prepared[member["Statement"]], found) for member in members]
    if len(ready) > 1 and not trusted:
        _check_apart(ready)
    responses: list[dict[str, Any]] = []
    consumed: list[dict[str, Any]] = []
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for member in ready:
        if isinstance(member, AwsError):
            responses.append({"Error": _error(member)})
        else:
            response, units = _answer(request, member, capacity, rows)
            responses.append(response)
            if units is not None:
                consumed.append(units)
    for statement, parameters in rows.items():
        request.db.executemany(statement, parameters)
    reply: dict[str, Any] = {"Responses": responses}
    if capacity is not None:
        reply["ConsumedCapacity"] = consumed
    return reply


def _is_plain(member: dict[str, Any]) -> bool:
    """Whether a member certainly keeps the model's constraints, which spares the many the look of `check`."""
    return (
        len(member.get("Statement", "")) in _CHARACTERS
        and member.get("Parameters") != []
        and member.get("ReturnValuesOnConditionCheckFailure", "NONE") in ("NONE", "ALL_OLD")
    )


def _prepared(text: str) -> Prepared | AwsError:
    try:
        return prepare(text)
    except AwsError as error:
        return error


def _ready(
    request: Request, member: dict[str, Any], prepared: Prepared | AwsError, found: dict[str, tuple[Table, Action]]
) -> Member | AwsError:
    """A member that can be run, or what is wrong with it before it touches its table.

    `found`: what the texts of the members before it became.
    """
    if isinstance(prepared, AwsError):
        return prepared
    text = member["Statement"]
    try:
        values = prepared.values(member.get("Parameters"), trusted=request.trusted)
        if text not in found:
            found[text] = _found(request, prepared)
    except AwsError as error:
        return error
    table, action = found[text]
    return table, action, values, member


def _found(request: Request, prepared: Prepared) -> tuple[Table, Action]:
    """What a statement is for the table that it names, if it may be in a batch."""
    table = find_table(request, prepared.table_name)
    action = prepared.compiled(table, compile_statement)
    if isinstance(action, ConditionCheck):
        raise check_alone()
    if isinstance(action, Selection) and (not action.one_item or action.filter is not None):
        raise invalid(_NEEDS_KEY)
    return table, action


def _check_apart(members: list[Member | AwsError]) -> None:
    """Refuses two statements on one item; a key that is wrong is told by its own statement."""
    targets: list[tuple[int, ItemKey]] = []
    for member in members:
        if not isinstance(member, AwsError):
            table, action, values, _ = member
            with suppress(AwsError):
                targets.append((table.id, exact_key(table.keys, action.key_of(table, values))))
    if len(set(targets)) != len(targets):
        raise invalid("Provided list of item keys contains duplicates")


def _answer(
    request: Request, member: Member, capacity: str | None, rows: dict[str, list[tuple[Any, ...]]]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """One member's response, and the capacity that it used. What it writes is put to `rows`: none reads another's."""
    table, action, values, params = member
    try:
        if isinstance(action, Selection):
            return _read(request, table, action, values, params, capacity)
    except AwsError as error:
        return {"Error": _error(error)}, None
    response: dict[str, Any] = {"TableName": table.name}
    try:
        write = action.decide(request, table, values, params)
    except AwsError as error:
        response["Error"] = _error(error)
        return response, None
    rows.setdefault(write.statement, []).append(write.parameters)
    if write.returned is not None:
        response["Item"] = write.returned
    if capacity is None:
        return response, None
    consumed = Consumed(table, capacity)
    write.use(consumed)
    return response, consumed.reply()


def _read(
    request: Request, table: Table, selection: Selection, values: Values, member: dict[str, Any], capacity: str | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    options: dict[str, Any] = {"ConsistentRead": member.get("ConsistentRead", False)}
    if capacity is not None:
        options["ReturnConsumedCapacity"] = capacity
    item, units = read_item(request, table, selection, values, options)
    response: dict[str, Any] = {"TableName": table.name}
    if item is not None:
        response["Item"] = selection.shown([item], values)[0]
    return response, units


def _error(error: AwsError) -> dict[str, Any]:
    return {"Code": batch_code(error.code), "Message": error.message, **error.fields}
