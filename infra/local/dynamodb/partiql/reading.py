"""What a SELECT reads, page by page: one item, the entries of partitions one after the other, or a scan.

The reads are GetItem, Query and Scan themselves; where a page ends and the next begins is told by a Position.
"""

from dataclasses import dataclass
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.expressions import Values
from infra.local.dynamodb.get_item import get_item
from infra.local.dynamodb.keys import sql_key
from infra.local.dynamodb.limits import HASH_KEY_BYTES
from infra.local.dynamodb.partiql.select import Selection
from infra.local.dynamodb.query import query
from infra.local.dynamodb.scan import scan
from infra.local.dynamodb.tables import Table
from infra.local.request import Request


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page starts."""

    #: Which of the partitions, counted from 0.
    partition: int = 0
    #: The last key before it; None at the start of the partition.
    after: Item | None = None


@dataclass(frozen=True, slots=True)
class Page:
    #: As they were read, before the filter.
    items: list[Item]
    #: Where the next page starts; None when there is none.
    following: Position | None
    #: The ConsumedCapacity member, if it was asked for.
    capacity: dict[str, Any] | None


def read_item(
    request: Request, table: Table, selection: Selection, values: Values, options: dict[str, Any]
) -> tuple[Item | None, dict[str, Any] | None]:
    """The item that a selection names by its key, before the filter, and the capacity if it was asked for."""
    reply = get_item(request, {"TableName": table.name, "Key": selection.key_of(table, values), **options})
    return reply.get("Item"), reply.get("ConsumedCapacity")


def read_page(
    request: Request,
    table: Table,
    selection: Selection,
    values: Values,
    options: dict[str, Any],
    limit: int | None,
    start: Position,
) -> Page:
    """`options` are ConsistentRead and ReturnConsumedCapacity, as the operations take them."""
    if options.get("ConsistentRead") and selection.index is not None and not selection.index.local:
        raise invalid("Strongly consistent read is not supported on Global Secondary Indexes")
    if selection.one_item and start.after is None:
        item, capacity = read_item(request, table, selection, values, options)
        return Page([] if item is None else [item], None, capacity)
    params: dict[str, Any] = {"TableName": table.name, **options, **_index(selection)}
    if selection.partitions is None:
        if limit is not None:
            params["Limit"] = limit
        if start.after is not None:
            params["ExclusiveStartKey"] = start.after
        reply = scan(request, params)
        last = reply.get("LastEvaluatedKey")
        return Page(reply["Items"], None if last is None else Position(0, last), reply.get("ConsumedCapacity"))
    return _partitions(request, params, selection, values, limit, start)


def _partitions(
    request: Request, params: dict[str, Any], selection: Selection, values: Values, limit: int | None, start: Position
) -> Page:
    items: list[Item] = []
    capacity: dict[str, Any] | None = None
    partitions = _ordered(selection, values)
    after = start.after
    for at in range(start.partition, len(partitions)):
        search = params | _search(selection, values, partitions[at])
        if limit is not None:
            search["Limit"] = limit - len(items)
        if after is not None:
            search["ExclusiveStartKey"] = after
        reply = query(request, search)
        items += reply["Items"]
        capacity = _sum(capacity, reply.get("ConsumedCapacity"))
        after = reply.get("LastEvaluatedKey")
        if after is not None:
            return Page(items, Position(at, after), capacity)
        if len(items) == limit and at + 1 < len(partitions):
            return Page(items, Position(at + 1), capacity)
    return Page(items, None, capacity)


def _ordered(selection: Selection, values: Values) -> list[str]:
    """The partitions in the order of the statement, each once."""
    assert selection.partitions is not None
    if len(selection.partitions) == 1:
        return list(selection.partitions)
    hash_key = selection.keys.hash
    keys: dict[Any, str] = {}
    for placeholder in selection.partitions:
        content = values[placeholder].get(hash_key.type)
        if content is None:
            raise invalid_value("Condition parameter type does not match schema type")
        keys.setdefault(sql_key(hash_key, content, HASH_KEY_BYTES), placeholder)
    if selection.order_partitions is None:
        return list(keys.values())
    return [keys[key] for key in sorted(keys, reverse=selection.order_partitions)]


def _index(selection: Selection) -> dict[str, Any]:
    """The index to read, and what of its items when the index does not hold all that is asked for."""
    index = selection.index
    if index is None:
        return {}
    named: dict[str, Any] = {"IndexName": index.name}
    chosen = selection.columns
    if chosen is not None and index.projected is not None and not index.projected.issuperset(chosen.attributes):
        wanted = {name: f"#c{at}" for at, name in enumerate({*chosen.attributes, *selection.filtered})}
        named["ProjectionExpression"] = ", ".join(wanted.values())
        named["ExpressionAttributeNames"] = {short: name for name, short in wanted.items()}
    return named


def _search(selection: Selection, values: Values, partition: str) -> dict[str, Any]:
    """The parameters of a Query of one partition."""
    keys, test = selection.keys, selection.sort_key
    names = {"#h": keys.hash.name}
    operands = {":h": values[partition]}
    expression = "#h = :h"
    if test is not None:
        assert keys.range is not None
        names["#r"] = keys.range.name
        marks = [f":r{at}" for at in range(len(test.placeholders))]
        operands |= {mark: values[placeholder] for mark, placeholder in zip(marks, test.placeholders, strict=True)}
        if test.operator == "BETWEEN":
            expression += f" AND #r BETWEEN {' AND '.join(marks)}"
        elif test.operator == "begins_with":
            expression += f" AND begins_with(#r, {marks[0]})"
        else:
            expression += f" AND #r {test.operator} {marks[0]}"
    named = _index(selection).get("ExpressionAttributeNames", {})
    return {
        "KeyConditionExpression": expression,
        "ExpressionAttributeNames": names | named,
        "ExpressionAttributeValues": operands,
        "ScanIndexForward": not selection.backwards,
    }


def _sum(total: dict[str, Any] | None, more: dict[str, Any] | None) -> dict[str, Any] | None:
    """Two ConsumedCapacity members as one."""
    if total is None or more is None:
        return more if total is None else total
    added = dict(total)
    for name, value in more.items():
        before = added.get(name)
        if isinstance(value, dict):
            added[name] = value if before is None else _sum(before, value)
        elif isinstance(value, float):
            added[name] = value + (before or 0.0)
    return added
