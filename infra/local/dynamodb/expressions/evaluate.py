"""Conditions as closures: each node becomes one function of (item, values), composed once and called often."""

from collections.abc import Callable

from infra.local.dynamodb.attributes import (
    ALL_TYPES,
    ORDERED_TYPES,
    AttributeValue,
    Item,
    compare,
    equal,
    type_of,
)
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
from infra.local.dynamodb.expressions.scope import Read, Scope, Steps, Test, Values, find, written

#: Comparator -> what it makes of compare()'s -1, 0 or 1.
_ORDERINGS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}
_PREFIX_TYPES = frozenset({"S", "B"})
_SIZED_TYPES = ALL_TYPES - {"N", "BOOL", "NULL"}
_TEXT_TYPES = frozenset({"S"})


def compile_condition(node: Condition, scope: Scope) -> Test:
    """The condition as one function; what it needs of names and values is noted in `scope`."""
    if isinstance(node, And):
        return _all([compile_condition(part, scope) for part in node.parts])
    if isinstance(node, Or):
        return _any([compile_condition(part, scope) for part in node.parts])
    if isinstance(node, Not):
        part = compile_condition(node.part, scope)
        return lambda item, values: not part(item, values)
    if isinstance(node, Compare):
        return _comparison(node, scope)
    if isinstance(node, Between):
        return _between(node, scope)
    if isinstance(node, In):
        return _membership(node, scope)
    return _function(node, scope)


def compile_operand(node: Operand, scope: Scope) -> Read:
    """A path, a value, or size()."""
    if isinstance(node, Value):
        placeholder = scope.placeholder(node)
        return lambda item, values: values[placeholder]
    if isinstance(node, Path):
        return _reader(scope.steps(node))
    assert isinstance(node, Call)  # arithmetic belongs to updates, and the parser lets only size() through
    _require_type(scope, node.arguments[0], "size", _SIZED_TYPES)
    return _size(compile_operand(node.arguments[0], scope))


def _reader(steps: Steps) -> Read:
    if len(steps) == 1:
        name = str(steps[0])
        return lambda item, values: item.get(name)
    return lambda item, values: find(item, steps)


def _all(parts: list[Test]) -> Test:
    if len(parts) == 2:
        first, second = parts
        return lambda item, values: first(item, values) and second(item, values)

    def every(item: Item, values: Values) -> bool:
        for part in parts:  # noqa: SIM110 - all() with a generator costs twice as much here
            if not part(item, values):
                return False
        return True

    return every


def _any(parts: list[Test]) -> Test:
    if len(parts) == 2:
        first, second = parts
        return lambda item, values: first(item, values) or second(item, values)

    def some(item: Item, values: Values) -> bool:
        for part in parts:  # noqa: SIM110 - any() with a generator costs twice as much here
            if part(item, values):
                return True
        return False

    return some


def _comparison(node: Compare, scope: Scope) -> Test:
    require_distinct(scope, node.operator, node.left, node.right)
    if node.operator in _ORDERINGS:
        _require_type(scope, node.left, node.operator, ORDERED_TYPES)
        _require_type(scope, node.right, node.operator, ORDERED_TYPES)
        return _ordered(node, scope)
    left, right = compile_operand(node.left, scope), compile_operand(node.right, scope)
    if node.operator == "=":

        def same(item: Item, values: Values) -> bool:
            a, b = left(item, values), right(item, values)
            return a is not None and b is not None and equal(a, b)

        if isinstance(node.left, Path) and len(node.left.steps) == 1 and isinstance(node.right, Value):
            return _same_attribute(str(scope.steps(node.left)[0]), node.right.placeholder)
        return same

    def different(item: Item, values: Values) -> bool:
        # What is not there differs from everything: `id <> :id` is an old way to say "not yet".
        a, b = left(item, values), right(item, values)
        return a is None or b is None or not equal(a, b)

    return different


def _same_attribute(name: str, placeholder: str) -> Test:
    """`attribute = :value`, the commonest test of all."""

    def same(item: Item, values: Values) -> bool:
        found = item.get(name)
        return found is not None and equal(found, values[placeholder])

    return same


def _ordered(node: Compare, scope: Scope) -> Test:
    holds = _ORDERINGS[node.operator]
    if isinstance(node.left, Path) and len(node.left.steps) == 1 and isinstance(node.right, Value):
        return _ordered_attribute(str(scope.steps(node.left)[0]), scope.placeholder(node.right), holds)
    left, right = compile_operand(node.left, scope), compile_operand(node.right, scope)

    def ordered(item: Item, values: Values) -> bool:
        a, b = left(item, values), right(item, values)
        if a is None or b is None:
            return False
        order = compare(a, b)
        return order is not None and holds(order)

    return ordered


def _ordered_attribute(name: str, placeholder: str, holds: Callable[[int], bool]) -> Test:
    """`attribute <= :value`, as most are."""

    def ordered(item: Item, values: Values) -> bool:
        found = item.get(name)
        if found is None:
            return False
        order = compare(found, values[placeholder])
        return order is not None and holds(order)

    return ordered


def _between(node: Between, scope: Scope) -> Test:
    require_distinct(scope, "BETWEEN", node.operand, node.low, node.high)
    for part in (node.operand, node.low, node.high):
        _require_type(scope, part, "BETWEEN", ORDERED_TYPES)
    if isinstance(node.low, Value) and isinstance(node.high, Value):
        _require_bounds(scope, scope.placeholder(node.low), scope.placeholder(node.high))
    operand = compile_operand(node.operand, scope)
    low, high = compile_operand(node.low, scope), compile_operand(node.high, scope)

    def between(item: Item, values: Values) -> bool:
        value, bottom, top = operand(item, values), low(item, values), high(item, values)
        if value is None or bottom is None or top is None:
            return False
        above, below = compare(bottom, value), compare(value, top)
        return above is not None and below is not None and above <= 0 and below <= 0

    return between


