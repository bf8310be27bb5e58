"""`jobyard up` as Lambda sees it: job types are functions, and their mappings are how a queue is paused."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.local.clients import DirectClient
from infra.local.engine import Engine
from infra.worker import Worker
from queues import capture
from queues.catalog import load
from queues.clients import Clients
from queues.job import Job, Status
from queues.runtime import Runtime, assemble
from queues.settings import read_settings

JOBS = ("tests.house.lambda_jobs",)
#: Seconds between two looks at something that changes.
LOOK = 0.02
SUM_UP = "arn:aws:lambda:us-east-1:000000000000:function:jobyard-sum-up"


class House:
    """An engine on a file, and the worker beside it."""

    def __init__(self, engine: Engine, runtime: Runtime):
        self.engine, self.runtime = engine, runtime
        self.functions: Any = engine.client("lambda")

    async def ended(self, job: Job, seconds: float = 20) -> Job:
        async with asyncio.timeout(seconds):
            while True:
                found = await self.runtime.queue.get(job.id)
                if found.status in (Status.COMPLETED, Status.FAILED):
                    return found
                await asyncio.sleep(LOOK)

    async def mapping(self) -> dict[str, Any]:
        (found,) = (await self.functions.list_event_source_mappings(FunctionName="jobyard-sum-up"))[
            "EventSourceMappings"
        ]
        return dict(found)

    async def settle(self, wanted: str) -> None:
        async with asyncio.timeout(10):
            while True:
                if (await self.mapping())["State"] == wanted:
                    return
                await asyncio.sleep(LOOK)


@asynccontextmanager
async def house(path: Path) -> AsyncIterator[House]:
    engine = Engine(path)
    try:
        clients = Clients(*(DirectClient(engine, name, "us-east-1") for name in ("sqs", "dynamodb")))
        settings = read_settings(jobs=JOBS, processes=2, reap_every=0.2, data=path.parent)
        runtime = assemble(clients, load(settings.jobs), settings)
        await runtime.create_resources()
        worker = Worker(runtime, engine=engine)
        await worker.start()
        try:
            yield House(engine, runtime)
        finally:
            await worker.stop(5)
            await runtime.close()
    finally:
        await engine.close()


async def test_job_types_are_functions_with_a_mapping_each(tmp_path: Path) -> None:
    async with house(tmp_path / "aws.db") as world:
        functions = (await world.functions.list_functions())["Functions"]
        assert [function["FunctionName"] for function in functions] == ["jobyard-hold-up", "jobyard-sum-up"]
        (described,) = [one for one in functions if one["FunctionArn"] == SUM_UP]
        assert described["Handler"] == "tests.house.lambda_jobs.handler"
        assert described["Description"] == "Adds numbers."
        assert described["Timeout"] == 90
        mapping = await world.mapping()
        assert mapping["State"] == "Enabled"
        assert mapping["EventSourceArn"] == "arn:aws:sqs:us-east-1:000000000000:jobyard-sum-up"
        assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (1, {"MaximumConcurrency": 4})
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        job = await world.runtime.queue.enqueue("sum-up", {"numbers": [1, 2]})
        assert (await world.ended(job)).result == 3


@pytest.mark.slow
async def test_a_paused_queue_burns_no_attempt_stays_paused_over_a_restart_and_resumes(tmp_path: Path) -> None:
    async with house(tmp_path / "aws.db") as world:
        uuid = (await world.mapping())["UUID"]
        reply = await world.functions.update_event_source_mapping(UUID=uuid, Enabled=False)
        assert reply["State"] == "Disabling"
        await world.settle("Disabled")
        jobs = [await world.runtime.queue.enqueue("sum-up", {"numbers": [number]}) for number in range(5)]
        # The other queue goes on.
        other = await world.runtime.queue.enqueue("hold-up", 0)
        assert (await world.ended(other)).status is Status.COMPLETED
        await asyncio.sleep(0.5)
        assert {(await world.runtime.queue.get(job.id)).status for job in jobs} == {Status.WAITING}
    async with house(tmp_path / "aws.db") as world:
        mapping = await world.mapping()
        assert (mapping["UUID"], mapping["State"]) == (uuid, "Disabled")
        await asyncio.sleep(0.5)
        for job in jobs:
            found = await world.runtime.queue.get(job.id)
            assert (found.status, found.attempt, found.history) == (Status.WAITING, 0, ())
        await world.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
        ended = [await world.ended(job) for job in jobs]
        assert [(job.status, job.attempt, job.result) for job in ended] == [
            (Status.COMPLETED, 1, number) for number in range(5)
        ]


async def invoke(world: House, name: str, data: Any, **params: Any) -> tuple[dict[str, Any], Any]:
    reply = await world.functions.invoke(FunctionName=f"jobyard-{name}", Payload=json.dumps(data), **params)
    return reply, json.loads(await reply["Payload"].read())


async def test_a_job_type_is_invoked_with_its_data(tmp_path: Path) -> None:
    uninstall = capture.install()
    try:
        async with house(tmp_path / "aws.db") as world:
            reply, result = await invoke(world, "sum-up", {"numbers": [1, 2, 3]}, LogType="Tail")
            assert (reply["StatusCode"], result) == (200, 6)
            assert "adding 3\n" in b64decode(reply["LogResult"]).decode()
            reply, error = await invoke(world, "sum-up", {"numbers": []})
            assert reply["FunctionError"] == "Unhandled"
            assert (error["errorType"], error["errorMessage"]) == ("ValueError", "nothing to add")
            assert any("sum_up" in line for line in error["stackTrace"])
            _, error = await invoke(world, "sum-up", {"numbers": "many"})
            assert error["errorType"] == "InvalidData"
            # No job came of any of it.
            assert await world.runtime.store.tenants() == {}
    finally:
        uninstall()


@pytest.mark.slow
async def test_a_plain_function_is_killed_at_its_timeout(tmp_path: Path) -> None:
    async with house(tmp_path / "aws.db") as world:
        assert (await invoke(world, "hold-up", 0))[1] == "held"
        _, error = await invoke(world, "hold-up", 60)
        assert error["errorType"] == "Timeout"
        assert (await invoke(world, "hold-up", 0))[1] == "held"


async def test_a_job_type_is_invoked_with_an_sqs_event(tmp_path: Path) -> None:
    async with house(tmp_path / "aws.db") as world:
        record = {"messageId": "1", "receiptHandle": "none", "body": "no job", "attributes": {}}
        _, answer = await invoke(world, "sum-up", {"Records": [record]})
        assert answer == {"batchItemFailures": []}
