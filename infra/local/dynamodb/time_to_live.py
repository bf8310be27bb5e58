"""Time to live: which attribute tells when an item expires. The sweep deletes what did, some time later."""

from typing import Any

from infra.local.dynamodb.describe_table import existing
from infra.local.dynamodb.errors import constraint, invalid
from infra.local.dynamodb.items import decode
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.rows import expiry
from infra.local.dynamodb.tables import Table, forget
from infra.local.request import Request

#: Items read at a time when TTL is enabled on a table that has some.
_BACKFILL_ITEMS = 1000
_ATTRIBUTE_LENGTHS = range(1, 256)

_UPDATE_PARAMETERS = frozenset({"TableName", "TimeToLiveSpecification"})
_DESCRIBE_PARAMETERS = frozenset({"TableName"})
_SET_ATTRIBUTE = "UPDATE dynamodb_tables SET ttl_attribute = ? WHERE id = ?"


def update_time_to_live(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("UpdateTimeToLive", params, _UPDATE_PARAMETERS)
    specification: dict[str, Any] = params["TimeToLiveSpecification"]
    attribute: str = specification["AttributeName"]
    if len(attribute) not in _ATTRIBUTE_LENGTHS:
        bound = "less than or equal to 255" if attribute else "greater than or equal to 1"
        raise constraint(attribute, "timeToLiveSpecification.attributeName", f"Member must have length {bound}")
    table = existing(request, params["TableName"])
    if specification["Enabled"]:
        if table.ttl_attribute is not None:
            raise invalid("TimeToLive is already enabled")
        forget(request)
        request.db.execute(_SET_ATTRIBUTE, (attribute, table.id))
        _backfill(request, table, attribute)
    else:
        if table.ttl_attribute is None:
            raise invalid("TimeToLive is already disabled")
        if table.ttl_attribute != attribute:
            raise invalid(
                f"TimeToLive is active on a different AttributeName: current AttributeName is {table.ttl_attribute}"
            )
        forget(request)
        request.db.execute(_SET_ATTRIBUTE, (None, table.id))
        request.db.execute(table.sql.clear_expiry)
    return {"TimeToLiveSpecification": {"Enabled": specification["Enabled"], "AttributeName": attribute}}


def describe_time_to_live(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("DescribeTimeToLive", params, _DESCRIBE_PARAMETERS)
    table = existing(request, params["TableName"])
    if table.ttl_attribute is None:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": table.ttl_attribute}}


def _backfill(request: Request, table: Table, attribute: str) -> None:
    """Notes the expiry of every item that the table already has."""
    last = 0
    while True:
        rows = request.db.execute(table.sql.all_items, (last, _BACKFILL_ITEMS)).fetchall()
        if not rows:
            return
        expiries = [(expiry(attribute, decode(blob)), row_id) for row_id, blob in rows]
        request.db.executemany(table.sql.set_expiry, [pair for pair in expiries if pair[0] is not None])
        last = rows[-1][0]
