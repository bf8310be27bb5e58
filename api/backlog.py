"""How much work waits, by job type: what a fleet of workers is scaled by.

Depths are SQS's own counts. The age of the oldest job comes from the table's index, where the jobs to which something
is owed lie in the order of their times: no emulator publishes ApproximateAgeOfOldestMessage, and asking CloudWatch
costs more than a page of the index. As with that metric a job counts until it is done, so one that runs counts too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

from api.counts import MAX_TENANTS, QueueNumbers, all_tenants_numbers
from queues.clock import Clock
from queues.merge import Merge
from queues.rows import OPEN
from queues.runtime import Runtime

#: Index entries read of one tenant at the most, and of one query. 200 entries are some 4 read units of DynamoDB.
MAX_ENTRIES = 1_000
PAGE = 200


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one type."""

    numbers: QueueNumbers
    #: Seconds since the oldest job that is not done could first have run. None: there are jobs, but none of them was
    #: among the entries that were read.
    oldest_age: float | None


async def backlog(runtime: Runtime, names: Collection[str], clock: Clock) -> list[Backlog]:
    """The backlog of each type. Calls to AWS may fail with ClientError, BotoCoreError or OSError."""
    numbers = await all_tenants_numbers(runtime, names)
    busy = {one.name for one in numbers if one.waiting or one.active}
    ages = await oldest_ages(runtime, busy, clock()) if busy else {}
    return [Backlog(one, ages.get(one.name) if one.name in busy else 0.0) for one in numbers]


async def oldest_ages(runtime: Runtime, names: Collection[str], now: int) -> dict[str, float]:
    """Type -> seconds since its oldest job that is not done could first have run; `now` in epoch ms.

    A job whose message had to be sent again counts from the time of the reaper's next look, less the usual distance.
    """
    found: dict[str, float] = {}
    for tenant, shards in islice((await runtime.store.tenants()).items(), MAX_TENANTS):
        for name, age in (await _of_tenant(runtime, tenant, shards, set(names), now)).items():
            found[name] = max(age, found.get(name, 0.0))
    return found


async def _of_tenant(runtime: Runtime, tenant: str, shards: int, wanted: set[str], now: int) -> dict[str, float]:
    store = runtime.store
    merge = Merge(store, tenant, [OPEN], shards, newest_first=False, before=now + store.check_after)
    found: dict[str, float] = {}
    for _ in range(MAX_ENTRIES // PAGE):
        for entry in await merge.page(PAGE):
            run_at = int(entry["due"]["N"]) - store.check_after
            name = entry["type"]["S"]
            if name in wanted:
                wanted.discard(name)
                found[name] = max(0, now - run_at) / 1000
        if merge.done or not wanted:
            break
    return found
