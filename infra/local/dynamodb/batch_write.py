"""BatchWriteItem: up to 25 puts and deletes, without conditions, on several tables."""

from dataclasses import dataclass, field
from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.errors import IllegalValue, invalid
from infra.local.dynamodb.item_collections import metrics_of_many
from infra.local.dynamodb.items import check_size, encode
from infra.local.dynamodb.keys import ItemKey, exact_key, exact_key_in
from infra.local.dynamodb.limits import BATCH_WRITE_ITEMS
from infra.local.dynamodb.parameters import check_known, returned_capacity, wants_metrics
from infra.local.dynamodb.put_item import EMPTY_NAME, TOO_LARGE
from infra.local.dynamodb.rows import columns_of, read_item
from infra.local.dynamodb.tables import Table, find_table
from infra.local.request import Request

_PARAMETERS = frozenset({"RequestItems", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"})
_PLAIN = frozenset({"RequestItems"})

#: One write as it was asked for: the item of a put, or None, and the key of a delete, its values legal.
Write = tuple[Item | None, Item]


@dataclass(slots=True)
class Writes:
    """What is to be written to one table."""

    table: Table
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    deletes: list[ItemKey] = field(default_factory=list)
    #: The key, what has its attributes, and the new item of each write.
    items: list[tuple[ItemKey, Item, Item | None]] = field(default_factory=list)


def batch_write_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    wanted: dict[str, list[dict[str, Any]]] = params.get("RequestItems", {})
    if (
        not params.keys() <= _PLAIN
        or not wanted
        or not all(0 < len(writes) <= BATCH_WRITE_ITEMS for writes in wanted.values())
    ):
        check("BatchWriteItem", params)
        check_known("BatchWriteItem", params, _PARAMETERS)
    asked = {name: [_legal(write, request.trusted) for write in writes] for name, writes in wanted.items()}
    if sum(map(len, wanted.values())) > BATCH_WRITE_ITEMS:
        raise invalid("Too many items requested for the BatchWriteItem call")
    all_writes = [_decide(_find(request, name, params), writes) for name, writes in asked.items()]
    capacity = returned_capacity(params)
    consumed = []
    for writes in all_writes:
        if capacity is not None:
            usage = Consumed(writes.table, capacity)
            for key, _, item in writes.items:
                usage.write(read_item(request.db, writes.table, key), item)
            consumed.append(usage.reply())
        if writes.rows:
            request.db.executemany(writes.table.sql.upsert, writes.rows)
        if writes.deletes:
            request.db.executemany(writes.table.sql.delete, writes.deletes)
    reply: dict[str, Any] = {"UnprocessedItems": {}}
    if capacity is not None:
        reply["ConsumedCapacity"] = consumed
    if wants_metrics(params):
        metrics = metrics_of_many(
            request,
            ((writes.table, key, attributes) for writes in all_writes for key, attributes, _ in writes.items),
        )
        if metrics:
            reply["ItemCollectionMetrics"] = metrics
    return reply


def _legal(write: dict[str, Any], trusted: bool) -> Write:
    """A write with its values legal and canonical; this operation has AWS's older wording for others."""
    if len(write) != 1:
        raise invalid(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
            "supported datatypes"
        )
    try:
        if "PutRequest" in write:
            item = write["PutRequest"]["Item"]
            if trusted:
                return item, item
            if "" in item:
                raise invalid(EMPTY_NAME)
            item = canonical_attributes(item)
            return item, item
        return None, canonical_attributes(write["DeleteRequest"]["Key"])
    except IllegalValue as error:
        raise invalid(error.older) from None


def _find(request: Request, name: str, params: dict[str, Any]) -> Table:
    if not name.startswith("arn:") and len(name) < 3:
        check("BatchWriteItem", params)
    return find_table(request, name)


def _decide(table: Table, asked: list[Write]) -> Writes:
    writes = Writes(table)
    seen: set[ItemKey] = set()
    for item, attributes in asked:
        if item is None:
            key = exact_key(table.keys, attributes)
            writes.deletes.append(key)
        else:
            key = exact_key_in(table.keys, item)
            blob = encode(item)
            check_size(item, blob, TOO_LARGE)
            writes.rows.append((*key, *columns_of(table, item), blob))
        writes.items.append((key, attributes, item))
        seen.add(key)
    if len(seen) != len(asked):
        raise invalid("Provided list of item keys contains duplicates")
    return writes
