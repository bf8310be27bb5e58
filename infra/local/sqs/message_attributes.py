"""A message's own attributes: which are allowed, what they weigh, and which of them a receiver asked for."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any

from infra.local.sqs import limits
from infra.local.sqs.errors import invalid_parameter
from infra.local.sqs.text import is_sendable

#: Name -> {"DataType", and "StringValue" or "BinaryValue"}.
Attributes = dict[str, dict[str, Any]]

NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
RESERVED = re.compile(r"(aws|amazon)\.", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
#: The first part of a data type -> the member that holds the value.
VALUE_MEMBERS = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}
LISTS = ("StringListValues", "BinaryListValues")


def checked_message_attributes(attributes: Attributes) -> Attributes:
    """The attributes with binary values as bytes; raises for what AWS would refuse."""
    if len(attributes) > limits.MAX_MESSAGE_ATTRIBUTES:
        raise invalid_parameter(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
            f"[{limits.MAX_MESSAGE_ATTRIBUTES}]."
        )
    return {name: _checked(name, attribute) for name, attribute in attributes.items()}


def _checked(name: str, attribute: dict[str, Any]) -> dict[str, Any]:
    if RESERVED.match(name):
        raise invalid_parameter(f"Message attribute name can not start with AWS. or Amazon.: {name}")
    if not NAME.fullmatch(name) or len(name) > limits.MAX_ATTRIBUTE_NAME_LENGTH:
        raise invalid_parameter(
            f"The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore "
            "(_), hyphen (-), and period (.) characters, with no period at its ends or beside another, up to "
            f"{limits.MAX_ATTRIBUTE_NAME_LENGTH} characters."
        )
    data_type = attribute["DataType"]
    member = VALUE_MEMBERS.get(data_type.partition(".")[0])
    if member is None or len(data_type) > limits.MAX_ATTRIBUTE_NAME_LENGTH:
        raise invalid_parameter(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
            "prefixes is Binary, Number, and String."
        )
    for unsupported in LISTS:
        if attribute.get(unsupported):
            raise invalid_parameter(
                f"Message attribute list values in SendMessage operation are not supported: {unsupported} of '{name}'."
            )
    others = {"StringValue", "BinaryValue"} & attribute.keys() - {member}
    if others:
        raise invalid_parameter(
            f"The message attribute '{name}' with type '{data_type}' must use field '{member.removesuffix('Value')}'."
        )
    value = attribute.get(member)
    if not value:
        raise invalid_parameter(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute "
            f"type '{data_type}'."
        )
    if member == "BinaryValue":
        value = value.encode() if isinstance(value, str) else bytes(value)
    elif not is_sendable(value):
        raise invalid_parameter(f"The message attribute '{name}' has a character that is not allowed.")
    elif data_type.partition(".")[0] == "Number" and not NUMBER.fullmatch(value):
        raise invalid_parameter(f"Can't cast the value of message (user) attribute '{name}' to a number.")
    return {member: value, "DataType": data_type}


def weight(attributes: Attributes) -> int:
    """Bytes that attributes add to a message: names, types and values."""
    return sum(
        len(name.encode())
        + len(attribute["DataType"].encode())
        + len(attribute["BinaryValue"] if "BinaryValue" in attribute else attribute["StringValue"].encode())
        for name, attribute in attributes.items()
    )


def chosen(attributes: Attributes, patterns: Iterable[str]) -> Attributes:
    """Those that a receiver's MessageAttributeNames ask for: names, `All`, `.*`, or `prefix.*`."""
    exact = set(patterns)
    if exact & {"All", ".*"}:
        return attributes
    prefixes = tuple(pattern[:-1] for pattern in exact if pattern.endswith(".*"))
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
