"""What users call: enqueue, look, wait, control; one object for one tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from queues.audit.acting import Acting, audited
from queues.audit.trail import AuditFilter, AuditPage
from queues.catalog import Catalog
from queues.clock import Clock
from queues.control.admin import Admin
from queues.control.bulk import Bulk, Verb
from queues.control.bulk_store import BulkPage
from queues.control.control import Control, Count
from queues.control.job_filter import JobFilter
from queues.control.replay import replayed
from queues.enqueue import Enqueuer, message_delay
from queues.errors import Misconfigured, WrongStatus
from queues.events.event import Event
from queues.events.watch import events as watched
from queues.events.watch import looks
from queues.flows.flowing import Flowing
from queues.job import Envelope, Job, Status, check_job_id, check_tenant
from queues.jobtype import JobType
from queues.listing import Page, list_jobs
from queues.observe.observer import Observer
from queues.observe.roster import SeenWorker, roster
from queues.options import DEFAULTS, Duration, NewJob, Options, moment_of
from queues.payloads import PLAIN, Payloads
from queues.schedules.scheduling import Scheduling
from queues.sqs import Depth, JobQueues
from queues.store import JobStore
from queues.transactions import Transactions

if TYPE_CHECKING:
    from queues.flows.flows import Flows
    from queues.schedules.schedules import Schedules
    from queues.throttle.reason import Waiting
    from queues.webhooks.webhooks import Webhooks


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
        flowing: Flowing,
        tenant: str = "default",
        payloads: Payloads = PLAIN,
        observer: Observer | None = None,
    ):
        self.tenant = check_tenant(tenant)
        self.catalog = catalog
        self._store, self._queues, self._clock, self._new_id = store, queues, clock, new_id
        self._scheduling, self._control, self._flowing = scheduling, control, flowing
        self._payloads, self._observer = payloads, observer or Observer()
        self._enqueuer = Enqueuer(store, queues, catalog, self.tenant, clock, new_id, payloads, self._observer)
        #: In whose name control actions are recorded, if in anybody's.
        self.acting: Acting | None = None

    def for_tenant(self, tenant: str) -> Queue:
        """The same queues, seen by another tenant."""
        return Queue(
            *(self._store, self._queues, self.catalog),
            clock=self._clock,
            new_id=self._new_id,
            scheduling=self._scheduling,
            control=self._control,
            flowing=self._flowing,
            tenant=tenant,
            payloads=self._payloads,
            observer=self._observer,
        )

    def acting_for(self, actor: str, origin: str | None = None) -> Queue:
        """The same queues, whose control actions are recorded in the audit trail: who it is, and from which address."""
        queue = self.for_tenant(self.tenant)
        queue.acting = Acting(self._control.trail, self.tenant, actor, origin)
        return queue

    async def audit(
        self, wanted: AuditFilter | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> AuditPage:
        """One page of the tenant's audit trail, the latest entry first. InvalidOption."""
        return await self._control.trail.page(self.tenant, wanted or AuditFilter(), limit=limit, cursor=cursor)

    @property
    def schedules(self) -> Schedules:
        """Its tenant's schedules, by which jobs come again and again."""
        schedules = self._scheduling.of(self._enqueuer)
        schedules.acting = self.acting
        return schedules

    @property
    def webhooks(self) -> Webhooks:
        """Its tenant's webhooks, by which is told what happens to jobs."""
        from queues.webhooks.webhooks import Webhooks

        webhooks = Webhooks(self._store.hooks, self.catalog, self.tenant, self._clock, self._new_id)
        webhooks.acting = self.acting
        return webhooks

    @property
    def flows(self) -> Flows:
        """Its tenant's flows: jobs that belong together."""
        flows = self._flowing.of(self._enqueuer)
        flows.acting = self.acting
        return flows

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

    async def run_task(self, function: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Job:
        """Enqueues a call of a function, or of a service's method `service.method`, that the allow-list names.

        For options, enqueue `call_of(function, ...)` of queues.tasks as the data of a job of the type `task`.
        InvalidData, PayloadTooLarge; Misconfigured if the catalog has no type `task` (docs/tasks.md).
        """
        from queues.tasks.call import HOW_TO_HAVE_TASKS, TASK, call_of

        if TASK not in self.catalog.names:
            raise Misconfigured(f"there is no job type {TASK!r} here; {HOW_TO_HAVE_TASKS}")
        return await self.enqueue(TASK, call_of(function, *args, **kwargs))

    async def transaction_items(
        self, job_type: str | JobType[Any, Any], data: Any, options: Options | None = None, **overrides: Any
    ) -> tuple[Job, Sequence[dict[str, Any]]]:
        """A job for a DynamoDB transaction of your own, and the items that make it: it exists if your write did.

        Put them into TransactWriteItems on a low-level client, and `relay` the job when that is through. What may be
        refused is as in `enqueue`; unique jobs are besides (docs/transactions.md).
        """
        chosen = options if options is not None else Options(**overrides) if overrides else DEFAULTS
        (job,), items = await self._transactions.items([NewJob(job_type, data, chosen)])
        return job, items

    async def transaction_items_many(self, jobs: Sequence[NewJob]) -> tuple[Sequence[Job], Sequence[dict[str, Any]]]:
        """The same for several jobs of one transaction, one item each: it holds 100 items, yours among them."""
        return await self._transactions.items(jobs)

    async def relay(self, *jobs: Job) -> None:
        """Has jobs run now whose transaction is through. If nobody does, the reaper does within seconds."""
        await self._transactions.relay(jobs)

    @property
    def _transactions(self) -> Transactions:
        return Transactions(self._enqueuer, self._scheduling.settings.table)

    async def get(self, job_id: str, *, up_to: int | None = None) -> Job:
        """The job as it stands, with its data and its result, or JobNotFound.

        What is in the artifact store is read along; with `up_to` only what has so many bytes at the most. All other
        methods answer jobs as their rows have them: NotLoaded tells who asks those for what is elsewhere.
        """
        return await self._payloads.opened(await self._control.get(self.tenant, job_id), up_to)

    async def _row(self, job_id: str) -> Job:
        return await self._control.get(self.tenant, job_id)

    async def why(self, job: str | Job) -> Waiting | None:
        """Why a job waits, by its id or as it was read; None if it does not. JobNotFound."""
        from queues.throttle.why import Why

        if isinstance(job, str):
            job = await self.get(job)
        return await Why(self._store, self._control).of(job, self._clock())

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
        state, now = None if status is None else Status(status), self._clock()
        return await list_jobs(self._store, self.tenant, now, status=state, type_name=type, limit=limit, cursor=cursor)

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        on_progress: Callable[[Job], None] | None = None,
        up_to: int | None = None,
    ) -> Job:
        """Waits until the job has ended, and answers it as `get` does; `on_progress` sees each look, at its row.

        TimeoutError after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            async for job in looks(lambda: self._row(job_id)):
                if on_progress is not None:
                    on_progress(job)
                if job.ended:
                    return await self._payloads.opened(job, up_to)
        raise AssertionError("unreachable")

    async def events(self, job_id: str, *, after: str | None = None) -> AsyncGenerator[Event, None]:
        """What happens to a job, as it happens, up to its end; `after`: only what came after the event of that id.

        JobNotFound, also if it is deleted meanwhile. Looks at the row, twice a second at the most after a while.
        """
        async for found in watched(lambda: self.get(job_id), after):
            for event in found:
                yield event

    @audited("job.cancel", "job_id")
    async def cancel(self, job_id: str, *, by: str | None = None) -> Job:
        """Cancels a job: one that waits at once, one that runs by asking it to end; `by` says who wants it.

        The answer says which: it is `cancelled`, or still `active`, with `cancel_at`. A running job learns of it with
        its next heartbeat, and may complete before. WrongStatus if it has completed or failed.
        """
        return await self._control.cancel(await self._row(job_id), by)

    @audited("job.reschedule", "job_id")
    async def reschedule(self, job_id: str, when: datetime | Duration) -> Job:
        """Has a job that waits run at another time: a time with a zone, or so long from now; at once if that is past.

        What waits for its next attempt waits, too. WrongStatus if it does not wait; InvalidOption for a time that is
        after its deadline or its expiry. Killed between row and message, the reaper sends the message.
        """
        job, now = await self._row(job_id), self._clock()
        run_at = max(now, moment_of(when, now))
        later = await self._control.reschedule(job, run_at)
        if run_at < job.run_at:
            # The message that there is may come much later. Where it comes earlier, it is put off.
            message = (Envelope(job.id, job.tenant, job.type).encode(), message_delay(run_at, now), job.trace)
            await self._queues.send(self.catalog.queue_of(job.type, job.priority), [message], job.tenant)
        return later

    @audited("job.retry", "job_id")
    async def retry(self, job_id: str) -> Job:
        """Gives a failed job its type's attempts afresh. WrongStatus if it has not failed.

        Killed between row and message, the reaper sends the message.
        """
        job = await self._control.paid(await self._row(job_id))
        now = self._clock()
        met = await self._store.reopen(job, now, self._control.options(job))
        if met is not None:
            raise WrongStatus(met, "retry", "failed")
        queue = self.catalog.queue_of(job.type, job.priority)
        await self._queues.send(queue, [(Envelope(job.id, job.tenant, job.type).encode(), 0, job.trace)], job.tenant)
        again = await self._row(job_id)
        await self._control.endings.tell(again)
        return again

    @audited("job.replay", "job_id", "new_id")
    async def replay(self, job_id: str, data: Any = ..., *, new_id: str | None = None) -> Job:
        """Runs a job once more as a new one, with its data or with other `data`; the old one stays as it was.

        With a `new_id` that is taken, the job that has it is returned. UnknownJobType, InvalidData, PayloadTooLarge;
        Unopenable if its data cannot be had.
        """
        old = await self._row(job_id)
        job_type = self.catalog.get(old.type)
        if data is ...:
            # Its own: an artifact goes with the job that it was made for.
            other = (await self._payloads.data(old), old.data_version)
        else:
            other = (job_type.check(data, self._payloads.max_data), job_type.version)
        made = check_job_id(new_id) if new_id is not None else self._new_id()
        new = replayed(old, job_type.options, job_id=made, data=other, now=self._clock())
        with self._observer.sending(new):
            return await self._enqueuer.put(new, named=new_id is not None)

    @audited("job.discard", "job_id")
    async def discard(self, job_id: str, *, by: str | None = None) -> Job:
        """Gives a failed job up: it becomes cancelled, and its dead letter goes. WrongStatus if it has not failed."""
        return await self._control.discard(await self._row(job_id), by)

    @audited("job.delete", "job_id")
    async def delete(self, job_id: str) -> Job:
        """Removes the record of a job that has ended; answers it as it was. WrongStatus if it has not ended."""
        job = await self._row(job_id)
        await self._control.delete(job)
        return job

    # --- many jobs ------------------------------------------------------------------------------------------

    @property
    def admin(self) -> Admin:
        """What reaches beyond its tenant: failed jobs of others, and everybody's operations."""
        return Admin(self._control, self.tenant, self.acting)

    @audited("jobs.retry", None, "wanted", "rate")
    async def retry_many(self, wanted: JobFilter, *, rate: float | None = None, by: str | None = None) -> Bulk:
        """Begins to retry all failed jobs that a filter is for, `rate` a second at the most: see `operation`.

        What fails from now on is left alone. InvalidOption, UnknownJobType.
        """
        return await self._control.start(Verb.RETRY, self.tenant, self.tenant, wanted, rate, by)

    @audited("jobs.discard", None, "wanted", "rate")
    async def discard_many(self, wanted: JobFilter, *, rate: float | None = None, by: str | None = None) -> Bulk:
        """Begins to give up all failed jobs that a filter is for; otherwise as `retry_many`."""
        return await self._control.start(Verb.DISCARD, self.tenant, self.tenant, wanted, rate, by)

    @audited("queue.purge", "type")
    async def purge(self, type: str, *, by: str | None = None) -> Bulk:
        """Empties a type's queue, and begins to cancel all its jobs that wait now, of every tenant: see `admin`."""
        return await self._control.start(Verb.PURGE, self.tenant, None, JobFilter(type=type), None, by)

    async def count_failed(self, wanted: JobFilter) -> Count:
        """How many failed jobs a filter is for, as far as 10,000 of them go: what `retry_many` would begin with."""
        return await self._control.count(self.tenant, wanted)

    async def operations(self, *, limit: int = 50, cursor: str | None = None) -> BulkPage:
        """One page of the operations that this tenant began on its own jobs, the latest first. InvalidOption."""
        return await self._control.list_bulks(self.tenant, limit, cursor)

    async def operation(self, operation_id: str) -> Bulk:
        """An operation that this tenant began on many of its own jobs, and how far it is. BulkNotFound."""
        return await self._control.bulk(self.tenant, operation_id)

    @audited("operation.cancel", "operation_id")
    async def call_off(self, operation_id: str) -> Bulk:
        """Ends an operation where it is; what it has done stays done. BulkNotFound."""
        return await self._control.call_off(self.tenant, operation_id)

    # --- queues ---------------------------------------------------------------------------------------------

    @audited("queue.pause", "type")
    async def pause(self, type: str, *, by: str | None = None) -> None:
        """Has no job of a type started, of any tenant, until `resume`; what runs goes on. UnknownJobType."""
        await self._control.pauses.pause(self.catalog.get(type).name, by)

    @audited("queue.resume", "type")
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
        levels, dead = await asyncio.gather(self._queues.depths(name), self._queues.depth(name, dead_letters=True))
        depth = sum(levels.values(), Depth(0, 0, 0))
        return QueueCounts(name, depth.visible, depth.in_flight, depth.delayed, dead.total, paused)

    async def workers(self) -> Sequence[SeenWorker]:
        """The long-running workers, by name; of the jobs that run there only this tenant's (docs/workers.md)."""
        return await roster(self._scheduling.dynamodb, self._scheduling.settings, self.tenant, self._clock())

    async def dead_letters(self, type: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        """This tenant's jobs of a type whose letters are in its DLQ, the latest first, with their errors."""
        page = await self.list(status=Status.FAILED, type=type, limit=limit, cursor=cursor)
        return Page([job for job in page.jobs if job.buried_at is not None], page.cursor)
