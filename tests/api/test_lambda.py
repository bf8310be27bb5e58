"""The API as a Lambda function: API Gateway's events in, its answers out, one loop for all of them."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from api.app import LambdaApi, app_from_environment, create_app, handler
from api.auth import make_token
from infra.local.engine import Engine
from queues.catalog import Catalog
from queues.clients import Clients
from queues.errors import Misconfigured
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from tests.api.conftest import SECRET, echo

CONTEXT = SimpleNamespace(aws_request_id="1", function_name="jobyard-api")


def event(method: str, path: str, body: Any = None, query: str = "", token: str | None = None) -> dict[str, Any]:
    """An event of API Gateway's HTTP API, payload version 2.0."""
    headers = {"host": "abc.execute-api.us-east-1.amazonaws.com", "content-type": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "abc",
            "domainName": "abc.execute-api.us-east-1.amazonaws.com",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "t",
            },
            "requestId": "1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:07:30:00 +0000",
            "timeEpoch": 1_795_332_600_000,
        },
        "isBase64Encoded": False,
        **({} if body is None else {"body": json.dumps(body)}),
    }


@pytest.fixture
def api() -> Iterator[LambdaApi]:
    async def runtime() -> Runtime:
        engine = Engine(None, random=random.Random(1))
        clients = Clients(engine.client("sqs"), engine.client("dynamodb"))
        made = assemble(clients, Catalog([echo]), Settings(), worker="test")
        await made.create_resources()
        return made

    yield LambdaApi(lambda: create_app(runtime, secret=SECRET))
    asyncio.get_event_loop().close()
    asyncio.set_event_loop(None)


def test_events_of_api_gateway(api: LambdaApi) -> None:
    token = make_token(SECRET, tenant="acme", subject="t", expires_in=60)
    made = api(event("POST", "/api/v1/jobs", {"type": "echo", "data": {"größe": 1}}, token=token), CONTEXT)
    assert made["statusCode"] == 202
    assert made["isBase64Encoded"] is False
    job = json.loads(made["body"])
    # The next request finds the same runtime, on the same loop.
    found = api(event("GET", made["headers"]["location"], token=token), CONTEXT)
    read = json.loads(found["body"])
    assert read.pop("waiting")["reason"] == "queue"
    assert read == job
    listed = api(event("GET", "/api/v1/jobs", query="status=waiting&limit=5", token=token), CONTEXT)
    assert [row["id"] for row in json.loads(listed["body"])["jobs"]] == [job["id"]]


def test_events_are_answered_as_far_as_they_are(api: LambdaApi) -> None:
    """Mangum cannot stream: the answer comes while the job still waits."""
    token = make_token(SECRET, tenant="acme", subject="t", expires_in=60)
    made = api(event("POST", "/api/v1/jobs", {"type": "echo", "data": 1}, token=token), CONTEXT)
    path = made["headers"]["location"]

    def told(last: str | None) -> dict[str, Any]:
        asked = event("GET", f"{path}/events", token=token)
        if last is not None:
            asked["headers"]["last-event-id"] = last
        return api(asked, CONTEXT)

    first = told(None)
    assert first["headers"]["content-type"] == "text/event-stream; charset=utf-8"
    assert first["isBase64Encoded"] is False
    assert "id: 0.enqueued\n" in first["body"]
    api(event("DELETE", path, token=token), CONTEXT)
    later = told("0.enqueued")
    assert "id: 0.cancelled\n" in later["body"]
    assert "0.enqueued" not in later["body"]
    assert told("0.cancelled")["statusCode"] == 204
    of_all = event("GET", "/api/v1/jobs/events", token=token)
    of_all["headers"]["last-event-id"] = "0/"
    assert "0.cancelled\nevent: cancelled\n" in api(of_all, CONTEXT)["body"]
    (entry,) = json.loads(api(event("GET", "/api/v1/jobs/audit", token=token), CONTEXT)["body"])["entries"]
    assert entry["origin"] == "203.0.113.7"


def test_problems_go_out_as_text(api: LambdaApi) -> None:
    refused = api(event("GET", "/api/v1/jobs"), CONTEXT)
    assert refused["statusCode"] == 401
    assert refused["isBase64Encoded"] is False
    assert refused["headers"]["content-type"] == "application/problem+json"
    assert json.loads(refused["body"])["status"] == 401


def test_the_environment_must_have_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOBYARD_SECRET", raising=False)
    with pytest.raises(Misconfigured, match="JOBYARD_SECRET is not set"):
        LambdaApi(app_from_environment)(event("GET", "/api/v1/jobs"), CONTEXT)
    monkeypatch.setenv("JOBYARD_SECRET", "short")
    with pytest.raises(Misconfigured, match="shorter than 32"):
        app_from_environment()
    monkeypatch.setenv("JOBYARD_SECRET", SECRET)
    assert app_from_environment().title == "Jobyard"
    assert isinstance(handler, LambdaApi)
