"""IO: what runner, reaper and dead-letter consumer do alike: bury a failed job, end an attempt that went silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from queues.clock import Clock
from queues.job import Envelope, ErrorInfo, Job, Status
from queues.jobtype import Catalog
from queues.outcome import Lost, Settlement, settle
from queues.settings import Settings
from queues.sqs import JobQueues
from queues.store import JobStore


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

    async def bury(self, job: Job) -> None:
        """Puts a failed job's dead letter into its type's DLQ and notes that in the row.

        Killed in between, the letter is sent again: the dead-letter consumer removes the second copy.
        """
        letter = dead_letter(job, self.settings.queue(job.type))
        body = Envelope(job.id, job.tenant, job.type).encode(letter)
        await self.queues.bury(job.type, body, letter["error"]["type"])
        await self.store.mark_buried(job, self.clock(), self.catalog.get(job.type).options)

    async def lost(self, job: Job) -> Settlement | None:
        """Ends an attempt whose lease ran out; None if a heartbeat or somebody else was faster.

        The caller sees to the message; a job that has failed is buried here.
        """
        now = self.clock()
        reason = f"the lease of worker {job.worker} ran out: its process was killed, or it lost touch"
        fate = settle(job, Lost(reason), now, self.random())
        options = self.catalog.get(job.type).options
        if not await self.store.settle(job, fate, now, options, unless_renewed=True):
            return None
        if fate.status is Status.FAILED:
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
