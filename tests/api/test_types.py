"""What a job type says of itself: all that meets a caller's job without the caller having asked for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, Field

from api.answers import JobTypes
from api.app import create_app
from api.auth import make_token
from infra.local.engine import Engine
from queues import Cancel, Discard, Exponential, Recurring, Unique, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.runtime import assemble
from queues.settings import Settings
from tests.api.conftest import SECRET, HandClock

TYPES = "/api/v1/jobs/types"


class Order(BaseModel):
    number: int = Field(0, examples=[4711])


class Declined(Exception):
    pass


@job("plain")
async def plain(order: Order) -> None: ...


@job(
    "ruled",
    version=3,
    upcasts={2: lambda old: old},
    cancel_grace=2.5,
    runs_on="worker",
    unique=Unique(fields=("number",), window=60, mode="throttle"),
    on_error={OSError: Exponential(5), Declined: Discard, "httpx.TimeoutException": Cancel},
    backoff=lambda attempt, error: None,
    schedule=[
        Recurring("0 2 * * *", timezone="Europe/Berlin", overlap="skip", catch_up="none", jitter=120),
        Recurring(
            "rate(5 minutes)",
            name="often",
            data=Order(number=7),
            start=datetime(2027, 1, 1, tzinfo=UTC),
            end=datetime(2028, 1, 1, tzinfo=UTC),
        ),
    ],
)
async def ruled(order: Order) -> None: ...


@pytest.fixture
async def types(engine: Engine, clock: HandClock) -> dict[str, Any]:
    """What is answered, by name; in the shape that /openapi.json says."""
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"), engine.client("scheduler"))
    runtime = assemble(clients, Catalog([plain, ruled]), Settings(), clock=clock)
    app = create_app(runtime, secret=SECRET, clock=clock)
    token = make_token(SECRET, tenant="acme", subject="t", scope="jobs:read", expires_in=60, clock=clock)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://jobyard.test", headers=headers
    ) as client:
        answer = (await client.get(TYPES)).json()
    await runtime.close()
    JobTypes.model_validate(answer)
    return {row["name"]: row for row in answer["types"]}


async def test_a_type_without_rules_says_so(types: dict[str, Any]) -> None:
    options = types["plain"]["options"]
    assert types["plain"]["schedules"] == []
    assert (options["unique"], options["onError"]) == (None, [])
    assert (options["cancelGrace"], options["runsOn"]) == (10_000, "lambda")


async def test_unique_rule_grace_and_place(types: dict[str, Any]) -> None:
    options = types["ruled"]["options"]
    assert options["unique"] == {
        "key": None,
        "fields": ["number"],
        "window": 60_000,
        "mode": "throttle",
        "maxWait": None,
    }
    assert (options["cancelGrace"], options["runsOn"]) == (2_500, "worker")
    assert (types["ruled"]["version"], types["ruled"]["upcastsFrom"]) == (3, 2)


async def test_what_errors_mean(types: dict[str, Any]) -> None:
    options = types["ruled"]["options"]
    assert options["onError"] == [
        {"error": "OSError", "action": "retry", "backoff": Exponential(5).to_json()},
        {"error": f"{__name__}.Declined", "action": "discard", "backoff": None},
        {"error": "httpx.TimeoutException", "action": "cancel", "backoff": None},
    ]
    assert options["backoff"]["type"] == "custom"


async def test_the_schedules_that_it_declares(types: dict[str, Any]) -> None:
    first, second = types["ruled"]["schedules"]
    assert first == {
        "name": "ruled",
        "schedule": "0 2 * * *",
        "timezone": "Europe/Berlin",
        "data": {},
        "overlap": "skip",
        "catchUp": "none",
        "jitter": 120_000,
        "start": None,
        "end": None,
    }
    assert (second["name"], second["data"]) == ("often", {"number": 7})
    assert (second["start"], second["end"]) == ("2027-01-01T00:00:00.000Z", "2028-01-01T00:00:00.000Z")
