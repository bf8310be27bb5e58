"""The SQL of one DynamoDB table, written once when its definition is read.

Each DynamoDB table is a SQLite table, so that dropping one is quick and no statement searches among strangers:

    dynamodb_items_7 (id, hash, range, expires, i0_h0, i0_r0, ..., item)

`hash` and `range` are the key, `item` the stored item, behind the columns that every search needs. A global
secondary index is a column for each of its key attributes, and a SQLite index over them and the key: SQLite keeps
it up to date, in C, when a row is written, and a row without the index's keys has NULL there and no entry. A local
one shares the table's hash column. The key closes every index so that pages of a query continue at an exact place
even when the item at that place is gone. `expires` is the TTL attribute in epoch seconds, NULL where there is none.

An index that comes later (UpdateTable) is columns added behind the item. Its number is never used again, and its
columns stay when it goes: taking them out would rewrite the table.

A table of rowids, not WITHOUT ROWID: items are larger than a quarter of a page, which such tables spill, and
new ones are appended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

#: One row for each table of each region.
SCHEMA = """
CREATE TABLE IF NOT EXISTS dynamodb_tables (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- names its dynamodb_items_N, never used twice
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    uuid TEXT NOT NULL,
    created_at INTEGER NOT NULL,            -- epoch ms
    definition TEXT NOT NULL,               -- JSON, see definition.py
    ttl_attribute TEXT,                     -- NULL while TTL is off
    item_count INTEGER,                     -- as counted last, NULL while the table is small enough to be counted
    counted_at INTEGER,                     -- epoch ms
    UNIQUE (region, name)
);
CREATE TABLE IF NOT EXISTS dynamodb_dropped (
    id INTEGER PRIMARY KEY                  -- a deleted table whose dynamodb_items_N is not yet emptied
);
CREATE TABLE IF NOT EXISTS dynamodb_chores (
    id INTEGER PRIMARY KEY,
    table_id INTEGER NOT NULL,
    kind TEXT NOT NULL,                     -- index, expiry or count, see chores.py
    name TEXT NOT NULL,                     -- of the index; empty for the others
    done INTEGER NOT NULL DEFAULT 0,        -- how far it has come: the last row's id, or the entries counted
    hash NOT NULL DEFAULT '',               -- the last entry counted
    range NOT NULL DEFAULT '',
    UNIQUE (table_id, kind, name)
);
CREATE TABLE IF NOT EXISTS dynamodb_tags (
    table_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (table_id, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dynamodb_tokens (
    region TEXT NOT NULL,
    token TEXT NOT NULL,                    -- ClientRequestToken of a TransactWriteItems
    fingerprint BLOB NOT NULL,              -- of its other parameters
    expires_at INTEGER NOT NULL,            -- epoch ms
    PRIMARY KEY (region, token)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dynamodb_tokens_expiry ON dynamodb_tokens (expires_at);
"""

_CREATE = (
    Template(
        "CREATE TABLE $table (id INTEGER PRIMARY KEY, hash NOT NULL, range NOT NULL, expires INTEGER,"
        " $columns item BLOB NOT NULL)"
    ),
    Template("CREATE UNIQUE INDEX ${table}_key ON $table (hash, range)"),
    Template("CREATE INDEX ${table}_expires ON $table (expires) WHERE expires IS NOT NULL"),
)
_CREATE_INDEX = Template("CREATE INDEX $index ON $table ($columns) WHERE $present")
_ADD_COLUMN = Template("ALTER TABLE $table ADD COLUMN $column")
_DROP_INDEX = Template("DROP INDEX $index")
_DROP = Template("DROP TABLE $table")
_GET = Template("SELECT id, item FROM $table WHERE hash = ? AND range = ?")
_INSERT = Template("INSERT INTO $table ($columns) VALUES ($marks) ON CONFLICT (hash, range) DO NOTHING")
_UPSERT = Template("INSERT INTO $table ($columns) VALUES ($marks) ON CONFLICT (hash, range) DO UPDATE SET $assignments")
_REPLACE = Template("UPDATE $table SET $assignments WHERE id = ?")
_DELETE = Template("DELETE FROM $table WHERE hash = ? AND range = ?")
_SELECT = Template("SELECT item FROM $table INDEXED BY $index WHERE $present AND ")
#: Counts no further than a given number.
_COUNT = Template("SELECT count(*) FROM (SELECT 1 FROM $table INDEXED BY $index WHERE $present LIMIT ?)")
#: The key some entries further on, and how many there are from a key on when there are fewer.
_STEP = Template(
    "SELECT hash, range FROM $table INDEXED BY ${table}_key WHERE (hash, range) > (?, ?)"
    " ORDER BY hash, range LIMIT 1 OFFSET ?"
)
_REST = Template("SELECT count(*) FROM $table INDEXED BY ${table}_key WHERE (hash, range) > (?, ?)")
_COLLECTION_SIZE = Template("SELECT sum(length(item)) FROM $table WHERE hash = ?")
_LAST_ID = Template("SELECT coalesce(max(id), 0) FROM $table")
_MEAN_SIZE = Template("SELECT avg(length(item)) FROM (SELECT item FROM $table LIMIT 100)")
#: A bounded number of the rows that expired, and not so long ago that it must be a mistake.
_EXPIRE = Template(
    "DELETE FROM $table WHERE id IN (SELECT id FROM $table WHERE expires > ? AND expires < ? ORDER BY expires LIMIT ?)"
)
#: Some of a deleted table's rows.
_EMPTY = Template("DELETE FROM $table WHERE id IN (SELECT id FROM $table LIMIT ?)")
_ALL_ITEMS = Template("SELECT id, item FROM $table WHERE id > ? ORDER BY id LIMIT ?")
_SET_COLUMNS = Template("UPDATE $table SET $assignments WHERE id = ?")


@dataclass(frozen=True, slots=True)
class IndexLayout:
    """What of an index decides its columns."""

    #: Of all indexes that the table ever had.
    number: int
    #: Key attributes; a local index has no hash columns of its own.
    hashes: int
    ranges: int


@dataclass(frozen=True, slots=True)
class IndexColumns:
    """Where one index's keys are; the table's own key is searched the same way."""

    #: Begins a search: `SELECT item FROM ... WHERE ... AND `
    select: str
    #: Columns of the partition key.
    hashes: tuple[str, ...]
    #: Columns of the sort key that a search may narrow.
    ranges: tuple[str, ...]
    #: Columns that order the entries of one partition: those, and the item's key.
    order: tuple[str, ...]
    #: (limit) -> count of entries, which stops at the limit.
    count: str
    #: Columns of its own, which rows fill in.
    own: tuple[str, ...]
    #: (own columns..., id)
    fill: str
    add: tuple[str, ...]
    drop: str


@dataclass(frozen=True, slots=True)
class Statements:
    create: tuple[str, ...]
    drop: str
    #: (hash, range) -> id, item
    get: str
    #: (hash, range, expires, index keys..., item); `insert` leaves a row that is there alone.
    insert: str
    upsert: str
    #: (item, id): nothing that is indexed changed.
    replace_item: str
    #: (expires, index keys..., item, id)
    replace_row: str
    delete: str
    key: IndexColumns
    indexes: tuple[IndexColumns, ...]
    #: (hash, range, entries to skip) -> hash, range
    step: str
    #: (hash, range) -> count
    rest: str
    last_id: str
    #: (hash) -> bytes of JSON under that hash
    collection_size: str
    mean_size: str
    expire: str
    empty: str
    all_items: str
    #: (expires, id)
    set_expiry: str


def statements(table_id: int, indexes: Sequence[IndexLayout]) -> Statements:
    """The SQL of table `table_id` with these indexes."""
    table = f"dynamodb_items_{table_id}"
    laid_out = [_index(table, layout) for layout in indexes]
    own = [column for index in laid_out for column in index.own]
    columns = ["hash", "range", "expires", *own, "item"]
    marks = ", ".join("?" for _ in columns)
    upserts = ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
    declared = "".join(f"{column}, " for column in own)
    create = [template.substitute(table=table, columns=declared) for template in _CREATE]
    create += [index.add[-1] for index in laid_out]
    return Statements(
        create=tuple(create),
        drop=_DROP.substitute(table=table),
        get=_GET.substitute(table=table),
        insert=_INSERT.substitute(table=table, columns=", ".join(columns), marks=marks),
        upsert=_UPSERT.substitute(table=table, columns=", ".join(columns), marks=marks, assignments=upserts),
        replace_item=_REPLACE.substitute(table=table, assignments="item = ?"),
        replace_row=_REPLACE.substitute(table=table, assignments=", ".join(f"{column} = ?" for column in columns[2:])),
        delete=_DELETE.substitute(table=table),
        key=_key(table),
        indexes=tuple(laid_out),
        step=_STEP.substitute(table=table),
        rest=_REST.substitute(table=table),
        last_id=_LAST_ID.substitute(table=table),
        collection_size=_COLLECTION_SIZE.substitute(table=table),
        mean_size=_MEAN_SIZE.substitute(table=table),
        expire=_EXPIRE.substitute(table=table),
        empty=_EMPTY.substitute(table=table),
        all_items=_ALL_ITEMS.substitute(table=table),
        set_expiry=_SET_COLUMNS.substitute(table=table, assignments="expires = ?"),
    )


def _key(table: str) -> IndexColumns:
    index = f"{table}_key"
    return IndexColumns(
        select=_SELECT.substitute(table=table, index=index, present="true"),
        hashes=("hash",),
        ranges=("range",),
        order=("range",),
        count=_COUNT.substitute(table=table, index=index, present="true"),
        own=(),
        fill="",
        add=(),
        drop="",
    )


def _index(table: str, layout: IndexLayout) -> IndexColumns:
    index = f"{table}_i{layout.number}"
    hashes = tuple(f"i{layout.number}_h{at}" for at in range(layout.hashes))
    ranges = tuple(f"i{layout.number}_r{at}" for at in range(layout.ranges))
    own = (*hashes, *ranges)
    # A row has all of the columns or none, so one of them tells.
    present = f"{own[0]} IS NOT NULL"
    order = (*ranges, "hash", "range") if hashes else (*ranges, "range")
    create = _CREATE_INDEX.substitute(
        table=table, index=index, columns=", ".join((*(hashes or ("hash",)), *order)), present=present
    )
    return IndexColumns(
        select=_SELECT.substitute(table=table, index=index, present=present),
        hashes=hashes or ("hash",),
        ranges=ranges,
        order=order,
        count=_COUNT.substitute(table=table, index=index, present=present),
        own=own,
        fill=_SET_COLUMNS.substitute(table=table, assignments=", ".join(f"{column} = ?" for column in own)),
        add=(*(_ADD_COLUMN.substitute(table=table, column=column) for column in own), create),
        drop=_DROP_INDEX.substitute(index=index),
    )
