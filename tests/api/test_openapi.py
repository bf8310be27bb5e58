"""The OpenAPI document is valid, complete, and true: real answers are held against it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api.problems import KINDS
from tests.api.conftest import Client
from tests.api.test_numbers import fill

JOBS = "/api/v1/jobs"
DOCS = Path(__file__).parents[2] / "docs" / "api.md"


async def test_it_is_valid_and_needs_no_token(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/openapi.json")).json()
    validate(document)
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            assert "401" in operation["responses"], path


async def test_the_examples_of_bodies_are_good(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    for name in ("NewJob", "ScheduledJob"):
        validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})
        for example in schemas[name]["examples"]:
            validator.validate(example)


async def test_answers_are_as_described(app: FastAPI, client: httpx.AsyncClient, client_of: Client, work: Any) -> None:
    await fill(client, work)
    job_id = (await client.get(f"{JOBS}?status=failed")).json()["jobs"][0]["id"]
    document = app.openapi()

    def check(answer: httpx.Response, path: str, method: str = "get") -> None:
        described = document["paths"][path][method]["responses"][str(answer.status_code)]["content"]
        schema = next(iter(described.values()))["schema"]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(answer.json())

    one = {"type": "echo", "data": 1}
    admin = client_of("ops", "jobs:read admin")
    check(await client.post(JOBS, json=one), JOBS, "post")
    check(await client.post(f"{JOBS}/schedule", json=one | {"delay": 5}), f"{JOBS}/schedule", "post")
    check(await client.post(f"{JOBS}/batch", json=[one]), f"{JOBS}/batch", "post")
    check(await client.post(f"{JOBS}/batch", json=[{}]), f"{JOBS}/batch", "post")
    check(await client.post(JOBS, content=b"{"), JOBS, "post")
    check(await client.get(JOBS), JOBS)
    check(await client.get(f"{JOBS}?limit=0"), JOBS)
    check(await client.get(f"{JOBS}/{job_id}"), f"{JOBS}/{{job_id}}")
    check(await client.get(f"{JOBS}/none"), f"{JOBS}/{{job_id}}")
    check(await client.get(f"{JOBS}/doomed/{job_id}/status"), f"{JOBS}/{{job_type}}/{{job_id}}/status")
    check(await client.delete(f"{JOBS}/{job_id}"), f"{JOBS}/{{job_id}}", "delete")
    check(await client.post(f"{JOBS}/{job_id}/retry"), f"{JOBS}/{{job_id}}/retry", "post")
    check(await client.get(f"{JOBS}/stats"), f"{JOBS}/stats")
    check(await client.get(f"{JOBS}/echo/stats"), f"{JOBS}/{{job_type}}/stats")
    for who in (client, admin):
        check(await who.get(f"{JOBS}/queues/metrics"), f"{JOBS}/queues/metrics")
        check(await who.get(f"{JOBS}/queues/echo"), f"{JOBS}/queues/{{name}}")
        check(await who.get(f"{JOBS}/health/check"), f"{JOBS}/health/check")
        check(await who.get(f"{JOBS}/workers"), f"{JOBS}/workers") if who is client else None
    check(await client.get(f"{JOBS}/queues/doomed/dead-letters"), f"{JOBS}/queues/{{name}}/dead-letters")
    many = {"everyone": True, "dryRun": True}
    writer = client_of("ops", "jobs:read jobs:write admin")
    check(await writer.post(f"{JOBS}/retry", json=many), f"{JOBS}/retry", "post")
    check(await writer.post(f"{JOBS}/retry", json=many | {"dryRun": False}), f"{JOBS}/retry", "post")
    check(await writer.post(f"{JOBS}/retry", json={"filter": {"tenant": "acme"}}), f"{JOBS}/retry", "post")
    check(await writer.get(f"{JOBS}/operations"), f"{JOBS}/operations")
    check(await writer.get(f"{JOBS}/queues/doomed/dead-letters?tenant=acme"), f"{JOBS}/queues/{{name}}/dead-letters")
    check(await client.get(f"{JOBS}/types"), f"{JOBS}/types")
    check(await client_of("ops", "admin").get(f"{JOBS}/workers"), f"{JOBS}/workers")


async def test_the_documentation_lists_every_route_and_every_problem(app: FastAPI) -> None:
    text = DOCS.read_text()
    routes = {
        (method.upper(), re.sub(r"{\w+}", "{}", path))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    written = {
        (method, re.sub(r"{\w+}", "{}", path))
        for method, path in re.findall(
            r"^\| `(GET|POST|PUT|DELETE) (/(?:api/v1/jobs|metrics)[^`?]*)", text, re.MULTILINE
        )
    }
    assert routes == written
    assert {(kind.slug, kind.status) for kind in KINDS} == {
        (slug, int(status)) for slug, status in re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", text, re.MULTILINE)
    }
