"""One seed's deployment: the engine, what was asked of it, what its handlers saw, and the processes on it that die."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.engine import Engine
from infra.local.lambda_.mapping import EventSourceMapping, Mapping
from queues import Context
from queues.catalog import Catalog
from queues.clients import Clients
from queues.jobtype import JobType
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from tests.campaigns.simulation.faults import FaultyClient, ProcessDead, Rates
from tests.campaigns.virtual import VirtualLoop

if TYPE_CHECKING:
    from tests.campaigns.simulation.subject import Subject

#: What a call of a process that is ill-treated may raise: its caller was told nothing.
TROUBLE = (ClientError, BotoCoreError, ProcessDead)
#: How a queue is polled: records of a batch, and batches at once, of each process.
BATCH, BATCHES = 4, 2
#: Seconds after which a mapping whose queue is paused looks whether it still is.
PAUSED_LOOK = 2


class Violation(AssertionError):
    """A guarantee that did not hold; `trace` tells what had happened."""

    trace: Sequence[str] = ()


def require(holds: bool, sentence: str) -> None:
    """Violation with the sentence, unless it holds."""
    if not holds:
        raise Violation(sentence)


@dataclass
class Seen:
    """What the handlers saw of one job."""

    #: [attempt, start, end] of each run; the end of a run whose process died is the time of death.
    runs: list[list[float]] = field(default_factory=list)
    returned: int = 0


@dataclass
class World:
    """One seed's deployment. Job types, callers and checks come from its subjects."""

    loop: VirtualLoop
    rng: random.Random
    engine: Engine
    settings: Settings
    subjects: list[Subject] = field(default_factory=list)
    seen: dict[str, Seen] = field(default_factory=lambda: defaultdict(Seen))
    rates: Rates = field(default_factory=Rates)
    processes: list[Process] = field(default_factory=list)
    #: The number of shards of each new process, as it is while a deployment is rolled out.
    shards: Iterator[int] = field(default_factory=lambda: repeat(1))
    #: Whether somebody pauses queues: only then do workers look for that.
    pausing: bool = False
    restarts: int = 0
    trace: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.trace.append(f"{self.loop.time():10.3f}  {text}")

    def client(self) -> Runtime:
        """What a caller works with: a process of its own, which may meet every fault."""
        return Process(self, "caller").assemble()


@dataclass(frozen=True)
class Held:
    """SQS for a mapping that begins no receive while its queue is paused; one that is under way may bring messages."""

    inner: Any
    paused: Callable[[], bool]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def receive_message(self, **params: Any) -> Any:
        if self.paused():
            await asyncio.sleep(PAUSED_LOOK)
            return {}
        return await self.inner.receive_message(**params)


@dataclass(eq=False)
class Process:
    """One worker process: its own clients, runner, mappings, reaper and dead-letter consumer."""

    world: World
    name: str
    alive: bool = True
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    runs: list[list[float]] = field(default_factory=list)
    died: asyncio.Event = field(default_factory=asyncio.Event)
    #: Types whose queues it does not poll, as far as it has heard.
    paused: frozenset[str] = frozenset()

    def die(self) -> None:
        """Ends at once, as by kill -9: no task of it makes another call."""
        if self.alive:
            self.alive = False
            self.world.note(f"{self.name} dies")
            for run in self.runs:
                if run[2] < 0:
                    run[2] = self.world.loop.time()
            self.died.set()

    @contextmanager
    def running(self, ctx: Context) -> Iterator[Seen]:
        """Around what a handler does: remembers the run, and where it was."""
        seen, loop = self.world.seen[ctx.job_id], self.world.loop
        run = [ctx.attempt, loop.time(), -1.0]
        seen.runs.append(run)
        self.runs.append(run)
        self.world.note(f"{self.name} runs {ctx.job_id} attempt {ctx.attempt}")
        try:
            yield seen
        finally:
            if run[2] < 0:
                run[2] = loop.time()

    def catalog(self) -> Catalog:
        """The job types, bound to this process so that what ran where is known."""
        return Catalog([job_type for subject in self.world.subjects for job_type in subject.types(self)])

    def assemble(self) -> Runtime:
        """A runtime on clients that fail by the world's rates, and take this process with them."""
        world = self.world

        def faulty(service: str) -> FaultyClient:
            inner = world.engine.client(service)
            return FaultyClient(inner, world.rng, world.rates, self.die, lambda: self.alive, self._note)

        clients = Clients(faulty("sqs"), faulty("dynamodb"), faulty("scheduler"))
        clock = world.loop.epoch_ms
        settings = world.settings.model_copy(update={"shards": next(world.shards)})
        return assemble(clients, self.catalog(), settings, clock=clock, random=world.rng, worker=self.name)

    def _note(self, text: str) -> None:
        self.world.note(f"{self.name} {text}")

    async def run(self) -> None:
        """Works until it dies."""
        try:
            runtime = self.assemble()
            for job_type in runtime.catalog:
                mapping = self._mapping(runtime, job_type, await runtime.queues.url(job_type.name))
                self.tasks.append(asyncio.ensure_future(mapping.run()))
            self.tasks.append(asyncio.ensure_future(self._maintain(runtime)))
            await self.died.wait()
        except TROUBLE:
            self.die()
        for task in self.tasks:
            # Those that are still about would meet ProcessDead at their next call.
            task.cancel()

    def _mapping(self, runtime: Runtime, job_type: JobType[Any, Any], url: str) -> EventSourceMapping:
        async def invoke(event: dict[str, Any], context: Any) -> Any:
            task = asyncio.current_task()
            assert task is not None
            self.tasks.append(task)
            return await job_type.lambda_handler.invoke(event, context, runtime.runner)

        shape = Mapping(
            url, "arn:aws:sqs:us-east-1:000000000000:q", "sim", "arn:aws:lambda:::sim", "us-east-1",
            batch_size=BATCH, batching_window=0, maximum_concurrency=BATCHES, function_timeout=900,
            visibility_timeout=round(self.world.settings.lease),
        )  # fmt: skip
        rng, sqs = self.world.rng, Held(runtime.clients.sqs, lambda: job_type.name in self.paused)
        return EventSourceMapping(
            shape, invoke, sqs, clock=self.world.loop.epoch_ms,
            new_id=lambda: f"{rng.getrandbits(64):016x}", random=rng.random,
        )  # fmt: skip

    async def _maintain(self, runtime: Runtime) -> None:
        while True:
            await asyncio.sleep(self.world.settings.reap_every)
            try:
                await runtime.reaper.round()
                await runtime.dead_letters.round()
                await runtime.flowing.round()
                if self.world.pausing:
                    self.paused = await runtime.pauses.paused()
                    await runtime.pauses.round()
            except (ClientError, BotoCoreError):
                continue
            except ProcessDead:
                return


async def keep_alive(world: World, slot: int) -> None:
    """Starts a worker process again whenever it has died, as a supervisor does."""
    while True:
        process = Process(world, f"w{slot}.{world.restarts}")
        world.restarts += 1
        world.processes.append(process)
        await process.run()
        await asyncio.sleep(world.rng.uniform(0.1, 5))
