"""Limits over HTTP: a type shows its own, and a job that waits says why."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from api.waiting_views import limit_view
from infra.cli.card import card
from queues import Concurrency, Rate

JOBS = "/api/v1/jobs"


async def test_a_job_says_why_it_waits_until_it_does_not(client: httpx.AsyncClient, app: FastAPI, work: Any) -> None:
    made = (await client.post(JOBS, json={"type": "echo", "data": 1})).json()
    assert "waiting" not in made, "only who asks pays for it"
    job = (await client.get(f"{JOBS}/{made['id']}")).json()
    assert job["waiting"] == {"reason": "queue", "message": "It is next: no worker has taken it yet.", "ahead": 0}
    assert "  It is next: no worker has taken it yet." in card(job)
    schemas = app.openapi()["components"]["schemas"]
    Draft202012Validator({"$ref": "#/components/schemas/Waiting", "components": {"schemas": schemas}}).validate(
        job["waiting"]
    )
    assert "waiting" not in (await client.get(JOBS)).json()["jobs"][0]
    await work("echo")
    assert "waiting" not in (await client.get(f"{JOBS}/{made['id']}")).json()


async def test_a_delayed_job_says_until_when(client: httpx.AsyncClient) -> None:
    made = (await client.post(JOBS, json={"type": "echo", "data": 1, "options": {"delay": 60_000}})).json()
    waiting = (await client.get(f"{JOBS}/{made['id']}")).json()["waiting"]
    assert waiting == {
        "reason": "delayed",
        "message": "It is to start at 2026-11-22T07:31:00Z.",
        "until": "2026-11-22T07:31:00.000Z",
    }


async def test_types_show_their_limits(client: httpx.AsyncClient, app: FastAPI) -> None:
    (first, *_) = (await client.get(f"{JOBS}/types")).json()["types"]
    assert first["options"]["limits"] == []
    shown = [limit_view(limit) for limit in (Concurrency(5, "tenant"), Rate(100, 60, key="customerId"))]
    assert shown[1] == {
        "kind": "rate",
        "limit": 100,
        "period": 60_000,
        "per": "key",
        "key": "customerId",
        "description": "100 in 60 s per customerId",
    }
    schemas = app.openapi()["components"]["schemas"]
    validator = Draft202012Validator({"$ref": "#/components/schemas/JobTypeLimit", "components": {"schemas": schemas}})
    for one in shown:
        validator.validate(one)
