"""What a statement says, as frozen nodes with their places: the parser makes them, the translators read them.

They hold PartiQL, not DynamoDB: that a function exists, or a literal is a legal number, is decided later.
"""

from dataclasses import dataclass

from infra.local.dynamodb.expressions.ast import Step


@dataclass(frozen=True, slots=True)
class Path:
    steps: tuple[Step, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Parameter:
    #: Counted from 0 in the order of the question marks.
    number: int
    place: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """A literal without parts."""

    #: S, N, BOOL, NULL or MISSING.
    type: str
    #: A number as it was written.
    content: str | bool
    place: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A literal list `[...]` or `(a, b)`, or a set `<<...>>`."""

    #: LIST or BAG.
    type: str
    parts: "tuple[Term, ...]"
    place: str


@dataclass(frozen=True, slots=True)
class Struct:
    """A literal map `{...}`."""

    entries: "tuple[tuple[Term, Term], ...]"
    place: str


@dataclass(frozen=True, slots=True)
class Call:
    #: As it was written.
    function: str
    arguments: "tuple[Term, ...]"
    place: str


@dataclass(frozen=True, slots=True)
class Infix:
    """`left operator right`, BETWEEN and IN included: their right side is a Collection."""

    #: Marks as they are written (`<>` for `!=`), words in capitals; `NOT` before IN, BETWEEN and LIKE is a Prefix.
    operator: str
    left: "Term"
    right: "Term"
    place: str


@dataclass(frozen=True, slots=True)
class Prefix:
    #: NOT, + or -
    operator: str
    term: "Term"
    place: str


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`term IS type`."""

    term: "Term"
    #: In lower case, such as `double precision`.
    type: str
    place: str


Term = Path | Parameter | Scalar | Collection | Struct | Call | Infix | Prefix | TypeTest


@dataclass(frozen=True, slots=True)
class Source:
    """A table, or an index of it."""

    #: The parts of its path as they were written; more than two are refused later.
    parts: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Select:
    #: None for `*`.
    projection: tuple[Term, ...] | None
    source: Source
    where: Term | None
    #: What to sort by, and whether it descends.
    order: tuple[tuple[Term, bool], ...]


@dataclass(frozen=True, slots=True)
class Insert:
    source: Source
    value: Term


@dataclass(frozen=True, slots=True)
class Assign:
    path: Path
    value: Term


@dataclass(frozen=True, slots=True)
class Remove:
    path: Path


@dataclass(frozen=True, slots=True)
class Update:
    source: Source
    actions: tuple[Assign | Remove, ...]
    where: Term | None
    #: Such as `ALL NEW`.
    returning: str | None


@dataclass(frozen=True, slots=True)
class Delete:
    source: Source
    where: Term | None
    returning: str | None


@dataclass(frozen=True, slots=True)
class Exists:
    """`EXISTS(SELECT ...)`, the condition check of a transaction."""

    select: Select


Statement = Select | Insert | Update | Delete | Exists
