"""The actions that make or change functions. The embedded Lambda's functions are code, so these are refused by name."""

from __future__ import annotations

from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Operation, Request

#: Actions that would make, change or remove a function, a version or an alias.
REFUSED = (
    "CreateAlias",
    "CreateFunction",
    "DeleteAlias",
    "DeleteFunction",
    "PublishVersion",
    "UpdateAlias",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
)


def refusal(action: str) -> Operation:
    """An operation that says why there is none."""

    def refuse(request: Request, params: dict[str, Any]) -> dict[str, Any]:
        raise AwsError(
            "UnknownOperationException",
            f"The embedded AWS does not support lambda:{action}: its functions are the job types of this process, "
            "one for each. Change the code and start it again.",
        )

    return refuse
