"""Item collections: what of a table with local indexes shares a partition key, and how large it is.

AWS holds a collection to 10 GB; the embedded tables tell the size and set no limit.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections
"""

from collections.abc import Iterable
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.keys import ItemKey
from infra.local.dynamodb.tables import Table
from infra.local.request import Request

_GIGABYTE = 1024**3


def metrics_of(request: Request, table: Table, key: ItemKey, attributes: Item) -> dict[str, Any] | None:
    """The ItemCollectionMetrics of the item with this key; None for a table without local indexes."""
    if not table.has_collections:
        return None
    (size,) = request.db.execute(table.sql.collection_size, key[:1]).fetchone()
    low = (size or 0) // _GIGABYTE
    name = table.keys.hash.name
    return {
        "ItemCollectionKey": {name: attributes[name]},
        "SizeEstimateRangeGB": [float(low), float(low + 1)],
    }


def metrics_of_many(
    request: Request, written: Iterable[tuple[Table, ItemKey, Item]]
) -> dict[str, list[dict[str, Any]]]:
    """Table name -> one entry for each collection that was written to."""
    told: dict[str, list[dict[str, Any]]] = {}
    seen: set[tuple[int, Any]] = set()
    for table, key, attributes in written:
        if (table.id, key[0]) not in seen:
            seen.add((table.id, key[0]))
            metrics = metrics_of(request, table, key, attributes)
            if metrics is not None:
                told.setdefault(table.name, []).append(metrics)
    return told
