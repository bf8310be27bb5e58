"""The sweep: deletes what nobody is to see again, a bounded number of items at a time.

Expired items: AWS deletes them within a few days and shows them until then, and so does this engine. What
expired more than five years ago stays, as on AWS. Items of deleted tables: a large table is forgotten at once
and emptied here, since dropping a million rows in one go would hold up every other call.
"""

from infra.local.dynamodb.limits import TTL_MAX_AGE
from infra.local.dynamodb.statements import statements
from infra.local.dynamodb.tables import TABLE_COLUMNS, table_from
from infra.local.request import Request

#: Items that one sweep deletes at most: a few milliseconds.
SWEEP_ITEMS = 500

#: Not while the expiries are being noted: those of an attribute that told before may still be there.
_WITH_TTL = f"""
SELECT {TABLE_COLUMNS} FROM dynamodb_tables
WHERE ttl_attribute IS NOT NULL AND id NOT IN (SELECT table_id FROM dynamodb_chores WHERE kind = 'expiry')
ORDER BY id
"""  # noqa: S608 (names of our own)
_DROPPED = "SELECT id FROM dynamodb_dropped ORDER BY id"
_EMPTIED = "DELETE FROM dynamodb_dropped WHERE id = ?"


def sweep(request: Request) -> int:
    """Deletes at most SWEEP_ITEMS items of all regions and says how many; 0 means that nothing is left to do."""
    deleted = _sweep_expired(request, SWEEP_ITEMS)
    return deleted + _sweep_dropped(request, SWEEP_ITEMS - deleted)


def _sweep_expired(request: Request, room: int) -> int:
    now = request.now // 1000
    deleted = 0
    for row in request.db.execute(_WITH_TTL).fetchall():
        if deleted == room:
            break
        bounds = (now - TTL_MAX_AGE, now, room - deleted)
        deleted += request.db.execute(table_from(*row).sql.expire, bounds).rowcount
    return deleted


def _sweep_dropped(request: Request, room: int) -> int:
    deleted = 0
    for (table_id,) in request.db.execute(_DROPPED).fetchall():
        if deleted == room:
            break
        sql = statements(table_id, ())
        deleted += request.db.execute(sql.empty, (room - deleted,)).rowcount
        if deleted < room:
            request.db.execute(sql.drop)
            request.db.execute(_EMPTIED, (table_id,))
    return deleted
