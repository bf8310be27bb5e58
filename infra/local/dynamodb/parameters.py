"""What an operation takes: parameters that it knows, and the words that some of them may be.

A parameter of AWS's that the engine does not implement is refused by name. The legacy ones, which AWS kept
for programs written before expressions (2014), name their successor.
"""

from collections.abc import Mapping
from typing import Any

from infra.local.dynamodb.errors import invalid, not_in_enum, unsupported

_SUCCESSORS = {
    "KeyConditions": "KeyConditionExpression",
    "QueryFilter": "FilterExpression",
    "ScanFilter": "FilterExpression",
    "AttributesToGet": "ProjectionExpression",
    "AttributeUpdates": "UpdateExpression",
    "Expected": "ConditionExpression",
    "ConditionalOperator": "AND and OR in an expression",
}

RETURN_VALUES = ("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")
_CONSUMED_CAPACITY = ("INDEXES", "TOTAL", "NONE")
_ITEM_COLLECTION_METRICS = ("SIZE", "NONE")
_ON_CONDITION_FAILURE = ("ALL_OLD", "NONE")


def check_known(operation: str, params: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuses a parameter that this engine does not implement."""
    if params.keys() <= known:
        return
    unknown = next(name for name in params if name not in known)
    raise unsupported(operation, unknown, _SUCCESSORS.get(unknown, ""))


def returned_capacity(params: Mapping[str, Any]) -> str | None:
    """TOTAL or INDEXES, or None when no capacity is asked for."""
    asked = params.get("ReturnConsumedCapacity")
    if asked is None or asked == "NONE":
        return None
    if asked not in _CONSUMED_CAPACITY:
        raise not_in_enum(asked, "returnConsumedCapacity", _CONSUMED_CAPACITY)
    return str(asked)


def check_write_options(params: Mapping[str, Any]) -> None:
    """The enums of the single writes. Item collections exist only with local secondary indexes: no metrics."""
    metrics = params.get("ReturnItemCollectionMetrics")
    if metrics is not None and metrics not in _ITEM_COLLECTION_METRICS:
        raise not_in_enum(metrics, "returnItemCollectionMetrics", _ITEM_COLLECTION_METRICS)
    on_failure = params.get("ReturnValuesOnConditionCheckFailure")
    if on_failure is not None and on_failure not in _ON_CONDITION_FAILURE:
        raise not_in_enum(on_failure, "returnValuesOnConditionCheckFailure", _ON_CONDITION_FAILURE)


def returned_values(params: Mapping[str, Any]) -> str:
    asked = params.get("ReturnValues", "NONE")
    if asked not in RETURN_VALUES:
        raise not_in_enum(asked, "returnValues", RETURN_VALUES)
    return str(asked)


def returns_old(params: Mapping[str, Any]) -> bool:
    """Whether a put or a delete gives back the old item."""
    asked = returned_values(params)
    if asked not in ("NONE", "ALL_OLD"):
        raise invalid("ReturnValues can only be ALL_OLD or NONE")
    return asked == "ALL_OLD"
