"""A call's expressions, compiled together once and found again by their texts and names.

The texts are parsed once each (see parser); what they become with a call's ExpressionAttributeNames is a Plan,
kept in a bounded cache under (texts, names). ExpressionAttributeValues are bound when a plan runs, so the
calls of one call site, which differ in values alone, share one plan.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_attributes, canonical_value
from infra.local.dynamodb.errors import IllegalValue, invalid
from infra.local.dynamodb.expressions.evaluate import compile_condition
from infra.local.dynamodb.expressions.keycondition import KeyTest, Unsearchable, compile_key_condition
from infra.local.dynamodb.expressions.parser import parse_condition, parse_projection, parse_update
from infra.local.dynamodb.expressions.projection import Projector
from infra.local.dynamodb.expressions.scope import Check, Scope, Test, Values, require_apart
from infra.local.dynamodb.expressions.update import UpdateProgram, compile_update
from infra.local.dynamodb.items import NAME_TOO_LARGE, text_size
from infra.local.dynamodb.limits import ATTRIBUTE_NAME_BYTES
from infra.local.errors import AwsError

#: Plans kept; a program has a few dozen call sites.
_PLANS = 2048
_NAME_KEY = re.compile(r"#[A-Za-z0-9_]+")
_VALUE_KEY = re.compile(r":[A-Za-z0-9_]+")
_NO_VALUES: Item = {}
#: The expressions in the order in which they are looked at, each with its place among the parameters of `_plan`.
_IN_ORDER = (
    (4, "KeyConditionExpression"),
    (0, "UpdateExpression"),
    (1, "ConditionExpression"),
    (2, "FilterExpression"),
    (3, "ProjectionExpression"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a call's expressions came to."""

    #: ConditionExpression
    condition: Test | None
    #: FilterExpression, and the attributes that it reads.
    filter: Test | None
    filtered: frozenset[str]
    #: UpdateExpression, and the attributes that it writes.
    update: UpdateProgram | None
    updated: frozenset[str]
    #: ProjectionExpression
    projection: Projector | None
    #: KeyConditionExpression
    key_tests: tuple[KeyTest, ...]
    #: Value placeholder -> the parameter whose expression uses it.
    values: Mapping[str, str]
    checks: tuple[Check, ...]
    #: Placeholders and checks in the order of the expressions, to find the first problem.
    trail: tuple[tuple[str, str | Check], ...] = ()
    #: Attributes of which some expression goes into the parts, as no key can be.
    nested: frozenset[str] = frozenset()
    #: Why there are no key tests although there is a KeyConditionExpression.
    unsearchable: Unsearchable | None = None


def bind(params: Mapping[str, Any]) -> tuple[Plan, Values]:
    """The plan for a call's parameters, and its values, legal and canonical."""
    get = params.get
    names = get("ExpressionAttributeNames")
    given = get("ExpressionAttributeValues")
    try:
        plan = _plan(
            get("UpdateExpression"),
            get("ConditionExpression"),
            get("FilterExpression"),
            get("ProjectionExpression"),
            get("KeyConditionExpression"),
            None if names is None else tuple(names.items()),
        )
    except AwsError as fault:
        raise _foremost(params, fault) from None
    if given is None:
        if plan.values:
            problem = _problem(plan, _NO_VALUES)
            assert problem is not None  # none of them is defined
            raise problem
        return plan, _NO_VALUES
    values = canonical_attributes(given)
    if not values or values.keys() != plan.values.keys():
        raise _mismatch(plan, params, values)
    for check in plan.checks:
        check(values)
    return plan, values


@lru_cache(maxsize=_PLANS)
def _plan(
    update: str | None,
    condition: str | None,
    filter_: str | None,
    projection: str | None,
    key_condition: str | None,
    names: tuple[tuple[str, str], ...] | None,
) -> Plan:
    texts = (update, condition, filter_, projection, key_condition)
    known = _checked_names(names, any(text is not None for text in texts))
    used_names: set[str] = set()
    used_values: dict[str, str] = {}
    checks: list[Check] = []
    trail: list[tuple[str, str | Check]] = []
    nested: set[str] = set()

    def note(scope: Scope) -> frozenset[str]:
        used_names.update(scope.used_names)
        for placeholder in scope.used_values:
            used_values.setdefault(placeholder, scope.kind)
        checks.extend(scope.checks)
        trail.extend((scope.kind, step) for step in scope.trail)
        nested.update(scope.nested)
        return frozenset(scope.heads)

    key_tests: tuple[KeyTest, ...] = ()
    unsearchable: Unsearchable | None = None
    if key_condition is not None:
        scope = Scope("KeyConditionExpression", known)
        node = parse_condition(scope.kind, key_condition)
        try:
            key_tests = compile_key_condition(node, scope)
        except Unsearchable as error:
            unsearchable, scope = error, Scope(scope.kind, known)
            compile_condition(node, scope)
        note(scope)
    program, updated = None, frozenset[str]()
    if update is not None:
        scope = Scope("UpdateExpression", known)
        program = compile_update(parse_update(scope.kind, update), scope)
        note(scope)
        updated = program.touched.attributes
    test = None
    if condition is not None:
        scope = Scope("ConditionExpression", known)
        test = compile_condition(parse_condition(scope.kind, condition), scope)
        note(scope)
    filter_test, filtered = None, frozenset[str]()
    if filter_ is not None:
        scope = Scope("FilterExpression", known)
        filter_test = compile_condition(parse_condition(scope.kind, filter_), scope)
        filtered = note(scope)
    projector = None
    if projection is not None:
        scope = Scope("ProjectionExpression", known)
        paths = [scope.steps(path) for path in parse_projection(scope.kind, projection).paths]
        require_apart(scope, paths)
        projector = Projector(tuple(paths))
        note(scope)
    unused = sorted(known.keys() - used_names)
    plan = Plan(
        condition=test,
        filter=filter_test,
        filtered=filtered,
        update=program,
        updated=updated,
        projection=projector,
        key_tests=key_tests,
        values=MappingProxyType(used_values),
        checks=tuple(checks),
        trail=tuple(trail),
        nested=frozenset(nested),
        unsearchable=unsearchable,
    )
    if unused:
        raise _UnusedNamesError(unused, plan)
    return plan


