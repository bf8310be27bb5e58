"""Query: the entries of one partition, in the order of the sort key."""

from typing import Any

from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.expressions import Plan, Values, bind
from infra.local.dynamodb.expressions.keycondition import KeyTest
from infra.local.dynamodb.keys import KeyAttribute, KeySchema, SqlKey, sql_key
from infra.local.dynamodb.limits import HASH_KEY_BYTES, RANGE_KEY_BYTES
from infra.local.dynamodb.paging import Source, check_select, limit_of, page, source_of
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
        "ScanIndexForward",
        "ExclusiveStartKey",
        "ReturnConsumedCapacity",
        "ProjectionExpression",
        "FilterExpression",
        "KeyConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
    }
)
_HIGHEST = "\U0010ffff"
#: Code points that no text can hold (UTF-16's surrogates), which a successor must step over.
_SURROGATES = range(0xD800, 0xE000)


def query(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("Query", params, _PARAMETERS)
    returned_capacity(params)
    if "KeyConditionExpression" not in params:
        raise invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    limit = limit_of(params)
    plan, values = bind(params)
    table = find_table(request, params["TableName"])
    source = source_of(table, params)
    check_select(params, plan, source.index)
    _check_filter(plan, source.keys)
    hash_key, clauses, bounds = _search(source, plan, values)
    backwards = params.get("ScanIndexForward") is False
    order = source.columns.order
    parameters: list[Any] = [hash_key, *bounds]
    start = params.get("ExclusiveStartKey")
    if start is not None:
        position = source.position(start)
        if position[0] != hash_key:
            raise invalid("The provided starting key is outside query boundaries based on provided conditions")
        marks = ", ".join("?" for _ in order)
        clauses += f" AND ({', '.join(order)}) {'<' if backwards else '>'} ({marks})"
        parameters += position[1:]
    direction = " DESC" if backwards else ""
    sql = f"{source.columns.select}{source.columns.hash} = ?{clauses} ORDER BY "
    sql += ", ".join(f"{column}{direction}" for column in order)
    if limit is not None:
        sql += " LIMIT ?"
        parameters.append(limit)
    return page(source, request.db.execute(sql, parameters), params, plan, values)


def _check_filter(plan: Plan, keys: KeySchema) -> None:
    if plan.filtered.isdisjoint(keys.names):
        return
    name = next(name for name in keys.names if name in plan.filtered)
    raise invalid(f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}")


def _search(source: Source, plan: Plan, values: Values) -> tuple[SqlKey, str, list[SqlKey]]:
    """The partition's key, and what is asked of the sort key as SQL and its parameters."""
    keys = source.keys
    tests: dict[str, KeyTest] = {}
    for test in plan.key_tests:
        if test.attribute in tests:
            raise invalid(
                "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key"
            )
        tests[test.attribute] = test
    on_hash = tests.pop(keys.hash.name, None)
    if on_hash is None:
        raise invalid(f"Query condition missed key schema element: {keys.hash.name}")
    if on_hash.operator != "=":
        raise invalid("Query key condition not supported")
    (hash_key,) = _operands(keys.hash, on_hash, values, HASH_KEY_BYTES)
    if not tests:
        return hash_key, "", []
    if keys.range is None or (len(tests) > 1 and keys.range.name in tests):
        raise invalid("Query key condition not supported")
    on_range = tests.get(keys.range.name)
    if on_range is None or len(tests) > 1:
        raise invalid(f"Query condition missed key schema element: {keys.range.name}")
    operands = _operands(keys.range, on_range, values, RANGE_KEY_BYTES)
    column = source.columns.order[0]
    if on_range.operator == "BETWEEN":
        return hash_key, f" AND {column} BETWEEN ? AND ?", operands
    if on_range.operator != "begins_with":
        return hash_key, f" AND {column} {on_range.operator} ?", operands
    if keys.range.type == "N":
        raise invalid_value("Condition parameter type does not match schema type")
    prefix = operands[0]
    end = _after(prefix)
    if end is None:
        return hash_key, f" AND {column} >= ?", [prefix]
    return hash_key, f" AND {column} >= ? AND {column} < ?", [prefix, end]


def _operands(attribute: KeyAttribute, test: KeyTest, values: Values, limit: int) -> list[SqlKey]:
    operands = []
    for placeholder in test.placeholders:
        content = values[placeholder].get(attribute.type)
        if content is None:
            raise invalid_value("Condition parameter type does not match schema type")
        if not content and attribute.type != "N":
            noun = "string" if attribute.type == "S" else "binary"
            raise invalid(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
                f"an empty {noun} value. Key: {attribute.name}"
            )
        operands.append(sql_key(attribute, content, limit))
    return operands


def _after(prefix: SqlKey) -> SqlKey | None:
    """The least key above all that begin with `prefix`; None when there is none."""
    if isinstance(prefix, bytes):
        stem = prefix.rstrip(b"\xff")
        return stem[:-1] + bytes((stem[-1] + 1,)) if stem else None
    text = prefix.rstrip(_HIGHEST)
    if not text:
        return None
    following = ord(text[-1]) + 1
    return text[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)
