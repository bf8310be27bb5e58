"""How many jobs there are. A tenant's are counted from its own rows, within bounds; SQS counts over all tenants.

G7 says that no token counts another tenant's jobs, and SQS's numbers are everybody's: they are for the scope `admin`.
A tenant's own numbers come from its index partitions; beyond the bounds below they are lower bounds, and say so.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from queues.catalog import Catalog
from queues.job import Status
from queues.merge import Merge
from queues.rows import OPEN, OWING, Item
from queues.runtime import Runtime
from queues.sqs import Depth
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
    #: Jobs that have not ended by type, level of priority and status, of types with levels.
    levels: Counter[tuple[str, str, Status]] = field(default_factory=Counter)

    def add(self, type_name: str, status: Status) -> None:
        self.counts.setdefault(type_name, Counter())[status] += 1

    def of(self, type_name: str) -> Counter[Status]:
        return self.counts.get(type_name, Counter())

    def total(self) -> Counter[Status]:
        return sum(self.counts.values(), Counter())


async def tally(
    store: JobStore, catalog: Catalog, tenants: Mapping[str, int], now: int, *, with_open: bool = True
) -> Tally:
    """Counts the jobs of these tenants, which are given with their shards."""
    found = Tally(exact=len(tenants) <= MAX_TENANTS)
    for tenant, shards in islice(tenants.items(), MAX_TENANTS):
        if with_open:
            for state in (OPEN, OWING):
                await _open(store, catalog, found, Merge(store, tenant, [state], shards), now)
        for status in ENDED_STATES:
            await _ended(catalog, found, Merge(store, tenant, [status.value], shards), status, now)
    return found


async def tally_of(runtime: Runtime, tenant: str, now: int) -> Tally:
    """Counts one tenant's jobs."""
    return await tally(runtime.store, runtime.catalog, {tenant: await runtime.store.shards_of(tenant)}, now)


async def _ended(catalog: Catalog, found: Tally, merge: Merge, status: Status, now: int) -> None:
    kept = {t.name: round(1000 * _retention(t.options, status)) for t in catalog}
    async for entries in _pages(found, merge, MAX_ENDED):
        for entry in entries:
            name = entry["type"]["S"]
            # DynamoDB removes late what has outlived its retention.
            if int(entry["due"]["N"]) + kept.get(name, now) > now:
                found.add(name, status)


def _retention(options: Any, status: Status) -> float:
    seconds: float = options.keep_failed if status is Status.FAILED else options.keep_completed
    return seconds


async def _open(store: JobStore, catalog: Catalog, found: Tally, merge: Merge, now: int) -> None:
    levels = {one.name: one.options.priorities for one in catalog if one.options.priorities is not None}
    async for entries in _pages(found, merge, MAX_OPEN):
        for job in await store.rows(entries, now):
            found.add(job.type, job.status)
            if job.type in levels:
                found.levels[job.type, levels[job.type].of(job.priority).name, job.status] += 1


async def _pages(found: Tally, merge: Merge, bound: int) -> AsyncIterator[list[Item]]:
    for _ in range(bound // PAGE):
        yield await merge.page(PAGE)
        if merge.done:
            return
    # A page that ends with the last entry says that there may be more.
    found.exact = found.exact and not await merge.page(1)


@dataclass(frozen=True, slots=True)
class LevelNumbers:
    """One level of priority of a type."""

    name: str
    waiting: int
    active: int
    delayed: int

    def view(self) -> dict[str, Any]:
        return {"name": self.name, "waiting": self.waiting, "active": self.active, "delayed": self.delayed}


@dataclass(frozen=True, slots=True)
class QueueNumbers:
    """One type's queue, or all of its levels' together; `tenants` says whose jobs are counted: `all` or `own`."""

    name: str
    tenants: str
    waiting: int
    active: int
    delayed: int
    dead_letters: int
    exact: bool
    paused: bool
    #: The most urgent first; none if the type has no levels.
    levels: tuple[LevelNumbers, ...] = ()

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
            "levels": [level.view() for level in self.levels],
        }


async def all_tenants_numbers(runtime: Runtime, names: Iterable[str]) -> list[QueueNumbers]:
    """As SQS counts, approximately."""
    paused = await runtime.pauses.paused()
    return list(await asyncio.gather(*(_sqs_numbers(runtime, name, name in paused) for name in names)))


async def _sqs_numbers(runtime: Runtime, name: str, paused: bool) -> QueueNumbers:
    depths, dead = await asyncio.gather(runtime.queues.depths(name), runtime.queues.depth(name, dead_letters=True))
    depth = sum(depths.values(), Depth(0, 0, 0))
    counts = (depth.visible, depth.in_flight, depth.delayed, dead.total)
    levels = tuple(
        LevelNumbers(level, one.visible, one.in_flight, one.delayed)
        for level, one in zip(_levels(runtime.catalog, name), depths.values(), strict=False)
    )
    return QueueNumbers(name, "all", *counts, exact=True, paused=paused, levels=levels)


def _levels(catalog: Catalog, name: str) -> list[str]:
    """The names of a type's levels, the most urgent first; none if it has none."""
    return [level.name for level in catalog.get(name).options.priorities or ()]


def own_numbers(found: Tally, catalog: Catalog, names: Iterable[str], paused: Collection[str]) -> list[QueueNumbers]:
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
            levels=tuple(_own_level(found, name, level) for level in _levels(catalog, name)),
        )
        for name in names
    ]


def _own_level(found: Tally, name: str, level: str) -> LevelNumbers:
    return LevelNumbers(
        level,
        waiting=found.levels[name, level, Status.WAITING],
        active=found.levels[name, level, Status.ACTIVE],
        delayed=found.levels[name, level, Status.DELAYED],
    )


def failed_rate(counts: Counter[Status]) -> float:
    """Percent of the jobs that completed or failed."""
    ran = counts[Status.COMPLETED] + counts[Status.FAILED]
    return round(100 * counts[Status.FAILED] / ran, 2) if ran else 0.0
