"""Who may do what to the audit trail: the API adds to it and reads it, and nobody changes it. As denials, which hold
whatever else a role is allowed, by hand too.

A denial can name keys (`dynamodb:LeadingKeys`), but not whether a `PutItem` meets a row that is there: that is the
code's own condition (queues/audit/trail.py). What comes from job types' functions cannot reach the trail at all.
"""

from __future__ import annotations

from infra.deploy.names import arn_of
from infra.deploy.statements import Statement

#: What changes or removes a row that is there, or goes by a statement's text.
_CHANGES = ["BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "UpdateItem"]
_REST = ["BatchGetItem", "GetItem", "PartiQLSelect", "PutItem", "Query"]


def only_added_to() -> Statement:
    """For who keeps the trail."""
    return _deny("OnlyAddToTheTrail", _CHANGES)


def out_of_reach() -> Statement:
    """For everybody else."""
    return _deny("NothingOfTheTrail", sorted(_CHANGES + _REST))


def _deny(sid: str, actions: list[str]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Action": [f"dynamodb:{action}" for action in actions],
        "Resource": arn_of("JobsTable"),
        "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["audit#*"]}},
    }
