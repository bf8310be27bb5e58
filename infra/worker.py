"""The part of a process that works: messages come to the functions of its job types (mappings.py), and rounds mend what
a crash left behind. `jobyard up` runs it on the embedded engine, `jobyard work` on any AWS-compatible endpoint."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from infra.alerting import EVERY, Alerter
from infra.local.engine import Engine
from infra.mappings import EmbeddedMappings, LocalMappings, Mappings
from infra.registration import Registration
from queues.cleaning.cleaner import cleaner_of
from queues.clock import Clock, system_clock
from queues.observe.publisher import Publisher
from queues.observe.workers import WorkerRow
from queues.runtime import Runtime

log = logging.getLogger("jobyard.worker")

#: Seconds that CloudWatch gets to take the last metrics of a process that stops.
LAST_METRICS_SECONDS = 2.0
#: Seconds that a round gets to end when it is broken off.
ROUNDS_END_SECONDS = 5.0


class Worker:
    """Works on the queues of `types` (default: the whole catalog) until it is stopped. `start` it, then `stop` it.

    With an `engine` the types are functions of its Lambda, whose mappings the API controls. Without `rounds` somebody
    else mends what a crash leaves behind: the functions of a deployment do.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        types: Collection[str] | None = None,
        engine: Engine | None = None,
        polls_linger: bool = False,
        rounds: bool = True,
        clock: Clock = system_clock,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ):
        self._runtime = runtime
        self._types = [job_type for job_type in runtime.catalog if types is None or job_type.name in types]
        self._clock = clock
        self._started_at: int | None = None
        self._mappings: Mappings
        if engine is None:
            self._mappings = LocalMappings(runtime, self._types, polls_linger=polls_linger, clock=clock, new_id=new_id)
        else:
            self._mappings = EmbeddedMappings(engine, runtime, self._types, clock=clock, new_id=new_id)
        self._rounds = rounds
        self._alerter = Alerter(runtime, clock) if rounds else None
        self._registration = Registration(runtime, self.types, clock)
        wanted = runtime.settings.metrics or ("off" if engine is None else "types")
        client = None if wanted == "off" else runtime.clients.cloudwatch
        service, meter = runtime.settings.prefix, runtime.observer.meter
        self._publisher = None if client is None else Publisher(client, meter, service, clock)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Looks the queues up (Misconfigured if one is missing) and begins to poll them.

        RuntimeError if a worker has been stopped on this runtime: its runner starts nothing any more.
        """
        if self.draining:
            raise RuntimeError("a worker was stopped on this runtime, which starts nothing any more: assemble another")
        await self._mappings.start()
        self._started_at = self._clock()
        self._tasks.append(asyncio.create_task(self._registration.beat()))
        if self._publisher is not None:
            self._tasks.append(asyncio.create_task(self._publisher.run()))
        if not self._rounds:
            return
        runtime, settings = self._runtime, self._runtime.settings
        for name, work, every in (
            ("reaper", runtime.reaper.round, settings.reap_every),
            ("dead letters", runtime.dead_letters.round, settings.reap_every),
            ("operations on many jobs", runtime.bulk_work.round, settings.reap_every),
            ("paused queues", runtime.pauses.round, settings.reap_every),
            ("flows", runtime.flowing.round, settings.reap_every),
            ("artifact store", runtime.artifact_sweep.round, settings.reap_every),
            ("cleaner", cleaner_of(runtime).round, settings.clean_every),
        ):
            self._tasks.append(asyncio.create_task(_rounds(name, work, every)))
        if self._alerter is not None:
            self._tasks.append(asyncio.create_task(_rounds("alerts", self._alerter.round, EVERY)))

    async def stop(self, grace: float) -> None:
        """Stops polling at once and gives running jobs `grace` seconds; those still running are handed back, unburnt.

        What was received and has not started is handed back at once. Call it again with a shorter grace to cut a stop
        short.
        """
        self._runtime.runner.drain()
        await self._mappings.stop(grace)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ROUNDS_END_SECONDS)
            await self._registration.goodbye()
            if self._publisher is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LAST_METRICS_SECONDS):
                        await self._publisher.send()

    @property
    def types(self) -> list[str]:
        """The names of the job types that are worked on."""
        return [job_type.name for job_type in self._types]

    @property
    def started(self) -> bool:
        """Whether it has begun to poll."""
        return self._started_at is not None

    @property
    def draining(self) -> bool:
        """Whether it has been asked to stop."""
        return self._runtime.runner.draining

    def troubles(self) -> dict[str, BaseException]:
        """Job type -> what keeps its queue from being polled now."""
        return self._mappings.troubles()

    @property
    def running(self) -> int:
        """Jobs that run in this process now."""
        return len(self._runtime.runner.pulse.running)

    def describe(self) -> list[WorkerRow]:
        """What `GET /api/v1/jobs/workers` is told of this process."""
        return [self._registration.row()]


async def _rounds(name: str, work: Callable[[], Awaitable[Any]], every: float) -> None:
    """Does `work` now and every so many seconds; whatever a round meets, the next one comes."""
    while True:
        try:
            await work()
        except (ClientError, BotoCoreError, OSError) as error:
            log.warning("a round of the %s met trouble with AWS: %s", name, error)
        except Exception:
            log.exception("a round of the %s failed", name)
        await asyncio.sleep(every)
