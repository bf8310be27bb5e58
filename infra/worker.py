"""The part of a process that works: an event source mapping for each job type, and the rounds that mend what a crash
left behind. `jobyard up` runs it on the embedded engine, `jobyard work` on any AWS-compatible endpoint."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.lambda_ import mapping as esm
from queues.clock import Clock, system_clock
from queues.jobtype import JobType
from queues.resources import function_timeout
from queues.runtime import Runtime

log = logging.getLogger("jobyard.worker")


@dataclass(frozen=True, slots=True)
class Polling:
    """How a type's queue is polled, in the words of CreateEventSourceMapping."""

    batch_size: int
    maximum_concurrency: int


def polling(job_type: JobType[Any, Any], processes: int) -> Polling:
    """So many batches of so many records at once that a type's `concurrency` is used and never exceeded.

    Plain `def` jobs come one by one, and no more than there are worker processes: in a batch the slowest would keep
    the processes of the others idle, and a message that is received only to wait loses its visibility meanwhile.
    """
    options = job_type.options
    if not job_type.is_async:
        return Polling(1, min(options.concurrency, processes))
    batch_size = min(options.batch_size, options.concurrency)
    return Polling(batch_size, options.concurrency // batch_size)


class Worker:
    """Works on the queues of `types` (default: the whole catalog) until it is stopped. `start` it, then `stop` it."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        types: Collection[str] | None = None,
        polls_linger: bool = False,
        clock: Clock = system_clock,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ):
        self._runtime = runtime
        self._types = [job_type for job_type in runtime.catalog if types is None or job_type.name in types]
        self._polls_linger, self._clock, self._new_id = polls_linger, clock, new_id
        self._started_at: int | None = None
        self._mappings: dict[str, esm.EventSourceMapping] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Looks the queues up (Misconfigured if one is missing) and begins to poll them."""
        for job_type in self._types:
            self._mappings[job_type.name] = await self._mapping(job_type)
        self._started_at = self._clock()
        self._tasks = [asyncio.create_task(mapping.run()) for mapping in self._mappings.values()]
        every = self._runtime.settings.reap_every
        for name, work in (("reaper", self._runtime.reaper.round), ("dead letters", self._runtime.dead_letters.round)):
            self._tasks.append(asyncio.create_task(_rounds(name, work, every)))

    async def stop(self, grace: float) -> None:
        """Stops polling at once and gives running jobs `grace` seconds; those still running are handed back, unburnt.

        Call it again with a shorter grace to cut a stop short.
        """
        await asyncio.gather(*(mapping.stop(grace) for mapping in self._mappings.values()))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def types(self) -> list[str]:
        """The names of the job types that are worked on."""
        return [job_type.name for job_type in self._types]

    @property
    def running(self) -> int:
        """Jobs that run in this process now."""
        return len(self._runtime.runner.pulse.running)

    def describe(self) -> list[dict[str, Any]]:
        """What `GET /api/v1/jobs/workers` shows of this process. No job is named: tenants are apart."""
        running = [job.type for job in self._runtime.runner.pulse.running]
        started = datetime.fromtimestamp((self._started_at or self._clock()) / 1000, UTC)
        return [
            {
                "name": self._runtime.runner.worker,
                "startedAt": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "running": len(running),
                "types": [{"type": job_type.name, "running": running.count(job_type.name)} for job_type in self._types],
            }
        ]

    async def _mapping(self, job_type: JobType[Any, Any]) -> esm.EventSourceMapping:
        runtime, settings = self._runtime, self._runtime.settings
        url, arn = await runtime.queues.url(job_type.name), await runtime.queues.arn(job_type.name)
        region, account = arn.split(":")[3:5]
        function = settings.queue(job_type.name)
        plan = polling(job_type, settings.processes)
        mapping = esm.Mapping(
            queue_url=url,
            queue_arn=arn,
            function_name=function,
            function_arn=f"arn:aws:lambda:{region}:{account}:function:{function}",
            region=region,
            batch_size=plan.batch_size,
            batching_window=job_type.options.batching_window,
            maximum_concurrency=plan.maximum_concurrency,
            function_timeout=function_timeout(job_type),
            # Heartbeats extend it while a job runs, so a killed worker's message comes back after one lease.
            visibility_timeout=math.ceil(settings.lease + job_type.options.batching_window),
            polls_linger=self._polls_linger,
        )
        invoke = partial(_invoke, job_type, runtime)
        return esm.EventSourceMapping(mapping, invoke, runtime.clients.sqs, clock=self._clock, new_id=self._new_id)


async def _invoke(
    job_type: JobType[Any, Any], runtime: Runtime, event: dict[str, Any], context: Any
) -> Mapping[str, Any]:
    """The function of a mapping: the type's Lambda entry point, in its awaitable form."""
    return await job_type.lambda_handler.invoke(event, context, runtime.runner)


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
