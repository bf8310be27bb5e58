"""What one UpdateTable may ask for together: most changes must come alone.

What is here can be said of a request without its table, and is said before the table is looked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.errors import AwsError

_ACTIONS = ("Update", "Create", "Delete")
_THROUGHPUT = ("ProvisionedThroughput", "BillingMode")
#: Parameters, any of which makes a request one; AWS names some that its model does not have.
_CHANGES = (
    *_THROUGHPUT,
    "StreamSpecification",
    "GlobalSecondaryIndexUpdates",
    "SSESpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
    "TableClass",
)
_NOTHING = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
    "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
    "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
)
#: Parameter -> what is said of it beside any other.
_ALONE = {
    "SSESpecification": "Server-Side Encryption modification must be the only operation in the request",
    "TableClass": "TableClass modification must be the only operation in the request",
    "DeletionProtectionEnabled": "DeletionProtection modification must be the only operation in the request",
    "WarmThroughput": "WarmThroughput must be the only operation in the request",
}


def check_composition(params: Mapping[str, Any]) -> None:
    """Refuses an UpdateTable that asks for nothing, or for changes that do not go together."""
    asked = [name for name in _CHANGES if name in params and params[name] not in ({}, [])]
    if not asked:
        raise invalid(_NOTHING)
    for name, complaint in _ALONE.items():
        if name in asked and len(asked) > 1:
            raise invalid_value(complaint)
    if "OnDemandThroughput" in asked and not set(asked) <= {"OnDemandThroughput", "BillingMode"}:
        raise invalid_value("OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
    _check_indexes(params.get("GlobalSecondaryIndexUpdates", []), params)


def _check_indexes(updates: Sequence[Mapping[str, Any]], params: Mapping[str, Any]) -> None:
    names: set[str] = set()
    online = 0
    for update in updates:
        actions = [action for action in _ACTIONS if action in update]
        if not actions:
            raise invalid_value(
                "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                "GlobalSecondaryIndexUpdate.Delete must not be null"
            )
        if len(actions) > 1:
            raise invalid_value(
                "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"
            )
        name = update[actions[0]]["IndexName"]
        if name in names:
            raise invalid_value(
                f"Only one global secondary index update per index is allowed simultaneously. Index: {name}"
            )
        if update.get("Update", {}).get("WarmThroughput") == {}:
            raise invalid_value(
                "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for "
                f"index: {name}"
            )
        names.add(name)
        online += actions[0] != "Update"
    if online and "ProvisionedThroughput" in params:
        raise invalid_value("You cannot create or delete index while updating table IOPS")
    if online > 1:
        raise AwsError(
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        )
