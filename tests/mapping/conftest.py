"""A queue of the embedded engine, a mapping on it, and a client that records calls and fails on demand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from infra.local.engine import Engine
from infra.local.lambda_.mapping import EventSourceMapping, Mapping
from tests.campaigns.virtual import VirtualLoop, run_virtual

QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:work"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:worker"
#: Seconds that a received message stays hidden.
VISIBILITY = 30


class RecordingClient:
    """Passes each call on, remembers its parameters, and raises what `faults` holds for its method."""

    def __init__(self, real: Any):
        self._real = real
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, list[Exception]] = {}

    def __getattr__(self, name: str) -> Any:
        async def method(**params: Any) -> Any:
            self.calls.append((name, params))
            if self.faults.get(name):
                raise self.faults[name].pop(0)
            return await getattr(self._real, name)(**params)

        return method

    def of(self, name: str) -> list[dict[str, Any]]:
        return [params for called, params in self.calls if called == name]


class World:
    """One queue and the mapping under test, in virtual time. `function` is what is invoked."""

    def __init__(self, loop: VirtualLoop):
        self.loop = loop
        self.engine = Engine(None, clock=loop.epoch_ms, random=random.Random(1))
        self.real: Any = self.engine.client("sqs")
        self.sqs = RecordingClient(self.real)
        self.events: list[dict[str, Any]] = []
        self.contexts: list[Any] = []
        #: Virtual seconds at which each invocation began.
        self.times: list[float] = []
        self.url = ""
        self.answer: Callable[[dict[str, Any]], Any] = lambda _event: None

    async def function(self, event: dict[str, Any], context: Any) -> Any:
        self.events.append(event)
        self.contexts.append(context)
        self.times.append(self.loop.time())
        answer = self.answer(event)
        return await answer if asyncio.iscoroutine(answer) else answer

    async def open(self) -> None:
        self.url = (await self.real.create_queue(QueueName="work", Attributes={"VisibilityTimeout": str(VISIBILITY)}))[
            "QueueUrl"
        ]

    def mapping(self, **options: Any) -> EventSourceMapping:
        defaults = {"batch_size": 10, "batching_window": 0, "maximum_concurrency": 2, "function_timeout": 20}
        shape = Mapping(self.url, QUEUE_ARN, "worker", FUNCTION_ARN, "us-east-1", **{**defaults, **options})
        ids = iter(range(1_000_000))
        return EventSourceMapping(
            shape,
            self.function,
            self.sqs,
            clock=self.loop.epoch_ms,
            new_id=lambda: f"00000000-0000-4000-8000-{next(ids):012x}",
            random=random.Random(1).random,
        )

    async def send(self, *bodies: str, **params: Any) -> None:
        for body in bodies:
            await self.real.send_message(QueueUrl=self.url, MessageBody=body, **params)

    async def counts(self) -> tuple[int, int]:
        """Messages that are visible, and in flight."""
        reply = await self.real.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])
        attributes = reply["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )

    @property
    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in event["Records"]] for event in self.events]


def in_world(test: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    """Runs `test(world)` in virtual time."""

    async def main(loop: VirtualLoop) -> None:
        world = World(loop)
        await world.open()
        try:
            await test(world)
        finally:
            await world.engine.close()

    run_virtual(main)


def failing(*ids: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}
