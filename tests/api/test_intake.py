"""Jobs go in, each option arrives in the job, and what was accepted runs."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from queues.limits import MAX_HTTP_BATCH
from tests.api.conftest import HandClock, problem

JOBS = "/api/v1/jobs"


async def test_a_job_runs_and_reads_as_documented(client: httpx.AsyncClient, work: Any, clock: HandClock) -> None:
    made = await client.post(JOBS, json={"type": "resize", "data": {"imageUrl": "s3://b/k", "maxWidth": 640}})
    assert made.status_code == 202
    job = made.json()
    assert made.headers["location"] == f"{JOBS}/{job['id']}"
    assert job["status"] == "waiting"
    assert job["createdAt"] == job["runAt"] == "2026-11-22T07:30:00.000Z"

    clock.forward(1234)
    await work("resize")
    done = (await client.get(made.headers["location"])).json()
    assert done == {
        "id": job["id"],
        "type": "resize",
        "tenantId": "acme",
        "status": "completed",
        "priority": 50,
        "attempts": 1,
        "maxAttempts": 2,
        "progress": 100,
        "note": "half way",
        "data": {"imageUrl": "s3://b/k", "maxWidth": 640},
        "result": {"newWidth": 640},
        "encrypted": False,
        "dataSize": None,
        "resultSize": None,
        "omitted": [],
        "error": None,
        "createdAt": "2026-11-22T07:30:00.000Z",
        "runAt": "2026-11-22T07:30:00.000Z",
        "startedAt": "2026-11-22T07:30:01.234Z",
        "finishedAt": "2026-11-22T07:30:01.234Z",
        "expiresAt": None,
        "cancelRequestedAt": None,
        "cancelRequestedBy": None,
        "replayOf": None,
        "flowId": None,
        "deadlineAt": None,
        "tags": [],
        "timeout": 30_000,
        "backoff": {"type": "fixed", "delay": 1000, "factor": 2.0, "cap": 3_600_000, "jitter": 0},
        "history": [
            {
                "attempt": 1,
                "startedAt": "2026-11-22T07:30:01.234Z",
                "finishedAt": "2026-11-22T07:30:01.234Z",
                "outcome": "completed",
                "error": None,
                "worker": "test/0",
            }
        ],
        "logs": [{"at": "2026-11-22T07:30:01.234Z", "attempt": 1, "level": "INFO", "message": "resizing"}],
    }


async def test_every_option_arrives(client: httpx.AsyncClient) -> None:
    options = {
        "priority": 1,
        "attempts": 7,
        "delay": 60_000,
        "jobId": "part-4711",
        "backoff": {"type": "exponential", "delay": 2500, "factor": 3, "jitter": 0.5, "cap": 90_000},
        "timeout": 1500,
        "expiresIn": 120_000,
        "tags": ["blue", "größe"],
    }
    job = (await client.post(JOBS, json={"type": "echo", "data": 1, "options": options})).json()
    assert job["id"] == "part-4711"
    assert job["status"] == "delayed"
    assert job["priority"] == 1
    assert job["maxAttempts"] == 7
    assert job["runAt"] == "2026-11-22T07:31:00.000Z"
    assert job["expiresAt"] == "2026-11-22T07:32:00.000Z"
    assert job["timeout"] == 1500
    assert job["backoff"] == options["backoff"]
    assert job["tags"] == options["tags"]


async def test_null_options_mean_the_types_own(client: httpx.AsyncClient) -> None:
    names = ("priority", "attempts", "delay", "jobId", "backoff", "timeout", "expiresIn", "tags")
    body = {"type": "resize", "data": {"imageUrl": "x"}, "options": dict.fromkeys(names)}
    job = (await client.post(JOBS, json=body)).json()
    assert (job["maxAttempts"], job["timeout"], job["priority"]) == (2, 30_000, 50)


async def test_a_fixed_backoff_longer_than_the_default_cap_is_not_cut_short(client: httpx.AsyncClient) -> None:
    options = {"backoff": {"type": "fixed", "delay": 7_200_000}}
    job = (await client.post(JOBS, json={"type": "echo", "data": 1, "options": options})).json()
    assert job["backoff"]["cap"] == 7_200_000


async def test_a_taken_job_id_answers_with_its_job(client: httpx.AsyncClient, clock: HandClock) -> None:
    body = {"type": "echo", "data": "first", "options": {"jobId": "once"}}
    first = await client.post(JOBS, json=body)
    clock.forward(5)
    again = await client.post(JOBS, json=body | {"data": "second"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert "jobyard-existing" not in first.headers
    assert again.headers["jobyard-existing"] == "true"
    assert again.json() == first.json()


async def test_many_requests_at_once_with_one_job_id_make_one_job(client: httpx.AsyncClient) -> None:
    bodies = [{"type": "echo", "data": i, "options": {"jobId": "once"}} for i in range(20)]
    found = await asyncio.gather(*(client.post(JOBS, json=body) for body in bodies))
    assert {answer.status_code for answer in found} <= {200, 202}
    assert len({answer.text for answer in found}) == 1
    assert len((await client.get(JOBS)).json()["jobs"]) == 1


async def test_a_batch_keeps_its_order_and_counts_what_was_there(client: httpx.AsyncClient, clock: HandClock) -> None:
    await client.post(JOBS, json={"type": "echo", "data": 0, "options": {"jobId": "b"}})
    clock.forward(1)
    batch = [
        {"type": "echo", "data": 1, "options": {"jobId": "a"}},
        {"type": "echo", "data": 2, "options": {"jobId": "b"}},
        {"type": "resize", "data": {"imageUrl": "x"}},
    ]
    answer = await client.post(f"{JOBS}/batch", json=batch)
    assert answer.status_code == 202
    found = answer.json()
    assert [job["id"] for job in found["jobs"][:2]] == ["a", "b"]
    assert found["jobs"][2]["type"] == "resize"
    assert (found["created"], found["existing"]) == (2, 1)


async def test_the_largest_batch(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{JOBS}/batch", json=[{"type": "echo", "data": i} for i in range(MAX_HTTP_BATCH)])
    assert answer.json()["created"] == MAX_HTTP_BATCH
    answer = await client.post(f"{JOBS}/batch", json=[{"type": "echo", "data": i} for i in range(MAX_HTTP_BATCH + 1)])
    problem(answer, 422, "invalid-request")


async def test_a_batch_is_all_or_nothing_and_names_each_fault(client: httpx.AsyncClient) -> None:
    batch = [
        {"type": "echo", "data": 1},
        {"type": "resize", "data": {"imageUrl": "", "maxWidth": 0}},
        {"type": "ecko", "data": 1},
    ]
    document = problem(await client.post(f"{JOBS}/batch", json=batch), 422, "invalid-data")
    assert [(e["index"], e["field"]) for e in document["errors"]] == [
        (1, "[1].data.imageUrl"),
        (1, "[1].data.maxWidth"),
        (2, "[2].type"),
    ]
    assert document["errors"][2]["suggestion"] == "echo"
    assert (await client.get(JOBS)).json()["jobs"] == []


async def test_a_batch_names_each_option_at_fault(client: httpx.AsyncClient) -> None:
    batch = [
        {"type": "echo", "data": 1, "options": {"jobId": "no spaces"}},
        {"type": "echo", "data": 1},
        {"type": "echo", "data": 1, "options": {"delay": 10, "expiresIn": 5}},
    ]
    document = problem(await client.post(f"{JOBS}/batch", json=batch), 422, "invalid-request")
    assert [e["field"] for e in document["errors"]] == ["[0].options.jobId", "[2].options.expiresIn"]


async def test_scheduling_for_later(client: httpx.AsyncClient, work: Any, clock: HandClock) -> None:
    body = {"type": "echo", "data": {"recipientEmail": "a@b.c"}, "delay": 300_000}
    job = (await client.post(f"{JOBS}/schedule", json=body)).json()
    assert (job["status"], job["runAt"]) == ("delayed", "2026-11-22T07:35:00.000Z")
    assert await work("echo") == 0
    clock.forward(300_000)
    assert await work("echo") == 1
    assert (await client.get(f"{JOBS}/{job['id']}")).json()["status"] == "completed"


async def test_scheduling_takes_the_other_options(client: httpx.AsyncClient) -> None:
    body = {"type": "echo", "data": 1, "delay": 1000, "options": {"attempts": 9, "jobId": "later"}}
    job = (await client.post(f"{JOBS}/schedule", json=body)).json()
    assert (job["id"], job["maxAttempts"], job["runAt"]) == ("later", 9, "2026-11-22T07:30:01.000Z")
    body["options"] = {"delay": 5}
    document = problem(await client.post(f"{JOBS}/schedule", json=body), 422, "invalid-request")
    assert document["errors"][0]["field"] == "options.delay"


@pytest.mark.parametrize("name", ["cron", "rate", "every", "repeat", "at", "schedule", "timezone"])
async def test_a_recurring_form_is_refused_by_name(client: httpx.AsyncClient, name: str) -> None:
    body = {"type": "echo", "data": 1, name: "0 2 * * *"}
    document = problem(await client.post(f"{JOBS}/schedule", json=body), 422, "invalid-request")
    fault = next(e for e in document["errors"] if e["field"] == name)
    assert "delay" in fault["message"]
    assert "recurring" in fault["message"]
