"""Running stacks: `jobyard up`'s engine behind its AWS port, and MiniStack with a deployment made by hand."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from infra.deploy.functions import mapping as planned
from infra.deploy.rounds import ROUNDS
from infra.doctor.diagnosis import Diagnosis, diagnose
from infra.doctor.reading.clients import Where, connect
from infra.doctor.reading.read import read, read_stack
from infra.doctor.snapshot import Kind, Snapshot
from infra.local.clients import DirectClient
from infra.local.engine import Engine
from infra.local.front import build_server
from infra.serving import listen, url_of
from infra.worker import Worker
from queues.catalog import load
from queues.clients import Clients
from queues.resources import function_timeout
from queues.runtime import Runtime, assemble
from queues.settings import Settings, read_settings

JOBS = ("tests.house.lambda_jobs",)
ACCOUNT = "000000000000"
#: What is said of nothing and nobody, and changes nothing.
CODE = "def handler(event, context):\n    return {}\n"


@dataclass(frozen=True)
class Stack:
    """A running stack, and clients to break it with."""

    settings: Settings
    endpoint: str
    kind: Kind
    clients: dict[str, Any]

    def __getattr__(self, service: str) -> Any:
        return self.clients[service]

    @property
    def functions(self) -> Any:
        return self.clients["lambda"]

    @property
    def queue(self) -> str:
        """The queue on which things are broken; its type is `async`, has 2 attempts and a `concurrency` of 4."""
        return self.settings.queue("sum-up")

    def arn(self, name: str, service: str = "sqs") -> str:
        return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{name}"

    async def url(self, name: str) -> str:
        return str((await self.sqs.get_queue_url(QueueName=name))["QueueUrl"])

    async def set(self, name: str, **attributes: object) -> None:
        """Sets attributes of a queue."""
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()}
        await self.sqs.set_queue_attributes(QueueUrl=await self.url(name), Attributes=texts)

    async def mapping(self) -> dict[str, Any]:
        reply = await self.functions.list_event_source_mappings(EventSourceArn=self.arn(self.queue))
        (found,) = reply["EventSourceMappings"]
        return dict(found)

    async def remap(self, **changes: Any) -> None:
        """Changes the queue's mapping."""
        await self.functions.update_event_source_mapping(UUID=(await self.mapping())["UUID"], **changes)

    async def schedule(self, name: str, target: str, message: str = "", **more: Any) -> None:
        """A schedule of this deployment that calls `target`, with `message` as its Input."""
        called = {"Arn": target, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/any"} | (
            {"Input": message} if message else {}
        )
        await self.scheduler.create_schedule(
            Name=f"{self.settings.prefix}-{name}",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=called,
            **more,
        )

    async def diagnose(self) -> Diagnosis:
        """All that the command does."""
        return diagnose(await read(self.settings, Where(self.endpoint), environment={}))

    async def read(self) -> Snapshot:
        """The same with the clients that there are: to make others takes longer than all the calls."""
        types = tuple(load(self.settings.jobs))
        return await read_stack(self.clients, self.settings, types, self.endpoint, self.kind, 0.0, {}, time.time)

    async def found(self) -> list[str]:
        """The rules of all findings."""
        return sorted(finding.rule for finding in diagnose(await self.read()).findings)


@asynccontextmanager
async def embedded(path: Any) -> AsyncIterator[Stack]:
    """What `jobyard up` starts, but for its API."""
    settings = read_settings(jobs=JOBS, processes=2, data=path, aws_endpoint_url=None)
    listener = listen("127.0.0.1", 0, "--aws-port")
    engine = Engine(path / "jobyard.db")
    server = build_server(engine)
    serving = server.run_on(listener)
    clients = Clients(*(DirectClient(engine, name, "us-east-1") for name in ("sqs", "dynamodb")))
    runtime = assemble(clients, load(settings.jobs), settings)
    worker = Worker(runtime, engine=engine)
    try:
        await runtime.create_resources()
        await worker.start()
        async with _stack(settings, url_of(listener, "127.0.0.1"), Kind.EMBEDDED) as stack:
            yield stack
    finally:
        await worker.stop(0)
        server.should_exit = server.force_exit = True
        await serving
        await runtime.close()
        await engine.close()
        listener.close()


@asynccontextmanager
async def worked(endpoint: str, path: Any) -> AsyncIterator[Stack]:
    """What `jobyard work --create` makes on an emulator."""
    settings = read_settings(jobs=JOBS, prefix=f"d{uuid4().hex[:8]}", data=path, aws_endpoint_url=endpoint)
    async with _stack(settings, endpoint, Kind.EMULATOR) as stack:
        runtime: Runtime = assemble(Clients(stack.sqs, stack.dynamodb), load(settings.jobs), settings)
        await runtime.create_resources()
        await runtime.close()
        yield stack


@asynccontextmanager
async def deployed(endpoint: str, path: Any) -> AsyncIterator[Stack]:
    """With functions, mappings and schedules too, as a deployment has them; the functions do nothing."""
    async with worked(endpoint, path) as stack:
        for job_type in load(JOBS):
            name, plan = stack.settings.queue(job_type.name), planned(job_type)
            await _function(stack, name, function_timeout(job_type))
            await stack.functions.create_event_source_mapping(
                FunctionName=name,
                EventSourceArn=stack.arn(name),
                BatchSize=plan.batch_size,
                MaximumBatchingWindowInSeconds=plan.window,
                ScalingConfig={"MaximumConcurrency": plan.maximum_concurrency},
                FunctionResponseTypes=["ReportBatchItemFailures"],
            )
        for one in ROUNDS:
            name = f"{stack.settings.prefix}-{one.name}"
            await _function(stack, name, one.timeout)
            await stack.schedule(one.name, stack.arn(f"function:{name}", "lambda"))
        try:
            yield stack
        finally:
            # MiniStack lists a hundred schedules and no more, and the stacks of many tests are on one.
            for one in ROUNDS:
                with suppress(ClientError):
                    await stack.scheduler.delete_schedule(Name=f"{stack.settings.prefix}-{one.name}")


async def _function(stack: Stack, name: str, timeout: int) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("module.py", CODE)
    await stack.functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/{name}",
        Handler="module.handler",
        Timeout=timeout,
        Code={"ZipFile": code.getvalue()},
    )


@asynccontextmanager
async def _stack(settings: Settings, endpoint: str, kind: Kind) -> AsyncIterator[Stack]:
    async with connect(Where(endpoint, own=True), settings) as clients:
        yield Stack(settings, endpoint, kind, clients)
