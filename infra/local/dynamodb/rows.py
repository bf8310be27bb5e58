"""Items as rows: what stands beside an item in its row, and the few statements that read and write one."""

import sqlite3
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.items import decode
from infra.local.dynamodb.keys import ItemKey, index_part
from infra.local.dynamodb.tables import Index, Table
from infra.local.errors import AwsError

#: Longest whole part of a TTL value that SQLite's integers hold.
_TTL_DIGITS = 18

#: expires, index keys...: the columns between key and item.
Columns = list[Any]


def read(db: sqlite3.Connection, table: Table, key: ItemKey) -> tuple[int, bytes] | None:
    """The row id and stored item under a key."""
    row: tuple[int, bytes] | None = db.execute(table.sql.get, key).fetchone()
    return row


def read_item(db: sqlite3.Connection, table: Table, key: ItemKey) -> Item | None:
    row = read(db, table, key)
    return None if row is None else decode(row[1])


def columns_of(table: Table, item: Item, *, updating: bool = False) -> Columns:
    """What stands beside an item; refuses a value that an index cannot hold as its key."""
    ttl = table.ttl_attribute
    columns: Columns = [None if ttl is None or ttl not in item else expiry(ttl, item)]
    for index in table.indexes:
        columns += _index_key(index, item, updating)
    return columns


def entry_of(index: Index, item: Item) -> Columns:
    """As for one index, of an item that was written before there was this index: what does not fit has no entry."""
    try:
        return _index_key(index, item, updating=False)
    except AwsError:
        return list(index.no_entry)


def expiry(attribute: str, item: Item) -> int | None:
    """The TTL attribute in whole epoch seconds; None when it is no number, and so never expires."""
    value = item.get(attribute)
    text = None if value is None else value.get("N")
    if text is None:
        return None
    whole = str(text).partition(".")[0]
    return int(whole) if len(whole) <= _TTL_DIGITS else None


def _index_key(index: Index, item: Item, updating: bool) -> Columns:
    parts: Columns = [
        None if (value := item.get(attribute.name)) is None else index_part(attribute, value, named, limit, updating)
        for attribute, limit, named in index.own_keys
    ]
    return list(index.no_entry) if None in parts else parts
