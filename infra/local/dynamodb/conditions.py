"""A write's condition: tried on the item that is there, and told to the loser when it does not hold."""

from collections.abc import Mapping
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.errors import CONDITION_FAILED
from infra.local.dynamodb.expressions import Plan, Values
from infra.local.errors import AwsError

#: What a condition sees where there is no item.
NO_ITEM: Item = {}


def require(plan: Plan, values: Values, old: Item | None, params: Mapping[str, Any]) -> None:
    """Raises ConditionalCheckFailedException, with the item that is there if the caller asked for it."""
    if plan.condition is None or plan.condition(NO_ITEM if old is None else old, values):
        return
    fields = {}
    if old is not None and params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
        fields["Item"] = old
    raise AwsError("ConditionalCheckFailedException", CONDITION_FAILED, fields=fields)
