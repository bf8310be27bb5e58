"""The artifacts run: unpacked, alone in a process, against the embedded AWS through its port."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.auth import make_token
from infra.local.clients import DirectClient
from infra.local.engine import Engine
from infra.local.front import build_server
from infra.local.lambda_.event import record_of
from infra.serving import listen
from queues.catalog import load
from queues.clients import Clients
from queues.job import Job, Status
from queues.runtime import Runtime, assemble
from queues.settings import read_settings
from tests.cli.house import CHECKOUT
from tests.packaging.conftest import MODULES, Unpack, run_alone

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
REGION = "us-east-1"
SECRET = "a secret of the tests, long enough for HS256"


@dataclass
class Cloud:
    """The embedded AWS behind its port, and the runtime that enqueues there."""

    endpoint: str
    runtime: Runtime

    async def event(self, job: Job) -> dict[str, Any]:
        """What a mapping hands to the function once the job's message has been received."""
        url, arn = await self.runtime.queues.url(job.type), await self.runtime.queues.arn(job.type)
        reply = await self.runtime.clients.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], WaitTimeSeconds=1
        )
        return {"Records": [record_of(message, arn, REGION) for message in reply["Messages"]]}

    async def invoke(self, folder: Path, handler: str, event: Any) -> dict[str, Any]:
        """The answer of a function, and what its call imported."""
        env = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_LAMBDA_FUNCTION_NAME": "jobyard-under-test",
            "JOBYARD_SECRET": SECRET,
            "JOBYARD_FILE_ROOTS": str(CHECKOUT / "examples"),
        }
        printed = await asyncio.to_thread(run_alone, BOOTSTRAP, folder, handler, stdin=json.dumps(event), env=env)
        # What the job itself prints comes first.
        return dict(json.loads(printed.splitlines()[-1]))


@asynccontextmanager
async def cloud() -> AsyncIterator[Cloud]:
    engine = Engine(None)
    listener = listen("127.0.0.1", 0, "--aws-port")
    port = listener.getsockname()[1]
    server = build_server(engine, "127.0.0.1", port)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        clients = Clients(*(DirectClient(engine, name, REGION) for name in ("sqs", "dynamodb")))
        settings = read_settings(jobs=MODULES)
        runtime = assemble(clients, load(settings.jobs), settings)
        await runtime.create_resources()
        yield Cloud(f"http://127.0.0.1:{port}", runtime)
    finally:
        server.should_exit = True
        await serving
        listener.close()
        await engine.close()


def strangers(imported: list[str]) -> set[str]:
    """The packages among modules that are not the standard library's."""
    return {name.partition(".")[0] for name in imported} - sys.stdlib_module_names


async def test_a_job_is_done_by_its_function(unpack: Unpack) -> None:
    async with cloud() as aws:
        job = await aws.runtime.queue.enqueue("hello", {"name": "Ada"})
        done = await aws.invoke(unpack("jobs"), "functions.hello.handler", await aws.event(job))
        assert done["answer"] == {"batchItemFailures": []}
        ended = await aws.runtime.queue.get(job.id)
        assert (ended.status, ended.result, ended.attempt) == (Status.COMPLETED, "Hello, Ada!", 1)
        # What a first call needs is there when it comes: nothing of a package is imported by it.
        assert strangers(done["imported"]) == set()


async def test_a_job_that_fails_goes_back_to_its_queue(unpack: Unpack) -> None:
    async with cloud() as aws:
        job = await aws.runtime.queue.enqueue("hello", {"name": "Ada", "failures": 1})
        done = await aws.invoke(unpack("jobs"), "functions.hello.handler", await aws.event(job))
        assert len(done["answer"]["batchItemFailures"]) == 1
        waits = await aws.runtime.queue.get(job.id)
        # For a second, which may be over by now.
        assert (waits.status, waits.attempt) in [(Status.DELAYED, 1), (Status.WAITING, 1)]
        assert waits.run_at > waits.history[0].finished_at
        assert waits.error is not None
        assert "Ada did not answer" in waits.error.message


@pytest.mark.slow
async def test_a_heavy_job_finds_its_libraries_in_the_process_of_its_own(unpack: Unpack) -> None:
    async with cloud() as aws:
        bracket = (CHECKOUT / "examples" / "bracket.stl").as_uri()
        job = await aws.runtime.queue.enqueue("file-analysis", {"fileUrl": bracket})
        done = await aws.invoke(unpack("jobs-mesh"), "functions.file_analysis.handler", await aws.event(job))
        ended = await aws.runtime.queue.get(job.id)
        assert ended.status is Status.COMPLETED, ended.error
        assert done["answer"] == {"batchItemFailures": []}
        assert ended.result["geometry"]["volume"] == pytest.approx(22682.326875213515)
        # The heavy libraries are the worker process's, and the function itself starts without them.
        assert strangers(done["imported"]) == set()


async def test_a_function_runs_without_being_asked_by_a_queue(unpack: Unpack) -> None:
    async with cloud() as aws:
        done = await aws.invoke(unpack("jobs"), "functions.hello.handler", {"name": "Ada"})
        assert done["answer"] == "Hello, Ada!"


async def test_the_rounds_run(unpack: Unpack) -> None:
    async with cloud() as aws:
        reaped = await aws.invoke(unpack("jobs"), "queues.maintenance.reap", {})
        assert set(reaped["answer"].values()) == {0}
        swept = await aws.invoke(unpack("jobs"), "queues.maintenance.sweep_dead_letters", {})
        assert swept["answer"] == {"changed": 0}
        cleaned = await aws.invoke(unpack("jobs"), "queues.maintenance.clean", {})
        nothing = {"looked_at": 0, "over_count": 0, "overdue": 0, "spared": 0, "skipped": 0}
        assert cleaned["answer"] == {**nothing, "trouble": None, "types": {}}


def request(method: str, path: str, body: Any = None) -> dict[str, Any]:
    """An HTTP API's event, payload format 2.0."""
    token = make_token(SECRET, tenant="default", subject="tests", expires_in=600)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "host": "api.example.com",
        },
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "stage": "$default",
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


async def test_the_api_takes_a_job_and_knows_all_types(unpack: Unpack) -> None:
    async with cloud() as aws:
        event = request("POST", "/api/v1/jobs", {"type": "hello", "data": {"name": "Ada"}})
        done = await aws.invoke(unpack("api"), "api.app.handler", event)
        assert done["answer"]["statusCode"] == 202, done
        job = await aws.runtime.queue.get(json.loads(done["answer"]["body"])["id"])
        assert (job.type, job.status) == ("hello", Status.WAITING)
        assert strangers(done["imported"]) == set()
        types = (await aws.invoke(unpack("api"), "api.app.handler", request("GET", "/api/v1/jobs/types")))["answer"]
        # file-analysis too, without its heavy libraries.
        assert {"hello", "file-analysis"} <= {row["name"] for row in json.loads(types["body"])["types"]}
        openapi = (await aws.invoke(unpack("api"), "api.app.handler", request("GET", "/openapi.json")))["answer"]
        assert "/api/v1/jobs" in json.loads(openapi["body"])["paths"]
