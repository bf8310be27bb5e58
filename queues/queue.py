"""What users call: enqueue, look, wait, cancel, retry; one object for one tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from queues.clock import Clock
from queues.enqueue import Enqueuer
from queues.errors import JobNotFound, WrongStatus
from queues.job import Envelope, Job, Status, check_tenant
from queues.jobtype import Catalog, JobOptions, JobType
from queues.listing import Page, list_jobs
from queues.options import DEFAULTS, NewJob, Options
from queues.sqs import JobQueues
from queues.store import JobStore

#: Seconds between two looks of `wait`, at first and at the most.
FIRST_LOOK = 0.01
SLOWEST_LOOK = 0.5


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """A job type's queue as SQS counts it, approximately, over all tenants."""

    name: str
    waiting: int
    active: int
    delayed: int
    dead_letters: int


class Queue:
    """Jobs of one tenant. All methods may raise botocore's errors besides those that they name."""

    def __init__(
        self,
        store: JobStore,
        queues: JobQueues,
        catalog: Catalog,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        tenant: str = "default",
    ):
        self.tenant = check_tenant(tenant)
        self.catalog = catalog
        self._store, self._queues, self._clock, self._new_id = store, queues, clock, new_id
        self._enqueuer = Enqueuer(store, queues, catalog, self.tenant, clock, new_id)

    def for_tenant(self, tenant: str) -> Queue:
        """The same queues, seen by another tenant."""
        return Queue(self._store, self._queues, self.catalog, clock=self._clock, new_id=self._new_id, tenant=tenant)

    async def enqueue(
        self, job_type: str | JobType[Any, Any], data: Any, options: Options | None = None, **overrides: Any
    ) -> Job:
        """Enqueues one job; when this returns, it will run. `overrides` are fields of Options.

        UnknownJobType, InvalidData, InvalidOption, PayloadTooLarge say why not. With a `job_id` that is taken, the
        job that has it is returned.
        """
        chosen = options if options is not None else Options(**overrides) if overrides else DEFAULTS
        return await self._enqueuer.one(job_type, data, chosen)

    async def enqueue_many(
        self, jobs: Sequence[NewJob], *, on_progress: Callable[[int, int], None] | None = None
    ) -> list[Job]:
        """Enqueues many jobs in few calls; `on_progress(done, total)` after each 200. See Enqueuer.many."""
        return await self._enqueuer.many(jobs, on_progress)

    async def get(self, job_id: str) -> Job:
        """The job as it stands, or JobNotFound."""
        job = await self._store.get(self.tenant, job_id, self._clock())
        if job is None:
            raise JobNotFound(job_id)
        return job

    async def list(
        self,
        *,
        status: Status | str | None = None,
        type: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """One page of jobs, the latest activity first. UnknownJobType, InvalidOption."""
        if type is not None:
            self.catalog.get(type)
        return await list_jobs(
            self._store,
            self.tenant,
            self._clock(),
            status=Status(status) if status is not None else None,
            type_name=type,
            limit=limit,
            cursor=cursor,
        )

    async def wait(
        self, job_id: str, *, timeout: float | None = None, on_progress: Callable[[Job], None] | None = None
    ) -> Job:
        """Waits until the job has ended; `on_progress` sees each look. TimeoutError after `timeout` seconds."""
        pause = FIRST_LOOK
        async with asyncio.timeout(timeout):
            while True:
                job = await self.get(job_id)
                if on_progress is not None:
                    on_progress(job)
                if job.ended:
                    return job
                await asyncio.sleep(pause)
                pause = min(SLOWEST_LOOK, pause * 1.5)

    async def cancel(self, job_id: str) -> Job:
        """Cancels a job that has not started; its message is ignored when it arrives. WrongStatus otherwise."""
        job = await self.get(job_id)
        met = await self._store.cancel(job, self._clock(), self._options(job))
        if met is not None and met.status is not Status.CANCELLED:
            raise WrongStatus(met, "cancel", "waiting or delayed")
        return await self.get(job_id)

    async def retry(self, job_id: str) -> Job:
        """Gives a failed job its type's attempts afresh. WrongStatus if it has not failed.

        Killed between row and message, the reaper sends the message.
        """
        job = await self.get(job_id)
        now = self._clock()
        met = await self._store.reopen(job, now, self._options(job))
        if met is not None:
            raise WrongStatus(met, "retry", "failed")
        await self._queues.send(job.type, [(Envelope(job.id, job.tenant, job.type).encode(), 0)])
        return await self.get(job_id)

    def _options(self, job: Job) -> JobOptions:
        # A job outlives its type in the catalog: it can still be cancelled.
        known = job.type in self.catalog.names
        return self.catalog.get(job.type).options if known else JobOptions()

    async def counts(self) -> Sequence[QueueCounts]:
        """Every type's queue: what waits, is worked on, is delayed, and is dead."""
        return list(await asyncio.gather(*(self._counts(name) for name in self.catalog.names)))

    async def _counts(self, name: str) -> QueueCounts:
        depth, dead = await asyncio.gather(self._queues.depth(name), self._queues.depth(name, dead_letters=True))
        return QueueCounts(name, depth.visible, depth.in_flight, depth.delayed, dead.total)

    async def dead_letters(self, type: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        """This tenant's jobs of a type whose letters are in its DLQ, the latest first, with their errors."""
        return await self.list(status=Status.FAILED, type=type, limit=limit, cursor=cursor)
