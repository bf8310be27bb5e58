"""How many items a table and its indexes have, as DescribeTable tells: at once for small tables, remembered for large.

AWS updates these numbers about every six hours. Here a table of up to EXACT items is counted when it is asked for.
A larger one is counted in steps between other calls (see chores.py), anew when the last count is six hours old;
until there is a first count, the largest row id stands in, which is the number of items ever written.
"""

from infra.local.dynamodb.chores import plan
from infra.local.dynamodb.limits import COUNT_INTERVAL_MS
from infra.local.dynamodb.tables import Index, Table
from infra.local.request import Request

#: Entries that are counted on the spot: under a millisecond.
EXACT = 10_000

_REMEMBERED = "SELECT item_count, counted_at FROM dynamodb_tables WHERE id = ?"


def count_items(request: Request, table: Table) -> int:
    (count,) = request.db.execute(table.sql.key.count, (EXACT,)).fetchone()
    if count < EXACT:
        return int(count)
    remembered, counted_at = request.db.execute(_REMEMBERED, (table.id,)).fetchone()
    if counted_at is None or counted_at + COUNT_INTERVAL_MS <= request.now:
        plan(request, table, "count")
    if remembered is None:
        (remembered,) = request.db.execute(table.sql.last_id).fetchone()
    return int(remembered)


def count_entries(request: Request, index: Index, items: int) -> int:
    """The entries of an index; of a large one no more is said than that it has most of the `items`."""
    (count,) = request.db.execute(index.columns.count, (EXACT,)).fetchone()
    return int(count) if count < EXACT else items
