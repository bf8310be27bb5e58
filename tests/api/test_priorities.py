"""Levels of priority over HTTP: a type tells them, a job's priority chooses one, and a queue's numbers show each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.auth import ADMIN, DEFAULT_SCOPE, make_token
from infra.local.engine import Engine
from queues import SERVICE_CLASSES, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.runtime import assemble
from queues.settings import read_settings
from tests.api.conftest import SECRET

ROOT = "/api/v1/jobs"
EMPTY = {"waiting": 0, "active": 0, "delayed": 0}


@job("graded", priorities=SERVICE_CLASSES, concurrency=8)
async def graded(data: dict[str, int]) -> None:
    """A type with levels."""


@job("plain")
async def plain(data: dict[str, int]) -> None:
    """A type without."""


@pytest.fixture
async def door() -> AsyncIterator[Any]:
    engine = Engine(None)
    clients = Clients(*(engine.client(name) for name in ("sqs", "dynamodb", "scheduler")))
    runtime = assemble(clients, Catalog([graded, plain]), read_settings())
    await runtime.create_resources()
    app = create_app(runtime, secret=SECRET)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://api") as client:
        yield client
    await runtime.close()
    await engine.close()


def rights(scope: str, tenant: str = "default") -> dict[str, str]:
    token = make_token(SECRET, tenant=tenant, subject="ada", scope=scope, expires_in=3_600)
    return {"Authorization": f"Bearer {token}"}


OWN, ALL = rights(DEFAULT_SCOPE), rights(f"{DEFAULT_SCOPE} {ADMIN}")


async def test_a_type_tells_its_levels(door: httpx.AsyncClient) -> None:
    types = {one["name"]: one["options"] for one in (await door.get(f"{ROOT}/types", headers=OWN)).json()["types"]}
    assert types["plain"]["priorities"] is None
    assert types["graded"]["priorities"] == [
        {"name": "critical", "first": 1, "last": 10, "weight": 10, "attempts": 5, "concurrency": 8},
        {"name": "standard", "first": 11, "last": 50, "weight": 5, "attempts": 3, "concurrency": 5},
        {"name": "bulk", "first": 51, "last": 100, "weight": 2, "attempts": 1, "concurrency": 2},
    ]


async def test_each_level_is_counted_for_all_and_for_a_tenant(door: httpx.AsyncClient) -> None:
    for tenant, count in (("default", 1), ("other", 2)):
        for priority, attempts in ((1, 5), (50, 3), (100, 1)):
            for _ in range(count):
                body = {"type": "graded", "data": {}, "options": {"priority": priority}}
                answer = await door.post(ROOT, json=body, headers=rights(DEFAULT_SCOPE, tenant))
                assert (answer.json()["priority"], answer.json()["maxAttempts"]) == (priority, attempts)
    late = {"type": "graded", "data": {}, "options": {"priority": 100, "delay": 60_000}}
    await door.post(ROOT, json=late, headers=OWN)
    for headers, count in ((OWN, 1), (ALL, 3)):
        found = (await door.get(f"{ROOT}/queues/graded", headers=headers)).json()
        assert (found["waiting"], found["delayed"]) == (3 * count, 1)
        assert found["levels"] == [
            {"name": "critical"} | EMPTY | {"waiting": count},
            {"name": "standard"} | EMPTY | {"waiting": count},
            {"name": "bulk"} | EMPTY | {"waiting": count, "delayed": 1},
        ]
        assert (await door.get(f"{ROOT}/queues/plain", headers=headers)).json()["levels"] == []
        (metrics,) = (await door.get(f"{ROOT}/queues/metrics?type=graded", headers=headers)).json()["metrics"]
        assert [level["name"] for level in metrics["levels"]] == ["critical", "standard", "bulk"]
