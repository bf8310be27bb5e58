"""Conditions that narrow a sort key, and the stretch of keys that each leaves."""

from dataclasses import dataclass

from infra.local.dynamodb.attributes import AttributeValue, compare
from infra.local.dynamodb.expressions import Values, ast
from infra.local.dynamodb.partiql.where import comparison

_HIGHEST = {"S": "\U0010ffff", "B": b"\xff"}


@dataclass(frozen=True, slots=True)
class SortKeyTest:
    """One condition on the sort key."""

    #: = < <= > >= BETWEEN begins_with
    operator: str
    #: One placeholder, or two for BETWEEN.
    placeholders: tuple[str, ...]

    def stretch(self, values: Values) -> "Stretch":
        first = values[self.placeholders[0]]
        if self.operator == "BETWEEN":
            return Stretch(first, values[self.placeholders[1]])
        if self.operator == "begins_with":
            ((kind, prefix),) = first.items()
            return Stretch(first, {kind: prefix + _HIGHEST[kind]}) if kind in _HIGHEST else Stretch(first, None)
        if self.operator == "=":
            return Stretch(first, first)
        return Stretch(first, None) if self.operator[0] == ">" else Stretch(None, first)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sort keys from one to another; an end that is None is open. Whether an end belongs to it is not told."""

    low: AttributeValue | None
    high: AttributeValue | None

    def meets(self, other: "Stretch") -> bool:
        return not (_below(self.high, other.low) or _below(other.high, self.low))


def _below(high: AttributeValue | None, low: AttributeValue | None) -> bool:
    return high is not None and low is not None and compare(high, low) == -1


def sort_key_test(part: ast.Condition, name: str) -> SortKeyTest | None:
    """A condition that narrows the sort key `name`."""
    found = comparison(part)
    if found is not None:
        return SortKeyTest(found[1], (found[2],)) if found[0] == name else None
    path = ast.Path((name,))
    if isinstance(part, ast.Between) and part.operand == path:
        if isinstance(part.low, ast.Value) and isinstance(part.high, ast.Value):
            return SortKeyTest("BETWEEN", (part.low.placeholder, part.high.placeholder))
    elif isinstance(part, ast.Call) and part.function == "begins_with" and part.arguments[0] == path:
        prefix = part.arguments[1]
        if isinstance(prefix, ast.Value):
            return SortKeyTest("begins_with", (prefix.placeholder,))
    return None
