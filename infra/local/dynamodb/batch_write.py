"""BatchWriteItem: up to 25 puts and deletes, without conditions, on several tables."""

from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.errors import constraint, invalid
from infra.local.dynamodb.items import check_size, encode
from infra.local.dynamodb.keys import ItemKey, exact_key, item_key
from infra.local.dynamodb.limits import BATCH_WRITE_ITEMS
from infra.local.dynamodb.parameters import check_known, check_write_options, returned_capacity
from infra.local.dynamodb.put_item import TOO_LARGE
from infra.local.dynamodb.rows import columns_of, read_item
from infra.local.dynamodb.tables import Table, find_table
from infra.local.request import Request

_PARAMETERS = frozenset({"RequestItems", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"})


def batch_write_item(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_known("BatchWriteItem", params, _PARAMETERS)
    check_write_options(params)
    capacity = returned_capacity(params)
    wanted: dict[str, list[dict[str, Any]]] = params["RequestItems"]
    if not wanted:
        raise constraint("{}", "requestItems", "Member must have length greater than or equal to 1")
    if sum(map(len, wanted.values())) > BATCH_WRITE_ITEMS:
        raise invalid("Too many items requested for the BatchWriteItem call")
    writes = []
    for name, requests in wanted.items():
        if not requests:
            raise constraint("[]", f"requestItems.{name}", "Member must have length greater than or equal to 1")
        writes.append(_decide(find_table(request, name), requests, capacity is not None))
    consumed = []
    for table, rows, deletes, items in writes:
        if capacity is not None:
            usage = Consumed(table, capacity)
            for key, item in items:
                usage.write(read_item(request.db, table, key), item)
            consumed.append(usage.reply())
        if rows:
            request.db.executemany(table.sql.upsert, rows)
        if deletes:
            request.db.executemany(table.sql.delete, deletes)
    reply: dict[str, Any] = {"UnprocessedItems": {}}
    if capacity is not None:
        reply["ConsumedCapacity"] = consumed
    return reply


def _decide(
    table: Table, requests: list[dict[str, Any]], keep_items: bool
) -> tuple[Table, list[tuple[Any, ...]], list[ItemKey], list[tuple[ItemKey, Item | None]]]:
    """One table's writes: rows to put, keys to delete, and, for counting capacity, both as items."""
    rows: list[tuple[Any, ...]] = []
    deletes: list[ItemKey] = []
    items: list[tuple[ItemKey, Item | None]] = []
    keys: set[ItemKey] = set()
    for write in requests:
        if len(write) != 1:
            raise invalid(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
                "supported datatypes"
            )
        if "PutRequest" in write:
            item = canonical_attributes(write["PutRequest"]["Item"])
            key = item_key(table.keys, item)
            blob = encode(item)
            check_size(item, blob, TOO_LARGE)
            rows.append((*key, *columns_of(table, item), blob))
            if keep_items:
                items.append((key, item))
        else:
            key = exact_key(table.keys, canonical_attributes(write["DeleteRequest"]["Key"]))
            deletes.append(key)
            if keep_items:
                items.append((key, None))
        keys.add(key)
    if len(keys) != len(requests):
        raise invalid("Provided list of item keys contains duplicates")
    return table, rows, deletes, items
