"""IO: the workers as one tenant may see them: all that they can do, and of the jobs that run there its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from queues.observe.workers import WorkerJob, WorkerRegistry, WorkerRow, WorkerType
from queues.settings import Settings


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """A process of `jobyard up` or `jobyard work`, as it was when it was last heard of. All `*_at` are epoch ms."""

    #: Host, process id and a few random characters.
    name: str
    started_at: int
    seen_at: int
    #: Whether it has not been heard of for JOBYARD_ALERT_WORKER_SILENT seconds, and has not said goodbye.
    silent: bool
    #: Whether it has been asked to stop.
    draining: bool
    #: Jobs that may run there at once, and those that run, of every tenant.
    capacity: int
    running: int
    types: tuple[WorkerType, ...]
    #: Those of the tenant's jobs that run there which its heartbeat names: of every tenant it names MAX_JOBS together.
    jobs: tuple[WorkerJob, ...]


async def roster(dynamodb: Any, settings: Settings, tenant: str, now: int) -> list[SeenWorker]:
    """All workers, by name; `now` in epoch ms."""
    rows = await WorkerRegistry(dynamodb, settings.table).all(now)
    return [seen(row, tenant, now, settings.alert_worker_silent) for row in rows]


def seen(row: WorkerRow, tenant: str, now: int, silent_after: float) -> SeenWorker:
    """A worker as a tenant sees it; `silent_after` in seconds, 0 for never."""
    return SeenWorker(
        name=row.name,
        started_at=row.started_at,
        seen_at=row.seen_at,
        silent=0 < silent_after * 1000 <= now - row.seen_at,
        draining=row.draining,
        capacity=row.capacity,
        running=row.running,
        types=row.types,
        jobs=tuple(job for job in row.jobs if job.tenant == tenant),
    )
