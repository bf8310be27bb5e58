"""What a Query searches: its key conditions as SQL on the columns of one index.

Every attribute of the partition key must be given by an equality. Of the sort key's attributes (a table has one, a
global index up to four) a leading part may be given by equalities, and the next one by any condition that a range
of keys can answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import Any

from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.expressions import Plan, Values
from infra.local.dynamodb.expressions.keycondition import KeyTest
from infra.local.dynamodb.keys import KeyAttribute, SqlKey, empty_key, sql_key
from infra.local.dynamodb.limits import HASH_KEY_BYTES, RANGE_KEY_BYTES
from infra.local.dynamodb.paging import Source

_COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
_HIGHEST = "\U0010ffff"
#: Code points that no text can hold (UTF-16's surrogates), which a successor must step over.
_SURROGATES = range(0xD800, 0xE000)

#: Column, comparator, operand: column > operand.
Bound = tuple[int, str, SqlKey]


@dataclass(frozen=True, slots=True)
class Search:
    #: The partition.
    hashes: tuple[SqlKey, ...]
    #: What must hold of the columns of the sort key, by their place.
    bounds: tuple[Bound, ...]
    #: All of it as SQL behind WHERE, and its parameters.
    clauses: str
    parameters: tuple[SqlKey, ...]

    def holds(self, position: tuple[SqlKey, ...]) -> bool:
        """Whether an entry at this place of the order could be found."""
        return all(_COMPARATORS[comparator](position[at], operand) for at, comparator, operand in self.bounds)


def search(source: Source, plan: Plan, values: Values) -> Search:
    """The search for a Query's key conditions; refuses those that no key can be searched by."""
    keys, columns = source.keys, source.columns
    tests: dict[str, KeyTest] = {test.attribute: test for test in plan.key_tests}
    if len(tests) > len(keys.names):
        raise invalid(
            f"The number of query conditions ({len(tests)}) exceeds the number of key attributes defined in the "
            f"schema ({len(keys.names)})"
        )
    hashes = tuple(_partition(attribute, tests, values) for attribute in keys.hashes)
    bounds: list[Bound] = []
    gap: str | None = None
    for at, attribute in enumerate(keys.ranges):
        found = tests.pop(attribute.name, None)
        if found is not None and gap is not None:
            raise invalid(
                f"RANGE key attributes {gap} must have equality conditions specified in the query because a "
                f"condition is present on key attribute {attribute.name}"
            )
        if found is None or found.operator != "=":
            gap = gap or attribute.name
        if found is not None:
            bounds += _bounds(at, attribute, found, values)
    if tests:
        # Of a table that has a sort key, that is what was missed.
        missed = next((name for name in keys.names[len(keys.hashes) :] if gap == name), next(iter(tests)))
        raise invalid(f"Query condition missed key schema element: {missed}")
    clauses = [f"{column} = ?" for column in columns.hashes]
    clauses += [f"{columns.ranges[at]} {comparator} ?" for at, comparator, _ in bounds]
    return Search(hashes, tuple(bounds), " AND ".join(clauses), (*hashes, *(operand for _, _, operand in bounds)))


def _partition(attribute: KeyAttribute, tests: dict[str, KeyTest], values: Values) -> SqlKey:
    test = tests.pop(attribute.name, None)
    if test is None:
        raise invalid(f"Query condition missed key schema element: {attribute.name}")
    operands = _operands(attribute, test, values, HASH_KEY_BYTES)
    if test.operator != "=":
        raise invalid("Query key condition not supported")
    return operands[0]


def _bounds(at: int, attribute: KeyAttribute, test: KeyTest, values: Values) -> list[Bound]:
    operands = _operands(attribute, test, values, RANGE_KEY_BYTES)
    if test.operator == "BETWEEN":
        return [(at, ">=", operands[0]), (at, "<=", operands[1])]
    if test.operator != "begins_with":
        return [(at, test.operator, operands[0])]
    prefix = operands[0]
    end = _after(prefix)
    return [(at, ">=", prefix)] if end is None else [(at, ">=", prefix), (at, "<", end)]


def _operands(attribute: KeyAttribute, test: KeyTest, values: Values, limit: int) -> list[SqlKey]:
    operands = []
    for placeholder in test.placeholders:
        content = values[placeholder].get(attribute.type)
        if content is None:
            raise invalid_value("Condition parameter type does not match schema type")
        if not content and attribute.type != "N":
            raise empty_key(attribute)
        operands.append(sql_key(attribute, content, limit))
    return operands


def _after(prefix: SqlKey) -> SqlKey | None:
    """The least key above all that begin with `prefix`; None when there is none."""
    if isinstance(prefix, bytes):
        stem = prefix.rstrip(b"\xff")
        return stem[:-1] + bytes((stem[-1] + 1,)) if stem else None
    text = prefix.rstrip(_HIGHEST)
    if not text:
        return None
    following = ord(text[-1]) + 1
    return text[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)
