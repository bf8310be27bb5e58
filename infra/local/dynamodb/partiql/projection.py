"""The columns of a SELECT: each part of an item becomes an attribute, named by the end of its path."""

from dataclasses import dataclass

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions.scope import Steps, find
from infra.local.dynamodb.partiql.syntax import Path, Term


@dataclass(frozen=True, slots=True)
class Columns:
    #: What each column is called, and where it is found.
    paths: tuple[tuple[str, Steps], ...]

    @property
    def attributes(self) -> list[str]:
        """The attributes that are read, in the order of the statement."""
        return list(dict.fromkeys(str(steps[0]) for _, steps in self.paths))

    def cut(self, item: Item) -> Item:
        """The columns that the item has; values are shared with it."""
        found = ((name, find(item, steps)) for name, steps in self.paths)
        return {name: value for name, value in found if value is not None}


def columns(projection: tuple[Term, ...] | None) -> Columns | None:
    """None for `*`."""
    if projection is None:
        return None
    return Columns(tuple(_column(term) for term in projection))


def _column(term: Term) -> tuple[str, Steps]:
    if not isinstance(term, Path):
        raise invalid(f"Unexpected path component at {term.place}")
    # `a.b[0]` is called `b[0]`: from the last name on.
    names = [at for at, step in enumerate(term.steps) if isinstance(step, str)]
    last = term.steps[names[-1] :]
    return str(last[0]) + "".join(f"[{step}]" for step in last[1:]), term.steps
