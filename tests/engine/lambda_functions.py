"""Functions for the embedded Lambda of a test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from infra.local.engine import Engine
from infra.local.lambda_.functions import Function

PREFIX = "arn:aws:lambda:us-east-1:000000000000:function:"
QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:"


async def echo(event: Any, context: Any) -> Any:
    """Answers its event."""
    return event


def add(
    engine: Engine, name: str = "echo", invoke: Callable[[Any, Any], Awaitable[Any]] = echo, **options: Any
) -> Function:
    """Puts a function into the engine."""
    values: dict[str, Any] = {
        "arn": PREFIX + name,
        "handler": f"module.{name}",
        "timeout": 10,
        "concurrency": 10,
        **options,
    }
    function = Function(name=name, invoke=invoke, **values)
    engine.functions[name] = function
    return function
