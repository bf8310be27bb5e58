"""Time to live: which attribute tells when an item expires. The sweep deletes what did, some time later."""

from typing import Any

from infra.local.dynamodb.chores import abandon, begin, is_pending
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.describe_table import existing
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.tables import forget, load_by_id
from infra.local.request import Request

_UPDATE_PARAMETERS = frozenset({"TableName", "TimeToLiveSpecification"})
_DESCRIBE_PARAMETERS = frozenset({"TableName"})
_SET_ATTRIBUTE = "UPDATE dynamodb_tables SET ttl_attribute = ? WHERE id = ?"


def update_time_to_live(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Turns expiry on or off. The items there are get their expiry noted, or struck, in steps when they are many."""
    check("UpdateTimeToLive", params)
    check_known("UpdateTimeToLive", params, _UPDATE_PARAMETERS)
    specification: dict[str, Any] = params["TimeToLiveSpecification"]
    attribute: str = specification["AttributeName"]
    enabled: bool = specification["Enabled"]
    table = existing(request, params["TableName"])
    if enabled and table.ttl_attribute is not None:
        raise invalid("TimeToLive is already enabled")
    if not enabled and table.ttl_attribute is None:
        raise invalid("TimeToLive is already disabled")
    if not enabled and table.ttl_attribute != attribute:
        raise invalid(
            f"TimeToLive is active on a different AttributeName: current AttributeName is {table.ttl_attribute}"
        )
    forget(request)
    request.db.execute(_SET_ATTRIBUTE, (attribute if enabled else None, table.id))
    abandon(request, table, "expiry")
    changed = load_by_id(request, table.id)
    assert changed is not None  # it was there a line ago
    if enabled:
        # Expiries that were noted for another attribute, or before TTL was off, are written over on the way.
        begin(request, changed, "expiry")
    return {"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": attribute}}


def describe_time_to_live(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("DescribeTimeToLive", params)
    check_known("DescribeTimeToLive", params, _DESCRIBE_PARAMETERS)
    table = existing(request, params["TableName"])
    if table.ttl_attribute is None:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    status = "ENABLING" if is_pending(request, table, "expiry") else "ENABLED"
    return {"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": table.ttl_attribute}}
