"""Jobyard as a contestant: enqueuer and worker (mapping, runner, reaper) in one process, as `make up` has it.

Works on any pair of clients: the embedded engine's or aiobotocore's. A job counts as done when its message has been
deleted, which is the last step of its life: by then status and result are in its row.
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from noop import Began, noop
from peers.payload import PAYLOAD
from peers.protocol import STUCK_AFTER, Contestant

from infra.worker import Worker
from queues.catalog import Catalog
from queues.clients import Clients
from queues.options import NewJob
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from queues.shards import partition

#: Jobs of one bulk enqueue.
LOT = 500

#: Rows of one page when the results are counted.
PAGE = 1_000


class CountingSqs:
    """An SQS client that counts deleted messages; all else is the client's own."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.deleted = 0
        self._target = 0
        self._reached = asyncio.Event()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        method: Callable[..., Awaitable[dict[str, Any]]] = getattr(self._sqs, name)
        setattr(self, name, method)
        return method

    async def delete_message_batch(self, **params: Any) -> dict[str, Any]:
        reply: dict[str, Any] = await self._sqs.delete_message_batch(**params)
        self._count(len(reply.get("Successful", ())))
        return reply

    async def delete_message(self, **params: Any) -> dict[str, Any]:
        reply: dict[str, Any] = await self._sqs.delete_message(**params)
        self._count(1)
        return reply

    def _count(self, messages: int) -> None:
        self.deleted += messages
        if self.deleted >= self._target:
            self._reached.set()

    async def until(self, count: int) -> None:
        self._target = count
        self._reached.clear()
        if self.deleted < count:
            await self._reached.wait()


class Jobyard(Contestant):
    def __init__(self) -> None:
        self.stack = AsyncExitStack()
        self.sqs: CountingSqs
        self.dynamodb: Any
        self.runtime: Runtime
        self.worker: Worker

    @abstractmethod
    def settings(self) -> Settings:
        """Those that its runtime is assembled with."""

    @abstractmethod
    async def clients(self) -> Clients:
        """The AWS clients; what they need is released with `self.stack`."""

    async def open(self) -> None:
        clients = await self.clients()
        self.sqs = CountingSqs(clients.sqs)
        self.dynamodb = clients.dynamodb
        self.runtime = self._assemble()
        await self.runtime.create_resources()

    def _assemble(self) -> Runtime:
        return assemble(Clients(self.sqs, self.dynamodb), Catalog([noop]), self.settings())

    async def start_workers(self) -> None:
        # A worker drains its runtime for good when it stops.
        self.runtime = self._assemble()
        self.worker = Worker(self.runtime)
        await self.worker.start()

    async def stop_workers(self) -> None:
        await self.worker.stop(self.runtime.settings.grace)

    async def enqueue(self, jobs: int) -> None:
        for at in range(0, jobs, LOT):
            await self.runtime.queue.enqueue_many([NewJob(noop, PAYLOAD)] * min(LOT, jobs - at))

    def done(self) -> int:
        return self.sqs.deleted

    async def until(self, count: int) -> None:
        await asyncio.wait_for(self.sqs.until(count), 5 * STUCK_AFTER)

    async def latency(self) -> float:
        Began.waiting = asyncio.get_running_loop().create_future()
        start = time.monotonic()
        await self.runtime.queue.enqueue(noop, PAYLOAD)
        return await Began.waiting - start

    async def kept(self) -> int:
        completed, start = 0, None
        state = partition(self.runtime.queue.tenant, "completed", 0)
        while True:
            entries, start = await self.runtime.store.keys(state, start=start, limit=PAGE)
            completed += len(entries)
            if start is None:
                return completed

    async def close(self) -> None:
        await self.runtime.close()
        await self.stack.aclose()
