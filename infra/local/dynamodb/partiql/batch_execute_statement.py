"""BatchExecuteStatement: up to 25 statements, each with an answer or an error of its own.

They are all reads of one item each, or all writes. They run in order, and each sees what those before it wrote;
one that is refused has written nothing, and does not keep the others from running.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
"""

from typing import Any

from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import Values
from infra.local.dynamodb.parameters import returned_capacity
from infra.local.dynamodb.partiql.action import compile_statement
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
_NEEDS_KEY = "Select statements within BatchExecuteStatement must specify the primary key in the where clause."


def batch_execute_statement(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    members: list[dict[str, Any]] = params.get("Statements", ())
    if "ReturnConsumedCapacity" in params or len(members) not in _SIZES or not all(map(_is_plain, members)):
        check("BatchExecuteStatement", params)
    capacity = returned_capacity(params)
    prepared = [_prepared(member["Statement"]) for member in members]
    if len({statement.reads for statement in prepared if isinstance(statement, Prepared)}) > 1:
        raise invalid("Read and write statements cannot be mixed in one BatchExecuteStatement")
    responses: list[dict[str, Any]] = []
    consumed: list[dict[str, Any]] = []
    for member, statement in zip(members, prepared, strict=True):
        if isinstance(statement, AwsError):
            responses.append({"Error": _error(statement)})
        else:
            response, units = _answer(request, member, statement, capacity)
            responses.append(response)
            if units is not None:
                consumed.append(units)
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


def _answer(
    request: Request, member: dict[str, Any], prepared: Prepared, capacity: str | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """One member's response, and the capacity that it used."""
    response: dict[str, Any] = {}
    try:
        values = prepared.values(member.get("Parameters"))
        table = find_table(request, prepared.table_name)
        action = prepared.compiled(table, compile_statement)
        if isinstance(action, ConditionCheck):
            raise check_alone()
        if isinstance(action, Selection):
            return _read(request, table, action, values, member, capacity)
        response["TableName"] = table.name
        write = action.decide(request, table, values, member)
    except AwsError as error:
        response["Error"] = _error(error)
        return response, None
    write.do(request)
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
    if not selection.one_item or selection.filter is not None:
        raise invalid(_NEEDS_KEY)
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
