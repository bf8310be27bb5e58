"""Jobs and queues are controlled over HTTP: each route does what its Python call does, for those who may."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from queues.runtime import Runtime
from tests.api.conftest import Client, HandClock, problem
from tests.api.test_jobs import make

JOBS = "/api/v1/jobs"


@pytest.fixture
def admin(client_of: Client) -> httpx.AsyncClient:
    """A client that may also do what concerns everybody."""
    return client_of(scope="jobs:read jobs:write admin")


async def fail(client: httpx.AsyncClient, work: Any, count: int = 3, **options: Any) -> list[str]:
    ids = [await make(client, "doomed", number, **options) for number in range(count)]
    while await work("doomed"):
        pass
    return ids


async def status(client: httpx.AsyncClient, job_id: str) -> str:
    return str((await client.get(f"{JOBS}/{job_id}")).json()["status"])


# --- one job ------------------------------------------------------------------------------------------------------


async def test_a_running_job_is_asked_to_end(client: httpx.AsyncClient, runtime: Runtime, clock: HandClock) -> None:
    job_id = await make(client)
    await runtime.store.claim("acme", job_id, "worker-7", clock())
    asked = await client.delete(f"{JOBS}/{job_id}")
    assert asked.status_code == 202
    job = asked.json()
    assert (job["status"], job["cancelRequestedBy"]) == ("active", "tester")
    assert job["cancelRequestedAt"].startswith("2026-11-22T07:30")
    assert (await client.delete(f"{JOBS}/{job_id}")).status_code == 202


async def test_a_job_that_waits_is_rescheduled(client: httpx.AsyncClient, work: Any) -> None:
    made = await make(client, "echo", delay=60_000)
    at = (await client.post(f"{JOBS}/{made}/reschedule", json={"delay": 5_000})).json()
    assert at["status"] == "delayed"
    assert at["runAt"] < (await client.post(f"{JOBS}/{made}/reschedule", json={"delay": 90_000})).json()["runAt"]
    for body in ({}, {"delay": 1, "runAt": "2030-01-31T09:00:00Z"}, {"runAt": "2030-01-31T09:00:00"}, {"delay": -1}):
        problem(await client.post(f"{JOBS}/{made}/reschedule", json=body), 422, "invalid-request")
    problem(await client.post(f"{JOBS}/nobody/reschedule", json={"delay": 1}), 404, "not-found")
    await client.delete(f"{JOBS}/{made}")
    problem(await client.post(f"{JOBS}/{made}/reschedule", json={"delay": 1}), 409, "wrong-status")


async def test_a_replay_is_a_new_job(client: httpx.AsyncClient, work: Any) -> None:
    old = await make(client, "resize", {"imageUrl": "x", "maxWidth": 9})
    await work("resize")
    answer = await client.post(f"{JOBS}/{old}/replay", json={})
    assert answer.status_code == 202
    new = answer.json()
    assert (new["replayOf"], new["data"], new["status"]) == (old, {"imageUrl": "x", "maxWidth": 9}, "waiting")
    assert answer.headers["location"] == f"{JOBS}/{new['id']}"
    edited = await client.post(
        f"{JOBS}/{old}/replay", json={"data": {"imageUrl": "x", "maxWidth": 12}, "jobId": "again"}
    )
    assert (edited.status_code, edited.json()["id"]) == (202, "again")
    await work("resize")
    assert (await client.get(f"{JOBS}/again")).json()["result"] == {"newWidth": 12}
    assert (await client.get(f"{JOBS}/{old}")).json()["result"] == {"newWidth": 9}
    document = problem(await client.post(f"{JOBS}/{old}/replay", json={"data": {"maxWidth": 0}}), 422, "invalid-data")
    assert {fault["field"] for fault in document["errors"]} == {"data.imageUrl", "data.maxWidth"}
    document = problem(await client.post(f"{JOBS}/{old}/replay", json={"dta": 1}), 422, "invalid-request")
    assert document["errors"][0]["suggestion"] == "data"


async def test_null_is_data_too(client: httpx.AsyncClient) -> None:
    old = await make(client, "echo", 5)
    assert (await client.post(f"{JOBS}/{old}/replay", json={"data": None})).json()["data"] is None
    assert (await client.post(f"{JOBS}/{old}/replay", json={})).json()["data"] == 5


async def test_a_failed_job_is_discarded(client: httpx.AsyncClient, work: Any) -> None:
    (job_id,) = await fail(client, work, 1)
    answer = await client.post(f"{JOBS}/{job_id}/discard")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    waits = await make(client)
    problem(await client.post(f"{JOBS}/{waits}/discard"), 409, "wrong-status")


async def test_a_record_is_deleted_once_its_job_has_ended(client: httpx.AsyncClient, work: Any) -> None:
    job_id = await make(client)
    document = problem(await client.delete(f"{JOBS}/{job_id}/record"), 409, "wrong-status")
    assert "cancel it first" in document["detail"]
    await work("echo")
    answer = await client.delete(f"{JOBS}/{job_id}/record")
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    problem(await client.get(f"{JOBS}/{job_id}"), 404, "not-found")
    problem(await client.delete(f"{JOBS}/{job_id}/record"), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "tail"), [("DELETE", ""), ("DELETE", "/record"), ("POST", "/replay"), ("POST", "/discard")]
)
async def test_another_tenants_job_is_unknown(
    client: httpx.AsyncClient, client_of: Client, method: str, tail: str
) -> None:
    job_id = await make(client)
    other = client_of("umbrella")
    answer = await other.request(method, f"{JOBS}/{job_id}{tail}", json={})
    problem(answer, 404, "not-found")
    assert await status(client, job_id) == "waiting"


# --- many jobs ----------------------------------------------------------------------------------------------------


async def test_failed_jobs_are_counted_then_retried(client: httpx.AsyncClient, work: Any, runtime: Runtime) -> None:
    ids = await fail(client, work, tags=["blue"])
    chosen = {"type": "doomed", "error": "Discard", "tags": ["blue"]}
    dry = await client.post(f"{JOBS}/retry", json={"filter": chosen, "dryRun": True})
    assert (dry.status_code, dry.json()) == (200, {"dryRun": True, "matched": 3, "exact": True})
    assert await status(client, ids[0]) == "failed"
    begun = await client.post(f"{JOBS}/retry", json={"filter": chosen})
    assert begun.status_code == 202
    operation = begun.json()
    assert (operation["action"], operation["status"], operation["done"]) == ("retry", "running", 0)
    assert (operation["tenants"], operation["createdBy"], operation["endedAt"]) == ("own", "tester", None)
    await runtime.bulk_work.round()
    ended = (await client.get(begun.headers["location"])).json()
    assert (ended["status"], ended["done"], ended["filter"]["tags"]) == ("done", 3, ["blue"])
    assert {await status(client, job_id) for job_id in ids} == {"waiting"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filter": {"failedAfter": "yesterday"}}, "filter.failedAfter"),
        ({"filter": {"failedAfter": "2030-01-31T09:00:00"}}, "filter.failedAfter"),
        ({"filter": {"status": "failed"}}, "filter.status"),
        ({"filter": {"tags": [""]}}, "filter.tags.0"),
        ({"filter": {"failedAfter": "2030-01-02T00:00Z", "failedBefore": "2030-01-01T00:00Z"}}, "filter.failedBefore"),
        ({"filter": {"type": "domed"}}, "type"),
        ({"rate": 0}, "rate"),
        ({"dryrun": True}, "dryrun"),
    ],
)  # fmt: skip
async def test_a_filter_that_cannot_be_is_refused(client: httpx.AsyncClient, body: Any, field: str) -> None:
    answer = await client.post(f"{JOBS}/retry", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


async def test_an_operation_is_called_off(client: httpx.AsyncClient, client_of: Client, work: Any) -> None:
    await fail(client, work)
    begun = (await client.post(f"{JOBS}/queues/doomed/redrive", json={"rate": 1})).json()
    problem(await client_of("umbrella").get(f"{JOBS}/operations/{begun['id']}"), 404, "not-found")
    problem(await client_of("umbrella").delete(f"{JOBS}/operations/{begun['id']}"), 404, "not-found")
    ended = await client.delete(f"{JOBS}/operations/{begun['id']}")
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
    for path in ("none", "x" * 3_000, "%00"):
        problem(await client.get(f"{JOBS}/operations/{path}"), 404, "not-found")


async def test_dead_letters_are_redriven_and_discarded(client: httpx.AsyncClient, work: Any, runtime: Runtime) -> None:
    ids = await fail(client, work)
    nothing = await client.post(f"{JOBS}/queues/doomed/redrive", json={"filter": {"error": "Timeout"}, "dryRun": True})
    assert nothing.json()["matched"] == 0
    begun = (await client.post(f"{JOBS}/queues/doomed/discard", json={})).json()
    assert begun["action"] == "discard"
    await runtime.bulk_work.round()
    assert {await status(client, job_id) for job_id in ids} == {"cancelled"}
    assert (await client.get(f"{JOBS}/queues/doomed/dead-letters")).json()["jobs"] == []
    problem(await client.post(f"{JOBS}/queues/domed/redrive", json={}), 404, "not-found")


async def test_everyones_letters_are_for_admins(
    client: httpx.AsyncClient, client_of: Client, admin: httpx.AsyncClient, work: Any, runtime: Runtime
) -> None:
    mine, theirs = await fail(client, work, 1), await fail(client_of("umbrella"), work, 2)
    problem(await client.post(f"{JOBS}/retry", json={"everyone": True}), 403, "scope-missing")
    dry = await admin.post(f"{JOBS}/retry", json={"everyone": True, "dryRun": True})
    assert dry.json()["matched"] == 3
    begun = (await admin.post(f"{JOBS}/queues/doomed/redrive", json={"everyone": True})).json()
    assert begun["tenants"] == "all"
    await runtime.bulk_work.round()
    assert await status(client, mine[0]) == "waiting"
    assert {await status(client_of("umbrella"), job_id) for job_id in theirs} == {"waiting"}


async def test_a_reader_may_change_nothing(client_of: Client) -> None:
    reader = client_of(scope="jobs:read")
    for method, path in [
        ("DELETE", "some/record"), ("POST", "some/replay"), ("POST", "some/discard"), ("POST", "retry"),
        ("POST", "queues/echo/redrive"), ("POST", "queues/echo/discard"), ("DELETE", "operations/some"),
    ]:  # fmt: skip
        problem(await reader.request(method, f"{JOBS}/{path}", json={}), 403, "scope-missing")


# --- queues -------------------------------------------------------------------------------------------------------


async def test_a_queue_is_paused_and_resumed(client: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    for verb in ("pause", "resume"):
        problem(await client.post(f"{JOBS}/queues/echo/{verb}"), 403, "scope-missing")
        problem(await admin.post(f"{JOBS}/queues/eho/{verb}"), 404, "not-found")
    paused = await admin.post(f"{JOBS}/queues/echo/pause")
    assert (paused.status_code, paused.json()["paused"]) == (200, True)
    for who in (client, admin):
        assert (await who.get(f"{JOBS}/queues/echo")).json()["paused"] is True
        shown = {
            queue["name"]: queue["paused"] for queue in (await who.get(f"{JOBS}/queues/metrics")).json()["metrics"]
        }
        assert shown == {"doomed": False, "echo": True, "resize": False}
        health = (await who.get(f"{JOBS}/health/check")).json()
        assert [queue["name"] for queue in health["metrics"] if queue["paused"]] == ["echo"]
    assert (await admin.post(f"{JOBS}/queues/echo/resume")).json()["paused"] is False
    assert (await client.get(f"{JOBS}/queues/echo")).json()["paused"] is False


async def test_a_queue_is_purged_with_its_name_typed_back(
    client: httpx.AsyncClient, admin: httpx.AsyncClient, work: Any, runtime: Runtime
) -> None:
    waits, other = await make(client), await make(client, "doomed")
    for who, body, code, slug in [
        (client, {"confirm": "echo"}, 403, "scope-missing"),
        (admin, {}, 422, "invalid-request"),
        (admin, {"confirm": "ecko"}, 422, "invalid-request"),
        (admin, {"confirm": True}, 422, "invalid-request"),
    ]:
        problem(await who.request("DELETE", f"{JOBS}/queues/echo", json=body), code, slug)
    problem(await admin.request("DELETE", f"{JOBS}/queues/eko", json={"confirm": "eko"}), 404, "not-found")
    problem(await admin.delete(f"{JOBS}/queues/echo"), 415, "unsupported-media-type")
    assert await status(client, waits) == "waiting"
    begun = await admin.request("DELETE", f"{JOBS}/queues/echo", json={"confirm": "echo"})
    assert (begun.status_code, begun.json()["action"]) == (202, "purge")
    await runtime.bulk_work.round()
    assert (await admin.get(begun.headers["location"])).json()["done"] == 1
    assert (await client.get(f"{JOBS}/{waits}")).json()["cancelRequestedBy"] == "tester"
    assert await status(client, other) == "waiting"
    assert await work("echo") == 0
