"""SELECT, translated: which keys it names, what else must hold, and what it shows.

An equality on the partition key (or IN) makes it a search in key order, with at most one condition on the sort
key; anything else is a scan. All other conditions filter what was read.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html
"""

from dataclasses import dataclass

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.expressions import Values, ast
from infra.local.dynamodb.expressions.evaluate import compile_condition
from infra.local.dynamodb.expressions.scope import Check, Test
from infra.local.dynamodb.keys import KeySchema
from infra.local.dynamodb.partiql.operands import StatementScope
from infra.local.dynamodb.partiql.overlaps import branches_check
from infra.local.dynamodb.partiql.prepared import Prepared
from infra.local.dynamodb.partiql.projection import Columns, columns
from infra.local.dynamodb.partiql.sortkey import SortKeyTest, sort_key_test
from infra.local.dynamodb.partiql.syntax import Exists, Path, Select
from infra.local.dynamodb.partiql.where import equality, parts_of
from infra.local.dynamodb.tables import Index, Table


@dataclass(frozen=True, slots=True)
class Selection:
    """A SELECT from one table or index."""

    index: Index | None
    keys: KeySchema
    #: Placeholders of the partition keys that are read, one after the other; None to scan.
    partitions: tuple[str, ...] | None
    sort_key: SortKeyTest | None
    #: All conditions beyond those two.
    filter: Test | None
    #: Attributes that it reads.
    filtered: frozenset[str]
    columns: Columns | None
    checks: tuple[Check, ...]
    #: Whether to read against the order of the sort key.
    backwards: bool
    #: Whether the partitions are read in the order of their keys, and against it.
    order_partitions: bool | None

    @property
    def one_item(self) -> bool:
        """Whether it names one item of the table by its whole key."""
        if self.index is not None or self.partitions is None or len(self.partitions) != 1:
            return False
        return self.keys.range is None or (self.sort_key is not None and self.sort_key.operator == "=")

    def key_of(self, table: Table, values: Values) -> Item:
        """The key of that item."""
        assert self.partitions is not None
        key = {self.keys.hash.name: values[self.partitions[0]]}
        if self.keys.range is not None:
            assert self.sort_key is not None
            key[self.keys.range.name] = values[self.sort_key.placeholders[0]]
        return key

    def check(self, values: Values) -> None:
        for check in self.checks:
            check(values)

    def shown(self, items: list[Item], values: Values) -> list[Item]:
        """What the statement gives of the items that were read."""
        test, chosen = self.filter, self.columns
        if test is not None:
            items = [item for item in items if test(item, values)]
        return items if chosen is None else [chosen.cut(item) for item in items]


def compile_selection(prepared: Prepared, table: Table) -> Selection:
    statement = prepared.statement
    select = statement.select if isinstance(statement, Exists) else statement
    assert isinstance(select, Select)
    index = _index(table, prepared.index_name)
    keys = table.keys if index is None else index.keys
    if len(keys.hashes) > 1 or len(keys.ranges) > 1:
        raise invalid(
            "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute "
            "RANGE keys."
        )
    partitions, sort_key, rest = _split(prepared.where, keys)
    scope = StatementScope()
    test = compile_condition(ast.And(tuple(rest)), scope) if rest else None
    filtered = frozenset(scope.heads)
    if prepared.where is not None:
        compile_condition(prepared.where, scope)  # notes the checks of the key's operands too
    table.check_paths(scope.nested)
    overlap = branches_check(prepared.where, keys)
    chosen = columns(select.projection)
    if index is not None and index.projected is not None:
        _check_projected(index, index.projected, chosen, filtered if partitions is not None else frozenset())
    backwards, order_partitions = _order(select, keys, partitions)
    return Selection(
        index=index,
        keys=keys,
        partitions=partitions,
        sort_key=sort_key,
        filter=test,
        filtered=filtered,
        columns=chosen,
        checks=(*scope.checks, *(() if overlap is None else (overlap,))),
        backwards=backwards,
        order_partitions=order_partitions,
    )


def _index(table: Table, name: str | None) -> Index | None:
    if name is None:
        return None
    index = table.index(name)
    if index is None:
        raise invalid("The table does not have the specified index")
    return index


def _split(
    where: ast.Condition | None, keys: KeySchema
) -> tuple[tuple[str, ...] | None, SortKeyTest | None, list[ast.Condition]]:
    """The partitions, the condition on the sort key, and the rest."""
    partitions: tuple[str, ...] | None = None
    rest: list[ast.Condition] = []
    for part in parts_of(where):
        named = _partitions(part, keys.hash.name) if partitions is None else None
        if named is None:
            rest.append(part)
        else:
            partitions = named
    if partitions is None or keys.range is None:
        return partitions, None, rest
    for part in rest:
        test = sort_key_test(part, keys.range.name)
        if test is not None:
            rest.remove(part)
            return partitions, test, rest
    return partitions, None, rest


def _partitions(part: ast.Condition, name: str) -> tuple[str, ...] | None:
    """`hash = value` or `hash IN [...]`."""
    found = equality(part)
    if found is not None and found[0] == name:
        return (found[1],)
    if isinstance(part, ast.In) and part.operand == ast.Path((name,)):
        choices = [choice.placeholder for choice in part.choices if isinstance(choice, ast.Value)]
        return tuple(choices) if len(choices) == len(part.choices) else None
    return None


def _check_projected(index: Index, projected: frozenset[str], chosen: Columns | None, filtered: frozenset[str]) -> None:
    beyond = [name for name in ([] if chosen is None else chosen.attributes) if name not in projected]
    if beyond and not index.local:
        raise invalid_value(f"Global secondary index {index.name} does not project [{', '.join(beyond)}]")
    hidden = sorted(filtered - projected)
    if hidden:
        raise invalid_value(
            f"Secondary index {index.name} does not project one or more filter attributes: [{', '.join(hidden)}]"
        )


def _order(select: Select, keys: KeySchema, partitions: tuple[str, ...] | None) -> tuple[bool, bool | None]:
    """Whether to read backwards, and how to order the partitions, if at all."""
    if not select.order:
        return False, None
    if select.where is None:
        raise invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
    directions: dict[str, bool] = {}
    for term, descends in select.order:
        if not isinstance(term, Path) or len(term.steps) > 1:
            raise invalid(f"Argument to ORDER BY must be an attribute at {term.place}")
        name = str(term.steps[0])
        if name not in keys.names:
            raise invalid(f"Attribute {name} in ORDER BY clause must be part of the primary key")
        directions.setdefault(name, descends)
    if partitions is None:
        raise invalid(
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
        )
    if len(partitions) > 1 and keys.hash.name not in directions:
        raise invalid(
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."
        )
    backwards = keys.range is not None and directions.get(keys.range.name, False)
    return backwards, directions.get(keys.hash.name)
