"""DELETE: the item under a key, gone; without one nothing happens, whatever else the WHERE says.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.delete.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.conditions import require
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import Plan, Values, ast, bind
from infra.local.dynamodb.expressions.evaluate import compile_condition
from infra.local.dynamodb.items import decode
from infra.local.dynamodb.keys import exact_key
from infra.local.dynamodb.partiql.operands import StatementScope
from infra.local.dynamodb.partiql.prepared import Prepared
from infra.local.dynamodb.partiql.syntax import Delete
from infra.local.dynamodb.partiql.where import full_key
from infra.local.dynamodb.rows import read
from infra.local.dynamodb.tables import Table
from infra.local.dynamodb.write import Write
from infra.local.request import Request

_NOTHING: Plan = bind({})[0]


@dataclass(frozen=True, slots=True)
class DeleteAction:
    """A DELETE from one table."""

    #: Key attributes and the placeholders of their values.
    key: tuple[tuple[str, str], ...]
    plan: Plan
    returns: bool

    def key_of(self, table: Table, values: Values) -> Item:
        return {name: values[placeholder] for name, placeholder in self.key}

    def decide(self, request: Request, table: Table, values: Values, options: Mapping[str, Any]) -> Write:
        for check in self.plan.checks:
            check(values)
        key = exact_key(table.keys, self.key_of(table, values))
        found = read(request.db, table, key)
        if found is None:
            return Write(None, None, table.sql.delete, key)
        old = decode(found[1])
        require(self.plan, values, old, options)
        return Write(found[1], None, table.sql.delete, key, old if self.returns else None)


def compile_delete_statement(prepared: Prepared, table: Table) -> DeleteAction:
    assert isinstance(prepared.statement, Delete)
    returning = prepared.statement.returning
    if returning not in (None, "ALL OLD"):
        raise invalid(
            f"Invalid returning clause: RETURNING {returning} *. "
            "Only RETURNING ALL OLD * is allowed in DELETE statements."
        )
    where = full_key(prepared.where, table.keys)
    scope = StatementScope()
    plan = _NOTHING
    if where.rest:
        test = compile_condition(ast.And(where.rest), scope)
        table.check_paths(scope.nested)
        plan = replace(_NOTHING, condition=test, checks=tuple(scope.checks))
    return DeleteAction(tuple(where.key.items()), plan, returning is not None)
