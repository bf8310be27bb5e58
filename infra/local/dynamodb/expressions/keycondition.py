"""Key conditions: the few conditions that a Query may put to the keys, taken out of the common grammar."""

from dataclasses import dataclass

from infra.local.dynamodb.expressions.ast import (
    And,
    Between,
    Call,
    Compare,
    Condition,
    In,
    Not,
    Operand,
    Or,
    Path,
    Value,
)
from infra.local.dynamodb.expressions.evaluate import compile_condition
from infra.local.dynamodb.expressions.scope import Scope
from infra.local.errors import AwsError

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Unsearchable(AwsError):
    """A condition in order that no key can be searched by: the last thing that is said of a request."""

    def __init__(self, message: str):
        super().__init__("ValidationException", message)


@dataclass(frozen=True, slots=True)
class KeyTest:
    """One condition on one key attribute."""

    attribute: str
    #: = < <= > >= BETWEEN begins_with
    operator: str
    #: One placeholder, or two for BETWEEN.
    placeholders: tuple[str, ...]


def compile_key_condition(node: Condition, scope: Scope) -> tuple[KeyTest, ...]:
    """The tests joined by AND; anything that no key can be searched by is refused."""
    tests = _key_tests(node, scope)
    names = [test.attribute for test in tests]
    if len(set(names)) != len(names):
        raise Unsearchable("KeyConditionExpressions must only contain one condition per key")
    return tuple(tests)


def _key_tests(node: Condition, scope: Scope) -> list[KeyTest]:
    if isinstance(node, And):
        return [test for part in node.parts for test in _key_tests(part, scope)]
    test = _key_test(node, scope)
    compile_condition(node, scope)  # notes the operand checks
    return [test]


def _key_test(node: Condition, scope: Scope) -> KeyTest:
    if isinstance(node, Compare):
        if node.operator not in _MIRRORED:
            raise _not_for_keys(node.operator)
        if isinstance(node.left, Value) and isinstance(node.right, Path):
            return _test(scope, _MIRRORED[node.operator], node.right, node.left)
        return _test(scope, node.operator, node.left, node.right)
    if isinstance(node, Between):
        _require_key_first("BETWEEN", node.operand)
        return _test(scope, "BETWEEN", node.operand, node.low, node.high)
    if isinstance(node, Call):
        if node.function != "begins_with":
            raise _not_for_keys(node.function)
        _require_key_first("begins_with", node.arguments[0])
        return _test(scope, "begins_with", *node.arguments)
    raise _not_for_keys({Or: "OR", Not: "NOT", In: "IN"}[type(node)])


def _test(scope: Scope, operator: str, *operands: Operand) -> KeyTest:
    """A test of the one attribute among the operands, the rest of which must be values."""
    if any(not isinstance(operand, Path | Value) for operand in operands):
        raise Unsearchable("KeyConditionExpressions cannot contain nested operations")
    paths = [operand for operand in operands if isinstance(operand, Path)]
    if not paths:
        raise Unsearchable("Invalid condition in KeyConditionExpression: No key attribute specified")
    steps = scope.steps(paths[0])
    if len(steps) > 1:
        raise Unsearchable("KeyConditionExpressions cannot have conditions on nested attributes")
    if len(paths) > 1:
        raise Unsearchable(
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
        )
    placeholders = tuple(scope.placeholder(operand) for operand in operands if isinstance(operand, Value))
    return KeyTest(str(steps[0]), operator, placeholders)


def _require_key_first(operator: str, operand: Operand) -> None:
    if isinstance(operand, Value):
        raise Unsearchable(
            f"Invalid condition in KeyConditionExpression: {operator} operator must have the key attribute as its "
            "first operand"
        )


def _not_for_keys(operator: str) -> Exception:
    return Unsearchable(f"Invalid operator used in KeyConditionExpression: {operator}")
