"""IO: what a job owes to others when it has ended, and who sees to it.

A job's row may hold words in `owes`, put there when the job was made: what has to be done once it has completed, failed
or been cancelled. A part of Jobyard that needs to hear of ends registers a payer under its word. A job that owes
nothing has no such attribute, and costs no call or write more.

A job that owes something goes to `TENANT#owing` as it ends (`rows.ended_values`). Then every payer is called, and one
write notes `paid_at` and moves the row to where ended jobs are; a failed job stays there until it is buried, too.

What holds if the process dies
- before or between payers: nothing is noted. The reaper calls all of them, so each must be safe to repeat, also at the
  same time in another process.
- before the note: the same.
A job that is tried again owes its words anew. Who retries, discards or deletes it pays first, so none is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from queues.catalog import Catalog
from queues.clock import Clock
from queues.job import Job, Status
from queues.job_options import JobOptions
from queues.rows import Item, closed_values, number, partition_key, string
from queues.settings import Settings
from queues.writes import Form, Guards, Refused, Writes

log = logging.getLogger("jobyard.debts")

#: Does what a word stands for, for a job that has ended, as its row has it. Safe to repeat, in any process, at any time
#: later. It raises what AWS's clients raise; the debt is then left to the reaper.
Payer = Callable[[Job], Awaitable[None]]

_ATTEMPT: Guards = (("status", "="), ("attempt", "="))


class Debts:
    """The payers of one process, by word."""

    def __init__(self, dynamodb: Any, settings: Settings, catalog: Catalog, clock: Clock):
        self._writes = Writes(dynamodb, settings.table)
        self._catalog, self._clock = catalog, clock
        self._payers: dict[str, Payer] = {}

    def register(self, word: str, payer: Payer) -> None:
        """From now on `payer` is called for jobs that owe `word`, which has no spaces."""
        assert word.split() == [word]
        self._payers[word] = payer

    async def pay(self, job: Job) -> bool:
        """Pays what a job that has ended owes, and notes that; False if a word is one of newer code, which is left."""
        if not job.in_debt:
            return True
        unknown = [word for word in job.owes if word not in self._payers]
        if unknown:
            log.warning("job %s owes %s, which is left to newer code", job.id, " and ".join(unknown))
            return False
        for word in job.owes:
            await self._payers[word](job)
        await self._note(job)
        return True

    async def _note(self, job: Job) -> None:
        now = self._clock()
        values: dict[str, Item] = {"paid_at": number(now)}
        if job.status is not Status.FAILED:
            # A failed job is not done with before it is buried.
            options = self._catalog.get(job.type).options if job.type in self._catalog.names else JobOptions()
            values |= closed_values(job, job.status, job.finished_at or now, now, options)
        guards = [string(job.status.value), number(job.attempt)]
        try:
            await self._writes.apply(
                Form(tuple(values), _ATTEMPT), partition_key(job.tenant, job.id), [*values.values()], guards
            )
        except Refused:
            # Somebody has retried or deleted the job since, and had paid before.
            return
