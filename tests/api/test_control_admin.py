"""The scope `admin` opens operations on another tenant's failed jobs, and its dead letters' list; nothing else does."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from queues.runtime import Runtime
from tests.api.conftest import Client, problem
from tests.api.test_audit import entries
from tests.api.test_control import JOBS, fail, status

#: The routes that begin an operation on failed jobs, and what those become.
ROUTES = {"retry": "waiting", "queues/doomed/redrive": "waiting", "queues/doomed/discard": "cancelled"}
LETTERS = f"{JOBS}/queues/doomed/dead-letters"


@pytest.fixture
def admin(client_of: Client) -> httpx.AsyncClient:
    """An administrator whose own tenant has no jobs."""
    return client_of("ops", scope="jobs:read jobs:write admin")


@pytest.mark.parametrize("path", ROUTES)
async def test_another_tenants_name_tells_nothing_without_the_scope(
    client: httpx.AsyncClient, client_of: Client, work: Any, path: str
) -> None:
    """Whether there is such a tenant, whether it has failed jobs, whether there could be one: the same answer."""
    (theirs,) = await fail(client_of("umbrella"), work, 1)
    answers = []
    for name in ("umbrella", "nobody", "", "*", "a b", "x" * 200):
        for dry in (True, False):
            answer = await client.post(f"{JOBS}/{path}", json={"filter": {"tenant": name}, "dryRun": dry})
            answers.append(problem(answer, 403, "scope-missing"))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["scope"] == "admin"
    assert await status(client_of("umbrella"), theirs) == "failed"


async def test_nor_does_the_list_of_dead_letters(client: httpx.AsyncClient, client_of: Client, work: Any) -> None:
    await fail(client_of("umbrella"), work, 1)
    answers = [
        problem(await client.get(LETTERS, params={"tenant": name}), 403, "scope-missing")
        for name in ("umbrella", "nobody", "", "a b")
    ]
    assert all(answer == answers[0] for answer in answers)


async def test_ones_own_tenant_anybody_may_name(client: httpx.AsyncClient, work: Any, runtime: Runtime) -> None:
    (mine,) = await fail(client, work, 1)
    assert [job["id"] for job in (await client.get(LETTERS, params={"tenant": "acme"})).json()["jobs"]] == [mine]
    dry = await client.post(f"{JOBS}/retry", json={"filter": {"tenant": "acme"}, "dryRun": True})
    assert dry.json() == {"dryRun": True, "matched": 1, "exact": True}
    begun = (await client.post(f"{JOBS}/queues/doomed/redrive", json={"filter": {"tenant": "acme"}})).json()
    assert (begun["tenants"], begun["tenant"], begun["owner"]) == ("own", "acme", "acme")
    await runtime.bulk_work.round()
    assert await status(client, mine) == "waiting"


@pytest.mark.parametrize(("path", "becomes"), ROUTES.items())
async def test_an_admin_names_a_tenant(
    client_of: Client, admin: httpx.AsyncClient, client: httpx.AsyncClient, work: Any, runtime: Runtime,
    path: str, becomes: str,
) -> None:  # fmt: skip
    (mine,), theirs = await fail(client, work, 1), await fail(client_of("umbrella"), work, 2)
    body = {"filter": {"tenant": "umbrella", "error": "Discard"}}
    dry = await admin.post(f"{JOBS}/{path}", json=body | {"dryRun": True})
    assert dry.json() == {"dryRun": True, "matched": 2, "exact": True}
    begun = await admin.post(f"{JOBS}/{path}", json=body)
    shown = begun.json()
    assert (shown["tenants"], shown["tenant"], shown["owner"], shown["createdBy"]) == (
        "other", "umbrella", "ops", "tester",
    )  # fmt: skip
    await runtime.bulk_work.round()
    assert (await admin.get(begun.headers["location"])).json()["done"] == 2
    assert {await status(client_of("umbrella"), job_id) for job_id in theirs} == {becomes}
    assert await status(client, mine) == "failed"
    action = "jobs.discard" if becomes == "cancelled" else "jobs.retry"
    (entry,) = await entries(admin, target="umbrella")
    assert (entry["actor"], entry["action"], entry["detail"]) == ("tester", action, shown["id"])
    assert await entries(client_of("umbrella")) == []


async def test_an_admin_is_told_that_there_is_no_such_tenant(
    client_of: Client, admin: httpx.AsyncClient, work: Any
) -> None:
    await fail(client_of("umbrella"), work, 1)
    for name, cure in (("umbrela", "did you mean 'umbrella'?"), ("x", "no job was ever"), ("*", "use 1 to 64")):
        asked = [await admin.post(f"{JOBS}/{path}", json={"filter": {"tenant": name}}) for path in ROUTES]
        asked.append(await admin.get(LETTERS, params={"tenant": name}))
        for answer in asked:
            (fault,) = problem(answer, 422, "invalid-request")["errors"]
            assert (fault["field"], fault["value"]) == ("tenant", name)
            assert cure in fault["message"]
    assert (await admin.get(f"{JOBS}/operations")).json()["operations"] == []


async def test_everybodys_are_counted_by_tenant(
    client: httpx.AsyncClient, client_of: Client, admin: httpx.AsyncClient, work: Any
) -> None:
    await fail(client, work, 1)
    await fail(client_of("umbrella"), work, 2)
    dry = (await admin.post(f"{JOBS}/retry", json={"everyone": True, "dryRun": True})).json()
    assert (dry["matched"], dry["tenants"]) == (3, {"acme": 1, "umbrella": 2})
    both = {"everyone": True, "filter": {"tenant": "acme"}}
    assert "not both" in problem(await admin.post(f"{JOBS}/retry", json=both), 422, "invalid-request")["detail"]
    problem(await client.post(f"{JOBS}/retry", json=both), 422, "invalid-request")


async def test_operations_are_seen_by_who_may(
    client: httpx.AsyncClient, client_of: Client, admin: httpx.AsyncClient, work: Any
) -> None:
    umbrella = client_of("umbrella")
    await fail(client, work, 1)
    await fail(umbrella, work, 1)
    own = (await client.post(f"{JOBS}/retry", json={})).json()["id"]
    beyond = (await admin.post(f"{JOBS}/retry", json={"filter": {"tenant": "umbrella"}})).json()["id"]
    everyone = (await admin.post(f"{JOBS}/retry", json={"everyone": True})).json()["id"]

    async def listed(who: httpx.AsyncClient, **query: Any) -> list[str]:
        page = (await who.get(f"{JOBS}/operations", params=query)).json()
        return [one["id"] for one in page["operations"]]

    other_admin = client_of("acme", scope="jobs:read jobs:write admin")
    assert await listed(admin) == await listed(other_admin) == [everyone, beyond, own]
    assert await listed(client) == [own]
    assert await listed(umbrella) == await listed(client_of("ops")) == []
    page = (await admin.get(f"{JOBS}/operations?limit=2")).json()
    assert await listed(admin, cursor=page["cursor"]) == [own]
    problem(await client.get(f"{JOBS}/operations?cursor=x"), 422, "invalid-request")
    problem(await client_of(scope="jobs:write").get(f"{JOBS}/operations"), 403, "scope-missing")
    # Of what reaches beyond a tenant only admins know: neither whom it is done to, nor the bearers of lesser tokens
    # of the tenant that began it.
    for who in (umbrella, client_of("ops"), client):
        for hidden in (beyond, everyone):
            for method in ("GET", "DELETE"):
                told = problem(await who.request(method, f"{JOBS}/operations/{hidden}"), 404, "not-found")
                never = problem(await who.request(method, f"{JOBS}/operations/{'0' * 26}"), 404, "not-found")
                assert told["detail"].replace(hidden, "ID") == never["detail"].replace("0" * 26, "ID")
    assert (await other_admin.delete(f"{JOBS}/operations/{beyond}")).json()["status"] == "cancelled"
    assert (await admin.delete(f"{JOBS}/operations/{own}")).json()["status"] == "cancelled"
    reader = client_of("acme", scope="jobs:read admin")
    problem(await reader.delete(f"{JOBS}/operations/{everyone}"), 403, "scope-missing")


async def test_another_tenants_dead_letters_are_listed_without_what_they_hold(
    client: httpx.AsyncClient, client_of: Client, admin: httpx.AsyncClient, work: Any
) -> None:
    await fail(client, work, 1)
    ids = await fail(client_of("umbrella"), work, 3)
    assert (await admin.get(LETTERS)).json()["jobs"] == []
    page = (await admin.get(LETTERS, params={"tenant": "umbrella", "limit": 2})).json()
    rest = (await admin.get(LETTERS, params={"tenant": "umbrella", "cursor": page["cursor"]})).json()
    letters = page["jobs"] + rest["jobs"]
    assert sorted(job["id"] for job in letters) == sorted(ids)
    for job in letters:
        assert (job["tenantId"], job["status"], job["omitted"]) == ("umbrella", "failed", ["data"])
        assert job["data"] is job["result"] is job["note"] is None
        assert re.fullmatch(r"never works: \d", job["error"]["message"])
        # A list is all that there is: the jobs themselves stay closed.
        problem(await admin.get(f"{JOBS}/{job['id']}"), 404, "not-found")
        problem(await admin.post(f"{JOBS}/{job['id']}/retry"), 404, "not-found")
    problem(await admin.get(f"{JOBS}/queues/domed/dead-letters?tenant=umbrella"), 404, "not-found")


async def test_an_admin_who_may_not_write_begins_nothing(client_of: Client, work: Any) -> None:
    await fail(client_of("umbrella"), work, 1)
    reader = client_of("ops", scope="jobs:read admin")
    for path in ROUTES:
        answer = await reader.post(f"{JOBS}/{path}", json={"filter": {"tenant": "umbrella"}})
        assert problem(answer, 403, "scope-missing")["scope"] == "jobs:write"
    problem(await client_of("ops", scope="admin").get(LETTERS, params={"tenant": "umbrella"}), 403, "scope-missing")
