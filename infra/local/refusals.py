"""Actions that a service of the embedded AWS will not have, so that the answer can say why and what to do instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Operation, Request


def refusals(service: str, actions: Iterable[str], why: str) -> dict[str, Operation]:
    """An operation for each action that raises `UnknownOperationException` with its name and `why`."""
    return {action: _refusal(f"The embedded AWS does not support {service}:{action}: {why}") for action in actions}


def _refusal(message: str) -> Operation:
    def refuse(request: Request, params: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("UnknownOperationException", message)

    return refuse
