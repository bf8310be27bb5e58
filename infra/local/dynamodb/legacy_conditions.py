"""One legacy condition, of Expected, QueryFilter, ScanFilter or KeyConditions, checked and as a tree.

A condition has a ComparisonOperator and an AttributeValueList; one of Expected may instead have a Value, or say
that the attribute must not be there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.dynamodb.attributes import AttributeValue, Item, canonical_value, compare, type_of
from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.expressions import ast
from infra.local.dynamodb.expressions.scope import Scope

_COMPARATORS = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
_FUNCTIONS = {"BEGINS_WITH": "begins_with", "CONTAINS": "contains"}
_SCALARS = frozenset({"S", "N", "B"})
#: Operator -> number of its values, least and most.
_COUNTS: dict[str, tuple[int, int | None]] = {
    "NULL": (0, 0),
    "NOT_NULL": (0, 0),
    "IN": (1, None),
    "BETWEEN": (2, 2),
    **dict.fromkeys((*_COMPARATORS, *_FUNCTIONS, "NOT_CONTAINS"), (1, 1)),
}
#: Operator -> types of its values, where not every type will do.
_TYPES = {
    **dict.fromkeys(("LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "IN", "BETWEEN"), _SCALARS),
    "BEGINS_WITH": frozenset({"S", "B"}),
}


class Tree:
    """Names and values of a tree under construction, each behind a placeholder."""

    def __init__(self, parameter: str) -> None:
        self.parameter = parameter
        self.names: dict[str, str] = {}
        self.values: Item = {}

    def path(self, name: str) -> ast.Path:
        placeholder = f"#{len(self.names)}"
        self.names[placeholder] = name
        return ast.Path((placeholder,))

    def value(self, value: AttributeValue) -> ast.Value:
        # With a blank in it, it is not the name of any placeholder that an expression can have.
        placeholder = f":{self.parameter} {len(self.values)}"
        self.values[placeholder] = value
        return ast.Value(placeholder)

    def scope(self) -> Scope:
        return Scope("", self.names)


def expectation(tree: Tree, name: str, given: Mapping[str, Any]) -> ast.Condition:
    """One entry of Expected: an operator with its values, or a value that must, or must not, be there."""
    operator = given.get("ComparisonOperator")
    of = f"for Attribute: {name}"
    if "Value" in given and "AttributeValueList" in given:
        raise invalid_value(f"Value and AttributeValueList cannot be used together {of}")
    if operator is not None:
        if "Exists" in given:
            raise invalid_value(f"Exists and ComparisonOperator cannot be used together {of}")
        if "Value" in given:
            values = [given["Value"]]
        elif "AttributeValueList" in given or operator in ("NULL", "NOT_NULL"):
            values = given.get("AttributeValueList", [])
        else:
            raise invalid_value(f"Value or AttributeValueList must be used with ComparisonOperator: {operator} {of}")
        return condition(tree, name, operator, values)
    if "AttributeValueList" in given:
        raise invalid_value(f"AttributeValueList can only be used with a ComparisonOperator {of}")
    exists = given.get("Exists")
    if exists is False:
        if "Value" in given:
            raise invalid_value(f"Value cannot be used when Exists is false {of}")
        return ast.Call("attribute_not_exists", (tree.path(name),))
    if "Value" not in given:
        raise invalid_value(f"Value must be provided when Exists is {'null' if exists is None else 'true'} {of}")
    return ast.Compare("=", tree.path(name), tree.value(canonical_value(given["Value"])))


def condition(tree: Tree, name: str, operator: str, given: Sequence[AttributeValue]) -> ast.Condition:
    """The attribute `name` compared with some values by an operator."""
    values = _checked(operator, [canonical_value(value) for value in given])
    path = tree.path(name)
    operands = [tree.value(value) for value in values]
    if operator in _COMPARATORS:
        return ast.Compare(_COMPARATORS[operator], path, operands[0])
    if operator == "BETWEEN":
        return ast.Between(path, operands[0], operands[1])
    if operator == "IN":
        return ast.In(path, tuple(operands))
    if operator in _FUNCTIONS:
        return ast.Call(_FUNCTIONS[operator], (path, operands[0]))
    if operator == "NOT_CONTAINS":
        # What is not there neither contains nor does not contain anything.
        there = ast.Call("attribute_exists", (path,))
        return ast.And((there, ast.Not(ast.Call("contains", (path, operands[0])))))
    return ast.Call("attribute_not_exists" if operator == "NULL" else "attribute_exists", (path,))


def _checked(operator: str, values: list[AttributeValue]) -> list[AttributeValue]:
    least, most = _COUNTS[operator]
    if len(values) < least or (most is not None and len(values) > most):
        raise invalid_value(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    if len({type_of(value) for value in values}) > 1:
        raise invalid_value("AttributeValues inside AttributeValueList must be of same type")
    for value in values:
        if type_of(value) not in _TYPES.get(operator, (type_of(value),)):
            raise invalid_value(f"ComparisonOperator {operator} is not valid for {type_of(value)} AttributeValue type")
    if operator == "BETWEEN" and compare(*values) == 1:
        raise invalid(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )
    return values
