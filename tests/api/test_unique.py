"""Keys and deadlines over HTTP: 202 for a job that is new, 200 for one that holds the key."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import HandClock, problem

JOBS = "/api/v1/jobs"


def body(width: int, unique: Any, **options: Any) -> dict[str, Any]:
    return {"type": "resize", "data": {"imageUrl": "a", "maxWidth": width}, "options": {"unique": unique, **options}}


async def test_the_second_is_the_first_until_it_has_ended(
    client: httpx.AsyncClient, work: Any, clock: HandClock
) -> None:
    unique = {"fields": ["imageUrl"]}
    first = await client.post(JOBS, json=body(1, unique))
    clock.forward(1)
    second = await client.post(JOBS, json=body(2, unique))
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.headers["jobyard-existing"] == "true"
    assert second.json()["id"] == first.json()["id"]
    await work("resize")
    clock.forward(1)
    assert (await client.post(JOBS, json=body(3, unique))).status_code == 202


async def test_a_debounced_job_takes_the_last_data(client: httpx.AsyncClient, clock: HandClock) -> None:
    unique = {"key": "k", "window": 10_000, "mode": "debounce"}
    first = (await client.post(JOBS, json=body(1, unique))).json()
    clock.forward(4_000)
    answer = await client.post(JOBS, json=body(2, unique))
    job = answer.json()
    assert (answer.status_code, job["id"], job["status"]) == (200, first["id"], "delayed")
    assert (job["data"]["maxWidth"], job["runAt"]) == (2, "2026-11-22T07:30:14.000Z")
    batch = (await client.post(f"{JOBS}/batch", json=[body(3, unique), body(4, unique)])).json()
    assert (batch["created"], batch["existing"]) == (0, 2)
    assert batch["jobs"][-1]["data"]["maxWidth"] == 4


async def test_a_debounced_job_is_not_put_off_longer_than_its_longest_wait(
    client: httpx.AsyncClient, clock: HandClock
) -> None:
    unique = {"key": "k", "window": 10_000, "mode": "debounce", "maxWait": 12_000}
    await client.post(JOBS, json=body(1, unique, tags=["a"]))
    clock.forward(4_000)
    job = (await client.post(JOBS, json=body(2, unique, priority=9))).json()
    assert (job["data"]["maxWidth"], job["runAt"]) == (2, "2026-11-22T07:30:12.000Z")
    assert (job["priority"], job["tags"]) == (9, [])


@pytest.mark.parametrize("deadline", [90_000, "2026-11-22T08:31:30+01:00"])
async def test_a_deadline_is_a_time_or_so_long_from_now(client: httpx.AsyncClient, deadline: Any) -> None:
    job = (await client.post(JOBS, json=body(1, None, deadline=deadline))).json()
    assert job["deadlineAt"] == "2026-11-22T07:31:30.000Z"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"unique": {"mode": "throttle"}}, "options.unique.window"),
        ({"unique": {"key": "a", "fields": ["b"]}}, "options.unique.fields"),
        ({"unique": {"keys": "a"}}, "options.unique.keys"),
        ({"unique": {"mode": "throttle", "window": 30 * 86_400_000}}, "unique.window"),
        ({"unique": {"fields": ["size"]}}, "unique.fields"),
        ({"unique": {"key": "a"}, "jobId": "b"}, "options.unique"),
        ({"unique": {"mode": "debounce", "window": 5}, "delay": 5}, "delay"),
        ({"unique": {"mode": "debounce", "window": 5, "maxWait": 4}}, "options.unique.maxWait"),
        ({"unique": {"maxWait": 4}}, "options.unique.maxWait"),
        ({"deadline": 5, "delay": 10}, "deadline"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "deadline"),
    ],
)
async def test_what_makes_no_sense_is_named(client: httpx.AsyncClient, options: dict[str, Any], field: str) -> None:
    answer = await client.post(JOBS, json={"type": "resize", "data": {"imageUrl": "a"}, "options": options})
    fault = problem(answer, answer.status_code, "invalid-request")["errors"][0]
    assert answer.status_code in (400, 422)
    assert fault["field"] == field
