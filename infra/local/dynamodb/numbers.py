"""DynamoDB's numbers: exact decimals of 38 digits, one text for each value, and bytes that sort like them.

A number is kept as its canonical text: plain notation, no leading or trailing zeros, no plus sign, `0` for
every zero. Two numbers are equal exactly when their texts are, so equality never needs arithmetic.
"""

import re
from decimal import Context, Decimal

from infra.local.dynamodb.errors import IllegalValue
from infra.local.dynamodb.limits import NUMBER_DIGITS, NUMBER_MAX_EXPONENT, NUMBER_MIN_EXPONENT

_ACCEPTED = re.compile(r"([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?")
#: Texts that are canonical already and too short to break any limit.
_CANONICAL = re.compile(r"-?[1-9][0-9]{0,36}|-?(?:0|[1-9][0-9]{0,17})\.[0-9]{0,17}[1-9]|0")
#: Enough digits for the exact sum of any two numbers (1E+125 and 1E-130 are 256 digits apart).
_EXACT = Context(prec=300)
#: Digits of the largest exponent that can be read, and the bounds of Java's integers.
_EXPONENT_LENGTH = 19
_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1
_INT_MAX = 2**31 - 1

_NEGATIVE, _ZERO, _POSITIVE = b"\x01", b"\x02", b"\x03"
_POSITIVE_PREFIX = [_POSITIVE + bytes((exponent,)) for exponent in range(256)]
_COMPLEMENT = bytes.maketrans(b"0123456789", b"9876543210")


def canonical(text: str) -> str:
    """The one text of the number that `text` writes; a ValidationException when DynamoDB would not take it."""
    if text.isdigit() and text.isascii() and text[0] != "0" and len(text) <= NUMBER_DIGITS:
        return text
    if _CANONICAL.fullmatch(text):
        return text
    return _rewritten(text)


def encoded(text: str) -> bytes:
    """Bytes of a canonical number whose order is the order of the numbers.

    A positive number is a sign byte, its power of ten, and its digits; a negative one has all of that
    complemented, and a closing byte above any digit, since fewer digits then mean a greater number.
    """
    if text.isdigit() and text != "0":
        return _POSITIVE_PREFIX[len(text) - 1 - NUMBER_MIN_EXPONENT] + text.rstrip("0").encode()
    if text == "0":
        return _ZERO
    negative = text[0] == "-"
    whole, _, fraction = (text[1:] if negative else text).partition(".")
    if whole == "0":
        digits = fraction.lstrip("0")
        exponent = len(digits) - len(fraction) - 1
    else:
        digits = (whole + fraction).rstrip("0")
        exponent = len(whole) - 1
    biased = exponent - NUMBER_MIN_EXPONENT
    if negative:
        return _NEGATIVE + bytes((255 - biased,)) + digits.encode().translate(_COMPLEMENT) + b"\xff"
    return _POSITIVE_PREFIX[biased] + digits.encode()


def less(left: str, right: str) -> bool:
    """Whether one canonical number is below another."""
    try:
        return int(left) < int(right)
    except ValueError:
        return Decimal(left) < Decimal(right)


def added(left: str, right: str) -> str:
    """The exact sum of two canonical numbers, refused when it needs more than 38 digits."""
    try:
        return canonical(str(int(left) + int(right)))
    except ValueError:
        return canonical(format(_EXACT.add(Decimal(left), Decimal(right)), "f"))


def negated(text: str) -> str:
    if text == "0":
        return text
    return text[1:] if text[0] == "-" else "-" + text


def number_size(text: str) -> int:
    """Bytes that DynamoDB counts for a canonical number: one, one for two digits on each side of the point, one for a
    minus. Digits count from the first that is not zero to the last; what the documentation says is a little less."""
    if text == "0":
        return 1
    whole, _, fraction = text.lstrip("-").partition(".")
    whole = whole.lstrip("0")
    if not fraction:
        whole = whole.rstrip("0")
    if not whole:
        fraction = fraction.lstrip("0")
    return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + text.startswith("-")


def _rewritten(text: str) -> str:
    match = _ACCEPTED.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise _no_number(text)
    sign, whole, fraction, written_exponent = match.groups(default="")
    stripped = (whole + fraction).lstrip("0")
    digits = stripped.rstrip("0")
    exponent = _exponent(text, written_exponent)
    if digits:
        exponent += len(stripped) - len(fraction) - 1
    # A zero is out of range by the exponent that it is written with.
    if exponent > NUMBER_MAX_EXPONENT or exponent < NUMBER_MIN_EXPONENT:
        raise _out_of_range(exponent)
    if not digits:
        return "0"
    if len(digits) > NUMBER_DIGITS:
        raise IllegalValue("Attempting to store more than 38 significant digits in a Number")
    return ("-" if sign == "-" else "") + _plain(digits, exponent)


def _exponent(text: str, written: str) -> int:
    """The exponent as a number, which AWS reads as a Java long."""
    significant = written.lstrip("+-0")
    if len(significant) > _EXPONENT_LENGTH:
        raise _no_number(text)
    exponent = int(significant or "0") * (-1 if written.startswith("-") else 1)
    if not _LONG_MIN <= exponent <= _LONG_MAX:
        raise _no_number(text)
    return exponent


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    if exponent >= len(digits) - 1:
        return digits + "0" * (exponent + 1 - len(digits))
    return f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def _no_number(text: str) -> IllegalValue:
    message = f"The parameter cannot be converted to a numeric value: {text}"
    return IllegalValue(message, message if text else "The parameter cannot be converted to a numeric value")


def _out_of_range(exponent: int) -> IllegalValue:
    """The older wording comes from a 32-bit exponent, which wraps where it is greatest."""
    overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range"
    underflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
    if exponent > 0:
        return IllegalValue(overflow, underflow if exponent == _INT_MAX else overflow)
    return IllegalValue(underflow)
