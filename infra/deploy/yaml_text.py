"""Plain data as YAML that reads as if written by hand: what fits on a line stays on it, strings are quoted only if they
must be. Its readers are js-yaml, in the framework, and PyYAML, in the tests: it writes what both read alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

#: Characters of a line at the most, where a value can be broken up.
WIDTH = 110
_INDENT = "  "

#: Strings that need no quotes anywhere: words, paths, ARNs' and actions' parts.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*(?:::?[A-Za-z0-9_./-]+)*")
#: Words that one YAML or another takes for something else than a string.
_TAKEN = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
#: Characters that YAML takes in a string only escaped, besides those that JSON escapes.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def to_yaml(value: dict[str, Any], head: str = "") -> str:
    """The document, with `head` as comments above it, of dicts with string keys, lists, strings, numbers and bools."""
    comments = [f"# {line}".rstrip() for line in head.splitlines()]
    return "\n".join([*comments, *_mapping(value, "")]) + "\n"


def _mapping(value: dict[str, Any], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        yield from _entry(f"{indent}{_scalar(key)}:", inner, indent)


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    """Lines for a value behind `start`, which is a key or a dash."""
    line = f"{start} {_flow(value)}"
    text = isinstance(value, str)
    if text and "\n" in value:
        yield f"{start} |-"
        yield from (f"{indent}{_INDENT}{part}".rstrip() for part in value.split("\n"))
    elif text or not value or isinstance(value, int | float) or (_is_small(value) and len(line) <= WIDTH):
        yield line
    elif isinstance(value, dict):
        yield start
        yield from _mapping(value, indent + _INDENT)
    else:
        yield start
        for item in value:
            yield from _item(item, indent + _INDENT)


def _item(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value and not (_is_small(value) and len(indent) + len(_flow(value)) + 2 <= WIDTH):
        # The first key stands behind the dash, the others below it.
        first, *rest = _mapping(value, indent + _INDENT)
        yield f"{indent}- {first.lstrip()}"
        yield from rest
    else:
        yield from _entry(f"{indent}-", value, indent)


def _is_small(value: Any) -> bool:
    """Whether it reads well on one line: a list of plain values, or a mapping of one or two to such."""
    if isinstance(value, list):
        return all(isinstance(item, int | float) or (isinstance(item, str) and "\n" not in item) for item in value)
    if isinstance(value, dict):
        return len(value) <= 2 and all(
            isinstance(item, int | float)
            or (isinstance(item, str) and "\n" not in item)
            or (len(value) == 1 and _is_small(item))
            for item in value.values()
        )
    return True


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _TAKEN
        return value if plain else _quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    assert isinstance(value, int | float), f"{value!r} is no value of a template"
    return repr(value)


def _quoted(text: str) -> str:
    """JSON's strings are YAML's too, but for what YAML does not take as it is."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
