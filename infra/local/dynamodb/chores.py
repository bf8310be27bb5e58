"""Work on a whole table that is done in steps between other calls: back-filling an index, noting expiries, counting.

UpdateTable and UpdateTimeToLive do the first step themselves, so that a small table is ready when they answer. What
is left is written down with how far it has come, and `tick` goes on with it, a bounded number of rows at a time,
also after a restart. Rows that are written meanwhile take care of themselves: writes know of the new columns at once.
"""

from typing import Any, Literal

from infra.local.dynamodb.items import decode
from infra.local.dynamodb.rows import entry_of, expiry
from infra.local.dynamodb.tables import Index, Table, load_by_id, save_definition
from infra.local.request import Request

Kind = Literal["index", "expiry", "count"]

#: Rows that one step rewrites, and entries that one counts: some milliseconds.
STEP_ROWS = 1_000
STEP_ENTRIES = 50_000

_PLAN = "INSERT INTO dynamodb_chores (table_id, kind, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_NEXT = "SELECT id, table_id, kind, name, done, hash, range FROM dynamodb_chores ORDER BY id LIMIT 1"
_PROGRESS = "UPDATE dynamodb_chores SET done = ?, hash = ?, range = ? WHERE id = ?"
_DONE = "DELETE FROM dynamodb_chores WHERE id = ?"
_DROP = "DELETE FROM dynamodb_chores WHERE table_id = ? AND kind = ?"
_DROP_ALL = "DELETE FROM dynamodb_chores WHERE table_id = ?"
_PENDING = "SELECT 1 FROM dynamodb_chores WHERE table_id = ? AND kind = ?"
_COUNTED = "UPDATE dynamodb_tables SET item_count = ?, counted_at = ? WHERE id = ?"

#: A chore's row: id, table id, kind, name, done, hash, range.
Chore = tuple[int, int, str, str, int, Any, Any]


def plan(request: Request, table: Table, kind: Kind, name: str = "") -> None:
    """Leaves work to `tick`."""
    request.db.execute(_PLAN, (table.id, kind, name))
    request.alarm(request.now)


def begin(request: Request, table: Table, kind: Kind, name: str = "") -> None:
    """Does the first step of some work, and all of it when the table is small."""
    request.db.execute(_PLAN, (table.id, kind, name))
    chore = next(row for row in _chores(request) if row[1:4] == (table.id, kind, name))
    if not _step(request, chore):
        request.alarm(request.now)


def is_pending(request: Request, table: Table, kind: Kind) -> bool:
    return request.db.execute(_PENDING, (table.id, kind)).fetchone() is not None


def abandon(request: Request, table: Table, kind: Kind | None = None) -> None:
    """Forgets what is planned for a table, of one kind or altogether."""
    if kind is None:
        request.db.execute(_DROP_ALL, (table.id,))
    else:
        request.db.execute(_DROP, (table.id, kind))


def tick(request: Request) -> int | None:
    """One step of the oldest chore; `request.now` while there are more."""
    chore: Chore | None = request.db.execute(_NEXT).fetchone()
    if chore is None:
        return None
    _step(request, chore)
    return request.now


def _chores(request: Request) -> list[Chore]:
    rows: list[Chore] = request.db.execute(_NEXT.removesuffix(" LIMIT 1")).fetchall()
    return rows


def _step(request: Request, chore: Chore) -> bool:
    """One step; says whether that was the last."""
    id_, table_id, kind, name, done, hash_, range_ = chore
    table = load_by_id(request, table_id)
    if table is None:
        request.db.execute(_DONE, (id_,))
        return True
    if kind == "count":
        position = _count(request, table, done, hash_, range_)
    else:
        index = table.index(name) if kind == "index" else None
        position = _rewrite(request, table, index, done)
    if position is None:
        request.db.execute(_DONE, (id_,))
        return True
    request.db.execute(_PROGRESS, (*position, id_))
    return False


def _rewrite(request: Request, table: Table, index: Index | None, after: int) -> tuple[int, str, str] | None:
    """Fills the columns of `index`, or the expiry, of the next rows; None at the end."""
    rows = request.db.execute(table.sql.all_items, (after, STEP_ROWS)).fetchall()
    if index is not None:
        fills = [(*entry_of(index, decode(blob)), id_) for id_, blob in rows]
        request.db.executemany(index.columns.fill, fills)
    elif table.ttl_attribute is not None:
        attribute = table.ttl_attribute
        request.db.executemany(table.sql.set_expiry, [(expiry(attribute, decode(blob)), id_) for id_, blob in rows])
    if len(rows) == STEP_ROWS:
        return rows[-1][0], "", ""
    if index is not None:
        _activate(request, table, index)
    return None


def _activate(request: Request, table: Table, index: Index) -> None:
    """The index may be read from now on."""
    definition = dict(table.definition)
    definition["GlobalSecondaryIndexes"] = [
        {name: value for name, value in entry.items() if name != "IndexStatus" or entry["IndexName"] != index.name}
        for entry in definition["GlobalSecondaryIndexes"]
    ]
    save_definition(request, table, definition)


def _count(request: Request, table: Table, counted: int, hash_: Any, range_: Any) -> tuple[int, Any, Any] | None:
    """Counts on from a key; None at the end, when the number is written down."""
    further = request.db.execute(table.sql.step, (hash_, range_, STEP_ENTRIES - 1)).fetchone()
    if further is not None:
        return counted + STEP_ENTRIES, *further
    (rest,) = request.db.execute(table.sql.rest, (hash_, range_)).fetchone()
    request.db.execute(_COUNTED, (counted + rest, request.now, table.id))
    return None
