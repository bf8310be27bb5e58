"""What the front ends of AWS check before a service sees a request: lengths, ranges, patterns and enumerations.

The rules are in botocore's models, which check only the smallest of them. A breach is a ValidationException that names
each member at fault by its path, in the words that services built on Coral and Smithy share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from infra.local.errors import AwsError
from infra.local.model import input_shapes

#: Java's classes of letters, numbers and separators, and Python's nearest; `_` is allowed wherever the models use them.
#: And a partition of more than two words, such as `aws-us-gov`, which some models forget.
REPLACED = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s", "arn:aws(-[a-z]+)?:": "arn:aws(-[a-z]+)*:"}


def check_constraints(service: str, operation: str, params: dict[str, Any]) -> None:
    """Raise a ValidationException unless the members of `params`, whose types are right, keep to the model's rules."""
    faults = list(_structure(input_shapes(service)[operation], params, ""))
    if faults:
        count = "1 validation error" if len(faults) == 1 else f"{len(faults)} validation errors"
        raise AwsError("ValidationException", f"{count} detected: {'; '.join(faults)}")


def _faults(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        yield from _structure(shape, value, path + ".")
        return
    for rule in _broken(shape, value):
        yield f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: {rule}"
    if kind == "list":
        yield from _list(shape, value, path)


def _structure(shape: Any, value: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, member in value.items():
        if member is not None:
            yield from _faults(shape.members[name], member, f"{prefix}{name[0].lower()}{name[1:]}")


def _list(shape: Any, value: list[Any], path: str) -> Iterator[str]:
    if shape.member.type_name == "structure":
        for number, item in enumerate(value, 1):
            yield from _structure(shape.member, item, f"{path}.{number}.member.")
        return
    rules = sorted({rule for item in value for rule in _broken(shape.member, item)})
    if rules:
        yield (
            f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy constraint: [{', '.join(rules)}]"
        )


def _broken(shape: Any, value: Any) -> Iterator[str]:
    """The rules of this shape that the value breaks."""
    rules = shape.metadata
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        if "min" in rules and value < rules["min"]:
            yield f"Member must have value greater than or equal to {rules['min']}"
        if "max" in rules and value > rules["max"]:
            yield f"Member must have value less than or equal to {rules['max']}"
        return
    if isinstance(value, str) and "enum" in rules and value not in rules["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"
    if isinstance(value, str | bytes | list | dict):
        if "min" in rules and len(value) < rules["min"]:
            yield f"Member must have length greater than or equal to {rules['min']}"
        if "max" in rules and len(value) > rules["max"]:
            yield f"Member must have length less than or equal to {rules['max']}"
    if isinstance(value, str) and "pattern" in rules and not _pattern(rules["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {rules['pattern'].removeprefix('^').removesuffix('$')}"


def _shown(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """The models write Java's expressions; Python's lack the classes of Unicode."""
    for written, meant in REPLACED.items():
        text = text.replace(written, meant)
    return re.compile(text)
