"""Items as rows: what stands beside an item in its row, and the few statements that read and write one."""

from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.items import decode
from infra.local.dynamodb.keys import ItemKey, index_part
from infra.local.dynamodb.recent import forget, keep, kept
from infra.local.dynamodb.tables import Index, Table
from infra.local.errors import AwsError
from infra.local.request import Request

#: Longest whole part of a TTL value that SQLite's integers hold.
_TTL_DIGITS = 18

#: expires, index keys...: the columns between key and item.
Columns = list[Any]


def read(request: Request, table: Table, key: ItemKey) -> bytes | None:
    """The stored item under a key."""
    blob = kept(request, table, key)
    if blob is None:
        row: tuple[bytes] | None = request.db.execute(table.sql.get, key).fetchone()
        return None if row is None else row[0]
    return blob


def read_item(request: Request, table: Table, key: ItemKey) -> Item | None:
    """The same, decoded: a fresh item, shared with nobody."""
    blob = read(request, table, key)
    return None if blob is None else decode(blob)


def write(
    request: Request, table: Table, key: ItemKey, statement: str, parameters: tuple[Any, ...], blob: bytes | None
) -> None:
    """Runs a statement after which `blob` is what is stored under the key; None: nothing."""
    request.db.execute(statement, parameters)
    if blob is None:
        forget(request, table, key)
    else:
        keep(request, table, key, blob)


def columns_of(table: Table, item: Item, *, updating: bool = False) -> Columns:
    """What stands beside an item; refuses a value that an index cannot hold as its key."""
    columns: Columns = [None if table.ttl_attribute is None else expiry(table.ttl_attribute, item)]
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
    parts: Columns = []
    for attribute, limit, named in index.own_keys:
        value = item.get(attribute.name)
        if value is None:
            parts.append(None)
        else:
            parts.append(index_part(attribute, value, named, limit=limit, updating=updating))
    return list(index.no_entry) if None in parts else parts
