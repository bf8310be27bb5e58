"""G7: whatever a tenant asks, it learns nothing of another's jobs, not even that they are there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import Client, problem

JOBS = "/api/v1/jobs"
TENANTS = ("acme", "acm", "acme:x", "acme.", "Acme", "a@b")


@pytest.fixture
async def theirs(client_of: Client, work: Any) -> str:
    """The id of a failed job of `other`, which also has a waiting and a completed one."""
    other = client_of("other")
    for name in ("echo", "doomed"):
        await other.post(JOBS, json={"type": name, "data": "theirs", "options": {"jobId": f"their-{name}"}})
        await work(name)
    await other.post(JOBS, json={"type": "echo", "data": "theirs", "options": {"jobId": "their-waiting"}})
    return "their-doomed"


@pytest.mark.parametrize("job_id", ["their-doomed", "their-echo", "their-waiting"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "{id}"),
        ("GET", "{id}?wait=1"),
        ("DELETE", "{id}"),
        ("POST", "{id}/retry"),
        ("GET", "echo/{id}/status"),
        ("GET", "doomed/{id}/status"),
    ],
)
async def test_anothers_job_is_as_unknown_as_none(
    client: httpx.AsyncClient, theirs: str, method: str, path: str, job_id: str
) -> None:
    answer = await client.request(method, f"{JOBS}/{path.format(id=job_id)}")
    never = await client.request(method, f"{JOBS}/{path.format(id='nobody-knows')}")
    told = problem(answer, 404, "not-found")
    expected = problem(never, 404, "not-found")
    assert told["detail"].replace(job_id, "ID") == expected["detail"].replace("nobody-knows", "ID")
    assert {*told} == {*expected}


@pytest.mark.parametrize("tenant", TENANTS)
async def test_no_list_and_no_number_tells_of_anothers_jobs(client_of: Client, theirs: str, tenant: str) -> None:
    client = client_of(tenant)
    for query in ("", "?status=failed", "?status=completed", "?status=waiting", "?type=echo"):
        assert (await client.get(JOBS + query)).json() == {"jobs": [], "cursor": None}
    assert (await client.get(f"{JOBS}/queues/doomed/dead-letters")).json()["jobs"] == []
    stats = (await client.get(f"{JOBS}/stats")).json()
    assert stats["total"] == 0
    for name in ("echo", "doomed"):
        assert (await client.get(f"{JOBS}/{name}/stats")).json()["total"] == 0
        queue = (await client.get(f"{JOBS}/queues/{name}")).json()
        assert (queue["tenants"], queue["waiting"], queue["deadLetters"]) == ("own", 0, 0)
    for metrics in (
        (await client.get(f"{JOBS}/queues/metrics")).json()["metrics"],
        (await client.get(f"{JOBS}/health/check")).json()["metrics"],
    ):
        assert all(m["waiting"] == m["failed"] == m["completed"] == m["deadLetters"] == 0 for m in metrics)
    assert (await client.get(f"{JOBS}/health/check")).json()["totalJobs"] == 0
    problem(await client.get(f"{JOBS}/workers"), 403, "scope-missing")


async def test_anothers_cursor_is_refused(client_of: Client, client: httpx.AsyncClient) -> None:
    other = client_of("other")
    for i in range(3):
        await other.post(JOBS, json={"type": "echo", "data": i})
        await client.post(JOBS, json={"type": "echo", "data": i})
    cursor = (await other.get(f"{JOBS}?limit=1")).json()["cursor"]
    assert (await other.get(f"{JOBS}?limit=1&cursor={cursor}")).status_code == 200
    problem(await client.get(f"{JOBS}?limit=1&cursor={cursor}"), 422, "invalid-request")


async def test_the_same_job_id_is_another_job_in_another_tenant(
    client_of: Client, client: httpx.AsyncClient, theirs: str
) -> None:
    body = {"type": "echo", "data": "mine", "options": {"jobId": theirs}}
    made = await client.post(JOBS, json=body)
    assert (made.status_code, made.json()["data"]) == (202, "mine")
    assert (await client_of("other").get(f"{JOBS}/{theirs}")).json()["data"] == "theirs"


async def test_an_administrators_numbers_go_over_all_tenants_but_its_jobs_do_not(
    client_of: Client, theirs: str
) -> None:
    admin = client_of("ops", "jobs:read admin")
    assert (await admin.get(JOBS)).json()["jobs"] == []
    assert (await admin.get(f"{JOBS}/stats")).json()["total"] == 0
    problem(await admin.get(f"{JOBS}/{theirs}"), 404, "not-found")
    queue = (await admin.get(f"{JOBS}/queues/doomed")).json()
    assert (queue["tenants"], queue["deadLetters"]) == ("all", 1)
    health = (await admin.get(f"{JOBS}/health/check")).json()
    assert (health["status"], health["queues"], health["totalJobs"]) == ("healthy", 3, 3)
    by_name = {metrics["name"]: metrics for metrics in health["metrics"]}
    assert by_name["doomed"]["failedRate"] == 100
    assert (by_name["echo"]["waiting"], by_name["echo"]["completed"], by_name["echo"]["failedRate"]) == (1, 1, 0)
    assert by_name["echo"]["paused"] is False
