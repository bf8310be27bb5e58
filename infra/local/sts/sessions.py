"""The actions that begin a session: credentials for a while, of a role, of a federated user or of the account.

Tools whose profile names a role ask for them before anything else. There are no roles here, so any that has the form
of one can be assumed, by whoever asks, and its credentials are good for all that the account may do. Policies are
measured, not evaluated; a web identity's token is not read.
"""

from __future__ import annotations

import re
from typing import Any

from infra.local.partition import partition_of
from infra.local.request import Request
from infra.local.sts.credentials import ROLE_SECONDS, USER_SECONDS, new_credentials, role_id
from infra.local.sts.errors import check_constraints, validation

#: A role's ARN: partition, account, and after a path its name.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
ROLE = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/(?:[!-~]+/)?([\w+=,.@-]{1,64})", re.ASCII)


def assume_role(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("AssumeRole", params)
    reply = session_of_role(request, params)
    if "SourceIdentity" in params:
        reply["SourceIdentity"] = params["SourceIdentity"]
    return reply


def assume_role_with_web_identity(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("AssumeRoleWithWebIdentity", params)
    reply = session_of_role(request, params)
    if "ProviderId" in params:
        reply["Provider"] = params["ProviderId"]
    return reply


def get_session_token(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("GetSessionToken", params)
    return {"Credentials": new_credentials(request, params.get("DurationSeconds", USER_SECONDS))}


def get_federation_token(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("GetFederationToken", params)
    name = params["Name"]
    return {
        "Credentials": new_credentials(request, params.get("DurationSeconds", USER_SECONDS)),
        "FederatedUser": {
            "FederatedUserId": f"{request.account}:{name}",
            "Arn": f"arn:{partition_of(request.region)}:sts::{request.account}:federated-user/{name}",
        },
        "PackedPolicySize": 0,
    }


def session_of_role(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """What every way to assume a role answers."""
    role = ROLE.fullmatch(params["RoleArn"])
    if role is None:
        raise validation(f"{params['RoleArn']} is invalid")
    partition, account, name = role.groups()
    session = params["RoleSessionName"]
    return {
        "Credentials": new_credentials(request, params.get("DurationSeconds", ROLE_SECONDS)),
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role_id(account, name)}:{session}",
            "Arn": f"arn:{partition}:sts::{account}:assumed-role/{name}/{session}",
        },
    }
