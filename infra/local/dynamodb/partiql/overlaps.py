"""Alternatives that would read the same items twice: DynamoDB reads each branch of an OR for itself.

It refuses two branches that name the same partition and meet on the sort key, when at least one of them has a
condition on it. A branch that only rules sort keys out (NOT, <>) is not held against the statement.
"""

from dataclasses import dataclass

from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import Values, ast
from infra.local.dynamodb.expressions.scope import Check
from infra.local.dynamodb.keys import KeySchema
from infra.local.dynamodb.partiql.sortkey import SortKeyTest, Stretch, sort_key_test
from infra.local.dynamodb.partiql.where import equality, parts_of

_OVERLAP = "Overlapping conditions with range keys are not supported in where clause"


@dataclass(frozen=True, slots=True)
class _Branch:
    #: The placeholder of the partition key's value.
    partition: str
    test: SortKeyTest | None

    def stretch(self, values: Values) -> Stretch:
        return Stretch(None, None) if self.test is None else self.test.stretch(values)


def branches_check(where: ast.Condition | None, keys: KeySchema) -> Check | None:
    """Refuses overlapping branches once their values are known; None when there can be none."""
    if not isinstance(where, ast.Or) or keys.range is None:
        return None
    branches = [branch for part in where.parts if (branch := _branch(part, keys)) is not None]
    if len(branches) < 2 or all(branch.test is None for branch in branches):
        return None

    def check(values: Values) -> None:
        for at, second in enumerate(branches):
            for first in branches[:at]:
                same = values[first.partition] == values[second.partition]
                tested = first.test is not None or second.test is not None
                if same and tested and first.stretch(values).meets(second.stretch(values)):
                    raise invalid(_OVERLAP)

    return check


def _branch(part: ast.Condition, keys: KeySchema) -> _Branch | None:
    """A branch of one partition, unless it rules out sort keys."""
    assert keys.range is not None
    partition: str | None = None
    test: SortKeyTest | None = None
    for condition in parts_of(part):
        found = equality(condition)
        if found is not None and found[0] == keys.hash.name:
            partition = found[1]
        elif _rules_out(condition, keys.range.name):
            return None
        else:
            test = sort_key_test(condition, keys.range.name) or test
    return None if partition is None else _Branch(partition, test)


def _rules_out(condition: ast.Condition, name: str) -> bool:
    path = ast.Path((name,))
    if isinstance(condition, ast.Not):
        inner = condition.part
        operands: tuple[ast.Operand, ...] = ()
        if isinstance(inner, ast.Compare):
            operands = (inner.left, inner.right)
        elif isinstance(inner, ast.Between | ast.In):
            operands = (inner.operand,)
        elif isinstance(inner, ast.Call):
            operands = inner.arguments
        return path in operands
    if isinstance(condition, ast.Compare) and condition.operator == "<>":
        return path in (condition.left, condition.right)
    return False
