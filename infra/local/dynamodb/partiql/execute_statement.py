"""ExecuteStatement: one statement of PartiQL, and for a SELECT one page of its answer.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html
"""

from typing import Any

from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.expressions import Values
from infra.local.dynamodb.parameters import returned_capacity
from infra.local.dynamodb.partiql.action import compile_statement
from infra.local.dynamodb.partiql.continuation import read, written
from infra.local.dynamodb.partiql.errors import check_alone
from infra.local.dynamodb.partiql.prepared import prepare
from infra.local.dynamodb.partiql.reading import read_page
from infra.local.dynamodb.partiql.select import Selection
from infra.local.dynamodb.partiql.syntax import Exists
from infra.local.dynamodb.tables import Table, find_table
from infra.local.request import Request

_READ_OPTIONS = ("ConsistentRead", "ReturnConsumedCapacity")


def execute_statement(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("ExecuteStatement", params)
    capacity = returned_capacity(params)
    prepared = prepare(params["Statement"])
    if isinstance(prepared.statement, Exists):
        raise check_alone()
    values = prepared.values(params.get("Parameters"))
    table = find_table(request, prepared.table_name)
    action = prepared.compiled(table, compile_statement)
    if isinstance(action, Selection):
        return _select(request, table, action, values, params)
    write = action.decide(request, table, values, params)
    write.do(request)
    reply: dict[str, Any] = {"Items": [] if write.returned is None else [write.returned]}
    if capacity is not None:
        consumed = Consumed(table, capacity)
        write.use(consumed)
        reply["ConsumedCapacity"] = consumed.reply()
    return reply


def _select(
    request: Request, table: Table, selection: Selection, values: Values, params: dict[str, Any]
) -> dict[str, Any]:
    selection.check(values)
    options = {name: params[name] for name in _READ_OPTIONS if name in params}
    page = read_page(request, table, selection, values, options, params.get("Limit"), read(params))
    reply: dict[str, Any] = {"Items": selection.shown(page.items, values)}
    if page.following is not None:
        reply["NextToken"] = written(page.following, params)
        if page.following.after is not None:
            reply["LastEvaluatedKey"] = page.following.after
    if page.capacity is not None:
        reply["ConsumedCapacity"] = page.capacity
    return reply
