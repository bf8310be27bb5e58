"""Update expressions as programs: what to set, add, take out and remove, decided on the item as it was.

DynamoDB evaluates every right-hand side on the item before the update, so all values are computed first and
then put in place. List indexes also mean the old list: elements are set by rising index (one beyond the end
appends) and removed by falling index. Attributes at the top level, nearly all, take a short way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.dynamodb.attributes import (
    SET_TYPES,
    AttributeValue,
    Item,
    canonical_value,
    copied,
    type_of,
)
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions.ast import Add, Arithmetic, Call, Delete, Operand, Path, Set, Update, Value
from infra.local.dynamodb.expressions.evaluate import compile_operand, require_distinct
from infra.local.dynamodb.expressions.projection import Projector
from infra.local.dynamodb.expressions.scope import Read, Scope, Steps, Values, find, require_apart
from infra.local.dynamodb.numbers import added, negated
from infra.local.errors import AwsError

_NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_WRONG_PATH = "The document path provided in the update expression is invalid for update"
#: As messages about ADD and DELETE name the types.
_LONG_TYPES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "NULL": "NULL",
    "BOOL": "BOOLEAN",
    "L": "LIST",
    "M": "MAP",
}


@dataclass(frozen=True, slots=True)
class UpdateProgram:
    """One compiled UpdateExpression."""

    #: attribute -> placeholder: `SET name = :value`.
    plain: Mapping[str, str]
    #: Every other SET, in the order in which they are put in place.
    computed: tuple[tuple[Steps, Read], ...]
    added: tuple[tuple[Steps, str], ...]
    deleted: tuple[tuple[Steps, str], ...]
    #: Attributes removed whole.
    dropped: tuple[str, ...]
    #: Paths removed inside an attribute, last list index first.
    removed: tuple[Steps, ...]
    #: Cuts out what UPDATED_OLD and UPDATED_NEW return.
    touched: Projector
    #: Attributes of which only a part is written, whose nesting may have grown.
    nested: tuple[str, ...]
    #: Whether there is more to do than `plain` and `computed`.
    more: bool
    #: What is said of an ADD or DELETE that does not fit the attribute.
    mismatch: str = _WRONG_TYPE

    @property
    def creates(self) -> bool:
        """Whether there is an item after it where there was none: not when it only takes things away."""
        return bool(self.plain or self.computed or self.added)

    def apply(self, item: Item, values: Values, *, shared: bool = False) -> None:
        """Changes `item` in place; a refusal leaves it half changed, so it must be a copy of its own.

        `shared`: it may hold the values themselves, since whoever gave them will not change them.
        """
        results = self._results(item, values) if self.computed else ()
        if shared:
            item.update(zip(self.plain, map(values.__getitem__, self.plain.values()), strict=True))
        else:
            for name, placeholder in self.plain.items():
                value = values[placeholder]
                item[name] = value.copy() if "S" in value or "N" in value else copied(value)
        if results:
            for (steps, _), result in zip(self.computed, results, strict=True):
                _put(item, steps, result)
        if self.more:
            self._do_more(item, values)

    def _do_more(self, item: Item, values: Values) -> None:
        """All that is seldom asked for."""
        for steps, placeholder in self.added:
            _add(item, steps, values[placeholder], self.mismatch)
        for steps, placeholder in self.deleted:
            _delete(item, steps, values[placeholder], self.mismatch)
        for name in self.dropped:
            item.pop(name, None)
        for steps in self.removed:
            _remove(item, steps)
        for name in self.nested:
            if name in item:
                canonical_value(item[name])

    def _results(self, item: Item, values: Values) -> list[AttributeValue]:
        """The values of `computed`. A place that is not there is refused before what was to be put there."""
        results: list[AttributeValue] = []
        for steps, read in self.computed:
            try:
                results.append(_present(read(item, values)))
            except AwsError:
                if len(steps) > 1:
                    _holder(item, steps)
                raise
        return results


def compile_update(node: Update, scope: Scope) -> UpdateProgram:
    plain: list[tuple[str, str]] = []
    computed: list[tuple[Steps, Read]] = []
    added_: list[tuple[Steps, str]] = []
    deleted: list[tuple[Steps, str]] = []
    removed: list[Steps] = []
    paths: list[Steps] = []
    for action in node.actions:
        steps = scope.steps(action.path)
        paths.append(steps)
        if isinstance(action, Set):
            if len(steps) == 1 and isinstance(action.value, Value):
                plain.append((str(steps[0]), scope.placeholder(action.value)))
            else:
                computed.append((steps, _compile_operand(action.value, scope)))
        elif isinstance(action, Add):
            added_.append((steps, scope.placeholder(action.value)))
            _require_type(scope, "ADD", action.value.placeholder, SET_TYPES | {"N"})
        elif isinstance(action, Delete):
            deleted.append((steps, scope.placeholder(action.value)))
            _require_type(scope, "DELETE", action.value.placeholder, SET_TYPES)
        else:
            removed.append(steps)
    require_apart(scope, paths)
    nested = tuple({str(steps[0]) for steps in paths if len(steps) > 1})
    return UpdateProgram(
        plain=dict(plain),
        computed=tuple(sorted(computed, key=lambda pair: _by_index(pair[0]))),
        added=tuple(added_),
        deleted=tuple(deleted),
        dropped=tuple(str(steps[0]) for steps in removed if len(steps) == 1),
        removed=tuple(sorted((steps for steps in removed if len(steps) > 1), key=_by_index, reverse=True)),
        touched=Projector(tuple(paths)),
        nested=nested,
        more=bool(added_ or deleted or removed or nested),
    )


def _compile_operand(node: Operand, scope: Scope) -> Read:
    if isinstance(node, Value):
        placeholder = scope.placeholder(node)
        return lambda item, values: copied(values[placeholder])
    if isinstance(node, Path):
        steps = scope.steps(node)

        def read(item: Item, values: Values) -> AttributeValue | None:
            value = find(item, steps)
            return None if value is None else copied(value)

        return read
    if isinstance(node, Arithmetic):
        return _arithmetic(node, scope)
    if node.function == "if_not_exists":
        return _if_not_exists(node, scope)
    return _list_append(node, scope)


def _arithmetic(node: Arithmetic, scope: Scope) -> Read:
    for operand in (node.left, node.right):
        _require_operand(scope, node.operator, operand, "N")
    left, right = _compile_addend(node.left, scope), _compile_addend(node.right, scope)
    minus = node.operator == "-"

    def total(item: Item, values: Values) -> AttributeValue:
        a, b = _present(left(item, values)), _present(right(item, values))
        if "N" not in a or "N" not in b:
            raise invalid(_WRONG_TYPE)
        return {"N": added(a["N"], negated(b["N"]) if minus else b["N"])}

    return total


def _compile_addend(node: Operand, scope: Scope) -> Read:
    """As `_compile_operand`, of what is only looked at: it may be shared with the item."""
    return compile_operand(node, scope) if isinstance(node, Path | Value) else _compile_operand(node, scope)


def _if_not_exists(node: Call, scope: Scope) -> Read:
    require_distinct(scope, node.function, *node.arguments)
    first, second = (_compile_operand(argument, scope) for argument in node.arguments)

    def either(item: Item, values: Values) -> AttributeValue | None:
        value = first(item, values)
        return second(item, values) if value is None else value

    return either


def _list_append(node: Call, scope: Scope) -> Read:
    for operand in node.arguments:
        _require_operand(scope, "list_append", operand, "L")
    first, second = (_compile_operand(argument, scope) for argument in node.arguments)

    def joined(item: Item, values: Values) -> AttributeValue:
        a, b = _present(first(item, values)), _present(second(item, values))
        if "L" not in a or "L" not in b:
            raise invalid(_WRONG_TYPE)
        return {"L": a["L"] + b["L"]}

    return joined


def _present(value: AttributeValue | None) -> AttributeValue:
    if value is None:
        raise invalid(_NO_ATTRIBUTE)
    return value


def _put(item: Item, steps: Steps, value: AttributeValue) -> None:
    if len(steps) == 1:
        item[str(steps[0])] = value
        return
    holder, last = _holder(item, steps)
    if isinstance(last, int) and last >= len(holder):
        holder.append(value)
    else:
        holder[last] = value


def _add(item: Item, steps: Steps, value: AttributeValue, mismatch: str) -> None:
    old = find(item, steps)
    if old is None:
        _put(item, steps, copied(value))
        return
    kind = type_of(value)
    if kind not in old:
        raise invalid(mismatch)
    if kind == "N":
        old_sum = {"N": added(old["N"], value["N"])}
    elif kind == "L":
        old_sum = {"L": old["L"] + copied(value)["L"]}
    else:
        present = set(old[kind])
        old_sum = {kind: old[kind] + [member for member in value[kind] if member not in present]}
    _put(item, steps, old_sum)


def _delete(item: Item, steps: Steps, value: AttributeValue, mismatch: str) -> None:
    old = find(item, steps)
    if old is None:
        if len(steps) > 1:
            _holder(item, steps)
        return
    kind = type_of(value)
    if kind not in old:
        raise invalid(mismatch)
    unwanted = set(value[kind])
    left = [member for member in old[kind] if member not in unwanted]
    if left:
        _put(item, steps, {kind: left})
    elif len(steps) == 1:
        del item[str(steps[0])]
    else:
        _remove(item, steps)


def _remove(item: Item, steps: Steps) -> None:
    holder, last = _holder(item, steps)
    if isinstance(last, int):
        if last < len(holder):
            del holder[last]
    else:
        holder.pop(last, None)


def _holder(item: Item, steps: Steps) -> tuple[Any, Any]:
    """The list or dict that the path's last step is in, which must be there."""
    parent = find(item, steps[:-1])
    last = steps[-1]
    holder = None if parent is None else parent.get("L" if isinstance(last, int) else "M")
    if holder is None:
        raise invalid(_WRONG_PATH)
    return holder, last


def _by_index(steps: Steps) -> tuple[tuple[bool, Any], ...]:
    return tuple((isinstance(step, int), step) for step in steps)


def _require_type(scope: Scope, operator: str, placeholder: str, allowed: frozenset[str]) -> None:
    def check(values: Values) -> None:
        given = type_of(values[placeholder])
        if given not in allowed:
            raise scope.wrong(
                f"Incorrect operand type for operator or function; "
                f"operator: {operator}, operand type: {_LONG_TYPES.get(given, given)}, "
                f"typeSet: ALLOWED_FOR_{operator}_OPERAND"
            )

    scope.require(check)


def _require_operand(scope: Scope, operator: str, operand: Operand, wanted: str) -> None:
    if not isinstance(operand, Value):
        return
    placeholder = scope.placeholder(operand)

    def check(values: Values) -> None:
        given = type_of(values[placeholder])
        if given != wanted:
            raise scope.wrong(
                f"Incorrect operand type for operator or function; "
                f"operator or function: {operator}, operand type: {given}"
            )

    scope.require(check)
