"""The parameters of a statement: legal, canonical, and refused in the order in which they stand.

A number is read as Java's BigDecimal reads a text: one whose exponent has more than 32 bits cannot be converted
at all, and just below that the check of the magnitude itself overflows.
"""

import re
from typing import Any

from infra.local.dynamodb.attributes import AttributeValue, Item, canonical_attributes, canonical_value
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.limits import NESTING_LEVELS
from infra.local.dynamodb.numbers import canonical
from infra.local.errors import AwsError

_NUMBER = re.compile(r"[+-]?([0-9]*)\.?([0-9]*)[eE]([+-]?[0-9]+)")
_INT = range(-(2**31), 2**31)


def legal(names: tuple[str, ...], given: list[AttributeValue]) -> Item:
    """The parameters by their placeholders."""
    try:
        return canonical_attributes(dict(zip(names, given, strict=True)))
    except AwsError:
        for value in given:
            _refuse(value, 0)
        raise


def _refuse(value: AttributeValue, level: int) -> None:
    """Raises what is wrong with a value, at the first place where something is."""
    if len(value) == 1 and level < NESTING_LEVELS:
        ((kind, content),) = value.items()
        if kind in ("L", "M"):
            for part in content if kind == "L" else content.values():
                _refuse(part, level + 1)
            return
        if kind in ("N", "NS"):
            for text in [content] if kind == "N" else content:
                _refuse_number(text)
    canonical_value(value, level)


def _refuse_number(text: Any) -> None:
    if not text:
        raise invalid("The parameter cannot be converted to a numeric value")
    match = _NUMBER.fullmatch(text)
    if match is not None:
        whole, fraction, written = match.groups()
        if len(written.lstrip("+-0")) > len(str(_INT.stop)) or int(written) not in _INT:
            raise invalid(f"The parameter cannot be converted to a numeric value: {text}")
        digits = len((whole + fraction).lstrip("0"))
        if digits and digits + int(written) - len(fraction) >= _INT.stop:
            raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    canonical(text)
