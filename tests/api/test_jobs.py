"""A job is read, listed, waited for, cancelled and retried."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from api.views import MAX_LISTED_CHARS
from queues.runtime import Runtime
from tests.api.conftest import HandClock, problem

JOBS = "/api/v1/jobs"


async def make(client: httpx.AsyncClient, type_name: str = "echo", data: Any = 1, **options: Any) -> str:
    answer = await client.post(JOBS, json={"type": type_name, "data": data, "options": options})
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


async def test_cancelling_a_waiting_job(client: httpx.AsyncClient, work: Any) -> None:
    job_id = await make(client)
    answer = await client.delete(f"{JOBS}/{job_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert (await client.delete(f"{JOBS}/{job_id}")).json()["status"] == "cancelled"
    await work("echo")
    assert (await client.get(f"{JOBS}/{job_id}")).json()["attempts"] == 0


async def test_cancelling_what_has_ended(client: httpx.AsyncClient, work: Any) -> None:
    job_id = await make(client)
    await work("echo")
    document = problem(await client.delete(f"{JOBS}/{job_id}"), 409, "wrong-status")
    assert document["jobStatus"] == "completed"
    assert "waiting, delayed or active" in document["detail"]


async def test_a_failed_job_is_retried_and_only_a_failed_one(client: httpx.AsyncClient, work: Any) -> None:
    job_id = await make(client, "doomed", "x")
    problem(await client.post(f"{JOBS}/{job_id}/retry"), 409, "wrong-status")
    await work("doomed")
    failed = (await client.get(f"{JOBS}/{job_id}")).json()
    assert failed["status"] == "failed"
    assert failed["error"]["message"] == "never works: x"
    again = await client.post(f"{JOBS}/{job_id}/retry")
    assert (again.status_code, again.json()["status"]) == (202, "waiting")
    await work("doomed")
    failed = (await client.get(f"{JOBS}/{job_id}")).json()
    assert [attempt["attempt"] for attempt in failed["history"]] == [1, 2]


async def test_dead_letters_are_the_failed_jobs_of_a_type(client: httpx.AsyncClient, work: Any) -> None:
    ids = [await make(client, "doomed", i) for i in range(3)]
    await make(client, "echo")
    await work("doomed")
    found = (await client.get(f"{JOBS}/queues/doomed/dead-letters?limit=2")).json()
    rest = (await client.get(f"{JOBS}/queues/doomed/dead-letters", params={"cursor": found["cursor"]})).json()
    rows = found["jobs"] + rest["jobs"]
    assert sorted(job["id"] for job in rows) == sorted(ids)
    assert all(job["error"]["type"] == "Discard" for job in rows)
    assert (await client.get(f"{JOBS}/queues/echo/dead-letters")).json() == {"jobs": [], "cursor": None}
    assert (
        "did you mean 'doomed'"
        in problem(await client.get(f"{JOBS}/queues/domed/dead-letters"), 404, "not-found")["detail"]
    )


async def test_a_short_status(client: httpx.AsyncClient, work: Any) -> None:
    job_id = await make(client, "resize", {"imageUrl": "x", "maxWidth": 9})
    await work("resize")
    status = (await client.get(f"{JOBS}/resize/{job_id}/status")).json()
    assert (status["status"], status["progress"], status["result"]) == ("completed", 100, {"newWidth": 9})
    problem(await client.get(f"{JOBS}/echo/{job_id}/status"), 404, "not-found")


async def test_a_list_is_walked_page_by_page(client: httpx.AsyncClient, clock: HandClock, work: Any) -> None:
    ids = []
    for _ in range(7):
        ids.append(await make(client))
        clock.forward(10)
    await work("echo")
    ids.append(await make(client, delay=60_000))
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(JOBS, params=params)).json()
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(ids)


async def test_a_list_by_status_and_type(client: httpx.AsyncClient, work: Any) -> None:
    done = await make(client)
    await work("echo")
    later = await make(client, delay=60_000)
    waits = await make(client, "resize", {"imageUrl": "x"})

    async def ids(**params: str) -> list[str]:
        return [job["id"] for job in (await client.get(JOBS, params=params)).json()["jobs"]]

    assert await ids(status="completed") == [done]
    assert await ids(status="delayed") == [later]
    assert await ids(status="waiting") == [waits]
    assert await ids(status="active") == await ids(status="failed") == await ids(status="cancelled") == []
    assert sorted(await ids(type="echo")) == sorted([done, later])
    assert await ids(type="resize", status="completed") == []


async def test_a_list_leaves_out_what_is_long(client: httpx.AsyncClient, work: Any) -> None:
    job_id = await make(client, "echo", "x" * MAX_LISTED_CHARS)
    await work("echo")
    row = (await client.get(JOBS)).json()["jobs"][0]
    assert (row["id"], row["data"], row["result"]) == (job_id, None, None)
    assert row["omitted"] == ["data", "result"]
    assert "logs" not in row


def forged(positions: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(positions)).decode().rstrip("=")


def every_state(at: Any) -> dict[str, Any]:
    return {"open": at, "completed": at, "failed": at, "cancelled": at}


@pytest.mark.parametrize(
    "cursor",
    [
        "!!!",
        "%00",
        forged([]),
        forged({"open": None}),
        forged(every_state("start")),
        forged(every_state([])),
        forged(every_state([1])),
        forged(every_state(["1", "job#acme#x"])),
        forged(every_state([1, "job#other#x"])),
        forged(every_state([1, "tenants"])),
        forged(every_state([1, 2])),
        forged(every_state([True, "job#acme#x"])),
        forged(every_state([1, "job#acme#x", 3])),
        forged(every_state([1, "job#acme#" + "x" * 3000])),
        forged(every_state([2**60, "job#acme#x"])),
    ],
)
async def test_a_forged_cursor_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    document = problem(await client.get(JOBS, params={"cursor": cursor}), 422, "invalid-request")
    assert document["errors"][0]["field"] == "cursor"


async def test_waiting_ends_with_the_job(client: httpx.AsyncClient, work: Any) -> None:
    job_id = await make(client)
    waiting = asyncio.ensure_future(client.get(f"{JOBS}/{job_id}?wait=20"))
    await asyncio.sleep(0)
    await work("echo")
    assert (await waiting).json()["status"] == "completed"


async def test_waiting_ends_with_its_time(client: httpx.AsyncClient) -> None:
    job_id = await make(client)
    answer = await client.get(f"{JOBS}/{job_id}?wait=0.01")
    assert (answer.status_code, answer.json()["status"]) == (200, "waiting")


async def test_waiting_ends_when_the_server_is_asked_to_stop(client: httpx.AsyncClient, app: FastAPI) -> None:
    job_id = await make(client)
    waiting = asyncio.ensure_future(client.get(f"{JOBS}/{job_id}?wait=20"))
    await asyncio.sleep(0)
    app.state.site.close()
    assert (await waiting).json()["status"] == "waiting"


async def test_waiting_ends_when_the_client_has_gone(client: httpx.AsyncClient, app: FastAPI) -> None:
    job_id = await make(client)
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there")

    scope = {
        "type": "http", "method": "GET", "path": f"{JOBS}/{job_id}", "query_string": b"wait=20",
        "headers": [(b"authorization", client.headers["authorization"].encode())],
        "http_version": "1.1", "scheme": "http", "server": ("x", 80), "client": None, "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)


async def test_a_running_job_shows_its_attempt(client: httpx.AsyncClient, runtime: Runtime, clock: HandClock) -> None:
    job_id = await make(client)
    await runtime.store.claim("acme", job_id, "worker-7", clock())
    job = (await client.get(f"{JOBS}/{job_id}")).json()
    assert job["status"] == "active"
    assert job["history"][-1]["worker"] == "worker-7"
    assert job["history"][-1]["outcome"] is None
