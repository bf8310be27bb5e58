"""One tenant's backlog before another tenant's single jobs: how many of it are started before each of them?

A real worker on an embedded engine with a file, as `jobyard up` has it. The whole backlog is enqueued before the worker
starts. While it is worked off, the other tenant enqueues a job, waits until it has started, and enqueues the next one a
little later. Counted is what nothing else on the machine can change: the starts of the backlog's jobs after the call
that enqueues the single one has returned, and before the single one's own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.engine import Engine
from infra.worker import Worker
from queues import Concurrency, NewJob, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.jobtype import JobType
from queues.runtime import Runtime, assemble
from queues.settings import read_settings

NOISY, QUIET = "noisy", "quiet"
#: Jobs of one bulk enqueue.
LOT = 5_000
#: Seconds for which the worker works before each of the single jobs.
BETWEEN = 0.1
#: Seconds for a single job to start; a fair one takes hundredths.
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Way:
    """How a type is kept fair, and how much of the backlog may start before a single job."""

    name: str
    #: Jobs that run at once, and those of one batch.
    concurrency: int
    batch_size: int
    #: Seconds that a job takes.
    takes: float
    #: Of `@job`.
    options: dict[str, Any]

    @property
    def few(self) -> int:
        """A few batches: what runs when the single job comes, and as much again."""
        return 2 * self.concurrency


WAYS = (
    # What every named tenant has: ten batches of ten.
    Way("fair queue", 100, 10, 0.02, {}),
    # A fleet too small for that.
    Way("cap per tenant", 10, 1, 0.005, {"tenant_concurrency": 5}),
    # A job that was turned away comes back on a second: as many of the others go first as start in that time.
    Way("turns at a limit", 20, 1, 1.0, {"limits": [Concurrency(10)]}),
)


@dataclass(slots=True)
class Fairness:
    """What one way came to."""

    way: Way
    backlog: int
    #: For each single job: starts of the backlog between its enqueue and its own start; and seconds.
    between: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    #: Jobs of the backlog that were started when the first and the last single job came.
    first_at: int = 0
    last_at: int = 0
    enqueue_seconds: float = 0.0
    work_seconds: float = 0.0

    @property
    def violations(self) -> list[str]:
        """What should not have been."""
        return [
            f"{self.way.name}: {count} jobs of the backlog were started before single job {number}, "
            f"{self.way.few} are a few batches"
            for number, count in enumerate(self.between)
            if count > self.way.few
        ]


class Floor:
    """Where the jobs of one way run."""

    def __init__(self, way: Way):
        self.started = 0
        self.single = asyncio.Event()
        floor = self

        @job("scale", concurrency=way.concurrency, batch_size=way.batch_size, **way.options)
        async def scale(data: dict[str, Any]) -> None:
            if data.get("single"):
                floor.single.set()
            else:
                floor.started += 1
            await asyncio.sleep(way.takes)

        self.type: JobType[Any, Any] = scale


@asynccontextmanager
async def _house(path: Path, floor: Floor) -> AsyncIterator[tuple[Runtime, Callable[[], Worker]]]:
    async with AsyncExitStack() as stack:
        engine = Engine(path)
        stack.push_async_callback(engine.close)
        services = ("sqs", "dynamodb", "scheduler", "lambda", "cloudwatch")
        clients = Clients(*(engine.client(name, checked=False) for name in services))
        runtime = assemble(clients, Catalog([floor.type]), read_settings(processes=1, metrics="off"))
        stack.push_async_callback(runtime.close)
        await runtime.create_resources()
        yield runtime, lambda: Worker(runtime, engine=engine)


async def fairness(way: Way, *, backlog: int, singles: int, path: Path) -> Fairness:
    """Runs one way. TimeoutError if a single job does not start within PATIENCE."""
    found, floor = Fairness(way, backlog), Floor(way)
    async with _house(path, floor) as (runtime, make_worker):
        noisy, quiet = (runtime.queue.for_tenant(tenant) for tenant in (NOISY, QUIET))
        began = time.perf_counter()
        for at in range(0, backlog, LOT):
            await noisy.enqueue_many([NewJob("scale", {})] * min(LOT, backlog - at))
        found.enqueue_seconds = time.perf_counter() - began
        worker = make_worker()
        await worker.start()
        began = time.perf_counter()
        try:
            for number in range(singles):
                await asyncio.sleep(BETWEEN)
                floor.single.clear()
                await quiet.enqueue("scale", {"single": True})
                before, asked = floor.started, time.perf_counter()
                if number == 0:
                    found.first_at = before
                async with asyncio.timeout(PATIENCE):
                    await floor.single.wait()
                found.between.append(floor.started - before)
                found.delays.append(time.perf_counter() - asked)
            found.last_at = floor.started
            found.work_seconds = time.perf_counter() - began
        finally:
            await worker.stop(5)
    return found
