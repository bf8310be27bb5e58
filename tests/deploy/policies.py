"""The statements of every policy in a template, wherever they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Statement = dict[str, Any]

#: The parts of a statement in which a star says "all".
PARTS = ("Action", "NotAction", "Resource", "NotResource", "Principal")


def statements(resources: dict[str, Any]) -> Iterator[tuple[str, Statement]]:
    """(logical id of the resource, statement)."""
    for name, resource in resources.items():
        for statement in _inside(resource):
            yield name, statement


def starred(statement: Statement) -> list[str]:
    """The parts that have a star."""
    return [part for part in PARTS if "*" in json.dumps(statement.get(part))]


def _inside(value: Any) -> Iterator[Statement]:
    if isinstance(value, list):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        for statement in value.get("Statement", ()):
            # One that is there under a condition.
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement
        for item in value.values():
            yield from _inside(item)
