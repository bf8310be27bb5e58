"""How things stand, for the rules of observe/rules.py: of all tenants, or as a tenant's own rows tell.

What has ended lately is read from the index, newest first, and no further back than the window: for a system at rest
that is one small query a tenant and way to end, for a busy one MAX_ENDED entries. Beyond these, rates are those of the
latest jobs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from api.backlog import oldest_ages
from api.counts import MAX_TENANTS, QueueNumbers, all_tenants_numbers, own_numbers, tally
from queues.job import Status
from queues.merge import Merge
from queues.observe.rules import WINDOW, QueueState, Snapshot, WorkerState
from queues.runtime import Runtime

#: Index entries of one tenant and one way to end. 200 entries are some 4 read units of DynamoDB.
MAX_ENDED = 1_000
PAGE = 200


@dataclass(slots=True)
class _Ended:
    """Jobs that ended lately, by type."""

    completed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    #: Type -> epoch ms.
    last: dict[str, int] = field(default_factory=dict)


async def everybodys(runtime: Runtime, names: Sequence[str], window: float) -> Snapshot:
    """Of all tenants; `window` in seconds. Calls to AWS may fail with ClientError, BotoCoreError or OSError."""
    now = runtime.runner.endings.clock()
    tenants = dict(islice((await runtime.store.tenants()).items(), MAX_TENANTS))
    numbers = await all_tenants_numbers(runtime, names)
    busy = [one.name for one in numbers if one.waiting]
    ages = await oldest_ages(runtime, busy, now) if busy else {}
    ended = await _ended(runtime, tenants, now, window)
    workers = tuple(WorkerState(row.name, max(0, now - row.seen_at) / 1000) for row in await runtime.workers.all(now))
    return Snapshot(_states(numbers, ages, ended, now), workers)


async def own(runtime: Runtime, tenant: str, names: Sequence[str], window: float) -> Snapshot:
    """As a tenant's own rows tell. Whether nothing is worked on is everybody's: it is left out, as are workers."""
    now = runtime.runner.endings.clock()
    tenants = {tenant: await runtime.store.shards_of(tenant)}
    found = await tally(runtime.store, runtime.catalog, tenants, now)
    numbers = own_numbers(found, runtime.catalog, names, await runtime.pauses.paused())
    return Snapshot(_states(numbers, {}, await _ended(runtime, tenants, now, window), now))


async def _ended(runtime: Runtime, tenants: Mapping[str, int], now: int, window: float) -> _Ended:
    """`tenants`: with their shards."""
    found = _Ended()
    for tenant, shards in tenants.items():
        for status, counts in ((Status.COMPLETED, found.completed), (Status.FAILED, found.failed)):
            await _count(Merge(runtime.store, tenant, [status.value], shards), now, window, counts, found.last)
    return found


async def _count(merge: Merge, now: int, window: float, counts: Counter[str], last: dict[str, int]) -> None:
    for _ in range(MAX_ENDED // PAGE):
        for entry in await merge.page(PAGE):
            ended_at, name = int(entry["due"]["N"]), entry["type"]["S"]
            if now - ended_at > window * 1000:
                return
            last[name] = max(ended_at, last.get(name, 0))
            if now - ended_at <= WINDOW * 1000:
                counts[name] += 1
        if merge.done:
            return


def _states(numbers: Sequence[QueueNumbers], ages: dict[str, float], ended: _Ended, now: int) -> tuple[QueueState, ...]:
    return tuple(
        QueueState(
            type=one.name,
            waiting=one.waiting,
            active=one.active,
            dead_letters=one.dead_letters,
            paused=one.paused,
            oldest_age=ages.get(one.name),
            completed=ended.completed[one.name],
            failed=ended.failed[one.name],
            last_end=(now - ended.last[one.name]) / 1000 if one.name in ended.last else None,
        )
        for one in numbers
    )
