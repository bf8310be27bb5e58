"""What an operation takes: the parameters that it knows, and what some of them ask for.

A parameter of AWS's that the engine does not implement is refused by name.
"""

from collections.abc import Mapping
from typing import Any

from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.errors import invalid, not_in_enum, unsupported
from infra.local.dynamodb.tables import known_table
from infra.local.request import Request

#: The expressions' parameters: nothing about them can break a constraint of the model.
EXPRESSIONS = frozenset(
    {
        "ConditionExpression",
        "UpdateExpression",
        "FilterExpression",
        "ProjectionExpression",
        "KeyConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
    }
)
_RETURN_VALUES = ("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")
_CONSUMED_CAPACITY = ("INDEXES", "TOTAL", "NONE")
_ITEM_COLLECTION_METRICS = ("SIZE", "NONE")
_ON_CONDITION_FAILURE = ("ALL_OLD", "NONE")


def check_request(
    request: Request, operation: str, params: Mapping[str, Any], plain: frozenset[str], known: frozenset[str]
) -> bool:
    """Whether the call has plain parameters only, on a table seen before; any other one is checked here."""
    if params.keys() <= plain and known_table(request, params.get("TableName")) is not None:
        return True
    check(operation, params)
    check_known(operation, params, known)
    return False


def check_known(operation: str, params: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuses a parameter that this engine does not implement."""
    if params.keys() <= known:
        return
    unknown = next(name for name in params if name not in known)
    raise unsupported(operation, unknown)


def returned_capacity(params: Mapping[str, Any]) -> str | None:
    """TOTAL or INDEXES, or None when no capacity is asked for."""
    asked = params.get("ReturnConsumedCapacity")
    if asked is None or asked == "NONE":
        return None
    if asked not in _CONSUMED_CAPACITY:
        raise not_in_enum(asked, "returnConsumedCapacity", _CONSUMED_CAPACITY)
    return str(asked)


def check_write_options(params: Mapping[str, Any]) -> None:
    """The enums of a write inside another request, such as a transaction."""
    metrics = params.get("ReturnItemCollectionMetrics")
    if metrics is not None and metrics not in _ITEM_COLLECTION_METRICS:
        raise not_in_enum(metrics, "returnItemCollectionMetrics", _ITEM_COLLECTION_METRICS)
    on_failure = params.get("ReturnValuesOnConditionCheckFailure")
    if on_failure is not None and on_failure not in _ON_CONDITION_FAILURE:
        raise not_in_enum(on_failure, "returnValuesOnConditionCheckFailure", _ON_CONDITION_FAILURE)


def returned_values(params: Mapping[str, Any]) -> str:
    asked = params.get("ReturnValues", "NONE")
    if asked not in _RETURN_VALUES:
        raise not_in_enum(asked, "returnValues", _RETURN_VALUES)
    return str(asked)


def returns_old(params: Mapping[str, Any]) -> bool:
    """Whether a put or a delete gives back the old item."""
    asked = params.get("ReturnValues", "NONE")
    if asked not in ("NONE", "ALL_OLD"):
        raise invalid("ReturnValues can only be ALL_OLD or NONE")
    return bool(asked == "ALL_OLD")


def wants_metrics(params: Mapping[str, Any]) -> bool:
    """Whether the sizes of the item collections that a write touches are to be told."""
    return params.get("ReturnItemCollectionMetrics") == "SIZE"