class _UnusedNamesError(AwsError):
    """Names that no expression uses: said last of all, so the plan goes with it."""

    def __init__(self, unused: Sequence[str], plan: Plan):
        keys = ", ".join(unused)
        super().__init__(
            "ValidationException", f"Value provided in ExpressionAttributeNames unused in expressions: keys: {{{keys}}}"
        )
        self.plan = plan


def _foremost(params: Mapping[str, Any], fault: AwsError) -> AwsError:
    """The first of the faults of a call that has one in its expressions.

    First come names that are none, then values that are none, then the expressions one by one, each with the values
    that it uses, and at last the names that none of them uses.
    """
    names, given = params.get("ExpressionAttributeNames"), params.get("ExpressionAttributeValues")
    known = None if names is None else tuple(names.items())
    try:
        _checked_names(known, any_expression=True)
        if given is not None:
            _check_value_keys(given)
        values = canonical_attributes(given or {})
        for at, kind in _IN_ORDER:
            texts = [params.get(kind) if place == at else None for place in range(len(_IN_ORDER))]
            if texts[at] is None:
                continue
            try:
                plan = _plan(*texts, known)
            except _UnusedNamesError as unused:
                plan = unused.plan
            problem = _problem(plan, values)
            if problem is not None:
                return problem
    except AwsError as first:
        return first
    return fault


def _check_value_keys(values: Values) -> None:
    if not values:
        raise invalid("ExpressionAttributeValues must not be empty")
    for key in values:
        if not _VALUE_KEY.fullmatch(key):
            raise invalid(f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{key}"')


def _checked_names(names: tuple[tuple[str, str], ...] | None, any_expression: bool) -> dict[str, str]:
    if names is None:
        return {}
    if not any_expression:
        raise invalid("ExpressionAttributeNames can only be specified when using expressions")
    if not names:
        raise invalid("ExpressionAttributeNames must not be empty")
    for key, name in names:
        if not _NAME_KEY.fullmatch(key):
            raise invalid(f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{key}"')
        if not name:
            raise invalid(f"ExpressionAttributeNames contains invalid value: Empty attribute name for key {key}")
        if text_size(name) > ATTRIBUTE_NAME_BYTES:
            raise invalid(f"ExpressionAttributeNames contains invalid value: {NAME_TOO_LARGE} for key {key}")
    return dict(names)


def _mismatch(plan: Plan, params: Mapping[str, Any], values: Values) -> Exception:
    expressions = [name for name in params if name.endswith("Expression") and name != "ProjectionExpression"]
    if not expressions:
        return invalid("ExpressionAttributeValues can only be specified when using expressions")
    _check_value_keys(values)
    problem = _problem(plan, values)
    if problem is not None:
        return problem
    unused = sorted(values.keys() - plan.values.keys())
    return invalid(f"Value provided in ExpressionAttributeValues unused in expressions: keys: {{{', '.join(unused)}}}")


def _problem(plan: Plan, values: Values) -> AwsError | None:
    """The first problem of the expressions, with values that may not be all that they use."""
    for kind, step in plan.trail:
        if not isinstance(step, str):
            try:
                step(values)
            except AwsError as error:
                return error
        elif step not in values:
            return invalid(
                f"Invalid {kind}: An expression attribute value used in expression is not defined; "
                f"attribute value: {step}"
            )
    return None


def older_wording(given: Item) -> AwsError:
    """The refusal of ExpressionAttributeValues, one of which is illegal, where AWS still gives the older wording."""
    for key, value in given.items():
        try:
            canonical_value(value)
        except IllegalValue as error:
            return invalid(f"ExpressionAttributeValues contains invalid value: {error.older} for key {key}")
        except AwsError as error:
            return invalid(f"ExpressionAttributeValues contains invalid value: {error.message} for key {key}")
    raise AssertionError("a value was refused and then was not")
