"""`GET /api/v1/jobs/health/cleaner`: when the cleaner ran, and what it removed; for administrators."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from queues.cleaning.cleaner import cleaner_of
from queues.job_options import KEEP_COMPLETED
from queues.runtime import Runtime
from tests.api.conftest import Client, HandClock, problem
from tests.api.test_jobs import make

RUNS = "/api/v1/jobs/health/cleaner"


async def test_its_runs_are_listed_for_administrators(
    client: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    client_of: Client,
    runtime: Runtime,
    clock: HandClock,
    work: Any,
    app: FastAPI,
) -> None:
    assert problem(await client.get(RUNS), 403, "scope-missing")["scope"] == "admin"
    problem(await stranger.get(RUNS), 401, "unauthenticated")
    admin = client_of("ops", scope="admin")
    assert (await admin.get(RUNS)).json() == {"every": 3_600_000, "runs": []}
    await make(client)
    await work("echo")
    cleaner = cleaner_of(runtime)
    for by_hand in (False, True):
        assert await cleaner.round(anyway=by_hand) is not None
        clock.forward(60_000)
    answer = await admin.get(RUNS)
    latest, first = answer.json()["runs"]
    assert latest["byHand"] is True
    assert first == {
        "begunAt": "2026-11-22T07:30:00.000Z",
        "endedAt": "2026-11-22T07:30:00.000Z",
        "duration": 0,
        "by": "test",
        "byHand": False,
        "end": "done",
        "error": None,
        "lookedAt": 0,
        "overCount": 0,
        "overdue": 0,
        "spared": 0,
        "skipped": 0,
        "trouble": None,
        "types": {},
    }
    document = app.openapi()
    described = document["paths"][RUNS]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**described, "components": document["components"]}).validate(answer.json())
    assert len((await admin.get(f"{RUNS}?limit=1")).json()["runs"]) == 1
    for wrong in ("limit=0", "limit=201", "limits=1"):
        problem(await admin.get(f"{RUNS}?{wrong}"), 422, "invalid-request")
    clock.forward(round(KEEP_COMPLETED * 1000))
    later = client_of("ops", scope="admin")
    assert (await later.get(RUNS)).json()["runs"] == [], "they are remembered for a week"
