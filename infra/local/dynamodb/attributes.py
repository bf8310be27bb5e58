"""Attribute values (`{"S": "x"}`): which are legal, when two are equal, and how to copy one.

Values come type-checked against botocore's model, so `S` holds a str and `L` a list; what is left to check
is DynamoDB's own rules. Legal values come back canonical: numbers in their one text, binary as bytes. A value
that is canonical already is handed back itself, which is what makes the common case cheap.
"""

from base64 import b64encode
from typing import Any

from infra.local.dynamodb.errors import IllegalValue, invalid, invalid_value
from infra.local.dynamodb.limits import NESTING_LEVELS, NUMBER_DIGITS
from infra.local.dynamodb.numbers import canonical, less

AttributeValue = dict[str, Any]
Item = dict[str, AttributeValue]

#: Types that have an order, and so can be compared with < and be keys.
ORDERED_TYPES = frozenset({"S", "N", "B"})
SET_TYPES = frozenset({"SS", "NS", "BS"})
ALL_TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"})

_TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)


def canonical_attributes(attributes: Item) -> Item:
    """`attributes` with every value legal and canonical; the same object when nothing had to change."""
    changed: Item | None = None
    for name, value in attributes.items():
        if len(value) == 1:
            if "S" in value:
                continue
            if "N" in value:
                text = value["N"]
                # What canonical() would find first, without the call: a plain whole number.
                if text.isdigit() and (text[0] != "0" or text == "0") and text.isascii() and len(text) <= NUMBER_DIGITS:
                    continue
                number = canonical(text)
                if number is text:
                    continue
                fresh: AttributeValue = {"N": number}
            else:
                fresh = canonical_value(value)
                if fresh is value:
                    continue
        else:
            fresh = canonical_value(value)
        if changed is None:
            changed = dict(attributes)
        changed[name] = fresh
    return attributes if changed is None else changed


def canonical_value(value: AttributeValue, level: int = 0) -> AttributeValue:
    """One legal value, canonical; `level` counts the lists and maps around it."""
    if level >= NESTING_LEVELS:
        raise invalid(_TOO_DEEP)
    if len(value) != 1:
        if value:
            raise invalid(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
                "supported datatypes"
            )
        raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    ((kind, content),) = value.items()
    if kind == "S" or kind == "BOOL":
        return value
    if kind == "N":
        number = canonical(content)
        return value if number is content else {"N": number}
    if kind == "B":
        return value if type(content) is bytes else {"B": _as_bytes(content)}
    if kind == "NULL":
        if content is not True:
            raise invalid_value("Null attribute value types must have the value of true")
        return value
    if kind == "L" or kind == "M":
        if kind == "L":
            elements = [canonical_value(element, level + 1) for element in content]
            same = all(map(_is, elements, content))
            return value if same else {"L": elements}
        entries = {name: canonical_value(entry, level + 1) for name, entry in content.items()}
        same = all(map(_is, entries.values(), content.values()))
        return value if same else {"M": entries}
    if kind in SET_TYPES:
        return _canonical_set(kind, content)
    raise invalid(f"Supplied AttributeValue has an unknown datatype: {kind}")


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Whether two canonical values are the same value; sets have no order, at any depth."""
    if left == right:
        return True
    ((kind, a),) = left.items()
    b = right.get(kind)
    if b is None or kind in ("S", "N", "B", "BOOL", "NULL") or len(a) != len(b):
        return False
    if kind == "L":
        return all(map(equal, a, b))
    if kind == "M":
        return a.keys() == b.keys() and all(equal(value, b[name]) for name, value in a.items())
    return set(a) == set(b)


def compare(left: AttributeValue, right: AttributeValue) -> int | None:
    """-1, 0 or 1 for two canonical values of one ordered type; None when they cannot be compared.

    Python orders str by code point, which is the order of UTF-8 bytes that DynamoDB uses.
    """
    ((kind, a),) = left.items()
    b = right.get(kind)
    if b is None or kind not in ORDERED_TYPES:
        return None
    if a == b:
        return 0
    if kind == "N":
        return -1 if less(a, b) else 1
    return -1 if a < b else 1


def type_of(value: AttributeValue) -> str:
    for kind in value:
        return kind
    raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")


def copied(value: AttributeValue) -> AttributeValue:
    """A value that shares nothing mutable with `value`."""
    ((kind, content),) = value.items()
    if kind == "L":
        return {"L": [copied(element) for element in content]}
    if kind == "M":
        return {"M": {name: copied(entry) for name, entry in content.items()}}
    if kind in SET_TYPES:
        return {kind: list(content)}
    return {kind: content}


def _canonical_set(kind: str, content: list[Any]) -> AttributeValue:
    if not content:
        raise invalid_value(
            {
                "SS": "An string set  may not be empty",
                "NS": "An number set  may not be empty",
                "BS": "Binary sets should not be empty",
            }[kind]
        )
    members: list[Any]
    if kind == "NS":
        members = [canonical(text) for text in content]
        if len(set(members)) != len(members):
            raise IllegalValue(
                "One or more parameter values were invalid: Input collection contains duplicates.",
                "Input collection contains duplicates",
            )
        return {kind: members}
    members = list(content) if kind == "SS" else [_as_bytes(member) for member in content]
    if len(set(members)) != len(members):
        raise _duplicates(kind, members)
    return {kind: members}


def _duplicates(kind: str, members: list[Any]) -> IllegalValue:
    """Names the members; the newer wording in the order of their bytes up to the first repeat, then as they came."""
    at = next(at for at, member in enumerate(members) if member in members[:at])
    sorted_first = [*sorted(members[:at]), *members[at:]]
    if kind == "SS":
        newer = ", ".join(_quoted(member) for member in sorted_first)
        older, of_type = ", ".join(members), ""
    else:
        newer = ",".join(_quoted(b64encode(member).decode()) for member in sorted_first)
        older, of_type = ", ".join(b64encode(member).decode() for member in members), "of type BS"
    prefix = "One or more parameter values were invalid: Input collection"
    suffix = f"{of_type} contains duplicates."
    return IllegalValue(f"{prefix} [{newer}]{suffix}", f"{prefix} [{older}]{suffix}")


def _quoted(text: str) -> str:
    return f'"{text}"'


def _as_bytes(content: Any) -> bytes:
    """botocore takes bytes, bytearray, str and files for a blob."""
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    read = content.read()
    return read.encode() if isinstance(read, str) else bytes(read)


def _is(left: object, right: object) -> bool:
    return left is right
