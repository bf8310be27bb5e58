"""Items as bytes and as sizes: how an item is stored, and how large DynamoDB says that it is.

An item is stored as the JSON of its DynamoDB form. JSON has no binary, so an item that holds some is marked by
a first byte `B` and its binary values are base64; all other items, nearly all, start with `{`.
"""

import base64
from typing import Any

import orjson

from infra.local.dynamodb.attributes import AttributeValue, Item
from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.limits import ATTRIBUTE_NAME_BYTES, ITEM_BYTES
from infra.local.dynamodb.numbers import number_size

_HAS_BINARY = b"B"
_PLAIN_START = ord("{")
#: Bytes that a list or a map costs by itself, and each of its elements.
_CONTAINER_BYTES = 3
_ELEMENT_BYTES = 1

NAME_TOO_LARGE = f"Attribute name is too large, must be less than {ATTRIBUTE_NAME_BYTES + 1} bytes"

_dumps = orjson.dumps
_loads = orjson.loads


def encode(item: Item) -> bytearray:
    """The stored form of a canonical item."""
    # Of bytes, sqlite3 would ask each time whether they want to be something else: more than a copy costs.
    try:
        return bytearray(_dumps(item))
    except TypeError:
        pass
    try:
        return bytearray(_HAS_BINARY + _dumps(item, default=_base64))
    except TypeError:
        raise invalid_value("a string is not valid Unicode: it contains a lone surrogate") from None


def decode(blob: bytes) -> Item:
    """A fresh item, shared with nobody."""
    if blob[0] == _PLAIN_START:
        item: Item = _loads(blob)
        return item
    return {name: _with_binary(value) for name, value in _loads(blob[1:]).items()}


def check_name(name: str) -> None:
    """Refuses the name of an attribute that is too long for one."""
    if text_size(name) > ATTRIBUTE_NAME_BYTES:
        raise invalid(NAME_TOO_LARGE)


def check_size(item: Item, blob: bytearray, message: str) -> None:
    """Refuses an item above 400 KB, or with too long a name; JSON is never shorter, so most items need no counting."""
    if len(blob) > ATTRIBUTE_NAME_BYTES:
        for name in item:
            check_name(name)
    if len(blob) > ITEM_BYTES and item_size(item) > ITEM_BYTES:
        raise invalid(message)


def item_size(item: Item) -> int:
    """Bytes of an item by the published rules ("Item sizes and formats")."""
    return sum(text_size(name) + value_size(value) for name, value in item.items())


def value_size(value: AttributeValue) -> int:
    """Bytes of one attribute's value."""
    ((kind, content),) = value.items()
    if kind == "S":
        return text_size(content)
    if kind == "N":
        return number_size(content)
    if kind == "B":
        return len(content)
    if kind == "SS":
        return sum(map(text_size, content))
    if kind == "NS":
        return sum(map(number_size, content))
    if kind == "BS":
        return sum(map(len, content))
    if kind == "L":
        return _CONTAINER_BYTES + sum(_ELEMENT_BYTES + value_size(element) for element in content)
    if kind == "M":
        return _CONTAINER_BYTES + sum(
            _ELEMENT_BYTES + text_size(name) + value_size(entry) for name, entry in content.items()
        )
    return 1


def text_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _base64(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError


def _with_binary(value: AttributeValue) -> AttributeValue:
    ((kind, content),) = value.items()
    if kind == "B":
        return {kind: base64.b64decode(content)}
    if kind == "BS":
        return {kind: [base64.b64decode(member) for member in content]}
    if kind == "L":
        return {kind: [_with_binary(element) for element in content]}
    if kind == "M":
        return {kind: {name: _with_binary(entry) for name, entry in content.items()}}
    return value
