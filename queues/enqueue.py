"""IO: the one way in. The row is written first, then the message is sent, and then the caller is told.

What holds if the process dies
- before the row: nothing happened, nothing was promised. Data too large for a row has become an artifact that nobody
  names; the sweep removes it.
- between row and message: nothing was promised. The row waits; if the caller asks again with the same `jobId`, the
  message is sent then, and in any case the reaper sends it when the row is overdue.
- after the message: the job will run, told or not. Asking again with the same `jobId` returns it. Who wants
  to hear by a webhook that it was made is told by whoever changes its row or looks at it next (webhooks/telling.py).
A message may thus be sent twice; only one claim of the row succeeds, the other copy is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from queues import limits
from queues.catalog import Catalog
from queues.clock import Clock
from queues.errors import EnqueueFailed, InvalidOption
from queues.job import Envelope, Job, Status
from queues.jobtype import JobType
from queues.observe.observer import Observer
from queues.options import DEFAULTS, NewJob, Options, check_deadline, seconds
from queues.payloads import PLAIN, Payloads
from queues.shards import shard_of
from queues.sqs import JobQueues, Message
from queues.store import JobStore
from queues.unique.way_in import Keyed, enqueue_keyed, keyed
from queues.webhooks.endpoint import Webhook

#: Jobs written and sent together in a bulk enqueue: eight BatchWriteItem, then 20 SendMessageBatch.
CHUNK = 200


@dataclass(frozen=True, slots=True)
class Enqueuer:
    """Makes jobs for one tenant."""

    store: JobStore
    queues: JobQueues
    catalog: Catalog
    tenant: str
    clock: Clock
    new_id: Callable[[], str]
    payloads: Payloads = PLAIN
    #: Hears of each job that is sent.
    observer: Observer = field(default_factory=Observer)

    def build(self, new: NewJob, now: int) -> Job:
        """The job that a request asks for, or the error that says why not. Writes nothing."""
        job_type = new.type if isinstance(new.type, JobType) else self.catalog.get(new.type)
        options, mine = new.options, job_type.options
        run_at = now + round(seconds(options.delay) * 1000)
        return Job(
            id=options.job_id or self.new_id(),
            tenant=self.tenant,
            type=job_type.name,
            status=Status.WAITING,
            priority=options.priority,
            max_attempts=options.attempts or mine.attempts_of(options.priority),
            data_json=job_type.check(new.data, self.payloads.max_data),
            data_version=job_type.version,
            tags=tuple(options.tags),
            timeout=seconds(options.timeout) if options.timeout is not None else mine.timeout,
            backoff=options.backoff or mine.backoff,
            created_at=now,
            run_at=run_at,
            expires_start_at=now + round(seconds(options.expires_in) * 1000) if options.expires_in else None,
            deadline_at=None if options.deadline is None else check_deadline(options.deadline, now, run_at),
            webhook=None if options.webhook is None else self._webhook(options.webhook),
            trace=None if self.observer.tracing is None else self.observer.tracing.here(),
        )

    def _webhook(self, webhook: Webhook) -> str:
        if self.store.hooks is None:
            raise InvalidOption("webhook", webhook.url, "nothing delivers it: add queues.webhooks.job to JOBYARD_JOBS")
        return orjson.dumps(webhook.to_json()).decode()

    async def owing(self, job: Job) -> Job:
        """The new job, with what it will owe to others when it has ended."""
        return job if self.store.hooks is None else await self.store.hooks.owing(job)

    async def rows_of(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """New jobs as their rows are to hold them: with a shard, what they will owe, and without what goes elsewhere.

        Whoever writes a new job's row by another way than `put` or `many` asks for it here. See Payloads.row_of.
        """
        if self.store.hooks is not None:
            jobs = [await self.owing(job) for job in jobs]
        if self.store.shards > 1:
            # Readers look at the shards that they know of: so they are told before anything is there.
            await self.store.add_tenant(self.tenant)
            jobs = [replace(job, shard=shard_of(job.id, self.store.shards)) for job in jobs]
        return await self.payloads.rows_of(jobs)

    def keyed(self, new: NewJob, job: Job) -> Keyed | None:
        """What a job that `build` has made is to be unique by; None if by nothing. InvalidOption. Pure."""
        job_type = new.type if isinstance(new.type, JobType) else self.catalog.get(new.type)
        rule = new.options.unique or (job_type.options.unique if new.options.job_id is None else None)
        return None if rule is None else keyed(rule, job_type, job)

    async def put(self, job: Job, *, named: bool) -> Job:
        """Writes and sends a new job; if it is `named` by its caller and one of that id is there, answers that one."""
        now = job.created_at
        if self.observer.tracing is not None and job.trace is None:
            # Not of `build`: a replay, say.
            job = replace(job, trace=self.observer.tracing.here())
        await self.store.add_tenant(self.tenant)
        (row,) = await self.rows_of([job])
        if named:
            there = await self.store.put_new(row)
            if there is not None and not _never_started(there):
                return there.seen_at(now)
            job, row = there or job, there or row
        else:
            await self.store.put_many([row])
        if await self.send(job, now):
            raise EnqueueFailed([], [job], "SQS did not take the message")
        self.observer.meter.enqueued(job)
        if row.owes:
            await self.tell([row])
        return job.seen_at(now)

    async def tell(self, rows: Sequence[Job]) -> None:
        """Tells that jobs were made, as their rows have them, if anybody wants to hear of that by a webhook."""
        if self.store.hooks is not None:
            await self.store.hooks.telling.tell_rows(rows)

    async def one(self, type_name: str | JobType[Any, Any], data: Any, options: Options = DEFAULTS) -> Job:
        """Enqueues one job, or returns the one that has its `job_id` or its key already."""
        new = NewJob(type_name, data, options)
        tracing = self.observer.tracing
        if tracing is None:
            return await self._one(new)
        with tracing.sending(_name(new), self.tenant):
            return await self._one(new)

    async def _one(self, new: NewJob) -> Job:
        job = self.build(new, self.clock())
        unique = self.keyed(new, job)
        if unique is not None:
            return await enqueue_keyed(self, unique)
        return await self.put(job, named=new.options.job_id is not None)

    async def announce(self, job: Job) -> None:
        """Sends the message of a job whose row is there."""
        await self.send(job, self.clock())
        self.observer.meter.enqueued(job)
        if job.owes and self.store.hooks is not None:
            await self.store.hooks.telling.tell(job)

    async def send(self, job: Job, now: int) -> list[int]:
        """Sends a message of a job; answers what SQS did not take of it."""
        queue = self.catalog.queue_of(job.type, job.priority)
        return await self.queues.send(queue, [_message(job, now)], job.tenant)

    async def many(
        self, requests: Sequence[NewJob], on_progress: Callable[[int, int], None] | None = None
    ) -> list[Job]:
        """Enqueues jobs in bulk and returns them in order; all are checked before the first is written.

        `on_progress(done, total)` is called after each CHUNK. EnqueueFailed tells which were accepted.
        """
        tracing = self.observer.tracing
        if tracing is None or not requests:
            return await self._many(requests, on_progress)
        with tracing.sending(_name(requests[0]), self.tenant, len(requests)):
            return await self._many(requests, on_progress)

    async def _many(self, requests: Sequence[NewJob], on_progress: Callable[[int, int], None] | None) -> list[Job]:
        now = self.clock()
        jobs = [self.build(request, now) for request in requests]
        if self.store.hooks is not None:
            jobs = [await self.owing(job) for job in jobs]
        unique = {
            i: one
            for i, (request, job) in enumerate(zip(requests, jobs, strict=True))
            if (one := self.keyed(request, job)) is not None
        }
        await self.store.add_tenant(self.tenant)
        bulk = _Bulk(self, [request.options.job_id is not None for request in requests], jobs, unique)
        for at in range(0, len(jobs), CHUNK):
            await bulk.accept(range(at, min(at + CHUNK, len(jobs))), now)
            if on_progress is not None:
                on_progress(min(at + CHUNK, len(jobs)), len(jobs))
        return [job.seen_at(now) for job in bulk.jobs]

    async def put_all(self, jobs: Sequence[Job], now: int) -> list[Job]:
        """Writes and sends new jobs that were named before, in any number; answers those that were there instead.

        EnqueueFailed tells which were accepted.
        """
        bulk = _Bulk(self, [True] * len(jobs), list(jobs), {})
        for at in range(0, len(jobs), CHUNK):
            await bulk.accept(range(at, min(at + CHUNK, len(jobs))), now)
        return bulk.jobs


@dataclass(slots=True)
class _Bulk:
    """A bulk enqueue under way: `jobs[i]` is replaced by the one that was there before, where there was one."""

    enqueuer: Enqueuer
    named: list[bool]
    jobs: list[Job]
    unique: dict[int, Keyed]
    first: dict[str, int] = field(default_factory=dict)

    async def accept(self, chunk: range, now: int) -> None:
        try:
            unsent = await self._accept(chunk, now)
        except (ClientError, BotoCoreError, OSError, EnqueueFailed) as error:
            raise EnqueueFailed(self.jobs[: chunk.start], self.jobs[chunk.start :], str(error)) from error
        if unsent:
            accepted = [job for i, job in enumerate(self.jobs[: chunk.stop]) if i not in unsent]
            rejected = [self.jobs[i] for i in sorted(unsent)] + self.jobs[chunk.stop :]
            raise EnqueueFailed(accepted, rejected, "SQS did not take their messages")

    async def _accept(self, chunk: range, now: int) -> set[int]:
        """Writes and sends one chunk; answers which of it SQS did not take."""
        store = self.enqueuer.store
        fresh = [i for i in chunk if not self.named[i] and i not in self.unique]
        named = [i for i in chunk if self.named[i] and self.first.setdefault(self.jobs[i].id, i) == i]
        rows = await self.enqueuer.rows_of([self.jobs[i] for i in (*named, *fresh)])
        there, _ = await asyncio.gather(
            asyncio.gather(*(store.put_new(row) for row in rows[: len(named)])),
            store.put_many(rows[len(named) :]),
        )
        to_send = [*fresh]
        for i, old in zip(named, there, strict=True):
            if old is None or _never_started(old):
                to_send.append(i)
            self.jobs[i] = old or self.jobs[i]
        unsent = await self._send(to_send, now)
        if store.hooks is not None:
            there += [None] * len(fresh)
            await self.enqueuer.tell([old or row for old, row in zip(there, rows, strict=True)])
        if self.unique:
            await self._accept_unique([i for i in chunk if i in self.unique])
        for i in chunk:
            if self.named[i]:
                # The second of two with the same id in one call is the first.
                self.jobs[i] = self.jobs[self.first[self.jobs[i].id]]
        return unsent

    async def _accept_unique(self, indexes: list[int]) -> None:
        """Those of one key one after the other, so that the last one is the last."""
        by_key: dict[str, list[int]] = {}
        for i in indexes:
            by_key.setdefault(self.unique[i].pk, []).append(i)

        async def in_turn(group: list[int]) -> None:
            for i in group:
                self.jobs[i] = await enqueue_keyed(self.enqueuer, self.unique[i])

        await asyncio.gather(*(in_turn(group) for group in by_key.values()))

    async def _send(self, indexes: list[int], now: int) -> set[int]:
        by_queue: dict[str, list[int]] = {}
        queues, queue_of = self.enqueuer.queues, self.enqueuer.catalog.queue_of
        for i in indexes:
            by_queue.setdefault(queue_of(self.jobs[i].type, self.jobs[i].priority), []).append(i)
        failed = await asyncio.gather(
            *(
                queues.send(name, [_message(self.jobs[i], now) for i in group], self.enqueuer.tenant)
                for name, group in by_queue.items()
            )
        )
        unsent = {group[k] for group, part in zip(by_queue.values(), failed, strict=True) for k in part}
        meter = self.enqueuer.observer.meter
        for i in indexes:
            if i not in unsent:
                meter.enqueued(self.jobs[i])
        return unsent


def _never_started(job: Job) -> bool:
    return job.status is Status.WAITING and job.attempt == 0


def _name(new: NewJob) -> str:
    return new.type if isinstance(new.type, str) else new.type.name


def _message(job: Job, now: int) -> Message:
    return Envelope(job.id, job.tenant, job.type).encode(), message_delay(job.run_at, now), job.trace


def message_delay(run_at: int, now: int) -> int:
    """DelaySeconds for a job that shall run at `run_at`: up to 15 minutes; the runner waits out what is left."""
    return max(0, min(limits.MAX_DELAY_SECONDS, -((now - run_at) // 1000)))
