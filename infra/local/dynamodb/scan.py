"""Scan: every entry of a table or an index, in key order, whole or as one of several parallel segments."""

from typing import Any

from infra.local.dynamodb.errors import IllegalValue, invalid
from infra.local.dynamodb.expressions import Plan, Values
from infra.local.dynamodb.expressions.plans import older_wording
from infra.local.dynamodb.legacy import bind_any
from infra.local.dynamodb.paging import check_select, fetches, legal_start, page, source_of
from infra.local.dynamodb.parameters import EXPRESSIONS, check_request
from infra.local.dynamodb.tables import find_table
from infra.local.errors import AwsError
from infra.local.request import Request

_PLAIN = (EXPRESSIONS - {"KeyConditionExpression"}) | {"TableName", "ConsistentRead", "ExclusiveStartKey"}
_PARAMETERS = _PLAIN | {
    "IndexName",
    "Select",
    "Limit",
    "TotalSegments",
    "Segment",
    "ReturnConsumedCapacity",
    "ScanFilter",
    "ConditionalOperator",
    "AttributesToGet",
}


def scan(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_request(request, "Scan", params, _PLAIN, _PARAMETERS)
    segment = _segment(params)
    plan, values = _bind(params)
    check_select(params, plan)
    start = legal_start(params)
    table = find_table(request, params["TableName"])
    source = source_of(table, params)
    fetch = fetches(params, plan, source.index)
    table.check_paths(plan.nested)
    columns = source.columns
    order = (*columns.hashes, *columns.order)
    clauses, parameters = ["true"], list[Any]()
    if start is not None:
        source.check_start(start)
        marks = ", ".join("?" for _ in order)
        clauses.append(f"({', '.join(order)}) > ({marks})")
        parameters += source.position(start)
    if segment is not None:
        # An item keeps its row id for as long as it lives, so the segments share the items out for good.
        clauses.append("id % ? = ?")
        parameters += segment
    sql = f"{columns.select}{' AND '.join(clauses)} ORDER BY {', '.join(order)}"
    limit = params.get("Limit")
    if limit is not None:
        sql += " LIMIT ?"
        parameters.append(limit)
    return page(source, request.db.execute(sql, parameters), params, plan, values, fetch=fetch)


def _bind(params: dict[str, Any]) -> tuple[Plan, Values]:
    try:
        return bind_any(params)
    except IllegalValue as error:
        raise _reworded(params, error) from None


def _reworded(params: dict[str, Any], error: IllegalValue) -> AwsError:
    """Scan is among the operations that have the older wording for illegal values."""
    given = params.get("ExpressionAttributeValues")
    return invalid(error.older) if given is None else older_wording(given)


def _segment(params: dict[str, Any]) -> tuple[int, int] | None:
    """TotalSegments and Segment, which come together or not at all."""
    total, segment = params.get("TotalSegments"), params.get("Segment")
    if total is None and segment is None:
        return None
    if total is None:
        raise invalid(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter "
            "is present"
        )
    if segment is None:
        raise invalid(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments "
            "is present"
        )
    if segment >= total:
        raise invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )
    return total, segment
