"""IO: what happens to all jobs of a tenant, or to those of one type, look by look.

Nothing is stored for it: a look reads the index entries of what is open and of what has ended since the look before,
and the rows behind them; what each row tells (`event.py`) and has not told here is new. So a look costs reads for each
open job: it is for somebody who watches, and of more than MAX_OPEN open jobs it takes those at the front and the
latest; the others are looked at when their turn comes.

Whoever comes back names the time of the event that was heard last, and is told all since OVERLAP before that: the clock
of another host may be behind, and a write may take its time. So nothing is left out, and an event may be told twice,
under the same id of the same job. It only reads: a process that dies leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from queues.clock import Clock
from queues.encryption.box import is_sealed
from queues.events.event import Event, events_after, events_of, is_last
from queues.job import Status
from queues.merge import Merge
from queues.rows import OPEN, OWING, Item
from queues.store import JobStore

#: Milliseconds that are told again to whoever comes back.
OVERLAP = 10_000
#: How far back, in milliseconds, somebody who comes back is told.
MAX_BACK = 3_600_000
#: Open jobs that one look reads: half of them from the front, half the latest.
MAX_OPEN = 1_000
#: Index entries of one query.
PAGE = 200
_ENDED = (Status.COMPLETED.value, Status.FAILED.value, Status.CANCELLED.value)


@dataclass(slots=True)
class Feed:
    """The events of one tenant's jobs from `since` (epoch ms) on; of all types if `type_name` is None."""

    store: JobStore
    tenant: str
    clock: Clock
    since: int
    type_name: str | None = None
    #: Of each job that was looked at, the id of the event that was told last, or would have been.
    _heard: dict[str, str] = field(default_factory=dict)
    #: When the look before began.
    _looked_at: int | None = None

    async def look(self) -> list[Event]:
        """What is new since the look before, in the order in which it happened; its time is never None."""
        now = self.clock()
        # In the order in which a job goes through them: one that moves meanwhile is met once at the least.
        shards = await self.store.shards_of(self.tenant)
        entries = [*await self._open(shards), *await self._owing(shards), *await self._ended(shards)]
        self._looked_at = now
        found: list[Event] = []
        seen: dict[str, str] = {}
        for row in await self.store.rows([entry for entry in entries if not self._is_told(entry)], now):
            # The note of a sensitive job is told to whoever reads the job itself.
            job = replace(row, note=None) if is_sealed(row.note) else row
            told = self._heard.get(job.id)
            if told is None:
                found += [event for event in events_of(job) if event.at is None or event.at >= self.since]
            else:
                found += events_after(told, job)
            seen[job.id] = events_of(job)[-1].id
        ids = {_id_of(entry) for entry in entries}
        # Of what has ended and is out of sight nothing more is to be told.
        kept = {job_id: told for job_id, told in self._heard.items() if job_id in ids or not is_last(told)}
        self._heard = kept | seen
        return sorted((replace(event, at=event.at or now) for event in found), key=lambda event: event.at or now)

    def _is_told(self, entry: Item) -> bool:
        """Whether it is of a job whose end has been told."""
        status = entry["state"]["S"].split("#")[1]
        return self._heard.get(_id_of(entry), "").endswith(f".{status}")

    async def _open(self, shards: int) -> list[Item]:
        front = await self._entries(OPEN, shards, newest_first=False, most=MAX_OPEN // 2)
        if len(front) < MAX_OPEN // 2:
            return self._wanted(front)
        return self._wanted([*front, *await self._entries(OPEN, shards, newest_first=True, most=MAX_OPEN // 2)])

    async def _owing(self, shards: int) -> list[Item]:
        return self._wanted(await self._entries(OWING, shards, newest_first=True, most=MAX_OPEN))

    async def _ended(self, shards: int) -> list[Item]:
        floor = self.since if self._looked_at is None else self._looked_at - OVERLAP
        found: list[Item] = []
        for status in _ENDED:
            found += await self._entries(status, shards, newest_first=True, floor=floor)
        return self._wanted(found)

    async def _entries(
        self, state: str, shards: int, *, newest_first: bool, most: int | None = None, floor: int | None = None
    ) -> list[Item]:
        """The entries of the jobs of a state: `most` at the most, none that is due before `floor`."""
        merge, found = Merge(self.store, self.tenant, (state,), shards, newest_first=newest_first), list[Item]()
        while True:
            page = await merge.page(PAGE)
            found += [entry for entry in page if floor is None or int(entry["due"]["N"]) >= floor]
            over = floor is not None and page and int(page[-1]["due"]["N"]) < floor
            if merge.done or not page or over or (most is not None and len(found) >= most):
                return found[:most]

    def _wanted(self, entries: Iterable[Item]) -> list[Item]:
        return [entry for entry in entries if self.type_name in (None, entry["type"]["S"])]


def _id_of(entry: Item) -> str:
    return str(entry["pk"]["S"]).split("#", 2)[2]
