"""What one expression refers to: its placeholders resolved, and what must hold of the values it is given.

Names are resolved when an expression is compiled (they are part of the cache's key), values only when it is
evaluated, so a compiled expression serves every call that differs in values alone.
"""

from collections.abc import Callable, Mapping

from infra.local.dynamodb.attributes import AttributeValue, Item
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions.ast import Path, Step, Value

Values = Mapping[str, AttributeValue]
#: Reads an operand; None when it is not there.
Read = Callable[[Item, Values], AttributeValue | None]
#: Decides a condition.
Test = Callable[[Item, Values], bool]
#: Refuses values whose type an operator does not take, whatever the item holds.
Check = Callable[[Values], None]
#: A path with its placeholders replaced.
Steps = tuple[Step, ...]


class Scope:
    """Collects, while one expression is compiled, what the call must then supply."""

    def __init__(self, kind: str, names: Mapping[str, str]):
        self.kind = kind
        self.names = names
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        self.checks: list[Check] = []
        #: Placeholders and checks in the order of the expression, to find the first that fails.
        self.trail: list[str | Check] = []
        self.heads: set[str] = set()
        #: Of the heads, those of paths that go deeper.
        self.nested: set[str] = set()

    def steps(self, path: Path) -> Steps:
        resolved: list[Step] = []
        for step in path.steps:
            if isinstance(step, str) and step[0] == "#":
                self.used_names.add(step)
                if step not in self.names:
                    raise self.wrong(
                        f"An expression attribute name used in the document path is not defined; attribute name: {step}"
                    )
                resolved.append(self.names[step])
            else:
                resolved.append(step)
        self.heads.add(str(resolved[0]))
        if len(resolved) > 1:
            self.nested.add(str(resolved[0]))
        return tuple(resolved)

    def placeholder(self, value: Value) -> str:
        if value.placeholder not in self.used_values:
            self.used_values.add(value.placeholder)
            self.trail.append(value.placeholder)
        return value.placeholder

    def require(self, check: Check) -> None:
        """Asks something of values that have been noted by `placeholder`."""
        self.checks.append(check)
        self.trail.append(check)

    def wrong(self, message: str) -> Exception:
        return invalid(f"Invalid {self.kind}: {message}")


def find(item: Item, steps: Steps) -> AttributeValue | None:
    """The value at a path, or None."""
    value: AttributeValue | None = item.get(str(steps[0]))
    for step in steps[1:]:
        if value is None:
            return None
        if isinstance(step, int):
            elements = value.get("L")
            if elements is None or step >= len(elements):
                return None
            value = elements[step]
        else:
            entries = value.get("M")
            if entries is None:
                return None
            value = entries.get(step)
    return value


def written(steps: Steps) -> str:
    """A path as DynamoDB's messages write it: `[a, b, [0]]`."""
    return f"[{', '.join(f'[{step}]' if isinstance(step, int) else step for step in steps)}]"


def require_apart(scope: Scope, paths: list[Steps]) -> None:
    """No path may be, or lie inside, another, and no value may be both a list and a map."""
    if len({path[0] for path in paths}) == len(paths):
        return
    for at, second in enumerate(paths):
        for first in paths[:at]:
            for a, b in zip(first, second, strict=False):
                if isinstance(a, int) is not isinstance(b, int):
                    problem = "conflict"
                    break
                if a != b:
                    problem = ""
                    break
            else:
                problem = "overlap"
            if problem:
                raise scope.wrong(
                    f"Two document paths {problem} with each other; must remove or rewrite one of these paths; "
                    f"path one: {written(first)}, path two: {written(second)}"
                )
