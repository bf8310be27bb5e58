"""The parameters from before expressions (2014), turned into the same plans: there is one engine behind both.

    Expected, QueryFilter, ScanFilter (with ConditionalOperator)   a condition
    KeyConditions                                                  key conditions
    AttributeUpdates                                               an update
    AttributesToGet                                                a projection

Each becomes the tree that the parser would have made of an expression, with placeholders for its names and values.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_value, type_of
from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.expressions import Plan, Values, ast, bind
from infra.local.dynamodb.expressions.evaluate import compile_condition
from infra.local.dynamodb.expressions.keycondition import compile_key_condition
from infra.local.dynamodb.expressions.projection import Projector
from infra.local.dynamodb.expressions.update import compile_update
from infra.local.dynamodb.items import check_name
from infra.local.dynamodb.legacy_conditions import Tree, condition, expectation
from infra.local.dynamodb.limits import INDEX_KEY_ATTRIBUTES

#: Cannot be combined with any expression. KeyConditions can be, with a FilterExpression.
LEGACY = ("AttributesToGet", "AttributeUpdates", "Expected", "QueryFilter", "ScanFilter", "ConditionalOperator")
KEY_CONDITIONS = "KeyConditions"
PARAMETERS = frozenset({*LEGACY, KEY_CONDITIONS})
_EXPRESSIONS = (
    "UpdateExpression",
    "ProjectionExpression",
    "FilterExpression",
    "ConditionExpression",
    "KeyConditionExpression",
)
_CONDITIONS = ("Expected", "QueryFilter", "ScanFilter")

_ADDED = frozenset({"N", "SS", "NS", "BS", "L"})
_DELETED = frozenset({"SS", "NS", "BS"})
_MISMATCH = "Type mismatch for attribute to update"


def bind_any(params: Mapping[str, Any]) -> tuple[Plan, Values]:
    """As `bind`, for calls that may have legacy parameters."""
    if params.keys().isdisjoint(PARAMETERS):
        return bind(params)
    _check_mixture(params)
    plan, values = bind(params)
    given = dict(values)
    if "AttributesToGet" in params:
        plan = replace(plan, projection=_projection(params["AttributesToGet"]))
    for name in _CONDITIONS:
        if name in params:
            plan = _with_conditions(plan, name, params, given)
    _check_operator(params)
    if "AttributeUpdates" in params:
        plan = _with_updates(plan, params["AttributeUpdates"], given)
    if KEY_CONDITIONS in params:
        plan = _with_key_conditions(plan, params, given)
    return plan, given


def _check_mixture(params: Mapping[str, Any]) -> None:
    """Expressions and legacy parameters do not go together, but for KeyConditions and a FilterExpression."""
    expressions = [name for name in _EXPRESSIONS if name in params]
    legacy = [name for name in LEGACY if name in params]
    if KEY_CONDITIONS in params and "KeyConditionExpression" in params:
        legacy.append(KEY_CONDITIONS)
    if expressions and legacy:
        raise invalid(
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {{{', '.join(legacy)}}} Expression parameters: {{{', '.join(expressions)}}}"
        )


def _check_operator(params: Mapping[str, Any]) -> None:
    if "ConditionalOperator" not in params:
        return
    conditions = next((params[name] for name in _CONDITIONS if params.get(name)), None)
    if conditions is None:
        raise invalid("ConditionalOperator cannot be used without Filter or Expected")
    if len(conditions) == 1:
        raise invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")


def _projection(names: Sequence[str]) -> Projector:
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise invalid_value(f"Duplicate value in attribute name: {twice}")
    for name in names:
        check_name(name)
    return Projector(tuple((name,) for name in names))


def _with_conditions(plan: Plan, kind: str, params: Mapping[str, Any], given: Item) -> Plan:
    tree = Tree(kind)
    expected = kind == "Expected"
    parts = [
        expectation(tree, name, entry)
        if expected
        else condition(tree, name, entry["ComparisonOperator"], entry.get("AttributeValueList", []))
        for name, entry in params[kind].items()
    ]
    if not parts:
        return plan
    joined: ast.Condition = parts[0]
    if len(parts) > 1:
        joined = ast.Or(tuple(parts)) if params.get("ConditionalOperator") == "OR" else ast.And(tuple(parts))
    scope = tree.scope()
    test = compile_condition(joined, scope)
    given |= tree.values
    if expected:
        return replace(plan, condition=test)
    return replace(plan, filter=test, filtered=frozenset(scope.heads))


def _with_key_conditions(plan: Plan, params: Mapping[str, Any], given: Item) -> Plan:
    tree = Tree(KEY_CONDITIONS)
    parts = []
    for name, entry in params[KEY_CONDITIONS].items():
        operator = entry["ComparisonOperator"]
        part = condition(tree, name, operator, entry.get("AttributeValueList", []))
        if operator in ("NE", "IN", "CONTAINS", "NOT_CONTAINS", "NULL", "NOT_NULL"):
            raise invalid("Attempted conditional constraint is not an indexable operation")
        parts.append(part)
    # A global index may have several attributes for each part of its key.
    if not 1 <= len(parts) <= (2 * INDEX_KEY_ATTRIBUTES if "IndexName" in params else 2):
        raise invalid("Conditions can be of length 1 or 2 only")
    tests = compile_key_condition(ast.And(tuple(parts)), tree.scope())
    given |= tree.values
    return replace(plan, key_tests=tests)


def _with_updates(plan: Plan, updates: Mapping[str, Any], given: Item) -> Plan:
    tree = Tree("AttributeUpdates")
    actions: list[ast.Action] = []
    for name, update in updates.items():
        action = update.get("Action", "PUT")
        value = None if "Value" not in update else canonical_value(update["Value"])
        path = tree.path(name)
        if value is None:
            if action != "DELETE":
                raise invalid_value("Only DELETE action is allowed when no attribute value is specified")
            actions.append(ast.Remove(path))
        elif action == "PUT":
            actions.append(ast.Set(path, tree.value(value)))
        elif action == "ADD":
            if type_of(value) not in _ADDED:
                raise invalid_value(f"ADD action is not supported for the type {type_of(value)}")
            actions.append(ast.Add(path, tree.value(value)))
        else:
            if type_of(value) not in _DELETED:
                raise invalid_value(f"DELETE action with value is not supported for the type {type_of(value)}")
            actions.append(ast.Delete(path, tree.value(value)))
    if not actions:
        return plan
    given |= tree.values
    program = compile_update(ast.Update(tuple(actions)), tree.scope())
    return replace(plan, update=replace(program, mismatch=_MISMATCH), updated=program.touched.attributes)
