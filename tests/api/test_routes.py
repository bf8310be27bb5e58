"""Paths and methods that there are not, and what every answer carries."""

from __future__ import annotations

import httpx
import pytest

from queues.job import RESERVED_IDS
from tests.api.conftest import problem

JOBS = "/api/v1/jobs"


@pytest.mark.parametrize("path", ["/", "/nothing", "/docs", "/api/v1", f"{JOBS}/", f"{JOBS}/a/b", f"{JOBS}/a/logs"])
async def test_no_such_route(client: httpx.AsyncClient, path: str) -> None:
    assert path in problem(await client.get(path), 404, "not-found")["detail"]


@pytest.mark.parametrize(
    "word",
    sorted(
        RESERVED_IDS
        - {"stats", "metrics", "workers", "types", "schedules", "flows", "audit", "webhooks", "events", "operations"}
    ),
)
async def test_a_routes_word_is_never_taken_for_a_job(client: httpx.AsyncClient, word: str) -> None:
    answer = await client.get(f"{JOBS}/{word}")
    if word in ("batch", "schedule", "retry"):
        problem(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == "POST"
    else:
        assert "no route" in problem(answer, 404, "not-found")["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", JOBS, "GET, POST"),
        ("PATCH", f"{JOBS}/some", "GET, DELETE"),
        ("GET", f"{JOBS}/some/retry", "POST"),
        ("POST", f"{JOBS}/stats", "GET"),
        ("POST", "/openapi.json", "GET"),
        ("BREW", JOBS, "GET, POST"),
    ],
)
async def test_no_such_method(client: httpx.AsyncClient, method: str, path: str, allow: str) -> None:
    answer = await client.request(method, path)
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize(
    "job_id",
    ["unknown", "a%2Fb", "..%2F..", "%00", "x" * 129, "x" * 20_000, "a b", "gr%C3%B6%C3%9Fe", "a%23b", "%2e%2e"],
)
@pytest.mark.parametrize(
    ("method", "tail"), [("GET", ""), ("GET", "?wait=1"), ("DELETE", ""), ("POST", "/retry"), ("STATUS", "")]
)
async def test_an_id_that_no_job_has(client: httpx.AsyncClient, method: str, tail: str, job_id: str) -> None:
    path = f"{JOBS}/echo/{job_id}/status" if method == "STATUS" else f"{JOBS}/{job_id}{tail}"
    answer = await client.request("GET" if method == "STATUS" else method, path)
    problem(answer, 404, "not-found")
    assert len(answer.content) < 2_000


async def test_every_answer_has_the_headers_that_protect_it(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    for answer in (
        await client.get(JOBS),
        await client.get("/nothing"),
        await stranger.get(JOBS),
        await stranger.get("/openapi.json"),
        await client.post(JOBS, content=b"{", headers={"Content-Type": "application/json"}),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    answer = await client.head(JOBS)
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await client.head("/nothing")).status_code == 404
