"""Schedules over HTTP: made, shown, changed, paused, run, deleted; what is refused; and whose they are."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from api.app import create_app
from api.auth import make_token
from queues import Recurring, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.runtime import Runtime, assemble
from queues.schedules.tick import SCHEDULED_TIME, body_of
from queues.settings import Settings
from tests.api.conftest import SECRET, Client, HandClock, problem

JOBS = "/api/v1/jobs"
SCHEDULES = f"{JOBS}/schedules"
DAILY: dict[str, Any] = {
    "name": "daily",
    "type": "resize",
    "schedule": "0 9 * * 1-5",
    "timezone": "Europe/Berlin",
    "data": {"imageUrl": "s3://a/b.png"},
    "options": {"attempts": 5, "timeout": 2_000, "expiresIn": 60_000, "tags": ["x"], "priority": 4},
    "overlap": "skip",
    "catchUp": "none",
    "jitter": 120_000,
    "end": "2027-01-01T00:00:00+01:00",
}


BODY = {"type", "schedule", "timezone", "data", "options", "overlap", "catchUp", "jitter", "start", "end"}


@pytest.fixture
async def daily(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post(SCHEDULES, json=DAILY)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{SCHEDULES}/daily"
    made: dict[str, Any] = answer.json()
    return made


async def test_a_schedule_is_shown_as_it_was_asked_for(client: httpx.AsyncClient, daily: dict[str, Any]) -> None:
    assert daily == (await client.get(f"{SCHEDULES}/daily")).json()
    assert {name: daily[name] for name in DAILY if name != "end"} == {n: v for n, v in DAILY.items() if n != "end"}
    assert daily["end"] == "2026-12-31T23:00:00.000Z"
    assert (daily["status"], daily["source"], daily["createdBy"], daily["tenantId"]) == (
        "active",
        "call",
        "tester",
        "acme",
    )
    assert daily["description"] == "at 09:00, Monday to Friday, Europe/Berlin"
    assert daily["nextRuns"][:2] == ["2026-11-23T08:00:00.000Z", "2026-11-24T08:00:00.000Z"]
    assert (daily["lastRun"], daily["recent"], daily["error"]) == (None, [], None)


async def test_how_far_to_look_ahead(client: httpx.AsyncClient, daily: dict[str, Any]) -> None:
    found = (await client.get(f"{SCHEDULES}/daily?next=100")).json()["nextRuns"]
    assert len(found) == 29, "until its end"
    problem(await client.get(f"{SCHEDULES}/daily?next=101"), 422, "invalid-request")


async def test_its_jobs_may_be_unique(client: httpx.AsyncClient) -> None:
    rule = {"key": None, "fields": ["imageUrl"], "window": 60_000, "mode": "throttle", "maxWait": None}
    made = (await client.post(SCHEDULES, json=DAILY | {"options": {"unique": rule}})).json()
    assert made["options"] == {"unique": rule}
    assert (await client.put(f"{SCHEDULES}/daily", json={n: v for n, v in made.items() if n in BODY})).json() == made
    ran = (await client.post(f"{SCHEDULES}/daily/run")).json()
    asked = {"type": "resize", "data": DAILY["data"], "options": {"unique": rule}}
    assert (await client.post(JOBS, json=asked)).json()["id"] == ran["id"]
    assert (await client.post(f"{SCHEDULES}/daily/run")).json()["id"] == ran["id"]


async def test_a_list_goes_on_with_a_cursor(client: httpx.AsyncClient, daily: dict[str, Any]) -> None:
    for name in ("a", "b", "c"):
        assert (await client.post(SCHEDULES, json=DAILY | {"name": name})).status_code == 201
    first = (await client.get(f"{SCHEDULES}?limit=3")).json()
    assert [one["name"] for one in first["schedules"]] == ["a", "b", "c"]
    second = (await client.get(f"{SCHEDULES}?limit=3&cursor={first['cursor']}")).json()
    assert [one["name"] for one in second["schedules"]] == ["daily"]
    assert [len(one["nextRuns"]) for one in second["schedules"]] == [1]


async def test_put_replaces_all_but_the_type(client: httpx.AsyncClient, daily: dict[str, Any]) -> None:
    body = {"type": "resize", "schedule": "rate(1 day)", "data": {"imageUrl": "other"}}
    changed = (await client.put(f"{SCHEDULES}/daily", json=body)).json()
    assert (changed["schedule"], changed["overlap"], changed["options"]) == ("rate(1 day)", "queue", {})
    assert changed["data"] == {"imageUrl": "other"}
    assert changed["createdAt"] == daily["createdAt"]
    told = problem(await client.put(f"{SCHEDULES}/daily", json=body | {"type": "echo"}), 422, "invalid-request")
    assert told["errors"][0]["field"] == "type"
    problem(await client.put(f"{SCHEDULES}/nobody", json=body), 404, "not-found")


async def test_pause_resume_and_delete(client: httpx.AsyncClient, daily: dict[str, Any]) -> None:
    paused = (await client.post(f"{SCHEDULES}/daily/pause")).json()
    assert (paused["status"], paused["nextRuns"]) == ("paused", [])
    resumed = (await client.post(f"{SCHEDULES}/daily/resume")).json()
    assert (resumed["status"], len(resumed["nextRuns"])) == ("active", 5)
    assert (await client.delete(f"{SCHEDULES}/daily")).json() == {"name": "daily", "deleted": True}
    problem(await client.get(f"{SCHEDULES}/daily"), 404, "not-found")


async def test_run_now_makes_a_job_that_is_the_last_run(
    client: httpx.AsyncClient, daily: dict[str, Any], work: Any
) -> None:
    answer = await client.post(f"{SCHEDULES}/daily/run")
    made = answer.json()
    assert (answer.status_code, made["type"], made["maxAttempts"], made["timeout"]) == (202, "resize", 5, 2_000)
    assert (await client.get(f"{SCHEDULES}/daily")).json()["lastRun"]["status"] == "waiting"
    assert await work("resize") == 1
    last = (await client.get(f"{SCHEDULES}/daily")).json()["lastRun"]
    assert (last["jobId"], last["status"], last["error"]) == (made["id"], "completed", None)
    assert (await client.get(answer.headers["location"])).json()["status"] == "completed"


async def test_what_became_of_its_times(client: httpx.AsyncClient, runtime: Runtime, work: Any) -> None:
    body = {"name": "hourly", "type": "doomed", "schedule": "rate(1 hour)"}
    assert (await client.post(SCHEDULES, json=body)).status_code == 201
    schedule = await runtime.queue.for_tenant("acme").schedules.get("hourly")
    tick = body_of(schedule).replace(SCHEDULED_TIME, "2026-11-22T07:30:00Z")
    url = await runtime.queues.url("doomed")
    for _ in range(2):
        await runtime.clients.sqs.send_message(QueueUrl=url, MessageBody=tick)
        while await work("doomed"):
            pass
    found = (await client.get(f"{SCHEDULES}/hourly")).json()
    job_id = "hourly:20261122T073000Z"
    assert found["recent"] == [{"dueAt": "2026-11-22T07:30:00.000Z", "outcome": "started", "jobId": job_id}]
    assert (found["lastRun"]["jobId"], found["lastRun"]["status"]) == (job_id, "failed")
    assert found["lastRun"]["error"].startswith("Discard: never works")


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "kind", "field"),
    [
        ({"schedule": "every day"}, "invalid-request", "schedule"),
        ({"schedule": "0 0 1 * 1"}, "invalid-request", "schedule"),
        ({"schedule": "at(2020-01-01T00:00:00)"}, "invalid-request", "schedule"),
        ({"timezone": "Mars/Base"}, "invalid-request", "timezone"),
        ({"timezone": "../../etc/passwd"}, "invalid-request", "timezone"),
        ({"overlap": "maybe"}, "invalid-request", "overlap"),
        ({"catchUp": "some"}, "invalid-request", "catchUp"),
        ({"jitter": 90_000}, "invalid-request", "jitter"),
        ({"name": "a b"}, "invalid-request", "name"),
        ({"name": "n" * 65}, "invalid-request", "name"),
        ({"start": "2027-01-01T00:00:00"}, "invalid-request", "start"),
        ({"start": "2028-01-01T00:00:00Z"}, "invalid-request", "end"),
        ({"options": {"delay": 5}}, "invalid-request", "options.delay"),
        ({"options": {"jobId": "mine"}}, "invalid-request", "options.jobId"),
        ({"options": {"attempts": 1_000}}, "invalid-request", "options.attempts"),
        ({"data": {"imageUrl": 5}}, "invalid-data", "data.imageUrl"),
        ({"type": "resise"}, "unknown-type", "type"),
        ({"timezon": "UTC"}, "invalid-request", "timezon"),
    ],
)
async def test_a_fault_names_its_field(client: httpx.AsyncClient, change: Any, kind: str, field: str) -> None:
    told = problem(await client.post(SCHEDULES, json=DAILY | change), 422, kind)
    assert field in [fault["field"] for fault in told["errors"]]
    assert (await client.get(SCHEDULES)).json()["schedules"] == []


async def test_a_slip_of_the_pen_is_met_with_the_name_that_was_meant(client: httpx.AsyncClient) -> None:
    told = problem(await client.post(SCHEDULES, json=DAILY | {"timezon": "UTC"}), 422, "invalid-request")
    assert told["errors"][0]["suggestion"] == "timezone"


async def test_the_same_twice_is_one_and_another_is_a_conflict(
    client: httpx.AsyncClient, daily: dict[str, Any]
) -> None:
    assert (await client.post(SCHEDULES, json=DAILY)).json() == daily
    problem(await client.post(SCHEDULES, json=DAILY | {"overlap": "queue"}), 409, "schedule-exists")


async def test_one_that_code_declares_is_changed_there(engine: Any, clock: HandClock) -> None:
    @job("digest", schedule=Recurring("0 6 * * *"))
    async def digest(_data: Any) -> None:
        """Sends a digest."""

    clients = Clients(engine.client("sqs"), engine.client("dynamodb"), engine.client("scheduler"))
    runtime = assemble(clients, Catalog([digest]), Settings(), clock=clock)
    await runtime.create_resources()
    app = create_app(runtime, secret=SECRET, clock=clock)
    token = make_token(SECRET, tenant="default", subject="tester", expires_in=60, clock=clock)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", headers=headers) as api:
        (shown,) = (await api.get(SCHEDULES)).json()["schedules"]
        assert (shown["name"], shown["source"], shown["status"]) == ("digest", "code", "active")
        body = {"type": "digest", "schedule": "rate(1 day)"}
        problem(await api.put(f"{SCHEDULES}/digest", json=body), 409, "schedule-of-code")
        problem(await api.delete(f"{SCHEDULES}/digest"), 409, "schedule-of-code")
        problem(await api.post(SCHEDULES, json=body | {"name": "digest"}), 409, "schedule-of-code")
        assert (await api.post(f"{SCHEDULES}/digest/pause")).json()["status"] == "paused"
    await runtime.close()


# --- whose they are ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/run"), ("POST", "/pause"), ("POST", "/resume")],
)
@pytest.mark.parametrize("name", ["daily", "no%20name", "x" * 200, "%2e%2e", "a%2Fb"])
async def test_anothers_schedule_is_as_unknown_as_none(
    client_of: Client, daily: dict[str, Any], method: str, path: str, name: str
) -> None:
    body = {"type": "resize", "schedule": "rate(1 day)", "data": {"imageUrl": "x"}}
    other = client_of("other")
    answer = await other.request(method, f"{SCHEDULES}/{name}{path}", json=body if method == "PUT" else None)
    problem(answer, 404, "not-found")
    assert (await other.get(SCHEDULES)).json()["schedules"] == []


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        ("GET", "", "jobs:read"),
        ("POST", "", "jobs:write"),
        ("GET", "/daily", "jobs:read"),
        ("PUT", "/daily", "jobs:write"),
        ("DELETE", "/daily", "jobs:write"),
        ("POST", "/daily/run", "jobs:write"),
        ("POST", "/daily/pause", "jobs:write"),
        ("POST", "/daily/resume", "jobs:write"),
    ],
)
async def test_each_needs_its_scope(client_of: Client, method: str, path: str, needs: str) -> None:
    others = " ".join({"jobs:read", "jobs:write", "admin"} - {needs})
    told = problem(await client_of("acme", others).request(method, SCHEDULES + path), 403, "scope-missing")
    assert told["scope"] == needs


# --- as described, and one job for later ------------------------------------------------------------------------------


async def test_answers_are_as_openapi_describes_them(
    app: FastAPI, client: httpx.AsyncClient, daily: dict[str, Any]
) -> None:
    document = app.openapi()

    def check(answer: httpx.Response, path: str, method: str = "get") -> None:
        described = document["paths"][path][method]["responses"][str(answer.status_code)]["content"]
        schema = next(iter(described.values()))["schema"]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(answer.json())

    one = f"{SCHEDULES}/{{name}}"
    check(await client.post(f"{SCHEDULES}/daily/run"), f"{one}/run", "post")
    check(await client.get(SCHEDULES), SCHEDULES)
    check(await client.get(f"{SCHEDULES}/daily"), one)
    check(await client.post(f"{SCHEDULES}/daily/pause"), f"{one}/pause", "post")
    check(await client.put(f"{SCHEDULES}/daily", json={k: v for k, v in DAILY.items() if k != "name"}), one, "put")
    check(await client.get(f"{SCHEDULES}/nobody"), one)
    check(await client.delete(f"{SCHEDULES}/daily"), one, "delete")
    schemas = document["components"]["schemas"]
    for name in ("NewSchedule", "Schedule"):
        validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})
        for example in schemas[name]["examples"]:
            validator.validate(example)


async def test_one_job_at_a_time_of_the_callers(client: httpx.AsyncClient, clock: HandClock, work: Any) -> None:
    body = {"type": "echo", "data": 1, "runAt": "2026-11-22T09:00:00+01:00"}
    made = (await client.post(f"{JOBS}/schedule", json=body)).json()
    assert (made["status"], made["runAt"]) == ("delayed", "2026-11-22T08:00:00.000Z")
    clock.forward(1_800_000)
    assert await work("echo") == 1
    past = (await client.post(f"{JOBS}/schedule", json=body)).json()
    assert past["status"] == "waiting"
    for both in ({"runAt": "2026-11-22T09:00:00Z", "delay": 5}, {}, {"runAt": "2026-11-22T09:00:00"}):
        problem(await client.post(f"{JOBS}/schedule", json={"type": "echo", "data": 1} | both), 422, "invalid-request")
