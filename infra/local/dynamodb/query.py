"""Query: the entries of one partition, in the order of the sort key."""

from typing import Any

from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.expressions import Plan
from infra.local.dynamodb.legacy import KEY_CONDITIONS, bind_any
from infra.local.dynamodb.paging import Source, check_select, fetches, legal_start, page, source_of
from infra.local.dynamodb.parameters import EXPRESSIONS, check_request
from infra.local.dynamodb.search import Search, search
from infra.local.dynamodb.tables import find_table
from infra.local.request import Request

_PLAIN = EXPRESSIONS | {"TableName", "ConsistentRead", "ScanIndexForward", "ExclusiveStartKey"}
_PARAMETERS = _PLAIN | {
    "IndexName",
    "Select",
    "Limit",
    "ReturnConsumedCapacity",
    KEY_CONDITIONS,
    "QueryFilter",
    "ConditionalOperator",
    "AttributesToGet",
}


def query(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_request(request, "Query", params, _PLAIN, _PARAMETERS)
    plan, values = bind_any(params)
    if plan.unsearchable is not None:
        raise plan.unsearchable
    if not plan.key_tests:
        raise invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    check_select(params, plan)
    start = legal_start(params)
    table = find_table(request, params["TableName"])
    source = source_of(table, params)
    if start is not None:
        source.check_start(start)
    if KEY_CONDITIONS in params and len(source.keys.hashes) > 1:
        raise invalid("KeyConditions cannot be used with an index whose partition key has several attributes")
    table.check_paths(plan.nested)
    found = search(source, plan, values)
    _check_filter(plan, source, "QueryFilter" if "QueryFilter" in params else "Filter Expression")
    fetch = fetches(params, plan, source.index)
    backwards = params.get("ScanIndexForward") is False
    clauses, parameters = found.clauses, list(found.parameters)
    if start is not None:
        clauses, parameters = _continued(source, found, source.position(start), backwards)
    direction = " DESC" if backwards else ""
    sql = f"{source.columns.select}{clauses} ORDER BY "
    sql += ", ".join(f"{column}{direction}" for column in source.columns.order)
    limit = params.get("Limit")
    if limit is not None:
        sql += " LIMIT ?"
        parameters.append(limit)
    return page(source, request.db.execute(sql, parameters), params, plan, values, fetch=fetch)


def _continued(source: Source, found: Search, position: tuple[Any, ...], backwards: bool) -> tuple[str, list[Any]]:
    """The search from behind a position, which must be one that it could have come to."""
    at = len(source.columns.hashes)
    if not found.holds(position[at:]):
        raise invalid("The provided starting key does not match the range key predicate")
    if position[:at] != found.hashes:
        raise invalid("The provided starting key is outside query boundaries based on provided conditions")
    order = source.columns.order
    marks = ", ".join("?" for _ in order)
    clauses = f"{found.clauses} AND ({', '.join(order)}) {'<' if backwards else '>'} ({marks})"
    return clauses, [*found.parameters, *position[at:]]


def _check_filter(plan: Plan, source: Source, what: str) -> None:
    """A filter may have any attributes that the index holds but its keys."""
    index, keys = source.index, source.keys
    if not plan.filtered.isdisjoint(keys.names):
        name = next(name for name in keys.names if name in plan.filtered)
        raise invalid(f"{what} can only contain non-primary key attributes: Primary key attribute: {name}")
    hidden = () if index is None or index.projected is None else sorted(plan.filtered - index.projected)
    if index is not None and hidden:
        raise invalid_value(
            f"Secondary index {index.name} does not project one or more filter attributes: [{', '.join(hidden)}]"
        )
