"""Readers: functions that turn a decoded JSON or CBOR tree into parameters, compiled once for each operation.

A reader changes the fresh tree in place and touches only what is not yet as it should be, since most of a request
is strings that need no more than a look at their type. What does not fit raises `Misfit`, which collects its path
on the way up: a request that fits pays nothing for the words of a complaint.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.model import Shape

from infra.local import model

#: Turns a decoded value into a parameter value, or raises `Misfit`.
Reader = Callable[[Any], Any]

#: What JSON has no literal for, and AWS's JSON protocols write as strings.
NO_NUMBERS = ("NaN", "Infinity", "-Infinity")

#: Scalars of which nothing but the type is looked at.
PLAIN: dict[str, type] = {"string": str, "character": str, "boolean": bool, "float": float, "double": float}

#: Integers beyond 64 bits have no form in any AWS service.
INTEGER_LIMIT = 2**63


class Misfit(Exception):
    """A value that does not fit its shape."""

    def __init__(self, value: Any, shape: Shape, reason: str = ""):
        super().__init__(reason)
        self.value = value
        self.shape = shape
        #: What is wrong where the kind of the value is not, such as bad base64.
        self.reason = reason
        #: From the innermost name to the outermost.
        self.path: list[str] = []
        #: Whether the value stands in a list or a map, and not in a structure.
        self.in_collection = False

    def inside(self, name: str, *, collection: bool = False) -> "Misfit":
        """The same complaint, seen from one level up."""
        if not self.path:
            self.in_collection = collection
        self.path.append(name)
        return self

    @property
    def where(self) -> str:
        """The path from outside in, such as `Entries.1.DelaySeconds`."""
        return ".".join(reversed(self.path))


class UnknownMember(Exception):
    """A member that the shape does not have."""

    def __init__(self, name: str):
        super().__init__(name)
        self.path = [name]


@dataclass(frozen=True)
class Leaves:
    """How a format spells what JSON has no words for; each answers None for "does not fit"."""

    blob: Callable[[Any, Shape], bytes]
    timestamp: Callable[[Any, Shape], Any]
    #: Whether a whole number may be written as a fraction (it is cut), and a boolean as its word.
    lenient: bool = False


@cache
def reader_of(service: str, operation: str, leaves: Leaves) -> Reader:
    """The reader of an operation's input; of an operation that takes nothing, one that answers nothing."""
    shape = model.input_shapes(service)[operation]
    return (lambda value: {}) if shape is None else compile_reader(shape, leaves, {})


def compile_reader(shape: Any, leaves: Leaves, known: dict[str, Reader]) -> Reader:
    """The reader of one shape; `known` holds those of the shapes around it, as shapes may contain themselves."""
    if shape.name in known:
        return lambda value: known[shape.name](value)
    reader: Reader
    known[shape.name] = lambda value: reader(value)
    match shape.type_name:
        case "structure":
            reader = _structure(shape, leaves, known)
        case "list":
            reader = _list(shape, compile_reader(shape.member, leaves, known))
        case "map":
            reader = _map(shape, compile_reader(shape.value, leaves, known))
        case "blob":
            reader = lambda value: leaves.blob(value, shape)  # noqa: E731 (one of several forms of one name)
        case "timestamp":
            reader = lambda value: leaves.timestamp(value, shape)  # noqa: E731
        case _:
            reader = _scalar(shape, lenient=leaves.lenient)
    known[shape.name] = reader
    return reader


def _structure(shape: Any, leaves: Leaves, known: dict[str, Reader]) -> Reader:
    wire_names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    readers = {wire: compile_reader(shape.members[name], leaves, known) for wire, name in wire_names.items()}
    #: Members that are as they should be when they have this type.
    plain = {wire: PLAIN.get(shape.members[name].type_name) for wire, name in wire_names.items()}
    renamed = any(wire != name for wire, name in wire_names.items())

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Misfit(value, shape)
        absent: list[str] = []
        for name, member in value.items():
            if plain.get(name) is type(member):
                continue
            reader = readers.get(name)
            if member is None:
                absent.append(name)  # AWS takes null for "not given"
            elif reader is None:
                raise UnknownMember(name)
            else:
                try:
                    value[name] = reader(member)
                except Misfit as misfit:
                    raise misfit.inside(name) from None
                except UnknownMember as unknown:
                    unknown.path.append(name)
                    raise
        for name in absent:
            del value[name]
        return {wire_names[name]: member for name, member in value.items()} if renamed else value

    return read


def _list(shape: Any, member: Reader) -> Reader:
    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise Misfit(value, shape)
        for number, item in enumerate(value):
            try:
                value[number] = member(item)
            except Misfit as misfit:
                raise misfit.inside(str(number + 1), collection=True) from None
            except UnknownMember as unknown:
                unknown.path.append(str(number + 1))
                raise
        return value

    return read


def _map(shape: Any, member: Reader) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Misfit(value, shape)
        for key, item in value.items():
            if type(key) is not str:
                raise Misfit(key, shape.key)  # CBOR has keys of all kinds
            try:
                value[key] = member(item)
            except Misfit as misfit:
                raise misfit.inside(key, collection=True) from None
            except UnknownMember as unknown:
                unknown.path.append(key)
                raise
        return value

    return read


def _scalar(shape: Any, *, lenient: bool) -> Reader:
    expected = model.SCALARS[shape.type_name]
    readers = {str: _read_string, bool: _read_boolean, int: _read_integer, float: _read_float}
    reader = readers[expected]
    return lambda value: reader(value, shape, lenient)


def _read_string(value: Any, shape: Any, lenient: bool) -> str:
    if type(value) is not str:
        raise Misfit(value, shape)
    return value


def _read_boolean(value: Any, shape: Any, lenient: bool) -> bool:
    if lenient and type(value) is str and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if type(value) is not bool:
        raise Misfit(value, shape)
    return value


def _read_integer(value: Any, shape: Any, lenient: bool) -> int:
    if lenient and type(value) is float and abs(value) < INTEGER_LIMIT:
        value = int(value)
    if type(value) is not int or not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
        raise Misfit(value, shape)
    return value


def _read_float(value: Any, shape: Any, lenient: bool) -> float:
    if type(value) is str and value in NO_NUMBERS:
        return float(value)
    if type(value) is not int and type(value) is not float:
        raise Misfit(value, shape)
    try:
        return float(value)
    except OverflowError:
        raise Misfit(value, shape) from None
