"""OnDemandThroughput: the most that a table on demand, or one of its global indexes, shall take; kept and told.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_OnDemandThroughput.html
"""

from collections.abc import Mapping
from typing import Any

from infra.local.dynamodb.definition import PROVISIONED
from infra.local.dynamodb.errors import invalid_value

_MEMBERS = ("MaxReadRequestUnits", "MaxWriteRequestUnits")
#: Takes a maximum away again.
_NO_MAXIMUM = -1


def check_created(params: Mapping[str, Any], mode: str) -> None:
    """Refuses the maxima of a CreateTable that are none, or that no table on demand is there for."""
    for member in _asked(params):
        if mode == PROVISIONED:
            raise invalid_value(
                f"{member} for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED."
            )
        if params["OnDemandThroughput"][member] < 1:
            raise _out_of_range(member)


def change(definition: dict[str, Any], params: Mapping[str, Any], mode: str) -> None:
    """Writes into a definition what an UpdateTable asks for; what it does not name stays."""
    for member in _asked(params):
        if mode == PROVISIONED:
            raise invalid_value(
                f"{member} for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"
            )
        value = params["OnDemandThroughput"][member]
        if value < 1 and value != _NO_MAXIMUM:
            raise _out_of_range(member)
        definition["OnDemandThroughput"] = {**definition.get("OnDemandThroughput", {}), member: value}


def _asked(params: Mapping[str, Any]) -> list[str]:
    return [member for member in _MEMBERS if member in params.get("OnDemandThroughput", {})]


def _out_of_range(member: str) -> Exception:
    return invalid_value(f"Requested {member} for OnDemandThroughput for table is outside of valid range")
