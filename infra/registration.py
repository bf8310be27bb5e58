"""A worker's entry in the registry of workers, kept up while it runs."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from infra.polling import polling
from queues.clock import Clock
from queues.observe.workers import BEAT, MAX_JOBS, WorkerJob, WorkerRow, WorkerType
from queues.runtime import Runtime

log = logging.getLogger("jobyard.worker")

#: Seconds that the goodbye may take: a stop does not wait for a table that does not answer.
GOODBYE_SECONDS = 2.0


class Registration:
    """Of the worker that runs these types in this process. `beat` for ever, then `goodbye`."""

    def __init__(self, runtime: Runtime, types: list[str], clock: Clock):
        self._runtime, self._clock = runtime, clock
        processes = runtime.settings.processes
        plans = {name: polling(runtime.catalog.get(name), processes) for name in types}
        self._capacity = {name: plan.batch_size * plan.maximum_concurrency for name, plan in plans.items()}
        self._started_at = clock()

    def row(self) -> WorkerRow:
        """The worker as it is now."""
        runner, jobs = self._runtime.runner, self._runtime.runner.pulse.running
        running = [job.type for job in jobs]
        return WorkerRow(
            name=runner.worker,
            started_at=self._started_at,
            seen_at=self._clock(),
            draining=runner.draining,
            types=tuple(WorkerType(name, room, running.count(name)) for name, room in self._capacity.items()),
            jobs=tuple(WorkerJob.of(job) for job in jobs[:MAX_JOBS]),
        )

    async def beat(self) -> None:
        """A heartbeat now and every BEAT seconds, whatever the table says to it."""
        while True:
            try:
                await self._runtime.workers.put(self.row())
            except (ClientError, BotoCoreError, OSError) as error:
                log.warning("the heartbeat of this worker is not written: %s", error)
            await asyncio.sleep(BEAT)

    async def goodbye(self) -> None:
        """Says that this worker is gone, if the table hears it."""
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._runtime.workers.put(replace(self.row(), stopped=True))
        except (ClientError, BotoCoreError, OSError) as error:
            log.warning("the table has not heard that this worker stops: %s", error)
