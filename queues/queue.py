"""What users call: enqueue, look, wait, control; one object for one tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from queues.catalog import Catalog
from queues.clock import Clock
from queues.control.bulk import Bulk, Verb
from queues.control.control import Control, Count
from queues.control.job_filter import JobFilter
from queues.control.replay import replayed
from queues.enqueue import Enqueuer
from queues.errors import WrongStatus
from queues.job import Envelope, Job, Status, check_job_id, check_tenant
from queues.jobtype import JobType
from queues.listing import Page, list_jobs
from queues.observe.observer import Observer
from queues.options import DEFAULTS, NewJob, Options
from queues.schedules.scheduling import Scheduling
from queues.sqs import JobQueues
from queues.store import JobStore

if TYPE_CHECKING:
    from queues.schedules.schedules import Schedules

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
    #: Whether none of its jobs is started now.
    paused: bool


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
        scheduling: Scheduling,
        control: Control,
        tenant: str = "default",
        observer: Observer | None = None,
    ):
        self.tenant = check_tenant(tenant)
        self.catalog = catalog
        self._store, self._queues, self._clock, self._new_id = store, queues, clock, new_id
        self._scheduling, self._control = scheduling, control
        self._observer = observer or Observer()
        self._enqueuer = Enqueuer(store, queues, catalog, self.tenant, clock, new_id, self._observer)

    def for_tenant(self, tenant: str) -> Queue:
        """The same queues, seen by another tenant."""
        return Queue(
            *(self._store, self._queues, self.catalog),
            clock=self._clock,
            new_id=self._new_id,
            scheduling=self._scheduling,
            control=self._control,
            tenant=tenant,
            observer=self._observer,
        )

    @property
    def schedules(self) -> Schedules:
        """Its tenant's schedules, by which jobs come again and again."""
        return self._scheduling.of(self._enqueuer)

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
        return await self._control.get(self.tenant, job_id)

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

    async def cancel(self, job_id: str, *, by: str | None = None) -> Job:
        """Cancels a job: one that waits at once, one that runs by asking it to end; `by` says who wants it.

        The answer says which: it is `cancelled`, or still `active`, with `cancel_at`. A running job learns of it with
        its next heartbeat, and may complete before. WrongStatus if it has completed or failed.
        """
        return await self._control.cancel(await self.get(job_id), by)

    async def retry(self, job_id: str) -> Job:
        """Gives a failed job its type's attempts afresh. WrongStatus if it has not failed.

        Killed between row and message, the reaper sends the message.
        """
        job = await self.get(job_id)
        now = self._clock()
        met = await self._store.reopen(job, now, self._control.options(job))
        if met is not None:
            raise WrongStatus(met, "retry", "failed")
        await self._queues.send(job.type, [(Envelope(job.id, job.tenant, job.type).encode(), 0)])
        return await self.get(job_id)

    async def replay(self, job_id: str, data: Any = ..., *, new_id: str | None = None) -> Job:
        """Runs a job once more as a new one, with its data or with other `data`; the old one stays as it was.

        With a `new_id` that is taken, the job that has it is returned. UnknownJobType, InvalidData, PayloadTooLarge.
        """
        old = await self.get(job_id)
        job_type = self.catalog.get(old.type)
        other = None if data is ... else (job_type.check(data), job_type.version)
        made = check_job_id(new_id) if new_id is not None else self._new_id()
        new = replayed(old, job_type.options, job_id=made, data=other, now=self._clock())
        return await self._enqueuer.put(new, named=new_id is not None)

    async def discard(self, job_id: str, *, by: str | None = None) -> Job:
        """Gives a failed job up: it becomes cancelled, and its dead letter goes. WrongStatus if it has not failed."""
        return await self._control.discard(await self.get(job_id), by)

    async def delete(self, job_id: str) -> Job:
        """Removes the record of a job that has ended; answers it as it was. WrongStatus if it has not ended."""
        job = await self.get(job_id)
        await self._control.delete(job)
        return job

    # --- many jobs ------------------------------------------------------------------------------------------

    async def retry_many(
        self, wanted: JobFilter, *, rate: float | None = None, everyone: bool = False, by: str | None = None
    ) -> Bulk:
        """Begins to retry all failed jobs that a filter is for, `rate` a second at the most: see `operation`.

        What fails from now on is left alone. `everyone`: every tenant's jobs. InvalidOption, UnknownJobType.
        """
        return await self._start(Verb.RETRY, wanted, rate, everyone, by)

    async def discard_many(
        self, wanted: JobFilter, *, rate: float | None = None, everyone: bool = False, by: str | None = None
    ) -> Bulk:
        """Begins to give up all failed jobs that a filter is for; otherwise as `retry_many`."""
        return await self._start(Verb.DISCARD, wanted, rate, everyone, by)

    async def purge(self, type: str, *, by: str | None = None) -> Bulk:
        """Empties a type's queue, and begins to cancel all its jobs that wait now, of every tenant: see `operation`."""
        return await self._start(Verb.PURGE, JobFilter(type=type), None, True, by)

    async def _start(self, verb: Verb, wanted: JobFilter, rate: float | None, everyone: bool, by: str | None) -> Bulk:
        target = None if everyone else self.tenant
        return await self._control.start(verb, self.tenant, target, wanted, rate, by)

    async def count_failed(self, wanted: JobFilter, *, everyone: bool = False) -> Count:
        """How many failed jobs a filter is for, as far as 10,000 of them go: what `retry_many` would begin with."""
        return await self._control.count(None if everyone else self.tenant, wanted)

    async def operation(self, operation_id: str) -> Bulk:
        """An operation on many jobs that this tenant began, and how far it is. BulkNotFound."""
        return await self._control.bulk(self.tenant, operation_id)

    async def call_off(self, operation_id: str) -> Bulk:
        """Ends an operation where it is; what it has done stays done. BulkNotFound."""
        return await self._control.call_off(self.tenant, operation_id)

    # --- queues ---------------------------------------------------------------------------------------------

    async def pause(self, type: str, *, by: str | None = None) -> None:
        """Has no job of a type started, of any tenant, until `resume`; what runs goes on. UnknownJobType."""
        await self._control.pauses.pause(self.catalog.get(type).name, by)

    async def resume(self, type: str) -> None:
        """Lets a paused type's jobs run again. UnknownJobType."""
        await self._control.pauses.resume(self.catalog.get(type).name)

    async def paused(self) -> frozenset[str]:
        """The types that are paused."""
        return await self._control.pauses.paused()

    async def counts(self) -> Sequence[QueueCounts]:
        """Every type's queue: what waits, is worked on, is delayed, and is dead."""
        paused = await self.paused()
        return list(await asyncio.gather(*(self._counts(name, name in paused) for name in self.catalog.names)))

    async def _counts(self, name: str, paused: bool) -> QueueCounts:
        depth, dead = await asyncio.gather(self._queues.depth(name), self._queues.depth(name, dead_letters=True))
        return QueueCounts(name, depth.visible, depth.in_flight, depth.delayed, dead.total, paused)

    async def dead_letters(self, type: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        """This tenant's jobs of a type whose letters are in its DLQ, the latest first, with their errors."""
        return await self.list(status=Status.FAILED, type=type, limit=limit, cursor=cursor)
