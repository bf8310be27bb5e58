"""Which required members a request lacks, all of them and in the model's order, as AWS lists them in one message.

Compiled from the input shape; the parts of it below which nothing is required (a DynamoDB item) are not visited.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from infra.local import model


class Key(str):
    """A key of a map, in a path."""

    __slots__ = ()


#: Names from outside in; items of lists are numbers from 1.
Path = tuple[str | int | Key, ...]

#: Appends to the list the path of each required member that a value lacks.
Search = Callable[[Any, Path, list[Path]], None]


def missing_members(service: str, operation: str, params: dict[str, Any]) -> list[Path]:
    """The paths of all required members that the parameters, of fitting types, lack."""
    search = _search(service, operation)
    missing: list[Path] = []
    if search is not None:
        search(params, (), missing)
    return missing


@cache
def _search(service: str, operation: str) -> Search | None:
    shape = model.input_shapes(service)[operation]
    return None if shape is None else _compile(shape, ())


def _compile(shape: Any, around: tuple[str, ...]) -> Search | None:
    if shape.name in around:
        return None  # no recursive shape of these services requires anything
    around = (*around, shape.name)
    match shape.type_name:
        case "structure":
            return _structure(shape, around)
        case "list":
            member = _compile(shape.member, around)
            return member and _list(member)
        case "map":
            value = _compile(shape.value, around)
            return value and _map(value)
    return None


def _structure(shape: Any, around: tuple[str, ...]) -> Search | None:
    required = frozenset(shape.required_members)
    members: list[tuple[str, Search | None]] = []
    for name, member in shape.members.items():
        deeper = _compile(member, around)
        if deeper is not None or name in required:
            members.append((name, deeper))
    if not members:
        return None

    def search(value: Any, path: Path, missing: list[Path]) -> None:
        for name, deeper in members:
            member = value.get(name)
            if member is None:
                if name in required:
                    missing.append((*path, name))
            elif deeper is not None:
                deeper(member, (*path, name), missing)

    return search


def _list(member: Search) -> Search:
    def search(value: Any, path: Path, missing: list[Path]) -> None:
        for number, item in enumerate(value, 1):
            member(item, (*path, number), missing)

    return search


def _map(member: Search) -> Search:
    def search(value: Any, path: Path, missing: list[Path]) -> None:
        for key, item in value.items():
            member(item, (*path, Key(key)), missing)

    return search
