"""Large data and results over HTTP: shown up to a bound, named beyond it, and answered by themselves."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from infra.local.engine import Engine
from queues import job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from tests.api.conftest import HandClock, problem
from tests.core.shelf import Shelf

JOBS = "/api/v1/jobs"
#: Characters of data that no row holds and one request can bring.
LARGE = 300_000
SHOWN = 1_048_576


@job("repeat")
async def repeat(data: Any) -> str:
    """As much of its data as it is asked for."""
    return str(data["text"]) * int(data["times"])


@pytest.fixture
async def runtime(engine: Engine, clock: HandClock) -> AsyncIterator[Runtime]:
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"))
    source = random.Random(2)
    made = assemble(clients, Catalog([repeat]), Settings(), clock=clock, random=source, artifacts=Shelf(clock))
    await made.create_resources()
    yield made
    await made.close()


async def made(client: httpx.AsyncClient, times: int) -> str:
    answer = await client.post(JOBS, json={"type": "repeat", "data": {"text": "x" * LARGE, "times": times}})
    assert answer.status_code == 202, answer.text
    assert len(answer.json()["data"]["text"]) == LARGE
    return str(answer.json()["id"])


async def test_a_result_that_can_be_shown_is_shown(client: httpx.AsyncClient, work: Any) -> None:
    job_id = await made(client, times=2)
    await work("repeat")
    job = (await client.get(f"{JOBS}/{job_id}")).json()
    assert (len(job["data"]["text"]), len(job["result"]), job["omitted"]) == (LARGE, 2 * LARGE, [])
    (row,) = (await client.get(JOBS)).json()["jobs"]
    assert (row["data"], row["result"], row["omitted"]) == (None, None, ["data", "result"])
    assert (row["dataSize"], row["resultSize"]) == (LARGE + 21, 2 * LARGE + 2)


async def test_a_longer_one_is_named_and_answered_by_itself(
    client: httpx.AsyncClient, client_of: Any, work: Any
) -> None:
    job_id = await made(client, times=4)
    assert (await client.get(f"{JOBS}/{job_id}/result")).json() is None
    await work("repeat")
    job = (await client.get(f"{JOBS}/{job_id}", params={"wait": 1})).json()
    assert (len(job["data"]["text"]), job["result"]) == (LARGE, None)
    assert (job["omitted"], job["resultSize"], job["dataSize"]) == (["result"], 4 * LARGE + 2, None)
    result = await client.get(f"{JOBS}/{job_id}/result")
    assert (result.headers["content-type"], result.json()) == ("application/json", "x" * 4 * LARGE)
    assert (await client.get(f"{JOBS}/{job_id}/data")).json() == {"text": "x" * LARGE, "times": 4}
    for path in ("data", "result"):
        problem(await client_of("other").get(f"{JOBS}/{job_id}/{path}"), 404, "not-found")
    short = (await client.get(f"{JOBS}/repeat/{job_id}/status")).json()
    assert (short["status"], short["result"]) == ("completed", None)


async def test_what_is_lost_is_said(client: httpx.AsyncClient, runtime: Runtime, work: Any) -> None:
    job_id = await made(client, times=4)
    await work("repeat")
    assert isinstance(runtime.payloads.artifacts, Shelf)
    runtime.payloads.artifacts.held.clear()
    job = (await client.get(f"{JOBS}/{job_id}")).json()
    assert (job["status"], job["omitted"]) == ("completed", ["data", "result"])
    problem(await client.get(f"{JOBS}/{job_id}/result"), 404, "not-found")
    problem(await client.post(f"{JOBS}/{job_id}/replay", json={}), 409, "unopenable")


async def test_a_faulty_batch_names_only_what_is_faulty(client: httpx.AsyncClient) -> None:
    large = {"type": "repeat", "data": {"text": "x" * LARGE, "times": 1}}
    document = problem(
        await client.post(f"{JOBS}/batch", json=[large, {"type": "nope", "data": {}}]), 422, "unknown-type"
    )
    assert [fault["index"] for fault in document["errors"]] == [1]
