"""What roles and resource policies say: statements as plain data, each with an id that says what it is for.

Nothing here has a star, but for what AWS knows no narrower word for; STARS explains each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: The version of the policy language; there is no newer one.
VERSION = "2012-10-17"

Statement = dict[str, Any]

#: Every star in what is rendered, by its statement's id: what it means, and why AWS leaves no other way.
STARS = {
    "WriteItsLogs": "the streams of the function's own log group: Lambda names them, one for each environment",
    "KeepSchedules": "the group's job schedules, which are made at run time and begin alike; the others do not",
    "FindMappings": "the action that lists event source mappings knows no resources: AWS asks for a star",
    "SwitchMappings": "Lambda makes up the mappings' names; a condition leaves those of the deployment's functions",
    "SendTraces": "X-Ray's two actions know no resources: AWS asks for a star",
    "KeepArtifacts": "the objects below one prefix of the deployment's bucket, which are made at run time",
    "OnlyByTls": "a denial for everybody: the star takes away, and gives nothing",
}


def allow(sid: str, actions: Sequence[str], *resources: Any) -> Statement:
    """Lets the role's holder do `actions` on `resources`."""
    resource = resources[0] if len(resources) == 1 else list(resources)
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}


def only_by_tls(action: str, resource: Any) -> Statement:
    """Nobody may do `action` to `resource` through plain HTTP."""
    return {
        "Sid": "OnlyByTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def document(*statements: Statement) -> dict[str, Any]:
    """A policy document."""
    return {"Version": VERSION, "Statement": list(statements)}


def trust(service: str, *, in_account: bool = False) -> dict[str, Any]:
    """Who may take a role on: an AWS service, if asked for only for resources of this account."""
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if in_account:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    return document(statement)
