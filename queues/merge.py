"""IO: reads the entries of several index partitions in the order of their times, as if they were one.

A tenant's jobs of one state are in as many partitions as the tenant has shards (`shards.py`); a list of all jobs is
five states. Each partition comes in order, so the next entry of all is the next one of a partition. Where there is one
partition, a page is one query.

A `Bookmark` is a place in that order, from which another process can go on. It is a time, and for each partition from
which entries of that very time were taken the last of them: only DynamoDB knows the order of entries of one time. From
all others one goes on with that time, as one does with a shard that has come into use since. So a bookmark is small,
however many partitions there are.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from queues.rows import SORT_KEY, Item, number, string
from queues.shards import partitions

if TYPE_CHECKING:
    from queues.store import JobStore


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place in the merged order."""

    #: Epoch ms: the `due` of the entry that was taken last.
    due: int
    #: Partition -> `pk` of the last entry of that time that was taken from it.
    last: Mapping[str, str]


def moved(mark: Bookmark | None, taken: Sequence[Item]) -> Bookmark | None:
    """The place after these entries, which were taken from `mark` on, in their order. Pure."""
    if not taken:
        return mark
    due = _due(taken[-1])
    last = dict(mark.last) if mark is not None and mark.due == due else {}
    first = len(taken) - 1
    while first > 0 and _due(taken[first - 1]) == due:
        first -= 1
    last |= {entry["state"]["S"]: entry["pk"]["S"] for entry in taken[first:]}
    return Bookmark(due, last)


def share(wanted: int, shards: int) -> int:
    """Entries to ask each shard for, if `wanted` of all are: rarely too few, since ids are spread evenly. Pure."""
    if shards == 1:
        return wanted
    even = wanted / shards
    # Three standard deviations more.
    return min(wanted, math.ceil(even + 3 * math.sqrt(even)))


@dataclass(slots=True)
class _Part:
    """One partition being read."""

    name: str
    #: Where the next query starts; None: at the beginning.
    start: Item | None
    #: What was read and not yet taken, the next one last.
    buffer: list[Item] = field(default_factory=list)
    exhausted: bool = False


class Merge:
    """A walk over a tenant's jobs of some states, in the order of `due`. For one task at a time."""

    def __init__(
        self,
        store: JobStore,
        tenant: str,
        states: Sequence[str],
        shards: int,
        *,
        newest_first: bool = True,
        before: int | None = None,
        after: Bookmark | None = None,
    ):
        """`before`: only what is due before that (epoch ms). `after`: goes on there, and is not for both at once."""
        assert before is None or after is None
        self._store, self._shards, self._newest_first = store, shards, newest_first
        self._before, self._since = before, None if newest_first or after is None else after.due
        if newest_first and after is not None:
            self._before = after.due + 1
        self.bookmark = after
        names = [name for state in states for name in partitions(tenant, state, shards)]
        self._parts = [_Part(name, _start(name, after)) for name in names]

    @property
    def done(self) -> bool:
        """Whether there is no further entry. If not, it may still be that the last page ended with the last one."""
        return all(part.exhausted and not part.buffer for part in self._parts)

    async def page(self, wanted: int) -> list[Item]:
        """The next entries (pk, sk, state, due, type), so many of them; fewer at the end."""
        limit = share(wanted, self._shards)
        await asyncio.gather(*(self._fill(part, limit) for part in self._parts if not part.buffer))
        taken: list[Item] = []
        while len(taken) < wanted:
            ready = [part for part in self._parts if part.buffer]
            if not ready:
                break
            part = ready[0] if len(ready) == 1 else self._next(ready)
            count = wanted - len(taken) if len(ready) == 1 else 1
            taken += part.buffer[: -count - 1 : -1]
            del part.buffer[-count:]
            if not part.buffer and len(taken) < wanted:
                await self._fill(part, limit)
        self.bookmark = moved(self.bookmark, taken)
        return taken

    def _next(self, ready: Sequence[_Part]) -> _Part:
        def due(part: _Part) -> int:
            return _due(part.buffer[-1])

        return max(ready, key=due) if self._newest_first else min(ready, key=due)

    async def _fill(self, part: _Part, limit: int) -> None:
        """Reads on until there is an entry, or no more."""
        while not part.buffer and not part.exhausted:
            entries, part.start = await self._store.keys(
                part.name,
                start=part.start,
                limit=limit,
                newest_first=self._newest_first,
                before=self._before,
                since=self._since,
            )
            part.buffer, part.exhausted = entries[::-1], part.start is None


def _start(name: str, mark: Bookmark | None) -> Item | None:
    if mark is None or name not in mark.last:
        return None
    return {"state": string(name), "due": number(mark.due), "pk": string(mark.last[name]), "sk": string(SORT_KEY)}


def _due(entry: Item) -> int:
    return int(entry["due"]["N"])
