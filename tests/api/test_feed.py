"""The events of all jobs of a tenant over HTTP, from a real server to a real client."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

import api.routes.feed as route
from tests.api.conftest import Client, HandClock, problem
from tests.api.test_events import parsed as parsed_of_one
from tests.api.test_events import served
from tests.api.test_jobs import make

__all__ = ["served"]

JOBS = "/api/v1/jobs"


def frames(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The id and the data of each event in a stream's text."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "data" in fields:
            found.append((fields["id"], orjson.loads(fields["data"])))
    return found


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "PAUSE", 0.01)


async def heard(client: httpx.AsyncClient, until: int, after: str | None = None, query: str = "") -> str:
    """What a stream tells until it has told so many events."""
    text = ""
    headers = {} if after is None else {"Last-Event-ID": after}
    async with client.stream("GET", f"{JOBS}/events{query}", headers=headers) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        async for part in answer.aiter_text():
            text += part
            if len(frames(text)) >= until:
                break
    return text


async def test_what_happens_to_all_jobs_and_from_where_it_was_left(
    served: httpx.AsyncClient, work: Any, clock: HandClock
) -> None:
    first = await make(served, "echo", 1)
    begin = (await heard(served, 0)).split("\n\n")[1].removeprefix("id: ")
    assert begin == f"{clock.now}/"
    clock.forward(1_000)
    second = await make(served, "resize", {"imageUrl": "secret-url"})
    clock.forward(1_000)
    await work("resize")
    text = await heard(served, 4, begin)
    assert "secret-url" not in text
    found = frames(text)
    assert {(data["jobId"], data["id"]) for _, data in found} == {
        (first, "0.enqueued"), (second, "0.enqueued"), (second, "1.started"), (second, "1.completed"),
    }  # fmt: skip
    assert found[-1][0] == f"{clock.now}/{second}/1.completed"
    # A minute later, what was heard last is told again and no more: it is within the overlap.
    clock.forward(60_000)
    again = frames(await heard(served, 2, found[-1][0], "?type=resize"))
    assert [data["id"] for _, data in again][-2:] == ["1.started", "1.completed"]
    assert len(parsed_of_one((await served.get(f"{JOBS}/{second}/events")).text)) == 3


async def test_tenants_are_apart_and_reading_takes_a_scope(
    served: httpx.AsyncClient, client: httpx.AsyncClient, client_of: Client, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make(client)
    monkeypatch.setattr(route.one, "MAX_SECONDS", 0.05)
    other = await client_of("umbrella").get(f"{JOBS}/events", headers={"Last-Event-ID": "0/"})
    assert (other.status_code, frames(other.text)) == (200, [])
    mine = await client.get(f"{JOBS}/events", headers={"Last-Event-ID": "0/"})
    assert len(frames(mine.text)) == 1
    problem(await client_of(scope="jobs:write").get(f"{JOBS}/events"), 403, "scope-missing")
    assert "echo" in problem(await client.get(f"{JOBS}/events?type=ecko"), 404, "not-found")["detail"]
    assert (await client.get(f"{JOBS}/events?status=failed")).status_code == 422


async def test_a_stream_ends_with_the_server(
    served: httpx.AsyncClient, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route.one, "HEARTBEAT", 0.0)
    text = ""
    async with served.stream("GET", f"{JOBS}/events") as answer:
        async for part in answer.aiter_text():
            text += part
            if ": nothing yet" in text:
                app.state.site.close()
    assert text.startswith("retry: 1000\n\nid: ")
