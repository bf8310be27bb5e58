"""EXISTS(SELECT ...): the condition check of a transaction, on one item that must meet more than its key.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-functions.exists.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.conditions import require
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import Plan, Values, bind
from infra.local.dynamodb.items import decode
from infra.local.dynamodb.keys import exact_key
from infra.local.dynamodb.partiql.prepared import Prepared
from infra.local.dynamodb.partiql.select import Selection, compile_selection
from infra.local.dynamodb.rows import read
from infra.local.dynamodb.tables import Table
from infra.local.dynamodb.write import Write
from infra.local.request import Request

_NOTHING: Plan = bind({})[0]


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """A condition on one item, which it leaves as it is."""

    selection: Selection
    plan: Plan

    def key_of(self, table: Table, values: Values) -> Item:
        return self.selection.key_of(table, values)

    def decide(self, request: Request, table: Table, values: Values, options: Mapping[str, Any]) -> Write:
        self.selection.check(values)
        key = self.selection.key_of(table, values)
        found = read(request.db, table, exact_key(table.keys, key))
        old = None if found is None else decode(found[1])
        require(self.plan, values, old, options)
        return Write(None if found is None else found[1], old, "", ())


def compile_check(prepared: Prepared, table: Table) -> ConditionCheck:
    selection = compile_selection(prepared, table)
    if not selection.one_item or selection.filter is None:
        raise invalid("EXISTS() must contain a single item read with additional condition")
    return ConditionCheck(selection, replace(_NOTHING, condition=selection.filter))
