"""The API over an embedded AWS in memory, with a clock that only tests move and a small catalog of job types."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from api.app import create_app
from api.auth import make_token
from infra.local.engine import Engine
from queues import Context, Discard, Fixed, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.observe.workers import WorkerRow
from queues.runtime import Runtime, assemble
from queues.settings import Settings

SECRET = "a secret that only these tests know, of some length"
#: 2026-11-22T07:30:00Z
START = 1_795_332_600_000


@dataclass
class HandClock:
    """Stands still until a test moves it."""

    now: int = START

    def __call__(self) -> int:
        return self.now

    def forward(self, ms: int) -> None:
        self.now += ms


class Corner(BaseModel):
    x: int
    y: int


class Picture(BaseModel):
    """What `resize` takes."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    image_url: str = Field(min_length=1)
    max_width: int = Field(800, ge=1)
    corners: list[Corner] = Field(default_factory=list)


class Resized(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    new_width: int


@job("resize", attempts=2, backoff=Fixed(1, jitter=0), timeout=30)
async def resize(picture: Picture, ctx: Context) -> Resized:
    """Makes a picture smaller."""
    ctx.progress(50, "half way")
    ctx.log("resizing")
    return Resized(new_width=picture.max_width)


@job("echo")
async def echo(data: Any) -> Any:
    return data


@job("doomed", attempts=2, backoff=Fixed(0, jitter=0))
async def doomed(data: Any) -> None:
    raise Discard(f"never works: {data}")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def engine(clock: HandClock) -> AsyncIterator[Engine]:
    engine = Engine(None, clock=clock, random=random.Random(1))
    yield engine
    await engine.close()


@pytest.fixture
async def runtime(engine: Engine, clock: HandClock) -> AsyncIterator[Runtime]:
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"), engine.client("scheduler"))
    catalog = Catalog([resize, echo, doomed])
    runtime = assemble(clients, catalog, Settings(), clock=clock, random=random.Random(2), worker="test")
    await runtime.create_resources()
    yield runtime
    await runtime.close()


@pytest.fixture
def app(runtime: Runtime, clock: HandClock) -> FastAPI:
    def workers() -> list[WorkerRow]:
        return [WorkerRow("test", START, clock(), draining=False, types=(), jobs=())]

    return create_app(runtime, secret=SECRET, workers=workers, clock=clock)


Client = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def client_of(app: FastAPI, clock: HandClock) -> AsyncIterator[Client]:
    """Makes a client of a tenant: `client_of("acme", scope="jobs:read")`."""
    made: list[httpx.AsyncClient] = []

    def make(tenant: str = "acme", scope: str = "jobs:read jobs:write") -> httpx.AsyncClient:
        token = make_token(SECRET, tenant=tenant, subject="tester", scope=scope, expires_in=3600, clock=clock)
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://jobyard.test", headers=headers)
        made.append(client)
        return client

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def client(client_of: Client) -> httpx.AsyncClient:
    """A client of the tenant acme that may read and write."""
    return client_of()


@pytest.fixture
def stranger(app: FastAPI) -> httpx.AsyncClient:
    """A client without a token."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://jobyard.test")


@pytest.fixture
def work(runtime: Runtime) -> Callable[[str], Any]:
    """Runs what is to be had of a type's queue, once, through the type's Lambda handler."""

    async def run(type_name: str) -> int:
        url = await runtime.queues.url(type_name)
        reply = await runtime.clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        records = [
            {"messageId": m["MessageId"], "receiptHandle": m["ReceiptHandle"], "body": m["Body"]}
            for m in reply.get("Messages", ())
        ]
        if not records:
            return 0
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)
        answer = await runtime.runner.handle(runtime.catalog.get(type_name), {"Records": records}, context)
        again = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in again:
                await runtime.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])
        return len(records)

    return run


def problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The document of a response that must be this problem."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["type"] == f"urn:jobyard:problem:{slug}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["instance"].startswith("/")
    return document
