"""Scan: every entry of a table or an index, in key order, whole or as one of several parallel segments."""

from typing import Any

from infra.local.dynamodb.errors import constraint, invalid
from infra.local.dynamodb.expressions import bind
from infra.local.dynamodb.limits import SCAN_SEGMENTS
from infra.local.dynamodb.paging import check_select, limit_of, page, source_of
from infra.local.dynamodb.parameters import check_known, returned_capacity
from infra.local.dynamodb.tables import find_table
from infra.local.request import Request

_PARAMETERS = frozenset(
    {
        "TableName",
        "IndexName",
        "Select",
        "Limit",
        "ConsistentRead",
        "ExclusiveStartKey",
        "TotalSegments",
        "Segment",
        "ReturnConsumedCapacity",
        "ProjectionExpression",
        "FilterExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
    }
)


def scan(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("Scan", params, _PARAMETERS)
    returned_capacity(params)
    limit = limit_of(params)
    segment = _segment(params)
    plan, values = bind(params)
    table = find_table(request, params["TableName"])
    source = source_of(table, params)
    check_select(params, plan, source.index)
    order = (source.columns.hash, *source.columns.order)
    clauses, parameters = [f"{source.columns.hash} IS NOT NULL"], list[Any]()
    start = params.get("ExclusiveStartKey")
    if start is not None:
        marks = ", ".join("?" for _ in order)
        clauses.append(f"({', '.join(order)}) > ({marks})")
        parameters += source.position(start)
    if segment is not None:
        # An item keeps its row id for as long as it lives, so the segments share the items out for good.
        clauses.append("id % ? = ?")
        parameters += segment
    sql = f"{source.columns.select}{' AND '.join(clauses)} ORDER BY {', '.join(order)}"
    if limit is not None:
        sql += " LIMIT ?"
        parameters.append(limit)
    return page(source, request.db.execute(sql, parameters), params, plan, values)


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
    if not 1 <= total <= SCAN_SEGMENTS:
        bound = "greater than or equal to 1" if total < 1 else f"less than or equal to {SCAN_SEGMENTS}"
        raise constraint(total, "totalSegments", f"Member must have value {bound}")
    if segment < 0:
        raise constraint(segment, "segment", "Member must have value greater than or equal to 0")
    if segment >= total:
        raise invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )
    return total, segment
