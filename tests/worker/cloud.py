"""A queue server with nobody at work, for workers to be started and stopped beside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queues.catalog import load
from queues.clients import connect
from queues.job import Job, Status
from queues.runtime import Runtime, assemble
from queues.settings import read_settings
from tests.cli.house import LIMIT, Running, running

JOBS = "tests.worker.jobs"
#: Seconds for which a claim and a received message hold: ten times the patience of a test, so that what comes back
#: within a test was handed back.
LEASE = 600


@dataclass
class Cloud:
    """An AWS-compatible server, and the queues and jobs on it as this process sees them."""

    endpoint: str
    runtime: Runtime
    home: Path
    #: Whether the server is our own engine.
    embedded: bool = True

    def worker(self, *arguments: str, health: str | None = "0", **changes: str) -> AbstractContextManager[Running]:
        """A real `jobyard work` on it, which tells how it is on a port of its own."""
        environment = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.runtime.settings.region,
            "JOBYARD_JOBS": JOBS,
            "JOBYARD_PREFIX": self.runtime.settings.prefix,
            "JOBYARD_LEASE": str(LEASE),
            "JOBYARD_DATA": str(self.home / "data"),
            "JOBYARD_PROCESSES": "1",
        }
        if health is not None:
            environment["JOBYARD_HEALTH"] = health
        return running("work", *arguments, **(environment | changes))

    async def enqueue(self, type_name: str, name: str, gate: Path) -> None:
        """A job of that id, which ends when there is a file `gate`."""
        await self.runtime.queue.enqueue(type_name, {"until": str(gate)}, job_id=name)

    async def job(self, name: str) -> Job:
        return await self.runtime.queue.get(name)

    async def outcomes(self, name: str) -> list[str | None]:
        """How each attempt of a job ended."""
        return [attempt.outcome for attempt in (await self.job(name)).history]

    async def messages(self, type_name: str) -> tuple[int, int]:
        """ApproximateNumberOfMessages and ApproximateNumberOfMessagesNotVisible of a type's queue."""
        depth = await self.runtime.queues.depth(type_name)
        return depth.visible, depth.in_flight

    async def until_active(self, *names: str) -> None:
        """Returns once these jobs run."""
        for name in names:
            await until(lambda name=name: self._is(name, Status.ACTIVE))  # type: ignore[misc]

    async def until_completed(self, *names: str) -> None:
        """Returns once these jobs are done."""
        for name in names:
            await until(lambda name=name: self._is(name, Status.COMPLETED))  # type: ignore[misc]

    async def until_messages(self, type_name: str, visible: int, in_flight: int) -> None:
        """Returns once a type's queue holds so many."""

        async def counted() -> bool:
            return await self.messages(type_name) == (visible, in_flight)

        await until(counted)

    async def _is(self, name: str, status: Status) -> bool:
        return (await self.job(name)).status is status


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Asks until it is so; what it waits for happens in other processes."""
    async with asyncio.timeout(LIMIT):
        while not await condition():
            pass


@asynccontextmanager
async def cloud_at(endpoint: str, home: Path, *, embedded: bool = True, **changes: Any) -> AsyncIterator[Cloud]:
    """The server at an endpoint, with fresh queues and a fresh table, whose names the prefix in `changes` parts."""
    settings = read_settings(aws_endpoint_url=endpoint, region="us-east-1", lease=LEASE, jobs=(JOBS,), **changes)
    async with connect(settings) as clients:
        runtime = assemble(clients, load([JOBS]), settings)
        await runtime.create_resources()
        yield Cloud(endpoint, runtime, home, embedded)
        await runtime.close()
