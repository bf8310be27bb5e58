"""A message's own attributes: which are allowed, what they weigh, and which of them a receiver asked for."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any

from infra.local.errors import AwsError
from infra.local.sqs import limits
from infra.local.sqs.errors import invalid_parameter
from infra.local.sqs.text import ALLOWED, is_sendable

#: Name -> {"DataType", and "StringValue" or "BinaryValue"}.
Attributes = dict[str, dict[str, Any]]

#: Beside the characters that the documentation names, SQS takes Latin letters with accents.
NAME = re.compile(r"[A-Za-z0-9_\u00C0-\u017F-]+(\.[A-Za-z0-9_\u00C0-\u017F-]+)*")
RESERVED = ("aws.", "amazon.")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
#: The first part of a data type -> the member that holds the value.
VALUE_MEMBERS = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}
LISTS = ("StringListValues", "BinaryListValues")
#: Patterns in MessageAttributeNames that ask for every attribute.
EVERY = frozenset({"All", ".*", "*"})


def checked_message_attributes(attributes: Attributes, kind: str = "(user)") -> Attributes:
    """The attributes with binary values as bytes; raises for what AWS would refuse.

    `kind` is how AWS's sentences call them: "(user)" or "system".
    """
    if len(attributes) > limits.MAX_MESSAGE_ATTRIBUTES:
        raise invalid_parameter(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
            f"[{limits.MAX_MESSAGE_ATTRIBUTES}]."
        )
    return {name: _checked(name, attribute, kind) for name, attribute in attributes.items()}


def _checked(name: str, attribute: dict[str, Any], kind: str) -> dict[str, Any]:
    if not NAME.fullmatch(name) or len(name) > limits.MAX_ATTRIBUTE_NAME_LENGTH or name.lower().startswith(RESERVED):
        raise _bad_name(name, kind)
    data_type = attribute["DataType"]
    base = data_type.partition(".")[0]
    member = VALUE_MEMBERS.get(base)
    if not data_type:
        raise invalid_parameter(
            f"The message {kind} attribute '{name}' must contain a non-empty message attribute type."
        )
    if member is None:
        raise invalid_parameter(
            f"The type of message {kind} attribute '{name}' is invalid. You must use only the following supported type "
            "prefixes: Binary, Number, String."
        )
    if len(data_type) > limits.MAX_ATTRIBUTE_NAME_LENGTH:
        raise invalid_parameter(
            f"Message {kind} attribute type must be shorter than {limits.MAX_ATTRIBUTE_NAME_LENGTH} bytes."
        )
    for unsupported in LISTS:
        if attribute.get(unsupported):
            raise invalid_parameter(
                f"Message attribute list values in SendMessage operation are not supported: {unsupported} of '{name}'."
            )
    others = {"StringValue", "BinaryValue"} & attribute.keys() - {member}
    if others and member in attribute:
        raise invalid_parameter(f"Message {kind} attribute '{name}' must have a single value.")
    if others:
        raise invalid_parameter(
            f"Message {kind} attribute '{name}' with type '{data_type}' must use field "
            f"'{member.removesuffix('Value')}'."
        )
    value = attribute.get(member)
    if not value:
        raise invalid_parameter(f"Message {kind} attribute '{name}' must contain a non-empty value of type '{base}'.")
    if member == "BinaryValue":
        value = value.encode() if isinstance(value, str) else bytes(value)
    elif not is_sendable(value):
        raise invalid_parameter(f"Invalid characters found. Valid unicode characters are {ALLOWED}")
    elif base == "Number" and not NUMBER.fullmatch(value):
        raise invalid_parameter(f"Can't cast the value of message {kind} attribute '{name}' to a number.")
    return {member: value, "DataType": data_type}


def _bad_name(name: str, kind: str) -> AwsError:
    if not name:
        return invalid_parameter(f"The request must contain non-empty message {kind} attribute names.")
    if len(name) > limits.MAX_ATTRIBUTE_NAME_LENGTH:
        return invalid_parameter(
            f"Message {kind} attribute name must be shorter than {limits.MAX_ATTRIBUTE_NAME_LENGTH} bytes."
        )
    if name.lower().startswith(RESERVED):
        return invalid_parameter(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for "
            "internal use."
        )
    if name.startswith("."):
        return invalid_parameter(f"Message {kind} attribute name must not begin with character '.'.")
    if name.endswith("."):
        return invalid_parameter(f"Message {kind} attribute name must not end with character '.'.")
    if ".." in name:
        return invalid_parameter(f"Message {kind} attribute name must not have successive '.' characters.")
    return invalid_parameter(f"Invalid character in the message {kind} attribute name '{name}'.")


def weight(attributes: Attributes) -> int:
    """Bytes that attributes add to a message: names, types and values."""
    return sum(
        len(name.encode())
        + len(attribute["DataType"].encode())
        + len(attribute["BinaryValue"] if "BinaryValue" in attribute else attribute["StringValue"].encode())
        for name, attribute in attributes.items()
    )


def chosen(attributes: Attributes, patterns: Iterable[str]) -> Attributes:
    """Those that a receiver's MessageAttributeNames ask for: names, `All`, `.*`, `*`, or `prefix.*`."""
    exact = set(patterns)
    if exact & EVERY:
        return attributes
    prefixes = tuple(pattern[:-2] for pattern in exact if pattern.endswith(".*"))
    return {
        name: attribute
        for name, attribute in attributes.items()
        if name in exact or (prefixes and name.startswith(prefixes))
    }


def to_json(attributes: Attributes) -> Attributes:
    """As they are stored: binary values in base64."""
    return {
        name: attribute | {"BinaryValue": b64encode(attribute["BinaryValue"]).decode()}
        if "BinaryValue" in attribute
        else attribute
        for name, attribute in attributes.items()
    }


def from_json(attributes: Attributes) -> Attributes:
    """The reverse of `to_json`."""
    return {
        name: attribute | {"BinaryValue": b64decode(attribute["BinaryValue"])}
        if "BinaryValue" in attribute
        else attribute
        for name, attribute in attributes.items()
    }
