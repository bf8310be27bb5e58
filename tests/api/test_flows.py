"""Flows over HTTP: started, shown with their steps, cancelled, retried; what is wrong with one is said by its place."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from tests.api.conftest import Client, problem

FLOWS = "/api/v1/jobs/flows"


def step(width: int = 9, **more: Any) -> dict[str, Any]:
    return {"type": "resize", "data": {"imageUrl": "x", "maxWidth": width}, **more}


async def start(client: httpx.AsyncClient, *steps: Any, **more: Any) -> dict[str, Any]:
    answer = await client.post(FLOWS, json={"steps": list(steps), **more})
    assert answer.status_code == 202, answer.text
    flow: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{FLOWS}/{flow['id']}"
    return flow


async def test_a_flow_from_start_to_end(client: httpx.AsyncClient, work: Any) -> None:
    group = {"group": [step(name="a"), step(name="b")], "then": step()}
    flow = await start(client, {"chain": [step(name="first"), group]}, name="four", flowId="mine")
    assert (flow["id"], flow["status"], flow["total"], flow["open"], flow["createdBy"]) == (
        "mine",
        "running",
        4,
        4,
        "tester",
    )
    for _ in range(3):
        await work("resize")
    shown = (await client.get(f"{FLOWS}/mine")).json()
    assert (shown["status"], shown["completed"], shown["progress"], shown["nextAfter"]) == ("completed", 4, 100, None)
    assert [(one["name"], one["status"], one["jobId"]) for one in shown["steps"]] == [
        (name, "completed", f"mine:{name}") for name in ("first", "a", "b", "resize-1")
    ]
    assert (await client.get("/api/v1/jobs/mine:a")).json()["flowId"] == "mine"
    assert [one["id"] for one in (await client.get(FLOWS)).json()["flows"]] == ["mine"]
    problem(await client.delete(f"{FLOWS}/mine"), 409, "wrong-status")
    problem(await client.post(f"{FLOWS}/mine/retry"), 409, "wrong-status")


async def test_steps_tell_what_they_come_after(app: FastAPI, client: httpx.AsyncClient, work: Any) -> None:
    wide = {"group": [step(name=f"w{number}") for number in range(25)], "then": step()}
    await start(client, {"chain": [step(name="first"), wide]}, flowId="wide", onEnd={"type": "echo"})
    shown = (await client.get(f"{FLOWS}/wide")).json()
    steps = {one["name"]: one for one in shown["steps"]}
    assert [one["place"] for one in shown["steps"]] == list(range(27))
    assert (steps["first"]["after"], steps["first"]["afterTotal"]) == ([], 0)
    assert (steps["w7"]["after"], steps["w7"]["afterTotal"]) == ([0], 1)
    # Of the many, the last.
    assert (steps["resize-1"]["after"], steps["resize-1"]["afterTotal"]) == (list(range(6, 26)), 25)
    schemas = app.openapi()["components"]
    for answer, shape in ((shown, "FlowWithSteps"), ((await client.get(FLOWS)).json(), "FlowsPage")):
        Draft202012Validator({"$ref": f"#/components/schemas/{shape}", "components": schemas}).validate(answer)


async def test_a_flow_that_has_ended_names_its_last_job(client: httpx.AsyncClient, work: Any) -> None:
    await start(client, step(), flowId="told", onEnd={"type": "echo"})
    await start(client, step(), flowId="quiet")
    assert (await client.get(f"{FLOWS}/told")).json()["endJobId"] is None
    await work("resize")
    assert [(await client.get(f"{FLOWS}/{name}")).json()["endJobId"] for name in ("told", "quiet")] == [
        "told::end",
        None,
    ]
    assert (await client.get("/api/v1/jobs/told::end")).json()["data"]["status"] == "completed"


async def test_steps_come_in_pages(client: httpx.AsyncClient) -> None:
    flow = await start(client, *(step() for _ in range(5)))
    names, after = [], -1
    while after is not None:
        page = (await client.get(f"{FLOWS}/{flow['id']}", params={"steps": 2, "after": after})).json()
        names += [one["name"] for one in page["steps"]]
        after = page["nextAfter"]
    assert names == [f"resize-{number}" for number in range(1, 6)]


async def test_a_flow_is_cancelled_and_retried(client: httpx.AsyncClient, work: Any) -> None:
    flow = await start(client, {"chain": [step(), step()]}, onFailure="continue")
    cancelled = (await client.delete(f"{FLOWS}/{flow['id']}")).json()
    assert (cancelled["status"], cancelled["cancelled"]) == ("cancelled", 2)
    again = await client.post(f"{FLOWS}/{flow['id']}/retry")
    assert (again.status_code, again.json()["status"], again.json()["round"]) == (202, "running", 2)
    for _ in range(2):
        await work("resize")
    assert (await client.get(f"{FLOWS}/{flow['id']}")).json()["completed"] == 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"steps": []}, "invalid-request"),
        ({"steps": [{}]}, "invalid-request"),
        ({"steps": [step(chain=[])]}, "invalid-request"),
        ({"steps": [{"chain": [step()], "then": step()}]}, "invalid-request"),
        ({"steps": [step(after=["nobody"])]}, "invalid-request"),
        ({"steps": [step(name="a", after=["b"]), step(name="b", after=["a"])]}, "invalid-request"),
        ({"steps": [step(name="a"), step(name="a")]}, "invalid-request"),
        ({"steps": [step()], "onFailure": "shrug"}, "invalid-request"),
        ({"steps": [step()], "flowId": "a/b"}, "invalid-request"),
        ({"steps": [step()], "onEnd": {"type": "resize"}}, "invalid-data"),
        ({"steps": [{"type": "resise"}]}, "unknown-type"),
        ({"steps": [{"type": "resize", "data": {"maxWidth": "wide"}}]}, "invalid-data"),
    ],
)
async def test_what_cannot_be_a_flow_is_refused(client: httpx.AsyncClient, body: dict[str, Any], kind: str) -> None:
    problem(await client.post(FLOWS, json=body), 422, kind)
    assert (await client.get(FLOWS)).json()["flows"] == []


async def test_tenants_are_apart(client: httpx.AsyncClient, client_of: Client) -> None:
    flow = await start(client, step())
    other = client_of("umbrella")
    path = f"{FLOWS}/{flow['id']}"
    for answer in (await other.get(path), await other.delete(path), await other.post(f"{path}/retry")):
        problem(answer, 404, "not-found")
    assert (await other.get(FLOWS)).json()["flows"] == []
