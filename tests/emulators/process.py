"""One process of a deployment, in the test itself, on a place's AWS: it does what a test says, by a clock of its own.

AWS itself keeps real time: a message that it hides for an hour is hidden for an hour. What a test wants to see after
that it has the reaper send again, as it does with what is long overdue.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any
from uuid import uuid4

from queues.catalog import Catalog
from queues.clients import Clients, connect
from queues.clock import system_clock
from queues.job import Job
from queues.jobtype import JobType
from queues.observe.observer import Observer
from queues.reaper import RESEND_CAP
from queues.runtime import Runtime, assemble
from queues.settings import read_settings
from tests.emulators.place import Place

#: Seconds for which a claim holds here.
LEASE = 30


@dataclass
class Clock:
    """The time of a deployment's processes, epoch ms: real time, and what a test has added."""

    ahead: int = 0

    def __call__(self) -> int:
        return system_clock() + self.ahead

    def pass_to(self, moment: int) -> None:
        """Sets it forward to `moment`, or leaves it where that is over."""
        self.ahead += max(0, moment - self())


class Invocation:
    """A Lambda context with much time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 600_000


@dataclass
class Process:
    """A process with code of its own."""

    runtime: Runtime
    clock: Clock

    async def deliver(self, name: str, only: Callable[[str], bool] = lambda _body: True) -> int:
        """Receives up to ten messages, waits for the first, runs those whose body is wanted; answers how many."""
        sqs, url = self.runtime.clients.sqs, await self.runtime.queues.url(name)
        asked = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 5, "VisibilityTimeout": LEASE, "AttributeNames": ["All"]}
        found = (await sqs.receive_message(QueueUrl=url, **asked)).get("Messages", [])
        records = [
            {
                "messageId": one["MessageId"],
                "receiptHandle": one["ReceiptHandle"],
                "body": one["Body"],
                "attributes": one["Attributes"],
            }
            for one in found
            if only(one["Body"])
        ]
        if not records:
            return 0
        function = self.runtime.catalog.get(name).lambda_handler
        answer = await function.invoke({"Records": records}, Invocation(), self.runtime.runner)
        again = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in again:
                await sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])
        return len(records)

    async def run(self, made: Job) -> Job:
        """The next attempt of a job, as soon as it is due; then how it stands."""
        before = await self.runtime.queue.for_tenant(made.tenant).get(made.id)
        if before.run_at > self.clock():
            self.clock.pass_to(before.run_at + RESEND_CAP)
            await self.runtime.reaper.round()
        while (found := await self.runtime.queue.for_tenant(made.tenant).get(made.id)).attempt == before.attempt:
            assert await self.deliver(made.type), "no message came"
        return found


@dataclass
class Deployment:
    """Table and queues of their own."""

    clients: Clients
    clock: Clock
    prefix: str
    _numbers: count[int]

    async def process(self, *types: JobType[Any, Any], observer: Observer | None = None) -> Process:
        """One more process, which knows these types."""
        settings = read_settings(prefix=self.prefix, lease=LEASE)
        number = next(self._numbers)
        runtime = assemble(
            self.clients,
            Catalog(types),
            settings,
            clock=self.clock,
            random=Random(number),
            worker=f"w{number}",
            observer=observer,
        )
        await runtime.create_resources()
        return Process(runtime, self.clock)


@asynccontextmanager
async def deployed(place: Place) -> AsyncIterator[Deployment]:
    """A deployment beside that of the place, on the same AWS."""
    async with connect(read_settings(aws_endpoint_url=place.endpoint)) as clients:
        yield Deployment(clients, Clock(), f"d{uuid4().hex[:8]}", count(1))
