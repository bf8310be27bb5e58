"""A job's log over HTTP: what each line says, and that OpenAPI says the same."""

from __future__ import annotations

import logging
import sys
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from infra.local.engine import Engine
from queues import Context, Fixed, capture, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from tests.api.conftest import HandClock

JOBS = "/api/v1/jobs"


@job("talk", attempts=2, backoff=Fixed(1, jitter=0))
async def talk(data: Any, ctx: Context) -> None:
    """Says something in each way there is; fails at first."""
    print("printed")
    print("to stderr", file=sys.stderr)
    ctx.log("charged", level="ERROR", cents=990, camel_case={"snake_case": None})
    if ctx.attempt == 1:
        logging.getLogger("shop").error("refused", extra={"order": 17}, exc_info=ValueError("no"))
        raise ValueError("no")


@pytest.fixture
async def runtime(engine: Engine, clock: HandClock) -> Any:
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"))
    made = assemble(clients, Catalog([talk]), Settings(), clock=clock, worker="test")
    await made.create_resources()
    yield made
    await made.close()


async def test_each_line_says_what_is_known_of_it_and_no_more(
    client: httpx.AsyncClient, app: FastAPI, runtime: Runtime, clock: HandClock, work: Any
) -> None:
    made = (await client.post(JOBS, json={"type": "talk", "data": None})).json()
    uninstall = capture.install()
    try:
        assert await work("talk")
        clock.now += 2_000
        assert await work("talk")
    finally:
        uninstall()
    shown = (await client.get(f"{JOBS}/{made['id']}")).json()
    assert shown["status"] == "completed"
    first, second = ({"at": one["startedAt"], "attempt": one["attempt"]} for one in shown["history"])
    charged = {"level": "ERROR", "message": "charged", "fields": {"cents": 990, "camel_case": {"snake_case": None}}}
    refused = {"level": "ERROR", "message": "refused", "logger": "shop", "fields": {"order": 17}}
    said = [
        {"level": "INFO", "message": "printed"},
        {"level": "INFO", "message": "to stderr", "stream": "stderr"},
        charged,
    ]
    assert shown["logs"] == [
        *(first | one for one in said),
        first | refused | {"exception": "ValueError: no"},
        *(second | one for one in said),
    ]
    assert first["at"] < second["at"]
    components = app.openapi()["components"]
    for name, values in (("Job", [shown]), ("LogLine", components["schemas"]["LogLine"]["examples"])):
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        for value in values:
            Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)
