"""How a worker's queues come to its job types: mappings of its own, or those of the embedded Lambda.

Against AWS and other emulators a worker polls the queues of its types as they are in the code, but for those whose rows
say that they are paused (`LocalMappings`). On the embedded engine the types are functions of its Lambda, and the
mappings are rows that the API can list, change and disable (`EmbeddedMappings`): that is how a queue is paused there,
and it stays paused over a restart.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.engine import Engine
from infra.local.lambda_.deployment import Deployed, deploy
from infra.local.lambda_.functions import Function
from infra.local.lambda_.invoker import Mapping
from infra.local.lambda_.level_slots import REST_SECONDS, REST_SECONDS_BY_HTTP, SharedSlots
from infra.local.lambda_.mapping import EventSourceMapping
from infra.local.lambda_.pollers import Pollers
from infra.local.lambda_.slots import Room, Slots
from infra.pausable import Pausable, PollingEnded
from infra.polling import AnyType, Polling, Source, polling, sources
from queues.clock import Clock
from queues.resources import function_timeout, worker_visibility
from queues.runtime import Runtime

log = logging.getLogger("jobyard.mappings")

#: Seconds between two looks at which queues are paused: so long may a worker go on after a pause.
LOOK_AT_PAUSES = 2.0
#: Quick looks at a queue of an emulator: a tenth of a second of them, longer than MiniStack takes to look by itself.
QUICK_LOOKS = 10
#: Seconds between two looks whether asynchronous invocations have ended.
LOOK = 0.05


class Mappings(Protocol):
    """What brings messages to functions."""

    async def start(self) -> None:
        """Looks the queues up (Misconfigured if one is missing) and begins to poll them."""

    async def stop(self, grace: float) -> None:
        """Stops polling at once and gives running invocations `grace` seconds. May be called again with less."""

    def troubles(self) -> dict[str, BaseException]:
        """Job type -> what keeps its queue from being polled now."""


class LocalMappings:
    """Mappings that only this process knows of. It reads every few seconds which queues are paused."""

    def __init__(
        self,
        runtime: Runtime,
        types: Sequence[AnyType],
        *,
        polls_linger: bool,
        clock: Clock,
        new_id: Callable[[], str],
    ):
        self._runtime, self._types, self._polls_linger = runtime, types, polls_linger
        self._clock, self._new_id = clock, new_id
        #: By the type's name: one for each of its queues.
        self._mappings: dict[str, list[Pausable]] = {}
        self._follower: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._mappings = {job_type.name: await self._pausables(job_type) for job_type in self._types}
        self._obey(await self._runtime.pauses.paused())
        self._follower = asyncio.create_task(self._follow())

    async def stop(self, grace: float) -> None:
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.wait({self._follower})
        await asyncio.gather(*(mapping.stop(grace) for of_type in self._mappings.values() for mapping in of_type))

    def troubles(self) -> dict[str, BaseException]:
        found: dict[str, BaseException] = {}
        for name, of_type in self._mappings.items():
            for mapping in of_type:
                trouble = mapping.trouble
                # Of several queues one that is polled no more is worse than one that cannot be received from.
                if trouble is not None and (name not in found or isinstance(trouble, PollingEnded)):
                    found[name] = trouble
        return found

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AT_PAUSES)
            try:
                self._obey(await self._runtime.pauses.paused())
            except (ClientError, BotoCoreError, OSError) as error:
                log.warning("which queues are paused cannot be read, it stays as it is: %s", error)

    def _obey(self, paused: Collection[str]) -> None:
        for name, of_type in self._mappings.items():
            for mapping in of_type:
                if name in paused:
                    mapping.pause()
                else:
                    mapping.resume()

    async def _pausables(self, job_type: AnyType) -> list[Pausable]:
        processes = self._runtime.settings.processes
        found = sources(job_type, processes)
        total = polling(job_type, processes).maximum_concurrency
        if len(found) == 1:
            return [await self._pausable(job_type, found[0], Slots(total))]
        rest = REST_SECONDS_BY_HTTP if self._polls_linger else REST_SECONDS
        shared = SharedSlots(total, [source.weight for source in found], rest)
        for source, level in zip(found, shared.levels, strict=True):
            level.resize(source.polling.maximum_concurrency)
        pairs = zip(found, shared.levels, strict=True)
        return [await self._pausable(job_type, source, level) for source, level in pairs]

    async def _pausable(self, job_type: AnyType, source: Source, slots: Room) -> Pausable:
        runtime, plan = self._runtime, source.polling
        url, arn = await runtime.queues.url(source.queue), await runtime.queues.arn(source.queue)
        function = function_of(job_type, runtime, arn, 0)
        mapping = Mapping(
            queue_url=url,
            queue_arn=arn,
            function_name=function.name,
            function_arn=function.arn,
            region=function.region,
            batch_size=plan.batch_size,
            batching_window=job_type.options.batching_window,
            maximum_concurrency=plan.maximum_concurrency,
            function_timeout=function.timeout,
            visibility_timeout=worker_visibility(job_type, runtime.settings.lease),
            polls_linger=self._polls_linger,
            quick_looks=QUICK_LOOKS if runtime.settings.aws_endpoint_url else 0,
        )

        def make(slots: Room) -> EventSourceMapping:
            sqs = runtime.clients.sqs
            return EventSourceMapping(
                mapping, function.invoke, sqs, clock=self._clock, new_id=self._new_id, slots=slots
            )

        return Pausable(make, slots, function.timeout)


class EmbeddedMappings:
    """The engine's mappings. The types become its functions; each has a mapping on its queue from its first start."""

    def __init__(
        self, engine: Engine, runtime: Runtime, types: Sequence[AnyType], *, clock: Clock, new_id: Callable[[], str]
    ):
        self._engine, self._runtime, self._types, self._clock = engine, runtime, types, clock
        self._pollers = Pollers(engine, clock=clock, new_id=new_id)
        self._functions: list[Function] = []

    async def start(self) -> None:
        await self.deploy()
        await self._pollers.start()

    async def deploy(self) -> None:
        """Gives the engine its functions and their mappings, which nobody polls yet."""
        deployed = []
        for job_type in self._types:
            found = sources(job_type, self._runtime.settings.processes)
            arns = [await self._runtime.queues.arn(source.queue) for source in found]
            function = function_of(job_type, self._runtime, arns[0], self._clock())
            if len(found) > 1:
                function.weights = {arn: source.weight for arn, source in zip(arns, found, strict=True)}
            self._engine.functions[function.name] = function
            self._functions.append(function)
            for arn, source in zip(arns, found, strict=True):
                deployed.append(Deployed(function.name, arn, _config(job_type, source.polling)))
        await self._engine.submit(deploy(deployed), {})

    async def stop(self, grace: float) -> None:
        for function in self._functions:
            function.stopping = True
        await asyncio.gather(self._pollers.stop(grace), self._events_end(grace))

    def troubles(self) -> dict[str, BaseException]:
        """None: the engine is in this process, and nothing is between it and its pollers that could fail."""
        return {}

    async def _events_end(self, grace: float) -> None:
        """Gives asynchronous invocations `grace` seconds; those that need more run again after the next start."""
        for _ in range(math.ceil(grace / LOOK)):
            if not any(function.events for function in self._functions):
                return
            await asyncio.sleep(LOOK)


