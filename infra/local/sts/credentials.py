"""The actions that hand out temporary credentials, refused: nothing here would make such credentials mean less."""

from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Operation, Request

REFUSED = (
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "GetFederationToken",
    "GetSessionToken",
)


def refusal(action: str) -> Operation:
    """The operation that says why it is not there, and what to do instead."""

    def refuse(request: Request, params: dict[str, Any]) -> dict[str, Any]:
        raise AwsError(
            "UnknownOperationException",
            f"The embedded AWS does not support sts:{action}: it has no roles and no temporary credentials. "
            "Use the account's own credentials; without JOBYARD_AWS_SECRET any will do.",
        )

    return refuse
