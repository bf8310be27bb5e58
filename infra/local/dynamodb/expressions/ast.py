"""What an expression says, as frozen nodes: the parser makes them, the compilers read them."""

from dataclasses import dataclass

#: A step of a path: an attribute's name, a name placeholder (it starts with `#`), or a list index.
Step = str | int


@dataclass(frozen=True, slots=True)
class Path:
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Value:
    #: With its colon.
    placeholder: str


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: "tuple[Operand, ...]"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    #: + or -
    operator: str
    left: "Operand"
    right: "Operand"


Operand = Path | Value | Call | Arithmetic


@dataclass(frozen=True, slots=True)
class Compare:
    #: = <> < <= > >=
    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    operand: Operand
    choices: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class And:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


Condition = Compare | Between | In | And | Or | Not | Call


@dataclass(frozen=True, slots=True)
class Set:
    path: Path
    value: Operand


@dataclass(frozen=True, slots=True)
class Remove:
    path: Path


@dataclass(frozen=True, slots=True)
class Add:
    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class Delete:
    path: Path
    value: Value


Action = Set | Remove | Add | Delete


@dataclass(frozen=True, slots=True)
class Update:
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    paths: tuple[Path, ...]


Node = Condition | Operand | Action | Update | Projection
