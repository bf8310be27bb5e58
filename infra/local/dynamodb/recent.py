"""The items that were written last, as they are stored.

A job's row is made, claimed and settled within moments: looking it up again each time was a tenth of what a job cost.

The database is the truth. Who writes an item says here what is stored now (`keep`) or that it must be looked up
(`forget`); what is kept goes with the engine's cache when a group of calls is rolled back.
"""

from infra.local.dynamodb.keys import ItemKey
from infra.local.dynamodb.tables import Table
from infra.local.request import Request

#: Where they are in `Request.cache`.
_CACHE = "dynamodb items"
#: Items after which those that were written before them are let go, and bytes of the largest that is kept: 16 MB each.
_GENERATION, _LARGEST = 4_096, 4_096

#: A table's id and an item's key.
_Place = tuple[int, ItemKey]


class _Recent:
    """Two generations of items; when the younger one is full, it takes the place of the older."""

    __slots__ = ("older", "younger")

    def __init__(self) -> None:
        self.younger: dict[_Place, bytes] = {}
        self.older: dict[_Place, bytes] = {}


def kept(request: Request, table: Table, key: ItemKey) -> bytes | None:
    """What is stored under a key, if it is remembered."""
    recent: _Recent | None = request.cache.get(_CACHE)
    if recent is None:
        return None
    place = (table.id, key)
    return recent.younger.get(place) or recent.older.get(place)


def keep(request: Request, table: Table, key: ItemKey, blob: bytes) -> None:
    """An item was written."""
    recent: _Recent | None = request.cache.get(_CACHE)
    if recent is None:
        recent = request.cache[_CACHE] = _Recent()
    place = (table.id, key)
    if len(blob) > _LARGEST:
        recent.younger.pop(place, None)
        recent.older.pop(place, None)
        return
    if len(recent.younger) >= _GENERATION:
        recent.older, recent.younger = recent.younger, {}
    recent.younger[place] = blob


def forget(request: Request, table: Table, key: ItemKey) -> None:
    """An item was deleted."""
    recent: _Recent | None = request.cache.get(_CACHE)
    if recent is not None:
        recent.younger.pop((table.id, key), None)
        recent.older.pop((table.id, key), None)


def forget_all(request: Request) -> None:
    """Items were deleted, nobody knows which."""
    request.cache.pop(_CACHE, None)
