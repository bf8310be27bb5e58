"""UPDATE: an item that must be there, changed; a key without an item fails its condition, unlike UpdateItem's.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.expressions import Plan, Values, ast, bind
from infra.local.dynamodb.expressions.evaluate import compile_condition
from infra.local.dynamodb.expressions.update import compile_update
from infra.local.dynamodb.items import decode
from infra.local.dynamodb.partiql.operands import StatementScope
from infra.local.dynamodb.partiql.prepared import Prepared
from infra.local.dynamodb.partiql.syntax import Update
from infra.local.dynamodb.partiql.where import full_key
from infra.local.dynamodb.partiql.write import Write
from infra.local.dynamodb.tables import Table
from infra.local.dynamodb.update_item import decide_update
from infra.local.request import Request

#: A plan without any expression.
_NOTHING: Plan = bind({})[0]


@dataclass(frozen=True, slots=True)
class UpdateAction:
    """An UPDATE of one table."""

    #: Key attributes and the placeholders of their values.
    key: tuple[tuple[str, str], ...]
    plan: Plan
    #: `ALL NEW` and the like.
    returning: str | None

    def key_of(self, table: Table, values: Values) -> Item:
        return {name: values[placeholder] for name, placeholder in self.key}

    def decide(self, request: Request, table: Table, values: Values, options: Mapping[str, Any]) -> Write:
        plan = self.plan
        for check in plan.checks:
            check(values)
        key = self.key_of(table, values)
        after, before, statement, parameters = decide_update(request, table, key, options, plan, values)
        returned = None
        if self.returning is not None:
            assert before is not None  # the plan's condition saw to it
            returned = after if self.returning.endswith("NEW") else decode(before)
            if self.returning.startswith("MODIFIED") and plan.update is not None:
                returned = plan.update.touched.cut(returned)
        return Write(key, before, after, statement, parameters, returned or None)


def compile_update_statement(prepared: Prepared, table: Table) -> UpdateAction:
    assert isinstance(prepared.statement, Update)
    assert prepared.update is not None
    where = full_key(prepared.where, table.keys)
    scope = StatementScope()
    program = compile_update(prepared.update, scope)
    present = ast.Call("attribute_exists", (ast.Path((table.keys.hash.name,)),))
    plan = replace(
        _NOTHING,
        condition=compile_condition(ast.And((present, *where.rest)) if where.rest else present, scope),
        update=program,
        updated=program.touched.attributes,
        checks=(*prepared.operands.checks, *scope.checks),
        nested=frozenset(scope.nested),
    )
    return UpdateAction(tuple(where.key.items()), plan, prepared.statement.returning)
