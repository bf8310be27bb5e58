"""IO: what runner, reaper and dead-letter consumer do alike: end an attempt that went silent, do what an end asks for.

What is owed to a job that has ended stays owed until its row says that it is done (`rows.ended_values`). Whoever has
ended the job does it at once; if that process dies, the reaper finds the row. So each thing that is owed may be done
twice: debts are safe to repeat, and of two dead letters one is removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from queues.catalog import Catalog
from queues.clock import Clock
from queues.debts import Debts
from queues.errors import JobNotFound
from queues.events.event import EventKind
from queues.job import ENDED, Envelope, ErrorInfo, Job, Status
from queues.job_options import JobOptions
from queues.observe.observer import Observer
from queues.outcome import Lost, Outcome, Settlement, settle
from queues.payloads import PLAIN, Payloads
from queues.rows import NOTHING, Report
from queues.settings import Settings
from queues.sqs import JobQueues
from queues.store import CancelAsked, JobStore
from queues.webhooks.telling import WENT_ON

log = logging.getLogger("jobyard.endings")


@dataclass(frozen=True, slots=True)
class Endings:
    """The ends of a job that need more than one write."""

    store: JobStore
    queues: JobQueues
    catalog: Catalog
    settings: Settings
    clock: Clock
    #: Uniform in [0, 1).
    random: Callable[[], float]
    debts: Debts
    payloads: Payloads = PLAIN
    #: Hears how attempts end.
    observer: Observer = field(default_factory=Observer)

    async def bury(self, job: Job) -> None:
        """Puts a failed job's dead letter into its type's DLQ and notes that in the row.

        Killed in between, the letter is sent again: the dead-letter consumer removes the second copy.
        """
        letter = dead_letter(job, self.settings.queue(self.catalog.queue_of(job.type, job.priority)))
        body = Envelope(job.id, job.tenant, job.type).encode(letter)
        await self.queues.bury(job.type, body, letter["error"]["type"])
        self.observer.meter.buried(job)
        # Somebody else may have noted it, and somebody deleted the job since.
        with suppress(JobNotFound):
            await self.store.mark_buried(job, self.clock(), self.catalog.get(job.type).options)

    async def settle(
        self,
        job: Job,
        outcome: Outcome,
        now: int,
        random: float,
        report: Report = NOTHING,
        *,
        unless_renewed: bool = False,
    ) -> Settlement | None:
        """Decides and writes what becomes of a job whose attempt has ended; None if the attempt is not its any more.

        A request to cancel that comes before the write is heard: see `outcome.settle`.
        """
        fate, options = settle(job, outcome, now, random), self.catalog.get(job.type).options
        written = report
        if job.type in self.payloads.sensitive:
            fate, written = await self.payloads.discreet(job, outcome, fate, report)
        try:
            ours = await self.store.settle(job, fate, now, options, written, unless_renewed=unless_renewed)
        except CancelAsked as asked:
            fate = settle(asked.job, outcome, now, random)
            if job.type in self.payloads.sensitive:
                fate, written = await self.payloads.discreet(job, outcome, fate, report)
            ours = await self.store.settle(asked.job, fate, now, options, written, unless_renewed=unless_renewed)
        if not ours:
            return None
        self.observer.ended(job, fate, now)
        if job.owes and fate.status is Status.WAITING:
            await self.tell(job, *WENT_ON)
        return fate

    async def tell(self, job: Job, *more: EventKind) -> None:
        """Tells what has happened to a job, and `more` that may have since it was read, if anybody wants to hear of it
        before its end."""
        if self.store.hooks is not None:
            await self.store.hooks.telling.tell(job, *more)

    async def lost(self, job: Job) -> Settlement | None:
        """Ends an attempt whose lease ran out; None if a heartbeat or somebody else was faster.

        The caller sees to the message; what is owed to a job that has ended thereby is done here.
        """
        now = self.clock()
        reason = f"the lease of worker {job.worker} ran out: its process was killed, or it lost touch"
        fate = await self.settle(job, Lost(reason), now, self.random(), unless_renewed=True)
        if fate is not None and owed(job, fate.status):
            await self.conclude(job)
        return fate

    async def conclude(self, job: Job) -> None:
        """Does what is owed to a job that has ended, as its row has it by now: its debts, then its burial."""
        ended = await self.store.get(job.tenant, job.id, self.clock())
        if ended is None or not ended.ended or not await self.debts.pay(ended):
            return
        if ended.status is Status.FAILED and ended.buried_at is None:
            await self.bury(ended)

    async def cancel(self, job: Job, now: int, options: JobOptions, by: str | None = None) -> Job | None:
        """Cancels a job that waits: None if done, else the job as it stands. JobNotFound."""
        met = await self.store.cancel(job, now, options, by)
        if met is None and job.owes:
            try:
                await self.conclude(job)
            except (ClientError, BotoCoreError, OSError) as error:
                log.warning("job %s is cancelled; what it owes is left to the reaper: %s", job.id, error)
        return met


def owed(job: Job, status: Status) -> bool:
    """Whether something is owed to `job` once it has ended with `status`."""
    return status is Status.FAILED or (bool(job.owes) and status in ENDED)


def dead_letter(job: Job, origin: str) -> dict[str, Any]:
    """What a dead letter says of its job: error, attempts, and the queue it came from."""
    error = job.error or ErrorInfo("Unknown", "no error was recorded")
    return {
        "error": error.to_json(),
        "attempts": job.attempt,
        "origin": origin,
        "createdAt": job.created_at,
        "failedAt": job.finished_at,
    }
