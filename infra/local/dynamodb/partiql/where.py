"""The key in a WHERE: equalities on key attributes are taken out, what is left is a condition or a filter."""

from dataclasses import dataclass

from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import ast
from infra.local.dynamodb.keys import KeySchema
from infra.local.dynamodb.partiql.errors import NO_KEY

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Where:
    """A condition, in the parts that must all hold."""

    #: Key attribute -> placeholder of the value that it must equal.
    key: dict[str, str]
    rest: tuple[ast.Condition, ...]


def split(condition: ast.Condition | None, keys: KeySchema) -> Where:
    """Of several equalities on one key attribute the first is the key, and the others are conditions."""
    key: dict[str, str] = {}
    rest: list[ast.Condition] = []
    for part in parts_of(condition):
        found = equality(part)
        if found is not None and found[0] in keys.names and found[0] not in key:
            key[found[0]] = found[1]
        else:
            rest.append(part)
    return Where(key, tuple(rest))


def full_key(condition: ast.Condition | None, keys: KeySchema) -> Where:
    """A WHERE that names one item, as every write must."""
    where = split(condition, keys)
    if len(where.key) != len(keys.names):
        raise invalid(NO_KEY)
    return where


def parts_of(condition: ast.Condition | None) -> tuple[ast.Condition, ...]:
    if condition is None:
        return ()
    return condition.parts if isinstance(condition, ast.And) else (condition,)


def equality(condition: ast.Condition) -> tuple[str, str] | None:
    """`attribute = value` either way round: the attribute and the placeholder."""
    found = comparison(condition)
    return None if found is None or found[1] != "=" else (found[0], found[2])


def comparison(condition: ast.Condition) -> tuple[str, str, str] | None:
    """`attribute < value` either way round: attribute, operator, placeholder; `<>` is none."""
    if not isinstance(condition, ast.Compare) or condition.operator not in _MIRRORED:
        return None
    left, right, operator = condition.left, condition.right, condition.operator
    if isinstance(left, ast.Value) and isinstance(right, ast.Path):
        left, right, operator = right, left, _MIRRORED[operator]
    if isinstance(left, ast.Path) and isinstance(right, ast.Value) and len(left.steps) == 1:
        return str(left.steps[0]), operator, right.placeholder
    return None
