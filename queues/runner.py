"""IO: the one way out of a queue: decode -> claim -> run -> settle -> apply, for each record of a batch.

What holds if the process dies
- before the claim: the message comes back; nothing was counted.
- between claim and settle: the row is `active` with a lease. When the message comes back, or the reaper looks, and the
  lease has run out, the attempt ends as `lost`; it was counted at its start, so a job that kills its process runs out
  of attempts like any other.
- between settle and the message's end: the row is right already. The message comes back and is dropped, or hidden until
  the job's time, or its burial is completed, by what the row says.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from queues import limits
from queues.attempts import Attempts
from queues.deadline import seconds_for, too_late
from queues.endings import Endings, owed
from queues.errors import Misconfigured, Unopenable
from queues.job import MARK, Envelope, ErrorInfo, Job, NewerEnvelope, Status
from queues.jobtype import JobType
from queues.observe.about import job_at_work
from queues.outcome import Interrupted, Newer, Outcome, Settlement
from queues.payloads import Unopened, Unreached
from queues.pulse import STOP_BEFORE, Pulse, Running
from queues.resources import MAX_RECEIVES
from queues.rows import Report
from queues.schedules.scheduling import Scheduling, read_tick
from queues.store import Unclaimed
from queues.throttle.state import Full
from queues.throttle.throttle import Held, Throttle

log = logging.getLogger("jobyard.runner")

#: Tries of the write that settles an attempt, and seconds before the second; doubled each time.
SETTLE_TRIES = 6
SETTLE_PAUSE = 0.1
#: Receives after which a message that has to wait is replaced by a new one: a job that snoozes or is retried often must
#: not be taken for poison by SQS's own redrive.
RENEW_AFTER = MAX_RECEIVES // 2
#: Seconds for which a message of newer code is hidden. SQS's own redrive bounds how often: MAX_RECEIVES times, 8 hours.
NEWER_SECONDS = 300
#: Milliseconds of an invocation's time that are kept for settling.
SETTLE_RESERVE = 2_000

T = TypeVar("T")
Event = dict[str, Any]
Record = dict[str, Any]


@dataclass(slots=True)
class Runner:
    """Processes SQS events. One a process; `worker` names the process in rows and logs."""

    endings: Endings
    pulse: Pulse
    attempts: Attempts
    worker: str
    scheduling: Scheduling
    throttle: Throttle
    #: Whether nothing is started any more.
    draining: bool = False
    _claims: Any = field(default_factory=itertools.count)

    def drain(self) -> None:
        """Starts nothing from now on: what has been received and not claimed is handed back at once, unburnt."""
        self.draining = True
        self.attempts.wait_no_more()

    async def handle(self, job_type: JobType[Any, Any], event: Event, context: Any) -> dict[str, Any]:
        """What the type's Lambda function answers: the records to be delivered again, as `batchItemFailures`."""
        records = event["Records"]
        if len(records) == 1:
            ends: list[Any] = [await self._guarded(job_type, records[0], context)]
        else:
            ends = await _all([self._guarded(job_type, record, context) for record in records])
        return {
            "batchItemFailures": [
                {"itemIdentifier": record["messageId"]} for record, done in zip(records, ends, strict=True) if not done
            ]
        }

    async def _guarded(self, job_type: JobType[Any, Any], record: Record, context: Any) -> bool:
        """One record; trouble with AWS leaves its message to come back and does not touch its neighbours."""
        try:
            return await self._record(job_type, record, context)
        except (ClientError, BotoCoreError, OSError) as error:
            log.warning("message %s will be delivered again: %s", record["messageId"], error)
            return False

    async def _record(self, job_type: JobType[Any, Any], record: Record, context: Any) -> bool:
        """Whether the message is done with and can be deleted."""
        try:
            envelope = Envelope.decode(record["body"])
            if envelope.type != job_type.name:
                raise ValueError(f"a job of type {envelope.type!r} in the queue of {job_type.name!r}")  # noqa: TRY301
        except NewerEnvelope as error:
            tick = read_tick(record["body"])
            if tick is not None and tick.type == job_type.name:
                sent_at = _sent_at(record, self.endings.clock())
                await self.scheduling.ticks(self.endings).serve(job_type, tick, sent_at)
                return True
            log.warning("message %s of %s is left to newer code: %s", record["messageId"], job_type.name, error)
            await self.endings.queues.hide(self._queue(job_type, record), record["receiptHandle"], NEWER_SECONDS)
            return False
        except ValueError as error:
            return await self._reject(job_type, record, str(error))
        if job_type.is_async:
            return await self._start(job_type, record, envelope, context)
        async with self.attempts.free_process():
            return await self._start(job_type, record, envelope, context)

    async def _start(self, job_type: JobType[Any, Any], record: Record, envelope: Envelope, context: Any) -> bool:
        left = context.get_remaining_time_in_millis() - SETTLE_RESERVE
        if self.draining or left < job_type.options.timeout * 1000:
            # Not started, so not burnt: it comes back at once, to a worker or an invocation that has the time.
            await self.endings.queues.hide(self._queue(job_type, record), record["receiptHandle"], 0)
            return False
        name = self._claim_name()
        if job_type.options.limits:
            return await self._start_limited(job_type, record, envelope, name, left / 1000)
        try:
            claimed = await self.endings.store.claim(envelope.tenant, envelope.id, name, self.endings.clock())
        except asyncio.CancelledError:
            await self._hand_back(job_type, record, envelope, name)
            raise
        if isinstance(claimed, Unclaimed):
            return await self._unclaimed(job_type, record, envelope, claimed.job)
        return await self._observed(job_type, record, claimed, left / 1000)

    async def _observed(
        self, job_type: JobType[Any, Any], record: Record, job: Job, seconds_left: float, held: Held | None = None
    ) -> bool:
        """The attempt, counted, and with its job's name at hand for whatever is logged or traced meanwhile."""
        observer = self.endings.observer
        observer.started(job)
        token = job_at_work.set(job)
        try:
            if observer.tracing is None:
                return await self._run(job_type, record, job, seconds_left, held)
            with observer.tracing.attempt(job):
                return await self._run(job_type, record, job, seconds_left, held)
        finally:
            # An attempt that nobody ends, since its process has died, is closed by the collector, in its own context.
            with suppress(ValueError):
                job_at_work.reset(token)

    async def _start_limited(
        self, job_type: JobType[Any, Any], record: Record, envelope: Envelope, name: str, left: float
    ) -> bool:
        """The same for a type with limits: places first, then the claim, and the places are given back at its end."""
        try:
            held = await self.throttle.enter(job_type, envelope.tenant, envelope.id, name)
        except asyncio.CancelledError:
            await self.endings.queues.hide(self._queue(job_type, record), record["receiptHandle"], 0)
            raise
        if isinstance(held, Unclaimed):
            return await self._unclaimed(job_type, record, envelope, held.job)
        if isinstance(held, Full):
            return await self._postpone(job_type, record, envelope, held.until, self.endings.clock(), far=held.far)
        try:
            claimed = await self.endings.store.claim(envelope.tenant, envelope.id, name, held.at)
        except asyncio.CancelledError:
            await self._hand_back(job_type, record, envelope, name, held)
            await self.throttle.leave(held)
            raise
        if isinstance(claimed, Unclaimed):
            await self.throttle.undo(held)
            return await self._unclaimed(job_type, record, envelope, claimed.job)
        try:
            done = await self._observed(job_type, record, claimed, left, held)
        except (asyncio.CancelledError, Exception):
            await self.throttle.leave(held)
            raise
        await self.throttle.leave(held)
        return done

    async def _hand_back(
        self, job_type: JobType[Any, Any], record: Record, envelope: Envelope, name: str, held: Held | None = None
    ) -> None:
        """A message whose claim was broken off: the worker is stopping, and the claim may have gone through."""
        now = self.endings.clock()
        job = await self.endings.store.claimed_all_the_same(envelope.tenant, envelope.id, name, now)
        if job is None:
            await self.endings.queues.hide(self._queue(job_type, record), record["receiptHandle"], 0)
            return
        task = asyncio.current_task()
        assert task is not None
        running = Running(job, record["receiptHandle"], Report(), task, lease_until=job.lease_until or now, beat_at=now)
        await self._apply(job_type, record, running, Interrupted(), held)

    async def _run(
        self, job_type: JobType[Any, Any], record: Record, job: Job, seconds_left: float, held: Held | None = None
    ) -> bool:
        task = asyncio.current_task()
        assert task is not None
        now = self.endings.clock()
        if job.lease_until is not None and now >= job.lease_until - STOP_BEFORE:
            # The claim's answer came so late that somebody else may have ended this attempt as lost.
            return False
        lease = job.lease_until or now
        running = Running(job, record["receiptHandle"], Report(), task, lease_until=lease, beat_at=now)
        running.cancel_grace = job_type.options.cancel_grace
        running.queue = self._queue(job_type, record)
        outcome: Outcome
        self.pulse.add(running)
        try:
            instead = too_late(job, now) or (held.instead(job) if held is not None else None)
            if instead is not None:
                outcome = instead
            else:
                outcome = await self._attempt(job_type, job, running, min(seconds_for(job, now), seconds_left))
        except asyncio.CancelledError:
            if running.lost:
                task.uncancel()
                return False
            # The worker is stopping: the job is handed back, unburnt, before the cancellation goes on.
            self.pulse.remove(running)
            await self._apply(job_type, record, running, Interrupted(), held)
            raise
        finally:
            self.pulse.remove(running)
        return await self._apply(job_type, record, running, outcome, held)

    async def _attempt(self, job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
        """Runs the handler, on its data wherever that is; a failure if it cannot be had."""
        sensitive = job.type in self.endings.payloads.sensitive
        if sensitive or job.data_json.startswith(MARK):
            payloads = self.endings.payloads
            try:
                if sensitive:
                    running.seal_note = await payloads.note_sealer(job)
                job = replace(job, data_json=await payloads.data(job))
            except (Unopenable, Misconfigured) as error:
                return Unopened(ErrorInfo(type(error).__name__, str(error)))
            except (ClientError, BotoCoreError, OSError) as error:
                return Unreached(ErrorInfo("DataUnavailable", f"its data could not be read: {error}"))
        return await self.attempts.run(job_type, job, running, seconds)

    async def _apply(
        self,
        job_type: JobType[Any, Any],
        record: Record,
        running: Running,
        outcome: Outcome,
        held: Held | None = None,
    ) -> bool:
        """Row first, then message."""
        job, end, now = running.job, self.endings, self.endings.clock()
        if isinstance(outcome, Newer):
            log.warning("job %s is left to newer code: %s", job.id, outcome.reason)
        if not end.payloads.fits(job, outcome):
            # Before the row, as data is: what the row names is there.
            whole = outcome
            outcome = await _persist(lambda: end.payloads.returned(job, whole))
        random = end.random()
        fate = await _persist(lambda: end.settle(job, outcome, now, random, running.report))
        if held is not None:
            await self.throttle.leave(held)
        if fate is None:
            log.warning("job %s: attempt %d ended after its lease; what it came to is void", job.id, job.attempt)
            return False
        return await self._message(job_type, record, job, fate, now)

    async def _message(self, job_type: JobType[Any, Any], record: Record, job: Job, fate: Settlement, now: int) -> bool:
        if owed(job, fate.status):
            await _persist(lambda: self.endings.conclude(job))
        if fate.status is Status.WAITING:
            return await self._postpone(job_type, record, job, fate.run_at or now, now)
        return True

    async def _postpone(
        self,
        job_type: JobType[Any, Any],
        record: Record,
        job: Job | Envelope,
        until: int,
        now: int,
        *,
        far: bool = False,
    ) -> bool:
        """Keeps a message away until `until` (epoch ms).

        A short wait is spent hidden. A long one is spent as a delayed message, a new one each 15 minutes: hidden
        messages count as in flight, of which a queue has 120,000 at most, and they grow old. So is one that is `far`.
        """
        seconds = max(0, math.ceil((until - now) / 1000))
        if seconds <= limits.MAX_DELAY_SECONDS and _receives(record) < RENEW_AFTER and not far:
            await self.endings.queues.hide(self._queue(job_type, record), record["receiptHandle"], seconds)
            return False
        delay = min(seconds, limits.MAX_DELAY_SECONDS)
        body = Envelope(job.id, job.tenant, job.type).encode()
        # Whoever has not read the row does not know the job's level, but that its message came from there.
        queue, trace = self._queue(job_type, record), None
        if isinstance(job, Job):
            queue, trace = self.endings.catalog.queue_of(job.type, job.priority), job.trace
        await self.endings.queues.send(queue, [(body, delay, trace)], job.tenant)
        return True

    async def _unclaimed(
        self, job_type: JobType[Any, Any], record: Record, envelope: Envelope, job: Job | None
    ) -> bool:
        """A message whose job cannot be started now: what to do is in the row."""
        end, now = self.endings, self.endings.clock()
        if job is None:
            return True
        if job.ended:
            if job.in_debt or (job.status is Status.FAILED and job.buried_at is None):
                await end.conclude(job)
            elif job.status is Status.FAILED and envelope.buried_attempt == job.attempt:
                # A dead letter that was moved back by SQS's own redrive: that asks for another go.
                await end.store.reopen(job, now, job_type.options)
                await end.queues.hide(self._queue(job_type, record), record["receiptHandle"], 0)
                return False
            return True
        if job.status is Status.ACTIVE:
            if job.lease_until is not None and job.lease_until <= now:
                fate = await end.lost(job)
                if fate is None:
                    return await self._postpone(job_type, record, job, now + 1_000, now)
                return await self._message(job_type, record, job, fate, now)
            # A second copy, or the same one again too early: it may be needed if the holder dies.
            return await self._postpone(job_type, record, job, job.lease_until or now, now)
        if job.owes:
            # Whoever made it wait may have died before it told of that.
            await end.tell(job)
        # A debounce may have given it a priority of another level: its message goes there, as if it came from afar.
        elsewhere = end.catalog.queue_of(job.type, job.priority) != self._queue(job_type, record)
        return await self._postpone(job_type, record, job, max(job.run_at, now + 1), now, far=elsewhere)

    async def _reject(self, job_type: JobType[Any, Any], record: Record, why: str) -> bool:
        """A message that names no job: to the DLQ after this one delivery, since it can never become one."""
        log.warning("message %s of %s goes to the dead-letter queue: %s", record["messageId"], job_type.name, why)
        await self.endings.queues.bury(job_type.name, record["body"], "InvalidMessage")
        return True

    def _queue(self, job_type: JobType[Any, Any], record: Record) -> str:
        """The queue that a record came from: that of its job's level, unless somebody put it elsewhere."""
        if job_type.options.priorities is None or "eventSourceARN" not in record:
            return job_type.name
        return str(record["eventSourceARN"]).rpartition(":")[2].removeprefix(f"{self.endings.settings.prefix}-")

    def _claim_name(self) -> str:
        return f"{self.worker}/{next(self._claims)}"


def _sent_at(record: Record, now: int) -> int:
    """Epoch ms at which the record's message was sent; `now` if an event that somebody made by hand does not say."""
    return int(record.get("attributes", {}).get("SentTimestamp", now))


def _receives(record: Record) -> int:
    """How often the record's message has been received; an event that somebody made by hand may not say."""
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))


async def _all(works: list[Coroutine[Any, Any, T]]) -> list[T]:
    """What each comes to, run side by side; all have ended when it returns, or raises what one of them raised.

    `asyncio.gather` for less: of this there is one for each batch of jobs.
    """
    if not works:
        return []
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(work) for work in works]
    try:
        for task in tasks:
            # They mostly end in their order, within one turn of the loop: who waits for the first has waited for all.
            if not task.done():
                await asyncio.wait((task,))
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raise
    return [task.result() for task in tasks]


async def _persist(write: Callable[[], Awaitable[T]]) -> T:
    """A write that must not be lost to a passing fault: the work it tells of is done."""
    for tries in range(SETTLE_TRIES):
        try:
            return await write()
        except (ClientError, BotoCoreError, OSError) as error:
            if tries == SETTLE_TRIES - 1:
                raise
            log.warning("a write failed and is tried again: %s", error)
            await asyncio.sleep(SETTLE_PAUSE * 2**tries)
    raise AssertionError("unreachable")
