"""The audit trail over HTTP: what changes something is in it, with who asked for it and from where."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.origin import origin_of
from api.routes import ROUTERS, intake
from infra.serving import api_server, listen, url_of
from tests.api.conftest import Client, problem
from tests.api.test_jobs import make

JOBS = "/api/v1/jobs"


async def entries(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get(f"{JOBS}/audit", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


async def test_an_entry_tells_who_where_what_and_what_came_of_it(client: httpx.AsyncClient) -> None:
    job_id = await make(client, "echo", {"password": "sesame"})
    await client.delete(f"{JOBS}/{job_id}")
    await client.post(f"{JOBS}/{job_id}/replay", json={"data": {"password": "sesame"}, "jobId": "again"})
    problem(await client.post(f"{JOBS}/{job_id}/retry"), 409, "wrong-status")
    answer = await client.get(f"{JOBS}/audit")
    assert "sesame" not in answer.text
    retried, replayed, cancelled = answer.json()["entries"]
    assert cancelled.pop("id") < replayed["id"] < retried["id"]
    assert cancelled == {
        "at": "2026-11-22T07:30:00.000Z",
        "actor": "tester",
        "origin": "127.0.0.1",
        "action": "job.cancel",
        "target": job_id,
        "parameters": {},
        "result": "done",
        "detail": None,
    }
    assert (replayed["parameters"], replayed["detail"]) == ({"new_id": "again"}, "again")
    assert (retried["result"], retried["detail"]) == ("refused", "WrongStatus")


async def test_every_route_that_changes_something_is_recorded(client_of: Client, app: FastAPI) -> None:
    """Whatever it is asked for, each route leaves an entry: also the ones that somebody adds later."""
    client = client_of(scope="jobs:read jobs:write admin")
    bodies = {
        f"{JOBS}/schedules": {"name": "s", "type": "echo", "schedule": "rate(1 day)"},
        f"{JOBS}/schedules/{{name}}": {"type": "echo", "schedule": "rate(2 days)"},
        f"{JOBS}/queues/{{name}}": {"confirm": "echo"},
        f"{JOBS}/{{job_id:jobid}}/reschedule": {"delay": 1_000},
    }
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    changing = [(route, method) for route in routes for method in route.methods - {"GET"}]
    # What makes jobs and no more is not recorded.
    plain = {route.path for route in intake.router.routes if isinstance(route, APIRoute)} | {f"{JOBS}/flows"}
    assert len(changing) > 15
    # A schedule is made first, and deleted last.
    for route, method in sorted(changing, key=lambda one: (one[1] == "DELETE", one[0].path)):
        name = "s" if "/schedules" in route.path else "echo"
        path = route.path.replace(":jobid", "").format(
            job_id="j", name=name, operation_id="o", webhook_id="w", flow_id="f"
        )
        before = len(await entries(client, limit=200))
        answer = await client.request(method, path, json=bodies.get(route.path, {}))
        assert answer.status_code not in (405, 500), (path, answer.text)
        after = len(await entries(client, limit=200))
        assert after - before == int(route.path not in plain), f"{method} {path}: {answer.text}"


async def test_it_is_filtered_and_read_in_pages(client: httpx.AsyncClient) -> None:
    for name in ("a", "b", "c"):
        await make(client, "echo", jobId=name)
        await client.delete(f"{JOBS}/{name}")
    page = (await client.get(f"{JOBS}/audit?limit=2")).json()
    assert [entry["target"] for entry in page["entries"]] == ["c", "b"]
    assert [entry["target"] for entry in await entries(client, limit=2, cursor=page["cursor"])] == ["a"]
    assert [entry["target"] for entry in await entries(client, target="b")] == ["b"]
    assert len(await entries(client, action="job.cancel", actor="tester")) == 3
    assert await entries(client, actor="bob") == []
    document = problem(await client.get(f"{JOBS}/audit?cursor=x"), 422, "invalid-request")
    assert document["errors"][0]["field"] == "cursor"


async def test_another_tenants_trail_is_not_seen_and_reading_takes_a_scope(
    client: httpx.AsyncClient, client_of: Client
) -> None:
    await make(client, "echo", jobId="a")
    await client.delete(f"{JOBS}/a")
    assert await entries(client_of("umbrella")) == []
    problem(await client_of(scope="jobs:write").get(f"{JOBS}/audit"), 403, "scope-missing")


@pytest.mark.parametrize(
    ("client", "origin"),
    [
        (("192.0.2.7", 4711), "192.0.2.7"),
        (("2001:DB8::1", 0), "2001:db8::1"),
        # What a load balancer passes on begins with what anybody may have sent.
        (("10.9.9.9, 192.0.2.7", 0), "192.0.2.7"),
        (("192.0.2.7, <script>", 0), None),
        (("", 0), None),
        (None, None),
    ],
)
def test_only_what_is_an_address_counts(client: Any, origin: str | None) -> None:
    assert origin_of({"type": "http", "client": client}) == origin


async def test_a_header_that_anybody_can_send_is_not_believed(client: httpx.AsyncClient) -> None:
    await make(client, "echo", jobId="a")
    await client.delete(f"{JOBS}/a", headers={"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"})
    assert (await entries(client))[0]["origin"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("trusted", "origin"), [(None, "127.0.0.1"), ("127.0.0.1", "203.0.113.9"), ("10.0.0.0/8", "127.0.0.1")]
)
async def test_a_proxy_is_believed_if_it_is_trusted(
    app: FastAPI, client: httpx.AsyncClient, trusted: str | None, origin: str
) -> None:
    await make(client, "echo", jobId="a")
    with listen("127.0.0.1", 0, "--port") as listener:
        server = api_server(app, trusted)
        running = server.run_on(listener)
        headers = {"Authorization": client.headers["authorization"], "X-Forwarded-For": "203.0.113.9"}
        async with httpx.AsyncClient(base_url=url_of(listener, "127.0.0.1"), headers=headers) as behind:
            assert (await behind.delete(f"{JOBS}/a")).status_code == 200
        server.should_exit = True
        await running
    assert (await entries(client))[0]["origin"] == origin
