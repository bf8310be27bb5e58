"""Billing mode and provisioned throughput of a table and its global indexes, as UpdateTable changes them."""

from collections.abc import Mapping
from typing import Any

from infra.local.dynamodb.definition import PAY_PER_REQUEST, PROVISIONED, billing_mode, check_units
from infra.local.dynamodb.errors import invalid, invalid_value, no_such_index
from infra.local.dynamodb.on_demand_throughput import change
from infra.local.dynamodb.warm_throughput import raise_to

#: Seconds.
_DAY = 86_400
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")


def change_throughput(definition: dict[str, Any], params: Mapping[str, Any], now: int) -> None:
    """Writes into `definition` what `params` of an UpdateTable ask for; `now` is in epoch ms."""
    before = billing_mode(definition)
    after = params.get("BillingMode", before)
    asked = params.get("ProvisionedThroughput")
    updates = {
        update["Update"]["IndexName"]: update["Update"]
        for update in params.get("GlobalSecondaryIndexUpdates", ())
        if "Update" in update
    }
    indexes: list[dict[str, Any]] = [dict(index) for index in definition.get("GlobalSecondaryIndexes", ())]
    if after == PAY_PER_REQUEST and asked is not None:
        raise invalid_value(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    _check_updates(updates, indexes, after, params["TableName"])
    if params.get("BillingMode") == PROVISIONED and asked is None:
        raise invalid_value("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
    if after == PROVISIONED and before != PROVISIONED:
        unsaid = [
            index["IndexName"]
            for index in indexes
            if "ProvisionedThroughput" not in updates.get(index["IndexName"], {})
        ]
        if unsaid:
            raise invalid_value(f"ProvisionedThroughput must be specified for index: {','.join(unsaid)}")
    if asked is not None:
        _set(definition, asked, now, "the table")
    for index in indexes:
        update = updates.get(index["IndexName"], {})
        if "ProvisionedThroughput" in update:
            _set(index, update["ProvisionedThroughput"], now, f"the index {index['IndexName']}")
        if "OnDemandThroughput" in update:
            index["OnDemandThroughput"] = update["OnDemandThroughput"]
        if "WarmThroughput" in update:
            raise_to(index, update["WarmThroughput"], after, f"index {index['IndexName']}")
        if after == PAY_PER_REQUEST:
            index.pop("ProvisionedThroughput", None)
    if indexes:
        definition["GlobalSecondaryIndexes"] = indexes
    change(definition, params, after)
    if params.get("WarmThroughput"):
        raise_to(definition, params["WarmThroughput"], after, "table")
    if after != before:
        definition["BillingMode"] = after
    if after == PAY_PER_REQUEST != before:
        definition["LastUpdateToPayPerRequestDateTime"] = now / 1000
        definition.pop("ProvisionedThroughput", None)


def decreases_today(throughput: Mapping[str, Any], now: int) -> int:
    """How often the units fell since midnight, UTC."""
    last = throughput.get("LastDecreaseDateTime", 0)
    return int(throughput["NumberOfDecreasesToday"]) if last // _DAY == now // 1000 // _DAY else 0


def _check_updates(updates: Mapping[str, Any], indexes: list[dict[str, Any]], mode: str, table: str) -> None:
    known = {index["IndexName"] for index in indexes}
    for name, update in updates.items():
        if name not in known:
            raise no_such_index(name, table)
        if mode != PAY_PER_REQUEST:
            continue
        if "ProvisionedThroughput" in update:
            raise invalid_value(
                f"Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {name} when "
                "BillingMode is PAY_PER_REQUEST"
            )
        if not (update.get("OnDemandThroughput") or update.get("WarmThroughput")):
            raise invalid_value(
                f"The only Updates for index: {name} when TableThroughputMode is PAY_PER_REQUEST can be to "
                "OnDemandThroughput, WarmThroughput"
            )


def _set(holder: dict[str, Any], asked: Mapping[str, int], now: int, whose: str) -> None:
    """Sets the units of a table or index, and notes when they rose or fell."""
    check_units(asked)
    current = holder.get("ProvisionedThroughput") or dict.fromkeys(_UNITS, 0)
    changes = [asked[name] - current[name] for name in _UNITS]
    if not any(changes):
        raise invalid(
            f"The provisioned throughput for {whose} will not change. The requested value equals the current value. "
            f"Current ReadCapacityUnits provisioned for {whose}: {current['ReadCapacityUnits']}. "
            f"Requested ReadCapacityUnits: {asked['ReadCapacityUnits']}. "
            f"Current WriteCapacityUnits provisioned for {whose}: {current['WriteCapacityUnits']}. "
            f"Requested WriteCapacityUnits: {asked['WriteCapacityUnits']}. "
            "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
        )
    changed = {**current, **asked}
    if any(change > 0 for change in changes):
        changed["LastIncreaseDateTime"] = now / 1000
    if any(change < 0 for change in changes):
        changed["NumberOfDecreasesToday"] = decreases_today(current, now) + 1
        changed["LastDecreaseDateTime"] = now / 1000
    holder["ProvisionedThroughput"] = changed
