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

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


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
    parts = node.parts if isinstance(node, And) else (node,)
    tests: list[KeyTest] = []
    for part in parts:
        if isinstance(part, And):
            tests.extend(compile_key_condition(part, scope))
        else:
            compile_condition(part, scope)  # notes the operand checks
            tests.append(_key_test(part, scope))
    return tuple(tests)


def _key_test(node: Condition, scope: Scope) -> KeyTest:
    if isinstance(node, Compare):
        if node.operator in _MIRRORED:
            if isinstance(node.left, Value) and isinstance(node.right, Path):
                return _test(scope, node.right, _MIRRORED[node.operator], node.left)
            return _test(scope, node.left, node.operator, node.right)
        raise _not_for_keys(scope, node.operator)
    if isinstance(node, Between):
        return _test(scope, node.operand, "BETWEEN", node.low, node.high)
    if isinstance(node, Call) and node.function == "begins_with":
        return _test(scope, node.arguments[0], "begins_with", node.arguments[1])
    if isinstance(node, Call):
        raise _not_for_keys(scope, node.function)
    raise _not_for_keys(scope, {Or: "OR", Not: "NOT", In: "IN"}[type(node)])


def _test(scope: Scope, operand: Operand, operator: str, *values: Operand) -> KeyTest:
    if not isinstance(operand, Path):
        raise scope.wrong(f"Invalid operand used in KeyConditionExpression with operator: {operator}")
    steps = scope.steps(operand)
    if len(steps) > 1:
        raise scope.wrong("KeyConditionExpressions cannot have conditions on nested attributes")
    placeholders = [scope.placeholder(value) for value in values if isinstance(value, Value)]
    if len(placeholders) != len(values):
        raise scope.wrong("KeyConditionExpressions cannot contain nested operations")
    return KeyTest(str(steps[0]), operator, tuple(placeholders))


def _not_for_keys(scope: Scope, operator: str) -> Exception:
    return scope.wrong(f"Invalid operator used in KeyConditionExpression: {operator}")
