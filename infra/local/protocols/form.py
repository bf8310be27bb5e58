"""The query protocol inwards: `Attribute.1.Name=DelaySeconds&Attribute.1.Value=5` to parameters.

The form becomes a tree split at the dots, and the tree is read by the operation's input shape.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from infra.local import model
from infra.local.errors import AwsError
from infra.local.protocols.aws_json import read_blob
from infra.local.protocols.query_names import Names
from infra.local.protocols.shapes import INTEGER_LIMIT, Misfit, UnknownMember

#: Fields in one request at most: ten messages of a batch have ten attributes of four fields; CloudWatch's requests
#: hold 1,000 metrics of a few dozen fields.
MAX_FIELDS = 50_000

#: Names inside one another at most.
MAX_DEPTH = 16

#: Fields that belong to the protocol or to a signature, not to an operation.
PROTOCOL_FIELDS = re.compile(
    r"Action|Version|AWSAccessKeyId|Signature|SignatureVersion|SignatureMethod|Timestamp|Expires|SecurityToken"
    r"|X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token|Content-Sha256|User-Agent)",
    re.IGNORECASE,
)

INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
EPOCH = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII)


class Node(dict[str, "Node"]):
    """One name of the form: what stands below it, and its own value where it has one."""

    value: str | None = None


FormReader = Callable[[Node], Any]


def fields_of(text: bytes) -> list[tuple[str, str]]:
    """The pairs of a form or a query string, decoded; raises `AwsError`."""
    try:
        return parse_qsl(
            text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS, separator="&"
        )
    except ValueError:
        raise AwsError(
            "MalformedQueryString", "The form is no percent-encoded UTF-8, or has too many fields."
        ) from None


def tree_of(fields: list[tuple[str, str]]) -> Node:
    """The fields as a tree, without those of the protocol; raises `AwsError`."""
    root = Node()
    for name, value in fields:
        if PROTOCOL_FIELDS.fullmatch(name):
            continue
        parts = name.split(".", MAX_DEPTH)
        if len(parts) > MAX_DEPTH:
            raise AwsError("MalformedQueryString", "The form has a name with too many dots.")
        node = root
        for part in parts:
            below = node.get(part)
            if below is None:
                below = node[part] = Node()
            node = below
        node.value = value
    return root


@cache
def form_reader_of(service: str, operation: str) -> FormReader:
    """The reader of an operation's form; of an operation that takes nothing, one that answers nothing."""
    shape = model.input_shapes(service)[operation]
    return (lambda node: {}) if shape is None else _compile(shape, Names(service), {})


def _compile(shape: Any, names: Names, known: dict[str, FormReader]) -> FormReader:
    if shape.name in known:
        return lambda node: known[shape.name](node)
    reader: FormReader
    known[shape.name] = lambda node: reader(node)
    match shape.type_name:
        case "structure":
            reader = _structure(shape, names, known)
        case "list":
            reader = _list(shape, names, known)
        case "map":
            reader = _map(shape, names, known)
        case kind:
            scalar = SCALARS[kind]
            reader = lambda node: scalar(_text(node, shape), shape)  # noqa: E731 (one of several forms of one name)
    known[shape.name] = reader
    return reader


def _structure(shape: Any, names: Names, known: dict[str, FormReader]) -> FormReader:
    members = {
        names.member(name, member): (name, _compile(member, names, known)) for name, member in shape.members.items()
    }
    # SQS says `tags` where others say `Tags`; a form may say either.
    members |= {name: found for name, found in ((n, (n, r)) for n, r in members.values()) if name not in members}

    def read(node: Node) -> dict[str, Any]:
        if node.value:
            raise Misfit(node.value, shape)
        answer = {}
        for wire, below in node.items():
            found = members.get(wire)
            if found is None:
                raise UnknownMember(wire)
            name, reader = found
            answer[name] = _within(wire, reader, below)
        return answer

    return read


def _list(shape: Any, names: Names, known: dict[str, FormReader]) -> FormReader:
    wire = names.item(shape)
    member = _compile(shape.member, names, known)

    def read(node: Node) -> list[Any]:
        if wire is not None:
            if node.value == "" and not node:
                return []  # how an empty list is written
            node = node.get(wire, node)
        return [_within(number, member, below) for number, below in _numbered(node)]

    return read


def _map(shape: Any, names: Names, known: dict[str, FormReader]) -> FormReader:
    wire, key_name, value_name = names.entry(shape)
    value = _compile(shape.value, names, known)

    def read(node: Node) -> dict[str, Any]:
        if wire is not None:
            node = node.get(wire, node)
        answer = {}
        for number, below in _numbered(node):
            if key_name not in below:
                raise UnknownMember(number)
            key = _text(below[key_name], shape.key)
            if value_name not in below:
                raise Misfit("", shape.value, f"The entry {key} has no {value_name}").inside(number)
            answer[key] = _within(f"{number}.{value_name}", value, below[value_name])
        return answer

    return read


def _numbered(node: Node) -> list[tuple[str, Node]]:
    """The items by their number. A single one may go without: `AttributeName=All`, `Attribute.Name=...`."""
    if node and all(key.isdecimal() and key.isascii() and len(key) < 10 for key in node):
        return sorted(node.items(), key=lambda entry: int(entry[0]))
    return [("1", node)]


def _within(name: str, reader: FormReader, node: Node) -> Any:
    try:
        return reader(node)
    except Misfit as misfit:
        raise misfit.inside(name) from None
    except UnknownMember as unknown:
        unknown.path.append(name)
        raise


def _text(node: Node, shape: Any) -> str:
    if node.value is None:
        raise UnknownMember(next(iter(node)))
    return node.value


def _integer(text: str, shape: Any) -> int:
    if not INTEGER.fullmatch(text) or not -INTEGER_LIMIT <= int(text) < INTEGER_LIMIT:
        raise Misfit(text, shape)
    return int(text)


def _float(text: str, shape: Any) -> float:
    try:
        return float(text)
    except ValueError:
        raise Misfit(text, shape) from None


def _boolean(text: str, shape: Any) -> bool:
    if text.lower() not in ("true", "false"):
        raise Misfit(text, shape)
    return text.lower() == "true"


def _timestamp(text: str, shape: Any) -> datetime:
    """ISO 8601, or epoch seconds."""
    try:
        if EPOCH.fullmatch(text):
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise Misfit(text, shape, f"{text[:100]!r} is no ISO 8601 timestamp") from None


SCALARS: dict[str, Callable[[str, Any], Any]] = {
    "string": lambda text, shape: text,
    "character": lambda text, shape: text,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "blob": read_blob,
    "timestamp": _timestamp,
}
