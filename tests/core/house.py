"""A small deployment for tests of the core: the in-memory engine, virtual time, processes that can die or meet faults.

    @housed
    async def test_a_job_completes(house: House) -> None:
        job = await house.queue.enqueue("work", {})
        await house.deliver()
        ...

`house.deliver()` is one receive and one invocation, so that a test decides what happens when; `house.working()` polls
like a worker does. Time passes only by `asyncio.sleep`, and costs nothing.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import math
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel

from infra.local.dynamodb.attributes import canonical_attributes
from infra.local.engine import Engine
from queues import Context, Fixed, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.job import Job
from queues.queue import Queue
from queues.runtime import Runtime, assemble
from queues.settings import Settings, read_settings
from tests.campaigns.virtual import VirtualLoop, run_virtual

#: Seconds for which a claim holds here, and the smaller ones of what a test may want to pass.
LEASE = 30
MINUTE = 60
DAY = 86_400
#: DynamoDB operations that cost write units.
WRITES = frozenset(
    {
        *("put_item", "update_item", "delete_item", "batch_write_item", "batch_execute_statement"),
        "transact_write_items",
    }
)


class Died(BaseException):
    """What a process meets at the call in which it is killed; nothing in the product catches it."""


class Order(BaseModel):
    """The data of the job type `work`."""

    size: int = 1


@dataclass
class Wire:
    """A client that counts its calls and write units, and fails as it is told: before a call, or after it."""

    inner: Any
    calls: Counter[str] = field(default_factory=Counter)
    #: Write units of what was written, transactions and index entries included.
    units: float = 0.0
    #: Conditional writes that were refused: AWS charges a unit for each, the engine counts none.
    refused: int = 0
    _before: dict[str, list[BaseException]] = field(default_factory=dict)
    _after: dict[str, list[BaseException]] = field(default_factory=dict)
    _denied: int = 0

    def deny_statement(self) -> None:
        """The first statement of the next BatchExecuteStatement is answered with an error of its own."""
        self._denied += 1

    def fail(self, name: str, *errors: BaseException, after: bool = False) -> None:
        """The next calls of `name` raise these, one each; `after`: only once AWS has done what it was asked."""
        (self._after if after else self._before).setdefault(name, []).extend(errors)

    def __getattr__(self, name: str) -> Any:
        async def call(**params: Any) -> Any:
            self.calls[name] += 1
            if self._before.get(name):
                raise self._before[name].pop(0)
            if name in WRITES:
                _check_canonical(params)
                params["ReturnConsumedCapacity"] = "TOTAL"
            denied = []
            if name == "batch_execute_statement" and self._denied:
                self._denied -= 1
                denied = [{"Error": {"Code": "AccessDenied", "Message": "not this one"}}]
                params["Statements"] = params["Statements"][1:]
            try:
                reply = await getattr(self.inner, name)(**params)
            except ClientError as error:
                self.refused += error.response["Error"]["Code"] == "ConditionalCheckFailedException"
                raise
            if name == "batch_execute_statement":
                codes = (one.get("Error", {}).get("Code") for one in reply["Responses"])
                self.refused += sum(code == "ConditionalCheckFailed" for code in codes)
            if denied:
                reply["Responses"][:0] = denied
            if name in WRITES:
                used = reply["ConsumedCapacity"]
                self.units += sum(one["CapacityUnits"] for one in (used if isinstance(used, list) else [used]))
            if self._after.get(name):
                raise self._after[name].pop(0)
            return reply

        return call


def _check_canonical(params: dict[str, Any]) -> None:
    """The engine takes the values of the core's own batches as they come: they must be in the form that it stores."""
    for statement in params.get("Statements", ()):
        values = dict(enumerate(statement["Parameters"]))
        assert canonical_attributes(values) is values, values
    for write in (write for writes in params.get("RequestItems", {}).values() for write in writes):
        item = write["PutRequest"]["Item"]
        assert canonical_attributes(item) is item, item
        assert "" not in item


def throttled(operation: str = "Call") -> ClientError:
    """AWS asking for patience."""
    return ClientError(
        {"Error": {"Code": "ThrottlingException", "Message": "slow down"}, "ResponseMetadata": {"HTTPStatusCode": 500}},
        operation,
    )


