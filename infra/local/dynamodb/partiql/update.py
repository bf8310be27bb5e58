"""UPDATE: an item that must be there, changed; a key without an item fails its condition, unlike UpdateItem's.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.conditions import NO_ITEM
from infra.local.dynamodb.expressions import Plan, Values, ast, bind
from infra.local.dynamodb.expressions.evaluate import compile_condition
from infra.local.dynamodb.expressions.update import compile_update
from infra.local.dynamodb.items import decode
from infra.local.dynamodb.keys import ItemKey, exact_key
from infra.local.dynamodb.partiql.operands import StatementScope
from infra.local.dynamodb.partiql.prepared import Prepared
from infra.local.dynamodb.partiql.syntax import Update
from infra.local.dynamodb.partiql.where import full_key
from infra.local.dynamodb.tables import Table
from infra.local.dynamodb.update_item import decide_update
from infra.local.dynamodb.write import Write
from infra.local.request import Request

#: A plan without any expression.
_NOTHING: Plan = bind({})[0]


@dataclass(frozen=True, slots=True)
class UpdateAction:
    """An UPDATE of one table."""

    #: Key attributes, the partition key first, and the placeholders of their values.
    key: tuple[tuple[str, str], ...]
    plan: Plan
    #: `ALL NEW` and the like.
    returning: str | None

    def key_of(self, table: Table, values: Values) -> Item:
        return {name: values[placeholder] for name, placeholder in self.key}

    def _key(self, request: Request, table: Table, values: Values) -> ItemKey:
        if request.trusted and table.keys.of_strings:
            (_, hash_), (_, range_) = self.key
            return values[hash_]["S"], values[range_]["S"]
        return exact_key(table.keys, self.key_of(table, values))

    def decide(self, request: Request, table: Table, values: Values, options: Mapping[str, Any]) -> Write:
        plan = self.plan
        if not request.trusted:
            for check in plan.checks:
                check(values)
        key = self._key(request, table, values)
        # The plan's condition sees to it that no item is made, of which the key's attributes would be the beginning.
        write = decide_update(request, table, key, NO_ITEM, options, plan, values)
        if self.returning is not None:
            assert write.before is not None
            returned = write.after if self.returning.endswith("NEW") else decode(write.before)
            if self.returning.startswith("MODIFIED") and plan.update is not None and returned is not None:
                returned = plan.update.touched.cut(returned)
            write.returned = returned or None
        return write


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
    key = tuple((name, where.key[name]) for name in table.keys.names)
    return UpdateAction(key, plan, prepared.statement.returning)
