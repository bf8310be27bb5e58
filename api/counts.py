"""How many jobs there are. A tenant's are counted from its own rows, within bounds; SQS counts over all tenants.

G7 says that no token counts another tenant's jobs, and SQS's numbers are everybody's: they are for the scope `admin`.
A tenant's own numbers come from its index partitions; beyond the bounds below they are lower bounds, and say so.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from queues.catalog import Catalog
from queues.job import Status
from queues.rows import OPEN, OWING, partition
from queues.runtime import Runtime
from queues.store import JobStore

#: Index entries counted of one tenant in one state: about 10 us each embedded, an eighth of a read unit on DynamoDB.
MAX_ENDED = 2_000
#: Open jobs read to tell waiting, delayed and active apart.
MAX_OPEN = 1_000
#: Entries of one query; between two, other requests have their turn.
PAGE = 200
#: Tenants over which an administrator's numbers go.
MAX_TENANTS = 100

ENDED_STATES = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)


@dataclass(slots=True)
class Tally:
    """Jobs by type and status; `exact` is False where there are more than were counted."""

    counts: dict[str, Counter[Status]] = field(default_factory=dict)
    exact: bool = True

    def add(self, type_name: str, status: Status) -> None:
        self.counts.setdefault(type_name, Counter())[status] += 1

    def of(self, type_name: str) -> Counter[Status]:
        return self.counts.get(type_name, Counter())

    def total(self) -> Counter[Status]:
        return sum(self.counts.values(), Counter())


async def tally(
    store: JobStore, catalog: Catalog, tenants: Sequence[str], now: int, *, with_open: bool = True
) -> Tally:
    """Counts the jobs of these tenants."""
    found = Tally(exact=len(tenants) <= MAX_TENANTS)
    for tenant in tenants[:MAX_TENANTS]:
        if with_open:
            await _open(store, found, tenant, now)
        for status in ENDED_STATES:
            await _ended(store, catalog, found, tenant, status, now)
    return found


async def _ended(store: JobStore, catalog: Catalog, found: Tally, tenant: str, status: Status, now: int) -> None:
    kept = {t.name: round(1000 * _retention(t.options, status)) for t in catalog}
    async for entries in _pages(store, found, partition(tenant, status.value), MAX_ENDED):
        for entry in entries:
            name = entry["type"]["S"]
            # DynamoDB removes late what has outlived its retention.
            if int(entry["due"]["N"]) + kept.get(name, now) > now:
                found.add(name, status)


def _retention(options: Any, status: Status) -> float:
    seconds: float = options.keep_failed if status is Status.FAILED else options.keep_completed
    return seconds


async def _open(store: JobStore, found: Tally, tenant: str, now: int) -> None:
    for state in (OPEN, OWING):
        async for entries in _pages(store, found, partition(tenant, state), MAX_OPEN):
            for job in await store.rows(entries, now):
                found.add(job.type, job.status)


async def _pages(store: JobStore, found: Tally, state: str, bound: int) -> Any:
    start: dict[str, Any] | None = None
    for _ in range(bound // PAGE):
        entries, start = await store.keys(state, start=start, limit=PAGE)
        yield entries
        if start is None:
            return
    # A page that ends with the last entry says that there may be more.
    beyond, _ = await store.keys(state, start=start, limit=1)
    found.exact = found.exact and not beyond


@dataclass(frozen=True, slots=True)
class QueueNumbers:
    """One type's queue; `tenants` says whose jobs are counted: `all` or `own`."""

    name: str
    tenants: str
    waiting: int
    active: int
    delayed: int
    dead_letters: int
    exact: bool
    paused: bool

    def view(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "tenants": self.tenants,
            "waiting": self.waiting,
            "active": self.active,
            "delayed": self.delayed,
            "deadLetters": self.dead_letters,
            "exact": self.exact,
            "paused": self.paused,
        }


async def all_tenants_numbers(runtime: Runtime, names: Iterable[str]) -> list[QueueNumbers]:
    """As SQS counts, approximately."""
    paused = await runtime.pauses.paused()
    return list(await asyncio.gather(*(_sqs_numbers(runtime, name, name in paused) for name in names)))


async def _sqs_numbers(runtime: Runtime, name: str, paused: bool) -> QueueNumbers:
    depth, dead = await asyncio.gather(runtime.queues.depth(name), runtime.queues.depth(name, dead_letters=True))
    counts = (depth.visible, depth.in_flight, depth.delayed, dead.total)
    return QueueNumbers(name, "all", *counts, exact=True, paused=paused)


def own_numbers(found: Tally, names: Iterable[str], paused: Collection[str]) -> list[QueueNumbers]:
    """As a tenant's own rows tell; a failed job has its letter in the DLQ, or will have it in a moment."""
    return [
        QueueNumbers(
            name,
            "own",
            waiting=found.of(name)[Status.WAITING],
            active=found.of(name)[Status.ACTIVE],
            delayed=found.of(name)[Status.DELAYED],
            dead_letters=found.of(name)[Status.FAILED],
            exact=found.exact,
            paused=name in paused,
        )
        for name in names
    ]


def failed_rate(counts: Counter[Status]) -> float:
    """Percent of the jobs that completed or failed."""
    ran = counts[Status.COMPLETED] + counts[Status.FAILED]
    return round(100 * counts[Status.FAILED] / ran, 2) if ran else 0.0
