"""Events over HTTP: a real server streams them to a real client; on Lambda each answer has what there is so far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

import api.routes.events as route
from api.auth import make_token
from infra.serving import api_server, listen, url_of
from queues.runtime import Runtime
from tests.api.conftest import SECRET, Client, HandClock, problem
from tests.api.test_jobs import make

JOBS = "/api/v1/jobs"


@pytest.fixture
async def served(app: FastAPI, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server on a port of its own."""
    listener = listen("127.0.0.1", 0, "--port")
    server = api_server(app)
    running = server.run_on(listener)
    token = make_token(SECRET, tenant="acme", subject="tester", expires_in=3600, clock=clock)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url_of(listener, "127.0.0.1"), headers=headers, timeout=20) as client:
        yield client
    app.state.site.close()
    server.should_exit = True
    await running
    listener.close()


def parsed(text: str) -> list[dict[str, Any]]:
    """The events in a stream's text, as a browser reads it."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append(orjson.loads(fields["data"]))
            assert (found[-1]["id"], found[-1]["event"]) == (fields["id"], fields["event"])
    return found


async def test_a_stream_tells_of_each_event_as_it_happens_and_ends(served: httpx.AsyncClient, work: Any) -> None:
    job_id = await make(served, "resize", {"imageUrl": "secret-url"})
    heard = ""
    async with served.stream("GET", f"{JOBS}/{job_id}/events") as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert answer.headers["cache-control"] == "no-store"
        async for text in answer.aiter_text():
            heard += text
            if heard.endswith("\n\n") and "enqueued" in heard and "started" not in heard:
                # Nothing more comes until the job runs.
                await work("resize")
    events = parsed(heard)
    assert heard.startswith("retry: 1000\n\n")
    assert [event["id"] for event in events] == ["0.enqueued", "1.started", "1.completed"]
    assert "secret-url" not in heard
    assert events[0] == {
        "id": "0.enqueued", "event": "enqueued", "jobId": job_id, "type": "resize", "attempt": 0,
        "at": "2026-11-22T07:30:00.000Z",
    }  # fmt: skip


async def test_who_comes_back_is_told_what_came_after(served: httpx.AsyncClient, work: Any) -> None:
    job_id = await make(served)
    await work("echo")
    later = await served.get(f"{JOBS}/{job_id}/events", headers={"Last-Event-ID": "0.enqueued"})
    assert [event["id"] for event in parsed(later.text)] == ["1.started", "1.completed"]
    over = await served.get(f"{JOBS}/{job_id}/events", headers={"Last-Event-ID": "1.completed"})
    assert (over.status_code, over.content) == (204, b"")
    strange = await served.get(f"{JOBS}/{job_id}/events", headers={"Last-Event-ID": "9' OR 1=1"})
    assert len(parsed(strange.text)) == 3


async def test_a_stream_in_which_nothing_happens_is_kept_alive_and_ends_with_the_server(
    served: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "HEARTBEAT", 0.0)
    job_id = await make(served)
    heard = ""
    async with served.stream("GET", f"{JOBS}/{job_id}/events") as answer:
        async for text in answer.aiter_text():
            heard += text
            if heard.count(": nothing yet") == 2:
                app.state.site.close()
    assert heard.count("data:") == 1


async def test_a_stream_ends_after_a_while_and_with_its_jobs_record(
    served: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await make(served)
    async with served.stream("GET", f"{JOBS}/{job_id}/events") as answer:
        texts = answer.aiter_text()
        while "enqueued" not in await anext(texts):
            continue
        await served.delete(f"{JOBS}/{job_id}")
        await served.delete(f"{JOBS}/{job_id}/record")
        rest = "".join([text async for text in texts])
    # It saw the cancellation, or only that the record was gone.
    assert [event["event"] for event in parsed(rest)] in ([], ["cancelled"])
    monkeypatch.setattr(route, "MAX_SECONDS", 0.0)
    again = await make(served)
    assert [event["id"] for event in parsed((await served.get(f"{JOBS}/{again}/events")).text)] == ["0.enqueued"]


async def test_a_client_that_goes_away_is_watched_for_no_longer(
    served: httpx.AsyncClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, gone = 0, asyncio.Event()
    get = runtime.store.get

    async def counted(*args: Any) -> Any:
        nonlocal looks
        looks += 1
        return await get(*args)

    watch = route.events

    async def watched(*args: Any) -> AsyncIterator[Any]:
        try:
            async for found in watch(*args):
                yield found
        finally:
            gone.set()

    monkeypatch.setattr(runtime.store, "get", counted)
    monkeypatch.setattr(route, "events", watched)
    job_id = await make(served)
    async with served.stream("GET", f"{JOBS}/{job_id}/events") as answer:
        await anext(answer.aiter_text())
    await asyncio.wait_for(gone.wait(), 5)
    assert looks < 20


async def test_another_tenants_job_is_unknown_and_reading_takes_a_scope(
    client: httpx.AsyncClient, client_of: Client
) -> None:
    job_id = await make(client)
    problem(await client_of("umbrella").get(f"{JOBS}/{job_id}/events"), 404, "not-found")
    problem(await client_of(scope="jobs:write").get(f"{JOBS}/{job_id}/events"), 403, "scope-missing")
