"""The query protocol outwards: a reply as XML, element by element in the order of the service's model."""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from infra.local import model
from infra.local.protocols.query_names import Names

#: Appends the XML of a value to a list of pieces.
Writer = Callable[[Any, list[str]], None]

#: What stands for itself in XML, but not in its text; a bare carriage return would be read as a line feed.
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"}
ESCAPED = re.compile('[&<>"\r]')

#: What XML 1.0 has no form for at all; no service stores it, but an error's message may quote it.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: str) -> str:
    """Text as the content of an element."""
    if not text.isascii() or not text.isprintable():
        text = FORBIDDEN.sub("\ufffd", text)
    return ESCAPED.sub(lambda found: ESCAPES[found[0]], text)


def element(name: str, text: str) -> str:
    """One element around some text."""
    return f"<{name}>{escape(text)}</{name}>"


def result_of(service: str, operation: str, reply: dict[str, Any]) -> str:
    """What stands inside `<...Result>`; empty where the operation answers nothing."""
    pieces: list[str] = []
    _writer(service, operation)(reply, pieces)
    return "".join(pieces)


@cache
def _writer(service: str, operation: str) -> Writer:
    shape = model.output_shapes(service)[operation]
    return (lambda value, pieces: None) if shape is None else _compile(shape, Names(service), {})


def _compile(shape: Any, names: Names, known: dict[str, Writer]) -> Writer:
    if shape.name in known:
        return lambda value, pieces: known[shape.name](value, pieces)
    writer: Writer
    known[shape.name] = lambda value, pieces: writer(value, pieces)
    if shape.type_name == "structure":
        writer = _structure(shape, names, known)
    else:
        text = TEXTS.get(shape.type_name, str)
        writer = lambda value, pieces: pieces.append(escape(text(value)))  # noqa: E731 (one of two forms of one name)
    known[shape.name] = writer
    return writer


def _structure(shape: Any, names: Names, known: dict[str, Writer]) -> Writer:
    members = [(name, _member(name, member, names, known)) for name, member in shape.members.items()]

    def write(value: Any, pieces: list[str]) -> None:
        for name, writer in members:
            member = value.get(name)
            if member is not None:
                writer(member, pieces)

    return write


def _member(name: str, shape: Any, names: Names, known: dict[str, Writer]) -> Writer:
    """The writer of a member together with its element, or elements."""
    wire = names.member(name, shape)
    match shape.type_name:
        case "list":
            return _list(wire, shape, names, known)
        case "map":
            return _map(wire, shape, names, known)
    return _element(wire, _compile(shape, names, known))


def _element(name: str, content: Writer) -> Writer:
    def write(value: Any, pieces: list[str]) -> None:
        pieces.append(f"<{name}>")
        content(value, pieces)
        pieces.append(f"</{name}>")

    return write


def _list(name: str, shape: Any, names: Names, known: dict[str, Writer]) -> Writer:
    wire = names.item(shape)
    item = _element(wire or name, _compile(shape.member, names, known))

    def write(value: Any, pieces: list[str]) -> None:
        for one in value:
            item(one, pieces)

    return write if wire is None else _element(name, write)


def _map(name: str, shape: Any, names: Names, known: dict[str, Writer]) -> Writer:
    wire, key_name, value_name = names.entry(shape)
    content = _element(value_name, _compile(shape.value, names, known))

    def entry(pair: Any, pieces: list[str]) -> None:
        pieces.append(element(key_name, pair[0]))
        content(pair[1], pieces)

    one = _element(wire or name, entry)

    def write(value: Any, pieces: list[str]) -> None:
        for pair in value.items():
            one(pair, pieces)

    return write if wire is None else _element(name, write)


def _moment(value: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond where it has a fraction."""
    moment = value.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


TEXTS: dict[str, Callable[[Any], str]] = {
    "boolean": lambda value: "true" if value else "false",
    "blob": lambda value: b64encode(value).decode(),
    "timestamp": _moment,
    "float": lambda value: repr(float(value)),
    "double": lambda value: repr(float(value)),
}