def _membership(node: In, scope: Scope) -> Test:
    require_distinct(scope, "IN", node.operand, *node.choices)
    operand = compile_operand(node.operand, scope)
    choices = [compile_operand(choice, scope) for choice in node.choices]

    def member(item: Item, values: Values) -> bool:
        value = operand(item, values)
        if value is None:
            return False
        for choice in choices:
            candidate = choice(item, values)
            if candidate is not None and equal(value, candidate):
                return True
        return False

    return member


def _function(node: Call, scope: Scope) -> Test:
    first = node.arguments[0]
    if node.function in ("attribute_exists", "attribute_not_exists"):
        assert isinstance(first, Path)  # the parser saw to it
        wanted = node.function == "attribute_exists"
        steps = scope.steps(first)
        if len(steps) == 1:
            name = str(steps[0])
            return lambda item, values: (name in item) is wanted
        return lambda item, values: (find(item, steps) is not None) is wanted
    second = node.arguments[1]
    require_distinct(scope, node.function, first, second)
    left, right = compile_operand(first, scope), compile_operand(second, scope)
    if node.function == "attribute_type":
        _require_type(scope, second, "attribute_type", _TEXT_TYPES)
        if not isinstance(second, Value):
            raise scope.wrong(_wrong_type("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"))
        _require_type_name(scope, scope.placeholder(second))
        return lambda item, values: _is_type(left(item, values), right(item, values))
    if node.function == "begins_with":
        _require_type(scope, first, "begins_with", _PREFIX_TYPES)
        _require_type(scope, second, "begins_with", _PREFIX_TYPES)
        return lambda item, values: _begins_with(left(item, values), right(item, values))
    return lambda item, values: _contains(left(item, values), right(item, values))


def _is_type(value: AttributeValue | None, name: AttributeValue | None) -> bool:
    return value is not None and name is not None and name.get("S") in value


def _begins_with(value: AttributeValue | None, prefix: AttributeValue | None) -> bool:
    if value is None or prefix is None:
        return False
    ((kind, start),) = prefix.items()
    content = value.get(kind)
    return kind in _PREFIX_TYPES and content is not None and content.startswith(start)


def _contains(value: AttributeValue | None, part: AttributeValue | None) -> bool:
    if value is None or part is None:
        return False
    ((kind, content),) = value.items()
    if kind == "L":
        return any(equal(element, part) for element in content)
    ((part_kind, wanted),) = part.items()
    if kind in _PREFIX_TYPES:
        return part_kind == kind and wanted in content
    return kind in ("SS", "NS", "BS") and part_kind == kind[0] and wanted in content


def _size(operand: Read) -> Read:
    def size(item: Item, values: Values) -> AttributeValue | None:
        value = operand(item, values)
        if value is None:
            return None
        ((kind, content),) = value.items()
        if kind not in _SIZED_TYPES:
            return None
        if kind == "S" and not content.isascii():
            # A text's length is that of Java's: in units of UTF-16.
            return {"N": str(len(content.encode("utf-16-le")) // 2)}
        return {"N": str(len(content))}

    return size


# What an operator asks of the values it is given is checked before any item is read, as DynamoDB does.


def _require_type(scope: Scope, operand: Operand, operator: str, allowed: frozenset[str]) -> None:
    if isinstance(operand, Call) and "N" not in allowed:
        raise scope.wrong(_wrong_type(operator, "N"))  # size() is a number
    if not isinstance(operand, Value):
        return
    placeholder = scope.placeholder(operand)

    def check(values: Values) -> None:
        given = type_of(values[placeholder])
        if given not in allowed:
            raise scope.wrong(_wrong_type(operator, given))

    scope.require(check)


def _wrong_type(operator: str, given: str) -> str:
    return f"Incorrect operand type for operator or function; operator or function: {operator}, operand type: {given}"


def _require_type_name(scope: Scope, placeholder: str) -> None:
    def check(values: Values) -> None:
        name = values[placeholder]["S"]
        if name not in ALL_TYPES:
            raise scope.wrong(
                f"Invalid attribute type name found; type: {name}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}"
            )

    scope.require(check)


def _require_bounds(scope: Scope, low: str, high: str) -> None:
    def check(values: Values) -> None:
        bottom, top = values[low], values[high]
        order = compare(bottom, top)
        if order is not None and order <= 0:
            return
        rule = (
            "same data type for lower and upper bounds"
            if order is None
            else "upper bound to be greater than or equal to lower bound"
        )
        raise scope.wrong(
            f"The BETWEEN operator requires {rule}; "
            f"lower bound operand: AttributeValue: {_shown(bottom)}, "
            f"upper bound operand: AttributeValue: {_shown(top)}"
        )

    scope.require(check)


def require_distinct(scope: Scope, operator: str, first: Operand, *others: Operand) -> None:
    if not isinstance(first, Path):
        return
    steps = scope.steps(first)
    if any(isinstance(other, Path) and scope.steps(other) == steps for other in others):
        raise scope.wrong(
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {operator}, first operand: {written(steps)}"
        )


def _shown(value: AttributeValue) -> str:
    """A value as Java prints it."""
    ((kind, content),) = value.items()
    if kind == "B":
        content = f"java.nio.HeapByteBuffer[pos=0 lim={len(content)} cap={len(content)}]"
    return f"{{{kind}:{content}}}"
