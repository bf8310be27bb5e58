"""INSERT: a new item; one that has the same key is left alone and the statement fails.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import Values
from infra.local.dynamodb.items import check_size, encode
from infra.local.dynamodb.keys import item_key
from infra.local.dynamodb.partiql.errors import duplicate_item
from infra.local.dynamodb.partiql.literals import has_parameters, made, named, placeholder
from infra.local.dynamodb.partiql.prepared import Prepared
from infra.local.dynamodb.partiql.syntax import Insert, Parameter, Struct, Term
from infra.local.dynamodb.put_item import TOO_LARGE
from infra.local.dynamodb.rows import columns_of, read
from infra.local.dynamodb.tables import Table
from infra.local.dynamodb.write import Write
from infra.local.request import Request

_NO_VALUES: Item = {}


@dataclass(frozen=True, slots=True)
class InsertAction:
    """An INSERT into one table."""

    #: Attributes that are literals without parameters.
    constants: Item
    #: All others.
    templates: tuple[tuple[str, Term], ...]
    #: The placeholder of a whole item given as one parameter.
    whole: str | None

    def key_of(self, table: Table, values: Values) -> Item:
        item = self._item(values)
        item_key(table.keys, item)  # refuses an item without its key
        return table.keys.key_of(item)

    def decide(self, request: Request, table: Table, values: Values, options: Mapping[str, Any]) -> Write:
        item = self._item(values)
        key = item_key(table.keys, item)
        blob = encode(item)
        check_size(item, blob, TOO_LARGE)
        row = (*key, *columns_of(table, item), blob)
        if read(request.db, table, key) is not None:
            raise duplicate_item()
        return Write(None, item, table.sql.upsert, row)

    def _item(self, values: Values) -> Item:
        if self.whole is not None:
            content = values[self.whole].get("M")
            if content is None:
                raise invalid("Unsupported data type: the value of an INSERT must be a map")
            whole: Item = content
            return whole
        item = dict(self.constants)
        for name, term in self.templates:
            item[name] = values[placeholder(term.number)] if isinstance(term, Parameter) else made(term, values)
        return item


def compile_insert_statement(prepared: Prepared, table: Table) -> InsertAction:
    assert isinstance(prepared.statement, Insert)
    value = prepared.statement.value
    if isinstance(value, Parameter):
        return InsertAction({}, (), placeholder(value.number))
    if not isinstance(value, Struct):
        raise invalid("Unsupported data type: the value of an INSERT must be a map")
    constants: Item = {}
    templates: list[tuple[str, Term]] = []
    for name, term in named(value):
        if name in constants or any(name == known for known, _ in templates):
            raise invalid(f"Duplicate attribute name: {name} in the value of an INSERT")
        if has_parameters(term):
            templates.append((name, term))
        else:
            constants[name] = made(term, _NO_VALUES)
    return InsertAction(constants, tuple(templates), None)
