"""Depths and failure rates of queues, as `queues/metrics` and the health check show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.auth import Caller
from api.counts import all_tenants_numbers, failed_rate, own_numbers, tally
from api.site import is_admin
from queues.job import Status
from queues.runtime import Runtime


@dataclass(frozen=True, slots=True)
class MetricsView:
    """One entry a queue, and how many jobs there are in all of them."""

    queues: list[dict[str, Any]]
    total_jobs: int


async def metrics(runtime: Runtime, caller: Caller, names: Sequence[str]) -> MetricsView:
    """The queues of these types: over all tenants for an administrator, else over the caller's own jobs."""
    admin = is_admin(caller)
    store = runtime.store
    tenants = await store.tenants() if admin else {caller.tenant: await store.shards_of(caller.tenant)}
    now = runtime.runner.endings.clock()
    found = await tally(store, runtime.catalog, tenants, now, with_open=not admin)
    if admin:
        numbers = await all_tenants_numbers(runtime, names)
    else:
        numbers = own_numbers(found, runtime.catalog, names, await runtime.pauses.paused())
    views: list[dict[str, Any]] = []
    total = 0
    for queue in numbers:
        counts = found.of(queue.name)
        views.append(
            queue.view()
            | {
                "exact": found.exact,
                "completed": counts[Status.COMPLETED],
                "failed": counts[Status.FAILED],
                "failedRate": failed_rate(counts),
            }
        )
        ended = counts[Status.COMPLETED] + counts[Status.FAILED] + counts[Status.CANCELLED]
        total += queue.waiting + queue.active + queue.delayed + ended
    return MetricsView(views, total)
