"""Sensitive jobs over HTTP: shown with the key, said to be encrypted without it, and never quoted in a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from api.app import create_app
from infra.local.engine import Engine
from queues import Context, Discard, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.encryption.key_file import KeyFile
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from tests.api.conftest import SECRET, HandClock, problem

JOBS = "/api/v1/jobs"
CANARY = "4111-canary-1111"


class Card(BaseModel):
    number: str
    months: int = 1


@job("charge", sensitive=True)
async def charge(data: Card, ctx: Context) -> Any:
    """Fails for good, with all that it knows."""
    ctx.progress(10, data.number)
    ctx.log(data.number, level="WARNING", **{data.number: data.number})
    raise Discard(data.number)


def process(engine: Engine, clock: HandClock, folder: Path) -> Runtime:
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"))
    return assemble(clients, Catalog([charge]), Settings(data=folder), clock=clock, worker="test")


@pytest.fixture
async def runtime(engine: Engine, clock: HandClock, tmp_path: Path) -> Any:
    KeyFile(tmp_path).ensure(clock())
    made = process(engine, clock, tmp_path)
    await made.create_resources()
    yield made
    await made.close()


async def test_with_the_key_it_is_shown_and_without_it_is_not(
    client: httpx.AsyncClient, engine: Engine, clock: HandClock, tmp_path: Path, work: Any
) -> None:
    made = (await client.post(JOBS, json={"type": "charge", "data": {"number": CANARY}})).json()
    await work("charge")
    shown = (await client.get(f"{JOBS}/{made['id']}")).json()
    assert (shown["data"]["number"], shown["error"]["message"], shown["note"]) == (CANARY,) * 3
    (line,) = shown["logs"]
    assert (line["message"], line["level"], line["attempt"], line["fields"]) == (CANARY, "WARNING", 1, {CANARY: CANARY})
    assert (shown["encrypted"], shown["omitted"]) == (False, [])
    listed = await client.get(JOBS)
    letters = await client.get(f"{JOBS}/queues/charge/dead-letters")
    other = create_app(process(engine, clock, tmp_path / "none"), secret=SECRET, clock=clock)
    transport = httpx.ASGITransport(other)
    async with httpx.AsyncClient(transport=transport, base_url="http://other", headers=client.headers) as keyless:
        alone = await keyless.get(f"{JOBS}/{made['id']}")
        assert (await keyless.get(f"{JOBS}/{made['id']}/result")).json() is None
        assert alone.json()["logs"] == []
        problem(await keyless.get(f"{JOBS}/{made['id']}/data"), 404, "not-found")
        problem(await keyless.post(JOBS, json={"type": "charge", "data": {"number": CANARY}}), 503, "misconfigured")
    for answer, row in (
        (alone, alone.json()),
        (listed, listed.json()["jobs"][0]),
        (letters, letters.json()["jobs"][0]),
    ):
        assert CANARY not in answer.text
        assert "@sealed" not in answer.text
        assert (row["encrypted"], row["data"], row["note"], row["omitted"]) == (True, None, None, ["data"])
        assert row["error"] == {"type": "Discard", "message": "encrypted", "traceback": None}


async def test_a_refusal_does_not_quote_the_data(client: httpx.AsyncClient) -> None:
    wrong = {"type": "charge", "data": {"number": 4111, "months": CANARY, CANARY: 1}}
    answer = await client.post(JOBS, json=wrong)
    document = problem(answer, 422, "invalid-data")
    assert CANARY not in answer.text
    assert "4111" not in answer.text
    assert [fault["field"] for fault in document["errors"]] == ["data.number", "data.months"]
    many = await client.post(f"{JOBS}/batch", json=[wrong])
    assert CANARY not in many.text


async def test_types_say_what_is_sensitive(client: httpx.AsyncClient) -> None:
    (shown,) = (await client.get(f"{JOBS}/types")).json()["types"]
    assert shown["options"]["sensitive"] is True
