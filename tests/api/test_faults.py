"""One row a mistake: the field that the answer names, in the words of the request."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import problem

JOBS = "/api/v1/jobs"
JSON = {"Content-Type": "application/json"}


def echo(**options: Any) -> dict[str, Any]:
    return {"type": "echo", "data": 1, "options": options}


def picture(**data: Any) -> dict[str, Any]:
    return {"type": "resize", "data": data}


FAULTS: list[tuple[Any, str, str, str]] = [
    # body, kind, field, part of the message
    ([], "invalid-request", "body", "object"),
    (None, "invalid-request", "body", "object"),
    ("text", "invalid-request", "body", "object"),
    ({}, "invalid-request", "type", "required"),
    ({"type": "echo"}, "invalid-request", "data", "required"),
    ({"type": 7, "data": 1}, "invalid-request", "type", "string"),
    ({"type": "", "data": 1}, "invalid-request", "type", "at least 1"),
    ({"type": "e" * 49, "data": 1}, "invalid-request", "type", "at most 48"),
    ({"type": "ecoh", "data": 1}, "unknown-type", "type", "did you mean 'echo'"),
    ({"type": "völlig anders\x00", "data": 1}, "unknown-type", "type", "known types: doomed, echo, resize"),
    ({"type": "echo", "data": 1, "option": {}}, "invalid-request", "option", "did you mean 'options'"),
    ({"type": "echo", "data": 1, "tenantId": "x"}, "invalid-request", "tenantId", "unknown name"),
    ({"type": "echo", "data": 1, "options": []}, "invalid-request", "options", "object"),
    (echo(prioritty=1), "invalid-request", "options.prioritty", "did you mean 'priority'"),
    (echo(job_id="x"), "invalid-request", "options.job_id", "did you mean 'jobId'"),
    (echo(repeat={"cron": "0 2 * * *"}), "invalid-request", "options.repeat", "recurring"),
    (echo(priority=0), "invalid-request", "options.priority", "greater than or equal to 1"),
    (echo(priority="1"), "invalid-request", "options.priority", "integer"),
    (echo(priority=True), "invalid-request", "options.priority", "integer"),
    (echo(attempts=101), "invalid-request", "options.attempts", "less than or equal to 100"),
    (echo(attempts=1.5), "invalid-request", "options.attempts", "integer"),
    (echo(attempts=10**30), "invalid-request", "options.attempts", "less than or equal to 100"),
    (echo(delay=-1), "invalid-request", "options.delay", "greater than or equal to 0"),
    (echo(delay="5s"), "invalid-request", "options.delay", "number"),
    (echo(delay=31_536_000_001), "invalid-request", "options.delay", "less than or equal to 31536000000"),
    (echo(timeout=49), "invalid-request", "options.timeout", "greater than or equal to 50"),
    (echo(timeout=870_001), "invalid-request", "options.timeout", "less than or equal to 870000"),
    (echo(expiresIn=0), "invalid-request", "options.expiresIn", "greater than 0"),
    (echo(expiresIn=5, delay=5), "invalid-request", "options.expiresIn", "more than the delay"),
    (echo(jobId=""), "invalid-request", "options.jobId", "1 to 128"),
    (echo(jobId="x" * 129), "invalid-request", "options.jobId", "1 to 128"),
    (echo(jobId="a/b"), "invalid-request", "options.jobId", "1 to 128"),
    (echo(jobId="a\x00"), "invalid-request", "options.jobId", "1 to 128"),
    (echo(jobId="batch"), "invalid-request", "options.jobId", "part of a route"),
    (echo(jobId=5), "invalid-request", "options.jobId", "string"),
    (echo(tags="blue"), "invalid-request", "options.tags", "list"),
    (echo(tags=[""]), "invalid-request", "options.tags", "1 to 64"),
    (echo(tags=["t"] * 21), "invalid-request", "options.tags", "up to 20"),
    (echo(tags=[1]), "invalid-request", "options.tags.0", "string"),
    (echo(backoff="fixed"), "invalid-request", "options.backoff", "object"),
    (echo(backoff={"type": "fixed"}), "invalid-request", "options.backoff.delay", "required"),
    (echo(backoff={"type": "slow", "delay": 1}), "invalid-request", "options.backoff.type", "'exponential'"),
    (echo(backoff={"type": "fixed", "delay": 1, "jiter": 0}), "invalid-request", "options.backoff.jiter", "'jitter'"),
    (
        echo(backoff={"type": "fixed", "delay": 1, "factor": 0}),
        "invalid-request",
        "options.backoff.factor",
        "equal to 1",
    ),
    (picture(), "invalid-data", "data.imageUrl", "required"),
    (picture(imageUrl="x", maxWidth=0), "invalid-data", "data.maxWidth", "greater than or equal to 1"),
    (picture(imageUrl="x", corners=[{"x": 1}]), "invalid-data", "data.corners.0.y", "required"),
    ({"type": "resize", "data": None}, "invalid-data", "data", "object"),
    ({"type": "resize", "data": "x"}, "invalid-data", "data", "object"),
]


@pytest.mark.parametrize(("body", "kind", "field", "says"), FAULTS, ids=lambda value: str(value)[:40])
async def test_the_field_at_fault_is_named(
    client: httpx.AsyncClient, body: Any, kind: str, field: str, says: str
) -> None:
    document = problem(await client.post(JOBS, content=json.dumps(body), headers=JSON), 422, kind)
    fault = document["errors"][0]
    assert fault["field"] == field
    assert says in fault["message"]
    assert (await client.get(JOBS)).json()["jobs"] == []


async def test_the_value_is_sent_back_where_it_is_short_and_plain(client: httpx.AsyncClient) -> None:
    document = problem(await client.post(JOBS, json=echo(priority=0, tags=[])), 422, "invalid-request")
    assert document["errors"] == [
        {"field": "options.priority", "message": "Input should be greater than or equal to 1", "value": 0}
    ]
    document = problem(await client.post(JOBS, json=echo(jobId="x" * 500)), 422, "invalid-request")
    assert "value" not in document["errors"][0]


async def test_a_value_in_milliseconds_stays_so(client: httpx.AsyncClient) -> None:
    document = problem(await client.post(JOBS, json=echo(delay=9000, expiresIn=7000)), 422, "invalid-request")
    assert document["errors"][0]["value"] == 7000


@pytest.mark.parametrize(
    ("path", "field", "says"),
    [
        ("?limit=0", "limit", "greater than or equal to 1"),
        ("?limit=201", "limit", "less than or equal to 200"),
        ("?limit=many", "limit", "integer"),
        ("?status=done", "status", "'completed'"),
        ("?type=ecko", "type", "did you mean 'echo'"),
        (f"?type={'x' * 49}", "type", "at most 48"),
        ("?stauts=failed", "stauts", "did you mean 'status'"),
        ("?cursor=abc", "cursor", "the page before"),
        ("?cursor=", "cursor", "the page before"),
        ("/some?wait=21", "wait", "less than or equal to 20"),
        ("/some?wait=-1", "wait", "greater than or equal to 0"),
        ("/some?wait=nan", "wait", "finite"),
        ("/some?wiat=1", "wiat", "did you mean 'wait'"),
    ],
)
async def test_a_parameter_at_fault_is_named(client: httpx.AsyncClient, path: str, field: str, says: str) -> None:
    document = (await client.get(JOBS + path)).json()
    assert document["status"] == 422
    assert document["errors"][0]["field"] == field
    assert says in document["errors"][0]["message"]
