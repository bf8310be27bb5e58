"""Webhooks from their registration over HTTP to a real receiver, which checks them with the standard's own library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from standardwebhooks import Webhook as Verifier

from api.app import create_app
from infra.local.engine import Engine
from queues.catalog import Catalog
from queues.clients import Clients
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from queues.webhooks.endpoint import ROTATION_MS
from queues.webhooks.job import webhook
from tests.api.conftest import SECRET, Client, HandClock, doomed, echo, problem
from tests.api.receiver import Receiver
from tests.api.test_jobs import make

JOBS = "/api/v1/jobs"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    made = Receiver()
    monkeypatch.setenv("JOBYARD_FETCH_ALLOW", made.place)
    yield made
    made.close()


@pytest.fixture
async def runtime(engine: Engine, clock: HandClock) -> AsyncIterator[Runtime]:
    """A deployment that has listed the job type `webhook`."""
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"), engine.client("scheduler"))
    runtime = assemble(clients, Catalog([echo, doomed, webhook]), Settings(), clock=clock, worker="test")
    await runtime.create_resources()
    yield runtime
    await runtime.close()


@pytest.fixture
def app(runtime: Runtime, clock: HandClock) -> FastAPI:
    return create_app(runtime, secret=SECRET, clock=clock)


async def register(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{JOBS}/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def delivered(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(f"{JOBS}?type=webhook")).json()["jobs"]
    return found


async def test_a_jobs_end_is_sent_signed(client: httpx.AsyncClient, work: Any, receiver: Receiver) -> None:
    made = await register(client, url=receiver.url)
    job_id = await make(client, "echo", {"password": "sesame"}, tags=["blue"])
    await work("echo")
    await work("webhook")
    ((headers, body),) = receiver.got
    # The library checks the signature and that the time is now.
    message = Verifier(made["secret"]).verify(body, headers)
    assert (message["type"], message["data"]["jobId"], message["data"]["status"]) == (
        "job.completed", job_id, "completed",
    )  # fmt: skip
    assert "sesame" not in body
    assert headers["Content-Type"] == "application/json"
    (delivery,) = await delivered(client)
    assert (delivery["id"], delivery["status"], delivery["result"]) == (
        headers["webhook-id"], "completed", {"status": 204},
    )  # fmt: skip
    assert "whsec_" not in (await client.get(f"{JOBS}/{delivery['id']}")).text


async def test_what_is_not_taken_is_sent_again_under_the_same_id(
    client: httpx.AsyncClient, work: Any, receiver: Receiver, clock: HandClock
) -> None:
    made = await register(client, url=receiver.url, events=["failed"])
    await make(client, "doomed", 1)
    await make(client, "echo", 1)
    await work("echo")
    await work("doomed")
    # A redirect is not followed, and is no success.
    receiver.answers = [500, 302, 200]
    for _ in range(3):
        assert await work("webhook") == 1
        clock.forward(60_000)
    assert [orjson.loads(body)["type"] for _, body in receiver.got] == ["job.failed"] * 3
    assert len({(headers["webhook-id"], body) for headers, body in receiver.got}) == 1
    assert all(Verifier(made["secret"]).verify(body, headers) for headers, body in receiver.got)
    (delivery,) = await delivered(client)
    assert (delivery["status"], delivery["attempts"]) == ("completed", 3)
    told = [attempt["error"] for attempt in delivery["history"]]
    assert told[0] == f"FetchUnavailable: http://{receiver.place}/hook answered 500"


async def test_after_a_rotation_both_secrets_hold_for_a_day(
    client: httpx.AsyncClient, client_of: Client, work: Any, receiver: Receiver, clock: HandClock
) -> None:
    made = await register(client, url=receiver.url)
    rotated = (await client.post(f"{JOBS}/webhooks/{made['id']}/rotate")).json()
    assert rotated["secret"] != made["secret"]
    await make(client)
    await work("echo")
    await work("webhook")
    ((headers, body),) = receiver.got
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (made["secret"], rotated["secret"]):
        assert Verifier(secret).verify(body, headers)
    clock.forward(ROTATION_MS)
    await make(client_of())
    await work("echo")
    await work("webhook")
    headers, body = receiver.got[1]
    assert len(headers["webhook-signature"].split()) == 1
    assert Verifier(rotated["secret"]).verify(body, headers)


async def test_a_job_may_name_a_url_of_its_own(client: httpx.AsyncClient, work: Any, receiver: Receiver) -> None:
    asked = {"type": "echo", "data": 1, "options": {"webhook": {"url": receiver.url, "events": ["completed"]}}}
    document = problem(await client.post(JOBS, json=asked), 422, "invalid-request")
    assert "first make the secret" in document["detail"]
    made = await register(client)
    assert made["url"] is None
    assert (await client.post(JOBS, json=asked)).status_code == 202
    await work("echo")
    await work("webhook")
    ((headers, body),) = receiver.got
    assert Verifier(made["secret"]).verify(body, headers)


@pytest.mark.parametrize(("answer", "status"), [(410, "failed"), (404, "delayed")])
async def test_who_is_gone_is_not_asked_again(
    client: httpx.AsyncClient, work: Any, receiver: Receiver, answer: int, status: str
) -> None:
    await register(client, url=receiver.url)
    receiver.answers = [answer]
    await make(client)
    await work("echo")
    await work("webhook")
    assert [one["status"] for one in await delivered(client)] == [status]


async def test_an_endpoint_that_was_removed_gets_nothing_more(
    client: httpx.AsyncClient, work: Any, receiver: Receiver
) -> None:
    made = await register(client, url=receiver.url)
    await make(client)
    await work("echo")
    assert (await client.delete(f"{JOBS}/webhooks/{made['id']}")).json() == {"id": made["id"], "deleted": True}
    await work("webhook")
    assert receiver.got == []
    assert [one["status"] for one in await delivered(client)] == ["cancelled"]


async def test_a_name_that_leads_to_a_private_address_is_refused(
    client: httpx.AsyncClient, work: Any, receiver: Receiver
) -> None:
    """`localhost` is a name that nobody trusts here, and leads where the receiver is."""
    await register(client, url=receiver.url.replace("127.0.0.1", "localhost"))
    await make(client)
    await work("echo")
    await work("webhook")
    assert receiver.got == []
    (delivery,) = await delivered(client)
    assert (delivery["status"], delivery["attempts"], delivery["error"]["type"]) == ("failed", 1, "Discard")


async def test_secrets_are_told_once_and_listed_never(client: httpx.AsyncClient, client_of: Client) -> None:
    made = await register(client, url="https://example.com/a?token=sesame", events=["failed"], types=["echo"])
    assert made["secret"].startswith("whsec_")
    listed = await client.get(f"{JOBS}/webhooks")
    expected = {name: value for name, value in made.items() if name != "secret"}
    assert listed.json() == {"webhooks": [expected]}
    assert (await client.get(f"{JOBS}/webhooks/{made['id']}")).json() == expected
    trail = (await client.get(f"{JOBS}/audit")).text
    assert "webhook.create" in trail
    assert "whsec_" not in trail
    assert "sesame" not in trail
    other = client_of("umbrella")
    assert (await other.get(f"{JOBS}/webhooks")).json() == {"webhooks": []}
    for method, tail in (("GET", ""), ("POST", "/rotate"), ("DELETE", "")):
        problem(await other.request(method, f"{JOBS}/webhooks/{made['id']}{tail}"), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://127.0.0.1:1/"}, "url"),
        ({"url": "https://example.com", "events": ["exploded"]}, "events"),
        ({"url": "https://example.com", "types": ["ecko"]}, "type"),
        ({"uri": "https://example.com"}, "uri"),
        ({"types": ["echo"]}, "types"),
    ],
)
async def test_what_cannot_be_registered(client: httpx.AsyncClient, body: Any, field: str) -> None:
    answer = await client.post(f"{JOBS}/webhooks", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
