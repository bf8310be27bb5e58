"""IO: what runner, reaper and dead-letter consumer do alike: bury a failed job, end an attempt that went silent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from queues.catalog import Catalog
from queues.clock import Clock
from queues.errors import JobNotFound
from queues.job import Envelope, ErrorInfo, Job, Status
from queues.outcome import Lost, Outcome, Settlement, settle
from queues.payloads import PLAIN, Payloads
from queues.rows import NOTHING, Report
from queues.settings import Settings
from queues.sqs import JobQueues
from queues.store import CancelAsked, JobStore


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
    payloads: Payloads = PLAIN

    async def bury(self, job: Job) -> None:
        """Puts a failed job's dead letter into its type's DLQ and notes that in the row.

        Killed in between, the letter is sent again: the dead-letter consumer removes the second copy.
        """
        letter = dead_letter(job, self.settings.queue(job.type))
        body = Envelope(job.id, job.tenant, job.type).encode(letter)
        await self.queues.bury(job.type, body, letter["error"]["type"])
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
        return fate if ours else None

    async def lost(self, job: Job) -> Settlement | None:
        """Ends an attempt whose lease ran out; None if a heartbeat or somebody else was faster.

        The caller sees to the message; a job that has failed is buried here.
        """
        now = self.clock()
        reason = f"the lease of worker {job.worker} ran out: its process was killed, or it lost touch"
        fate = await self.settle(job, Lost(reason), now, self.random(), unless_renewed=True)
        if fate is not None and fate.status is Status.FAILED:
            await self.bury_by_id(job)
        return fate

    async def bury_by_id(self, job: Job) -> None:
        """Buries a job as its row has it by now, if that is still owed."""
        settled = await self.store.get(job.tenant, job.id, self.clock())
        if settled is not None and settled.status is Status.FAILED and settled.buried_at is None:
            await self.bury(settled)


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
