"""IO: removes the artifacts that no job's row names: of jobs that are gone, and of writers that died between artifact
and row, or were second.

It decides by the row as it is read after the artifact was seen, and leaves alone what is younger than GRACE: its row
may be about to be written. A key is never written twice, so what is nobody's then stays nobody's. Killed anywhere, the
next sweep goes on. On S3 a lifecycle rule of the bucket is the net under it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import islice

from queues.artifacts.reference import owner_of, reference_in
from queues.artifacts.store import Artifacts
from queues.clock import Clock, OutOfTime, never
from queues.job import Job
from queues.limits import BATCH_GET
from queues.rows import partition_key, string
from queues.store import JobStore

log = logging.getLogger("jobyard.artifacts")

#: Milliseconds for which an artifact may be without a row: far longer than any write is tried for.
GRACE = 3_600_000
#: Milliseconds between two sweeps: of a folder, and of a bucket, where each row that is looked at costs money.
EVERY_LOCAL, EVERY_REMOTE = 3_600_000, 86_400_000


async def sweep(
    store: JobStore, artifacts: Artifacts, now: int, out_of_time: OutOfTime = never, grace: int = GRACE
) -> int:
    """Removes what is older than `grace` ms and no row names; answers how many. `now` is epoch ms."""
    old = [key async for key, written in artifacts.all() if written <= now - grace]
    removed, keys = 0, iter(old)
    while (page := list(islice(keys, BATCH_GET))) and not out_of_time():
        named = await _named(store, page, now)
        for key in page:
            if _is_ours(key) and key not in named:
                await artifacts.remove(key)
                removed += 1
    return removed


def _is_ours(key: str) -> bool:
    """Whether we have written it: nothing else in a bucket that others share is touched."""
    return owner_of(key) is not None


async def _named(store: JobStore, keys: list[str], now: int) -> set[str]:
    """The keys that rows name, of the jobs whose these are."""
    owners = {owner for key in keys if (owner := owner_of(key)) is not None}
    jobs = await store.rows([{"pk": string(partition_key(*owner))} for owner in owners], now)
    return {key for job in jobs for key in keys_of(job)}


def keys_of(job: Job) -> list[str]:
    """The artifacts that a job's row names."""
    references = (reference_in(text) for text in (job.data_json, job.result_json))
    return [reference.key for reference in references if reference is not None]


@dataclass(slots=True)
class ArtifactSweep:
    """Call `round` as often as you like: it sweeps when it is time."""

    store: JobStore
    artifacts: Artifacts | None
    clock: Clock
    _swept_at: int | None = None

    async def round(self, out_of_time: OutOfTime = never) -> int:
        """A sweep if the last one was long enough ago; answers how many artifacts it removed."""
        now = self.clock()
        if self.artifacts is None:
            return 0
        every = EVERY_LOCAL if self.artifacts.local else EVERY_REMOTE
        if self._swept_at is not None and now - self._swept_at < every:
            return 0
        removed = await sweep(self.store, self.artifacts, now, out_of_time)
        if not out_of_time():
            self._swept_at = now
        if removed:
            log.info("%d artifacts of jobs that are gone were removed", removed)
        return removed
