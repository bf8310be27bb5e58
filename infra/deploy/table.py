"""The table, as queues/resources.py says that it is, with what keeps its rows safe."""

from __future__ import annotations

from typing import Any

from infra.deploy.names import PREFIX
from queues.resources import table_definition
from queues.settings import read_settings

#: The attribute that tells DynamoDB when a row may go; queues/store.py sets it.
TTL = {"AttributeName": "expires_at", "Enabled": True}


def table() -> dict[str, Any]:
    """Logical id -> resource. A stage says whether the table outlives the stack, and whether it can be deleted."""
    return {
        "JobsTable": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "${param:tablePolicy}",
            "UpdateReplacePolicy": "${param:tablePolicy}",
            "Properties": {
                **table_definition(read_settings()),
                "TableName": PREFIX,
                "TimeToLiveSpecification": TTL,
                # To any second of the last 35 days.
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                # With the account's own key aws/dynamodb, whose use CloudTrail shows.
                "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
                "DeletionProtectionEnabled": "${param:deletionProtection}",
            },
        }
    }
