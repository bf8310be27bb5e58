"""WarmThroughput: what a table or a global index could serve at once, which may be raised and never lowered.

Nothing here is throttled, so it is checked, kept and told. What was asked for is kept; what is told is never less than
what the billing mode gives by itself: the initial throughput on demand, the units of provisioned throughput.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
"""

from collections.abc import Mapping
from typing import Any

from infra.local.dynamodb.definition import PAY_PER_REQUEST
from infra.local.dynamodb.errors import invalid_value
from infra.local.dynamodb.limits import WARM_READS, WARM_WRITES

_UNITS = {"ReadUnitsPerSecond": "ReadCapacityUnits", "WriteUnitsPerSecond": "WriteCapacityUnits"}
_INITIAL = {"ReadUnitsPerSecond": WARM_READS, "WriteUnitsPerSecond": WARM_WRITES}
_PAGE = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
    "#on-demand-capacity-mode-initial"
)


def told(holder: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """WarmThroughput of a table's or an index's definition, as DescribeTable shows it."""
    return {**_current(holder, mode), "Status": "ACTIVE"}


def check_initial(holder: Mapping[str, Any], mode: str, whose: str) -> None:
    """Refuses what a CreateTable asks for below what there is by itself; `whose`: `table`, or `index NAME`."""
    for unit, least in _by_itself(holder, mode).items():
        if holder.get("WarmThroughput", {}).get(unit, least) < least:
            below = (
                f"initial throughput for OnDemand. See: {_PAGE}"
                if mode == PAY_PER_REQUEST
                else f"{_UNITS[unit]} of ProvisionedThroughput"
            )
            raise invalid_value(f"Requested {unit} for WarmThroughput for {whose} is lower than {below}")


def raise_to(holder: dict[str, Any], asked: Mapping[str, int], mode: str, whose: str) -> None:
    """Writes into a definition what an UpdateTable asks for; what it does not name stays."""
    current = _current(holder, mode)
    for unit, value in asked.items():
        if value < current[unit]:
            raise invalid_value(
                f"Requested {unit} for WarmThroughput for {whose} is lower than current WarmThroughput, "
                "decreasing WarmThroughput is not supported"
            )
    holder["WarmThroughput"] = {**current, **asked}


def _current(holder: Mapping[str, Any], mode: str) -> dict[str, int]:
    kept = holder.get("WarmThroughput") or {}
    return {unit: max(least, kept.get(unit, 0)) for unit, least in _by_itself(holder, mode).items()}


def _by_itself(holder: Mapping[str, Any], mode: str) -> dict[str, int]:
    if mode == PAY_PER_REQUEST:
        return _INITIAL
    given = holder.get("ProvisionedThroughput", {})
    return {unit: given.get(name, 0) for unit, name in _UNITS.items()}
