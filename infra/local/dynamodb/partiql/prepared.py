"""A statement's text, read once: what it means, what it needs, and what it became for the table it names.

Programs send few texts with many parameters, so texts are kept, each with its translation, in a bounded cache.
What a statement becomes depends on the table's keys and indexes too; that is kept beside it, for as long as the
table is the same object (a table's definition is read anew only when it changed).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from infra.local.dynamodb.attributes import AttributeValue
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import ast
from infra.local.dynamodb.expressions.scope import Values
from infra.local.dynamodb.partiql.assignments import update
from infra.local.dynamodb.partiql.conditions import condition
from infra.local.dynamodb.partiql.literals import placeholder
from infra.local.dynamodb.partiql.operands import Operands, bound
from infra.local.dynamodb.partiql.parameters import legal
from infra.local.dynamodb.partiql.parser import parse
from infra.local.dynamodb.partiql.syntax import Delete, Exists, Insert, Select, Statement, Update
from infra.local.dynamodb.tables import Table

#: Texts kept.
_TEXTS = 512

_Compiled = TypeVar("_Compiled")


@dataclass(slots=True, eq=False)
class Prepared:
    """One statement, translated."""

    statement: Statement
    table_name: str
    index_name: str | None
    where: ast.Condition | None
    #: Of an UPDATE.
    update: ast.Update | None
    operands: Operands
    #: The placeholders of the parameters, in order.
    parameters: tuple[str, ...]
    #: The table that it was compiled for last, and what it became: one value, as engines may run in several threads.
    _compiled: tuple[Table, Any] | None = None

    @property
    def reads(self) -> bool:
        return isinstance(self.statement, Select)

    def values(self, given: list[AttributeValue] | None, *, trusted: bool = False) -> Values:
        """The values of one call; they are legal, and canonical. Those of a `trusted` caller are so as they come."""
        if given is None:
            given = []
        if len(given) != len(self.parameters):
            raise invalid("Number of parameters in request and statement don't match.")
        values = dict(zip(self.parameters, given, strict=True)) if trusted else legal(self.parameters, given)
        return bound(self.operands, values)

    def compiled(self, table: Table, compile_: "Callable[[Prepared, Table], _Compiled]") -> _Compiled:
        """What the statement is for this table; each statement is compiled by one function only."""
        known = self._compiled
        if known is None or known[0] is not table:
            known = self._compiled = (table, compile_(self, table))
        compiled: _Compiled = known[1]
        return compiled


@lru_cache(maxsize=_TEXTS)
def prepare(text: str) -> Prepared:
    """Reads and translates a statement; a ValidationException for whatever is wrong with it alone."""
    statement, parameters = parse(text)
    table_name, index_name = _named(statement)
    operands = Operands()
    inner = statement.select if isinstance(statement, Exists) else statement
    where = None if isinstance(inner, Insert) or inner.where is None else condition(inner.where, operands)
    return Prepared(
        statement=statement,
        table_name=table_name,
        index_name=index_name,
        where=where,
        update=update(statement.actions, operands) if isinstance(statement, Update) else None,
        operands=operands,
        parameters=tuple(map(placeholder, range(parameters))),
    )


def _named(statement: Statement) -> tuple[str, str | None]:
    """The table and the index that a statement is about."""
    source = statement.select.source if isinstance(statement, Exists) else statement.source
    parts = [str(part) for part in source.parts]
    if not all(parts):
        raise invalid("Path component cannot be an empty string")
    if len(parts) == 1:
        return parts[0], None
    if isinstance(statement, Insert):
        raise invalid("FROM clause may only contain a single table name")
    if len(parts) > 2:
        raise invalid("A path may contain at most 2 components in the FROM clause")
    if isinstance(statement, Update | Delete):
        raise invalid("This operation is not supported on an index")
    return parts[0], parts[1]
