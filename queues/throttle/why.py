"""IO: gathers what tells why a job waits. Only who asks pays for it: a few reads, and nothing is written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from queues.control.control import Control
from queues.errors import Unreadable
from queues.job import Job, Status
from queues.merge import Merge
from queues.rows import OPEN, Item, partition_key
from queues.store import JobStore
from queues.throttle.reason import PAUSED, Pace, Waiting, limited, queued, too_early
from queues.throttle.scope import KeyFault, scopes_of

#: Index entries of one page, and pages that are read at the most: beyond that it is "or more".
PAGE = 100
PAGES = 10
#: Milliseconds that count as lately.
LATELY = 5 * 60_000


@dataclass(frozen=True, slots=True)
class Why:
    """Answers why jobs wait."""

    store: JobStore
    control: Control

    async def of(self, job: Job, now: int) -> Waiting | None:
        """Why a job waits; None if it does not."""
        if job.status not in (Status.WAITING, Status.DELAYED):
            return None
        found = too_early(job)
        if found is not None:
            return found
        if job.type in await self.control.pauses.paused():
            return PAUSED
        return await self._limited(job, now) or queued(await self._pace(job, now))

    async def _limited(self, job: Job, now: int) -> Waiting | None:
        if job.type not in self.control.catalog.names:
            return None
        try:
            scopes = scopes_of(self.control.catalog.get(job.type), job)
        except (Unreadable, KeyFault):
            # It will fail as soon as it starts, and no limit keeps it from that.
            return None
        rows = await asyncio.gather(*(self.control.limit_rows.read(scope.pk) for scope in scopes))
        states = {scope.pk: row.state for scope, row in zip(scopes, rows, strict=True)}
        return limited(job, now, scopes, states)

    async def _pace(self, job: Job, now: int) -> Pace:
        """How many of its tenant's jobs of the type are open and were due before it, and how fast such jobs end."""
        due = job.run_at + self.store.check_after
        mine = (due, partition_key(job.tenant, job.id))
        shards = await self.store.shards_of(job.tenant)
        merge = Merge(self.store, job.tenant, [OPEN], shards, newest_first=False, before=due + 1)
        ahead = 0
        for _ in range(PAGES):
            entries = await merge.page(PAGE)
            # Those of one bulk are due at the same time; their ids are in order.
            ahead += sum(entry["type"]["S"] == job.type and (_due(entry), entry["pk"]["S"]) < mine for entry in entries)
            if merge.done:
                break
        ended = await Merge(self.store, job.tenant, [Status.COMPLETED.value], shards).page(PAGE)
        lately = [_due(entry) for entry in ended if entry["type"]["S"] == job.type and _due(entry) > now - LATELY]
        per_second = len(lately) / max(1.0, (now - min(lately)) / 1000) if lately else None
        return Pace(ahead, not merge.done, per_second)


def _due(entry: Item) -> int:
    return int(entry["due"]["N"])
