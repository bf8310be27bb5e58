"""When what is behind the API fails: a clear answer, nothing leaked, one line in the log."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from api.app import create_app
from api.auth import make_token
from queues.catalog import Catalog
from queues.clients import Clients
from queues.errors import Misconfigured
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from tests.api.conftest import SECRET, HandClock, echo, problem

JOBS = "/api/v1/jobs"
JOB = {"type": "echo", "data": "private words"}


class Failing:
    """A client whose named calls raise; all others go on to the real one."""

    def __init__(self, real: Any, errors: dict[str, Exception]):
        self._real, self._errors = real, errors

    def __getattr__(self, name: str) -> Any:
        error = self._errors.get(name)
        if error is None:
            return getattr(self._real, name)

        async def fail(**params: Any) -> Any:
            raise error

        return fail


def aws(code: str, status: int, message: str = "no") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutItem"
    )


DISK_FULL = aws("InternalServerError", 500, "The disk is full: nothing was written.")

Broken = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def broken(runtime: Runtime, clock: HandClock) -> Broken:
    """Makes a client of an API whose AWS calls fail: `broken(batch_write_item=error)`."""

    def make(**errors: Exception) -> httpx.AsyncClient:
        clients = Clients(Failing(runtime.clients.sqs, errors), Failing(runtime.clients.dynamodb, errors))
        failing = assemble(clients, Catalog([echo]), Settings(), clock=clock, worker="test")
        app = create_app(failing, secret=SECRET, clock=clock)
        token = make_token(SECRET, tenant="acme", subject="t", expires_in=60, clock=clock)
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://jobyard.test",
            headers={"Authorization": f"Bearer {token}"},
        )

    return make


@pytest.mark.parametrize(
    ("error", "status", "slug", "says"),
    [
        (aws("ThrottlingException", 400), 503, "unavailable", "ThrottlingException"),
        (aws("InternalServerError", 500), 503, "unavailable", "try again"),
        (EndpointConnectionError(endpoint_url="http://10.1.2.3:4566"), 503, "unavailable", "did not answer"),
        (TimeoutError("DynamoDB left 1 items unwritten"), 503, "unavailable", "did not answer"),
        (aws("ResourceNotFoundException", 400), 503, "misconfigured", "`jobyard up`"),
        (aws("AccessDeniedException", 400), 503, "misconfigured", "credentials"),
        (Misconfigured("queue 'x' does not exist; deploy first"), 503, "misconfigured", "deploy first"),
        (DISK_FULL, 507, "disk-full", "free some space"),
        (OSError(errno.ENOSPC, "No space left"), 507, "disk-full", "free some space"),
        (aws("ValidationException", 400, "private words"), 500, "internal", "incident"),
        (RuntimeError("private words"), 500, "internal", "incident"),
    ],
    ids=repr,
)
async def test_a_failing_write(
    broken: Broken, caplog: pytest.LogCaptureFixture, error: Exception, status: int, slug: str, says: str
) -> None:
    client = broken(batch_write_item=error)
    answer = await client.post(JOBS, json=JOB)
    document = problem(answer, status, slug)
    assert says in document["detail"]
    assert ("retry-after" in answer.headers) == (status == 503)
    assert "private" not in answer.text
    assert "10.1.2.3" not in answer.text
    assert len(caplog.records) == 1
    assert client.headers["authorization"] not in caplog.text
    if status == 500:
        assert document["incident"] in caplog.text
        assert caplog.records[0].levelno == logging.ERROR


async def test_a_batch_that_stops_half_way_says_what_was_accepted(broken: Broken) -> None:
    client = broken(put_item=aws("ThrottlingException", 400))
    batch = [{**JOB, "options": {"jobId": f"j{i}"}} for i in range(3)]
    # The tenant is made known with PutItem too.
    problem(await client.post(f"{JOBS}/batch", json=batch), 503, "unavailable")
    answer = await broken(send_message_batch=aws("ServiceUnavailable", 503)).post(f"{JOBS}/batch", json=batch)
    document = problem(answer, 503, "not-accepted")
    assert (document["accepted"], document["rejected"]) == ([], ["j0", "j1", "j2"])
    assert "same jobId" in document["detail"]
    assert "retry-after" in answer.headers
    document = problem(await broken(send_message_batch=DISK_FULL).post(f"{JOBS}/batch", json=batch), 507, "disk-full")
    assert document["rejected"] == ["j0", "j1", "j2"]


async def test_health_turns_unhealthy(broken: Broken, caplog: pytest.LogCaptureFixture) -> None:
    for errors in ({"get_item": aws("InternalServerError", 500)}, {"get_queue_attributes": TimeoutError()}):
        client = broken(**errors)
        del client.headers["authorization"]
        answer = await client.get(f"{JOBS}/health/check")
        assert (answer.status_code, answer.json()) == (503, {"status": "unhealthy"})


async def test_a_runtime_that_cannot_be_made_is_tried_again(runtime: Runtime, clock: HandClock) -> None:
    tries = 0

    async def make() -> Runtime:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Misconfigured("JOBYARD_JOBS names 'nothing', which cannot be imported")
        return runtime

    app = create_app(make, secret=SECRET, clock=clock)
    token = make_token(SECRET, tenant="acme", subject="t", expires_in=60, clock=clock)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://x", headers={"Authorization": f"Bearer {token}"}
    ) as client:
        assert "JOBYARD_JOBS" in problem(await client.get(JOBS), 503, "misconfigured")["detail"]
        assert (await client.get(JOBS)).status_code == 200
        assert (await client.get(JOBS)).status_code == 200
    assert tries == 2


async def test_a_client_that_goes_away_is_no_incident(app: Any, client: httpx.AsyncClient, caplog: Any) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there")

    headers = [(b"content-type", b"application/json"), (b"authorization", client.headers["authorization"].encode())]
    scope = {
        "type": "http", "method": "POST", "path": JOBS, "query_string": b"", "headers": headers,
        "http_version": "1.1", "scheme": "http", "server": ("x", 80), "client": None, "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)
    assert caplog.records == []