@dataclass(frozen=True)
class Invocation:
    """The part of a Lambda context that the runner reads: the time left."""

    loop: asyncio.AbstractEventLoop
    end: float

    def get_remaining_time_in_millis(self) -> int:
        return round((self.end - self.loop.time()) * 1000)


Handler = Callable[[Order, Context], Awaitable[Any]]


async def _returns(order: Order, _ctx: Context) -> Any:
    return {"made": order.size}


@dataclass
class Process:
    """One process of the deployment."""

    house: House
    runtime: Runtime
    sqs: Wire
    dynamodb: Wire
    scheduler: Wire
    lambda_: Wire

    async def deliver(self, name: str = "work", *, seconds: float = 600, count: int = 10) -> list[dict[str, Any]]:
        """Receives up to `count` messages, invokes the type's function for `seconds`, deletes what it has processed.

        Answers the messages.
        """
        messages = await self.receive(name, count)
        await self.invoke(name, messages, seconds=seconds)
        return messages

    async def receive(self, name: str = "work", count: int = 10, wait: int = 0) -> list[dict[str, Any]]:
        """Messages of a type's queue, hidden for a lease."""
        reply = await self.house.sqs.receive_message(
            QueueUrl=await self.runtime.queues.url(name),
            MaxNumberOfMessages=count,
            WaitTimeSeconds=wait,
            VisibilityTimeout=LEASE,
            AttributeNames=["All"],
        )
        return list(reply.get("Messages", []))

    async def invoke(self, name: str, messages: list[dict[str, Any]], *, seconds: float = 600) -> None:
        """One invocation, followed by the deletion of what did not fail."""
        if not messages:
            return
        job_type = self.runtime.catalog.get(name)
        event = {
            "Records": [
                {
                    "messageId": one["MessageId"],
                    "receiptHandle": one["ReceiptHandle"],
                    "body": one["Body"],
                    "attributes": one["Attributes"],
                }
                for one in messages
            ]
        }
        context = Invocation(self.house.loop, self.house.loop.time() + seconds)
        answer = await job_type.lambda_handler.invoke(event, context, self.runtime.runner)
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        url = await self.runtime.queues.url(name)
        for one in messages:
            if one["MessageId"] not in failed:
                await self.house.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])

    async def maintain(self) -> None:
        """One round of the reaper and of the dead-letter consumer."""
        await self.runtime.reaper.round()
        await self.runtime.dead_letters.round()