def function_of(job_type: AnyType, runtime: Runtime, queue_arn: str, modified_at: int) -> Function:
    """A type as a function, in its queue's region; its invocations run in this process."""
    partition, _, region, account = queue_arn.split(":")[1:5]
    name = runtime.settings.queue(job_type.name)
    return Function(
        name=name,
        arn=f"arn:{partition}:lambda:{region}:{account}:function:{name}",
        invoke=partial(_invoke, job_type, runtime),
        handler=f"{job_type.function.__module__}.handler",
        timeout=function_timeout(job_type),
        concurrency=polling(job_type, runtime.settings.processes).maximum_concurrency,
        memory=job_type.options.memory,
        description=(inspect.getdoc(job_type.function) or "").partition("\n")[0],
        modified_at=modified_at,
        # Heartbeats extend it while a job runs, so a killed worker's message comes back after one lease.
        lease=runtime.settings.lease,
    )


def _config(job_type: AnyType, plan: Polling) -> dict[str, Any]:
    return {
        "BatchSize": plan.batch_size,
        # Whole seconds, as on AWS.
        "MaximumBatchingWindowInSeconds": math.ceil(job_type.options.batching_window),
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": plan.maximum_concurrency},
    }


async def _invoke(job_type: AnyType, runtime: Runtime, event: Any, context: Any) -> Any:
    """The type's Lambda entry point, in its awaitable form."""
    return await job_type.lambda_handler.invoke(event, context, runtime.runner)
