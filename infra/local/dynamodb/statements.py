"""The SQL of one DynamoDB table, written once when its definition is read.

Each DynamoDB table is a SQLite table, so that dropping one is quick and no statement searches among strangers:

    dynamodb_items_7 (id, hash, range, expires, i0_hash, i0_range, ..., item)

`hash` and `range` are the key, `item` the stored item, last so that the columns before it are found without
reading its overflow pages. A global secondary index is two more columns, and a SQLite index over them and the
key: SQLite keeps it up to date, in C, when a row is written, and a row without the index's keys has NULL there
and no entry. The key closes every index so that pages of a query continue at an exact place even when the item
at that place is gone. `expires` is the TTL attribute in epoch seconds, NULL where there is none.

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
    definition TEXT NOT NULL,               -- JSON: the CreateTable parameters that DescribeTable gives back
    ttl_attribute TEXT,                     -- NULL while TTL is off
    UNIQUE (region, name)
);
CREATE TABLE IF NOT EXISTS dynamodb_dropped (
    id INTEGER PRIMARY KEY                  -- a deleted table whose dynamodb_items_N is not yet emptied
);
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
_CREATE_INDEX = Template(
    "CREATE INDEX ${table}_i$number ON $table ($columns, hash, range) WHERE i${number}_hash IS NOT NULL"
)
_DROP = Template("DROP TABLE $table")
_GET = Template("SELECT id, item FROM $table WHERE hash = ? AND range = ?")
_INSERT = Template("INSERT INTO $table ($columns) VALUES ($marks) ON CONFLICT (hash, range) DO NOTHING")
_UPSERT = Template("INSERT INTO $table ($columns) VALUES ($marks) ON CONFLICT (hash, range) DO UPDATE SET $assignments")
_REPLACE = Template("UPDATE $table SET $assignments WHERE id = ?")
_DELETE = Template("DELETE FROM $table WHERE hash = ? AND range = ?")
_SELECT = Template("SELECT item FROM $table INDEXED BY $index WHERE ")
_COUNT = Template("SELECT count(*) FROM $table WHERE $present")
_MEAN_SIZE = Template("SELECT avg(length(item)) FROM (SELECT item FROM $table LIMIT 100)")
#: A bounded number of the rows that expired, and not so long ago that it must be a mistake.
_EXPIRE = Template(
    "DELETE FROM $table WHERE id IN (SELECT id FROM $table WHERE expires > ? AND expires < ? ORDER BY expires LIMIT ?)"
)
#: Some of a deleted table's rows.
_EMPTY = Template("DELETE FROM $table WHERE id IN (SELECT id FROM $table LIMIT ?)")
_ALL_ITEMS = Template("SELECT id, item FROM $table WHERE id > ? ORDER BY id LIMIT ?")
_SET_EXPIRY = Template("UPDATE $table SET expires = ? WHERE id = ?")
_CLEAR_EXPIRY = Template("UPDATE $table SET expires = NULL WHERE expires IS NOT NULL")


@dataclass(frozen=True, slots=True)
class IndexColumns:
    """Where one index's keys are; the table's own key is searched the same way."""

    #: Begins a search: `SELECT item FROM ... WHERE `
    select: str
    hash: str
    #: Columns that order the entries of one hash: the index's range key, if any, and the item's key.
    order: tuple[str, ...]
    count: str


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
    mean_size: str
    expire: str
    empty: str
    all_items: str
    set_expiry: str
    clear_expiry: str


def statements(table_id: int, indexes_have_range: Sequence[bool]) -> Statements:
    """The SQL of table `table_id`, whose indexes have a range key or not."""
    table = f"dynamodb_items_{table_id}"
    keys = [
        [f"i{number}_hash", f"i{number}_range"] if has_range else [f"i{number}_hash"]
        for number, has_range in enumerate(indexes_have_range)
    ]
    index_columns = [column for columns in keys for column in columns]
    columns = ["hash", "range", "expires", *index_columns, "item"]
    marks = ", ".join("?" for _ in columns)
    upserts = ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
    declared = "".join(f"{column}, " for column in index_columns)
    create = [template.substitute(table=table, columns=declared) for template in _CREATE]
    create += [
        _CREATE_INDEX.substitute(table=table, number=number, columns=", ".join(columns))
        for number, columns in enumerate(keys)
    ]
    return Statements(
        create=tuple(create),
        drop=_DROP.substitute(table=table),
        get=_GET.substitute(table=table),
        insert=_INSERT.substitute(table=table, columns=", ".join(columns), marks=marks),
        upsert=_UPSERT.substitute(table=table, columns=", ".join(columns), marks=marks, assignments=upserts),
        replace_item=_REPLACE.substitute(table=table, assignments="item = ?"),
        replace_row=_REPLACE.substitute(table=table, assignments=", ".join(f"{column} = ?" for column in columns[2:])),
        delete=_DELETE.substitute(table=table),
        key=IndexColumns(
            select=_SELECT.substitute(table=table, index=f"{table}_key"),
            hash="hash",
            order=("range",),
            count=_COUNT.substitute(table=table, present="1"),
        ),
        indexes=tuple(
            IndexColumns(
                select=_SELECT.substitute(table=table, index=f"{table}_i{number}"),
                hash=columns[0],
                order=(*columns[1:], "hash", "range"),
                count=_COUNT.substitute(table=table, present=f"{columns[0]} IS NOT NULL"),
            )
            for number, columns in enumerate(keys)
        ),
        mean_size=_MEAN_SIZE.substitute(table=table),
        expire=_EXPIRE.substitute(table=table),
        empty=_EMPTY.substitute(table=table),
        all_items=_ALL_ITEMS.substitute(table=table),
        set_expiry=_SET_EXPIRY.substitute(table=table),
        clear_expiry=_CLEAR_EXPIRY.substitute(table=table),
    )
