"""Prometheus' page, the workers, and the health check's findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from queues.observe.workers import WorkerJob, WorkerRow, WorkerType
from queues.runtime import Runtime
from tests.api.conftest import SECRET, START, Client, HandClock, problem
from tests.api.test_numbers import fill

JOBS = "/api/v1/jobs"
WORKER = WorkerRow(
    name="host:7:abc",
    started_at=START - 60_000,
    seen_at=START,
    draining=False,
    types=(WorkerType("echo", 10, 2),),
    jobs=(WorkerJob("acme", "mine", "echo", 1, START), WorkerJob("rival", "theirs", "echo", 1, START)),
)


async def samples(client: httpx.AsyncClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, labels) -> value, as Prometheus' own parser reads the page."""
    answer = await client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = list(text_string_to_metric_families(answer.text))
    assert all(family.documentation and family.type != "unknown" for family in families)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


async def test_prometheus_reads_the_page(client: httpx.AsyncClient, client_of: Client, work: Any) -> None:
    await fill(client, work)
    found = await samples(client_of("ops", "metrics"))
    doomed = (("type", "doomed"),)
    assert found["jobyard_jobs_completed_total", (("type", "echo"),)] == 2
    assert found["jobyard_jobs_failed_total", doomed] == found["jobyard_jobs_dead_lettered_total", doomed] == 1
    assert found["jobyard_jobs_enqueued_total", (("type", "echo"),)] == 4
    assert found["jobyard_queue_dead_letters", doomed] == 1
    assert found["jobyard_queue_messages", (("state", "delayed"), ("type", "echo"))] == 1
    assert found["jobyard_job_run_seconds_count", (("type", "echo"),)] == 2
    buckets = [value for (name, labels), value in found.items() if name == "jobyard_job_run_seconds_bucket"]
    # Three job types, seventeen bounds and the one that is none.
    assert len(buckets) == 3 * 18
    assert found["jobyard_job_run_seconds_bucket", (("le", "+Inf"), ("type", "echo"))] == 2


async def test_the_page_takes_a_token_of_its_scope(client_of: Client, stranger: httpx.AsyncClient) -> None:
    problem(await stranger.get("/metrics"), 401, "unauthenticated")
    problem(await client_of("ops", "jobs:read jobs:write").get("/metrics"), 403, "scope-missing")
    assert (await client_of("ops", "admin").get("/metrics")).status_code == 200
    problem(await client_of("ops", "metrics").get(JOBS), 403, "scope-missing")


async def test_no_tenant_and_no_job_is_on_the_page(client: httpx.AsyncClient, client_of: Client, work: Any) -> None:
    await client.post(JOBS, json={"type": "echo", "data": 1, "options": {"jobId": "secret-name"}})
    await work("echo")
    text = (await client_of("ops", "metrics").get("/metrics")).text
    assert "acme" not in text
    assert "secret-name" not in text


async def test_where_no_jobs_run_there_are_no_counters(runtime: Runtime, clock: HandClock, client_of: Client) -> None:
    """On Lambda: a scrape would meet one environment of many."""
    elsewhere = create_app(runtime, secret=SECRET, clock=clock)
    token = client_of("ops", "metrics").headers["Authorization"]
    transport = httpx.ASGITransport(elsewhere)
    async with httpx.AsyncClient(transport=transport, base_url="http://jobyard.test") as http:
        text = (await http.get("/metrics", headers={"Authorization": token})).text
    assert "jobyard_queue_messages" in text
    assert "jobyard_jobs_completed_total" not in text


async def test_workers_with_the_jobs_of_the_callers_tenant_alone(
    runtime: Runtime, client_of: Client, clock: HandClock
) -> None:
    await runtime.workers.put(WORKER)
    await runtime.workers.put(replace(WORKER, name="host:8:gone", stopped=True))
    clock.forward(30_000)
    (first, row) = (await client_of("acme", "admin").get(f"{JOBS}/workers")).json()["workers"]
    assert first["name"] == "host:7:abc"
    assert first["jobs"] == [{"id": "mine", "type": "echo", "attempt": 1, "startedAt": "2026-11-22T07:30:00.000Z"}]
    assert (first["silent"], first["capacity"], first["running"]) == (False, 10, 2)
    # The process that answers is known as it is now.
    assert (row["name"], row["seenAt"]) == ("test", "2026-11-22T07:30:30.000Z")
    clock.forward(30_000)
    (first, _) = (await client_of("other", "admin").get(f"{JOBS}/workers")).json()["workers"]
    assert (first["silent"], first["jobs"]) == (True, [])


async def test_metrics_by_name(client: httpx.AsyncClient, work: Any) -> None:
    await fill(client, work)
    found = (await client.get(f"{JOBS}/metrics")).json()["metrics"]
    assert sorted(found) == ["doomed", "echo", "resize"]
    assert (found["echo"]["completed"], found["resize"]["waiting"], found["doomed"]["failed"]) == (2, 1, 1)


async def test_a_dead_letter_is_a_remark(client: httpx.AsyncClient, work: Any) -> None:
    await fill(client, work)
    health = (await client.get(f"{JOBS}/health/check")).json()
    assert health["status"] == "healthy"
    assert [(one["rule"], one["subject"], one["value"]) for one in health["findings"]] == [
        ("dead-letters", "doomed", 1)
    ]


@pytest.fixture
def small(runtime: Runtime, clock: HandClock) -> FastAPI:
    """The API with low bounds."""
    settings = runtime.settings.model_copy(update={"alert_backlog": 3, "alert_stalled": 60.0})
    return create_app(replace(runtime, settings=settings), secret=SECRET, clock=clock)


async def test_trouble_degrades_but_is_no_503(
    small: FastAPI, client: httpx.AsyncClient, client_of: Client, clock: HandClock, runtime: Runtime
) -> None:
    for _ in range(3):
        await client.post(JOBS, json={"type": "echo", "data": 1})
    await runtime.workers.put(replace(WORKER, seen_at=START - 30_000))
    clock.forward(60_000)

    async def check(tenant: str, scope: str) -> dict[str, Any]:
        headers = {"Authorization": client_of(tenant, scope).headers["Authorization"]}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(small), base_url="http://jobyard.test") as http:
            answer = await http.get(f"{JOBS}/health/check", headers=headers)
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return {"status": body["status"], "found": [(one["rule"], one["subject"]) for one in body["findings"]]}

    assert await check("acme", "jobs:read") == {"status": "degraded", "found": [("backlog", "echo")]}
    # Another tenant's jobs are none of its business.
    assert await check("rival", "jobs:read") == {"status": "healthy", "found": []}
    assert (await check("ops", "jobs:read admin"))["found"] == [
        ("backlog", "echo"),
        ("stalled", "echo"),
        ("worker-silent", "host:7:abc"),
    ]