@dataclass
class House:
    """The deployment: job types `work` and `other`, both async, both doing what `handlers` says."""

    loop: VirtualLoop
    engine: Engine
    settings: Settings
    #: What jobs do, by type; answers `{"made": size}` unless told otherwise.
    handlers: dict[str, Handler] = field(default_factory=dict)
    #: [job id, attempt, start, end] of each run, in seconds of the loop; no end: it runs, or its process died.
    runs: list[list[Any]] = field(default_factory=list)
    #: Tasks that a test leaves running; cancelled at its end.
    background: list[asyncio.Task[Any]] = field(default_factory=list)
    sqs: Any = None
    dynamodb: Any = None
    scheduler: Any = None
    lambda_: Any = None
    #: The artifact store of processes that are made from now on.
    artifacts: Any = None
    #: What makes their sealer.
    sealer: Any = None
    #: What hears of their jobs.
    observer: Any = None
    first: Process = None  # type: ignore[assignment] # made by open()
    _processes: int = 0

    async def open(self) -> None:
        self.sqs, self.dynamodb = self.engine.client("sqs"), self.engine.client("dynamodb")
        self.scheduler, self.lambda_ = self.engine.client("scheduler"), self.engine.client("lambda")
        self.first = self.process()
        await self.first.runtime.create_resources()

    def process(self, catalog: Catalog | None = None) -> Process:
        """One more process, with clients of its own, and perhaps with other code."""
        self._processes += 1
        sqs, dynamodb, scheduler = Wire(self.sqs), Wire(self.dynamodb), Wire(self.scheduler)
        lambda_ = Wire(self.lambda_)
        runtime = assemble(
            Clients(sqs, dynamodb, scheduler, lambda_),
            self.catalog() if catalog is None else catalog,
            self.settings,
            clock=self.loop.epoch_ms,
            random=random.Random(self._processes),
            worker=f"w{self._processes}",
            artifacts=self.artifacts,
            sealer=self.sealer,
            observer=self.observer,
        )
        return Process(self, runtime, sqs, dynamodb, scheduler, lambda_)

    def catalog(self) -> Catalog:
        options: dict[str, Any] = {"attempts": 3, "backoff": Fixed(10, jitter=0), "timeout": 300}

        @job("work", **options)
        async def work(order: Order, ctx: Context) -> Any:
            return await self._run("work", order, ctx)

        @job("other", **options)
        async def other(order: Order, ctx: Context) -> Any:
            return await self._run("other", order, ctx)

        return Catalog([work, other])

    async def _run(self, name: str, order: Order, ctx: Context) -> Any:
        run: list[Any] = [ctx.job_id, ctx.attempt, self.loop.time(), None]
        self.runs.append(run)
        try:
            return await self.handlers.get(name, _returns)(order, ctx)
        finally:
            run[3] = self.loop.time()

    # --- the first process, for tests that need only one ------------------------------------------------------

    @property
    def queue(self) -> Queue:
        return self.first.runtime.queue

    @property
    def runtime(self) -> Runtime:
        return self.first.runtime

    async def deliver(self, name: str = "work", *, seconds: float = 600, count: int = 10) -> list[dict[str, Any]]:
        return await self.first.deliver(name, seconds=seconds, count=count)

    async def maintain(self) -> None:
        await self.first.maintain()

    @asynccontextmanager
    async def working(self, process: Process | None = None, *, every: float = 5) -> AsyncIterator[None]:
        """Polls `work` and does its maintenance every five seconds, as a worker does; less often where days pass."""
        worker = process or self.first
        tasks = [asyncio.create_task(self._poll(worker)), asyncio.create_task(self._maintain(worker, every))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self, worker: Process) -> None:
        async with asyncio.TaskGroup() as invocations:
            while True:
                for message in await worker.receive(wait=20):
                    invocations.create_task(worker.invoke("work", [message]))

    async def _maintain(self, worker: Process, every: float) -> None:
        while True:
            await worker.maintain()
            await asyncio.sleep(every)

    # --- looking at what is there -----------------------------------------------------------------------------

    async def depth(self, name: str = "work", *, dead_letters: bool = False) -> tuple[int, int, int]:
        """Messages visible, in flight, delayed."""
        found = await self.runtime.queues.depth(name, dead_letters=dead_letters)
        return found.visible, found.in_flight, found.delayed

    async def letters(self, name: str = "work") -> list[dict[str, Any]]:
        """All messages in a type's dead-letter queue, which are left visible."""
        messages: list[dict[str, Any]] = []
        while more := await self.runtime.queues.receive_dead_letters(name, 60):
            messages += more
        await self.runtime.queues.show_dead_letters(name, [one["ReceiptHandle"] for one in messages])
        return messages

    async def die_at(self, wire: Wire, name: str, work: Awaitable[Any], *, after: bool = False) -> None:
        """Does `work` in a process that is killed at its next call of `name`, before or after AWS has done it."""
        wire.fail(name, Died(), after=after)
        task = asyncio.ensure_future(work)
        try:
            await task
        except Died:
            return
        raise AssertionError(f"{name} was never called")


def outcomes(job: Job) -> list[str | None]:
    """The outcomes of a job's attempts, oldest first."""
    return [attempt.outcome for attempt in job.history]


def seconds_until(moment: int, house: House) -> int:
    """Whole seconds from now to a time in epoch ms, upwards."""
    return math.ceil((moment - house.loop.epoch_ms()) / 1000)


def housed(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Makes `async def test(house, ...)` a test that runs in virtual time."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        async def main(loop: VirtualLoop) -> None:
            engine = Engine(None, clock=loop.epoch_ms, random=random.Random(1))
            house = House(loop, engine, read_settings(lease=LEASE))
            await house.open()
            try:
                await test(house, *args, **kwargs)
            finally:
                for task in house.background:
                    task.cancel()
                await asyncio.gather(*house.background, return_exceptions=True)
                await house.runtime.close()
                await engine.close()

        run_virtual(main)

    # pytest asks for what the signature names; `house` is given here.
    signature = inspect.signature(test)
    run.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    return run
