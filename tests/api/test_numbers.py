"""Counts, metrics, health, types and workers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from api import counts
from tests.api.conftest import Client, HandClock, problem

JOBS = "/api/v1/jobs"


async def fill(client: httpx.AsyncClient, work: Any) -> None:
    """A job in each status that needs no crash: completed 2, failed 1, cancelled 1, delayed 1, waiting 1."""
    for data in (1, 2):
        await client.post(JOBS, json={"type": "echo", "data": data})
    await client.post(JOBS, json={"type": "doomed", "data": 1})
    await work("echo")
    await work("doomed")
    made = await client.post(JOBS, json={"type": "echo", "data": 3})
    await client.delete(f"{JOBS}/{made.json()['id']}")
    await client.post(JOBS, json={"type": "echo", "data": 4, "options": {"delay": 60_000}})
    await client.post(JOBS, json={"type": "resize", "data": {"imageUrl": "x"}})


async def test_stats_count_the_callers_jobs(client: httpx.AsyncClient, work: Any) -> None:
    await fill(client, work)
    stats = (await client.get(f"{JOBS}/stats")).json()
    assert stats["counts"] == {"waiting": 1, "delayed": 1, "active": 0, "completed": 2, "failed": 1, "cancelled": 1}
    assert (stats["total"], stats["failedRate"], stats["exact"]) == (6, 33.33, True)
    assert [row["type"] for row in stats["types"]] == ["doomed", "echo", "resize"]
    echo = (await client.get(f"{JOBS}/echo/stats")).json()
    assert echo == stats["types"][1]
    assert (echo["counts"]["completed"], echo["failedRate"]) == (2, 0)
    assert "did you mean 'echo'" in problem(await client.get(f"{JOBS}/ecoh/stats"), 404, "not-found")["detail"]


async def test_what_has_outlived_its_retention_is_not_counted(
    client: httpx.AsyncClient, client_of: Client, work: Any, clock: HandClock
) -> None:
    await fill(client, work)
    clock.forward(8 * 86_400_000)
    # The first client's token has ended by now.
    found = (await client_of().get(f"{JOBS}/stats")).json()["counts"]
    assert (found["completed"], found["cancelled"], found["failed"]) == (0, 0, 1)


async def test_beyond_the_bound_numbers_are_lower_bounds_and_say_so(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "PAGE", 2)
    monkeypatch.setattr(counts, "MAX_OPEN", 4)
    await client.post(f"{JOBS}/batch", json=[{"type": "echo", "data": i} for i in range(4)])
    assert (await client.get(f"{JOBS}/stats")).json()["exact"] is True
    await client.post(JOBS, json={"type": "echo", "data": 5})
    stats = (await client.get(f"{JOBS}/stats")).json()
    assert (stats["total"], stats["exact"]) == (4, False)


async def test_a_queue_as_its_tenant_and_as_an_administrator_see_it(
    client: httpx.AsyncClient, client_of: Client, work: Any
) -> None:
    await fill(client, work)
    own = (await client.get(f"{JOBS}/queues/echo")).json()
    assert own == {
        "name": "echo",
        "tenants": "own",
        "waiting": 0,
        "active": 0,
        "delayed": 1,
        "deadLetters": 0,
        "levels": [],
        "exact": True,
        "paused": False,
    }
    everybody = (await client_of("ops", "jobs:read admin").get(f"{JOBS}/queues/echo")).json()
    # A cancelled job's message waits in SQS until it arrives and is ignored.
    assert everybody == own | {"tenants": "all", "waiting": 1}
    assert (await client.get(f"{JOBS}/queues/doomed")).json()["deadLetters"] == 1
    problem(await client.get(f"{JOBS}/queues/eccho"), 404, "not-found")
    problem(await client.get(f"{JOBS}/queues/{'x' * 5000}"), 404, "not-found")


async def test_metrics_of_one_queue_or_all(client: httpx.AsyncClient, work: Any) -> None:
    await fill(client, work)
    every = (await client.get(f"{JOBS}/queues/metrics")).json()["metrics"]
    assert [m["name"] for m in every] == ["doomed", "echo", "resize"]
    one = (await client.get(f"{JOBS}/queues/metrics?type=doomed")).json()["metrics"]
    assert one == every[:1]
    assert (one[0]["failed"], one[0]["failedRate"], one[0]["paused"]) == (1, 100, False)
    problem(await client.get(f"{JOBS}/queues/metrics?type=nope"), 404, "not-found")


async def test_health_says_little_to_strangers_and_more_with_a_token(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, work: Any
) -> None:
    await fill(client, work)
    answer = await stranger.get(f"{JOBS}/health/check")
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})
    health = (await client.get(f"{JOBS}/health/check")).json()
    assert (health["status"], health["queues"], health["totalJobs"]) == ("healthy", 3, 6)
    assert {m["name"]: m["failed"] for m in health["metrics"]} == {"doomed": 1, "echo": 0, "resize": 0}
    bad = await stranger.get(f"{JOBS}/health/check", headers={"Authorization": "Bearer nonsense"})
    problem(bad, 401, "unauthenticated")


async def test_types_come_with_their_schemas(client: httpx.AsyncClient) -> None:
    types = {row["name"]: row for row in (await client.get(f"{JOBS}/types")).json()["types"]}
    assert sorted(types) == ["doomed", "echo", "resize"]
    resize = types["resize"]
    assert resize["description"] == "Makes a picture smaller."
    assert resize["options"]["attempts"] == 2
    assert resize["options"]["timeout"] == 30_000
    assert resize["options"]["backoff"]["type"] == "fixed"
    Draft202012Validator(resize["input"]).validate({"imageUrl": "x", "corners": [{"x": 1, "y": 2}]})
    assert not Draft202012Validator(resize["input"]).is_valid({"maxWidth": 1})
    Draft202012Validator(resize["output"]).validate({"newWidth": 1})
    assert types["echo"]["input"] == {}
    assert (resize["version"], resize["upcastsFrom"]) == (1, 1)


async def test_workers_are_what_the_process_says(client_of: Client) -> None:
    answer = await client_of("ops", "admin").get(f"{JOBS}/workers")
    assert [one["name"] for one in answer.json()["workers"]] == ["test"]
