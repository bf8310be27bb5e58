"""How a task is named: `package.module:function`, or `service.method`. Pure.

A name is read before anything is looked up by it. No part may begin with an underscore, and only one name stands behind
the colon: what is a module's or an object's own business has no name here, and `module:os.system` is none either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = r"[A-Za-z][A-Za-z0-9_]*"
_FUNCTION = re.compile(rf"({_PART}(?:\.{_PART})*):({_PART})")
_METHOD = re.compile(rf"([A-Za-z][A-Za-z0-9_-]*)\.({_PART})")
_ENTRY = re.compile(rf"({_PART}(?:\.{_PART})*):({_PART}|\*)")
#: Stands in the allow-list for all functions of a module.
ALL = "*"
#: Characters of a name.
MAX_NAME_CHARS = 256


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a module."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a registered service."""

    service: str
    name: str


def parse(name: str) -> Function | Method:
    """What a task's name means; ValueError says how a name is written."""
    if found := _FUNCTION.fullmatch(name):
        return Function(*found.groups())
    if found := _METHOD.fullmatch(name):
        return Method(*found.groups())
    raise ValueError(
        f"{name!r} names no task; write 'package.module:function' or 'service.method', "
        "and no part with a leading underscore"
    )


def parse_entry(entry: str) -> Function:
    """An entry of the allow-list, whose name may be ALL; ValueError says how it is written."""
    if found := _ENTRY.fullmatch(entry):
        return Function(*found.groups())
    raise ValueError(
        f"{entry!r} is no entry of an allow-list; write 'package.module:function', or 'package.module:*' for all "
        "functions that the module defines or lists in its __all__"
    )


def check_service(name: str) -> str:
    """A service's name if it can stand in front of a method's, else ValueError."""
    if not _METHOD.fullmatch(f"{name}.method"):
        raise ValueError(f"{name!r} is no service's name; use letters, digits, '_' and '-', a letter first")
    return name
