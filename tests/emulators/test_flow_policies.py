"""Batches, failures, orders, cancel and retry of flows, on the embedded AWS and on MiniStack, through the HTTP API."""

from __future__ import annotations

from typing import Any

from tests.emulators.place import JOBS, Place, until

FLOWS = f"{JOBS}/flows"
#: Members of the batch, and every so many of them fails.
MEMBERS, BAD = 60, 10


def hello(who: str, *, fails: bool = False, **more: Any) -> dict[str, Any]:
    """A step whose job has one attempt."""
    return {"type": "hello", "data": {"name": who, "failures": int(fails)}, "options": {"attempts": 1}, **more}


def start(place: Place, *steps: dict[str, Any], **said: Any) -> str:
    answer = place.api.post(FLOWS, json={"steps": list(steps), **said})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def seen(place: Place, flow_id: str) -> dict[str, Any]:
    flow: dict[str, Any] = place.api.get(f"{FLOWS}/{flow_id}").raise_for_status().json()
    return flow


def ended(place: Place, flow_id: str) -> dict[str, Any]:
    return until(lambda: seen(place, flow_id), lambda flow: flow["status"] != "running")


def counts(flow: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(flow[name] for name in ("status", "completed", "failed", "cancelled", "open"))


def test_a_batch_goes_on_over_failures_and_ends_with_one_job(place: Place) -> None:
    steps = [hello(f"n{number}", fails=number % BAD == 0) for number in range(MEMBERS)]
    flow_id = start(place, *steps, onFailure="continue", onEnd={"type": "hello", "data": {"name": "the end"}})
    progress = [0.0]

    def look() -> dict[str, Any]:
        flow = seen(place, flow_id)
        progress.append(flow["progress"])
        return flow

    flow = until(look, lambda one: one["status"] != "running")
    bad = MEMBERS // BAD
    assert counts(flow) == ("completed", MEMBERS - bad, bad, 0, 0)
    assert (progress, progress[-1]) == (sorted(progress), 100)
    assert place.ended(flow["endJobId"])["result"] == "Hello, the end!"
    jobs = place.api.get(JOBS, params={"type": "hello", "limit": 200}).json()["jobs"]
    assert len([one for one in jobs if one["id"].startswith(f"{flow_id}:")]) == MEMBERS + 1


def test_a_failure_stops_a_flow_and_a_retry_runs_what_is_left(place: Place) -> None:
    steps = [hello("first", name="first"), hello("bad", fails=True, name="bad"), hello("last", name="last")]
    flow_id = start(place, {"chain": steps})
    assert counts(ended(place, flow_id)) == ("failed", 1, 1, 1, 0)
    # The retry's jobs are new ones, and the second one fails as it is told to.
    assert place.api.post(f"{FLOWS}/{flow_id}/retry").is_success
    flow = ended(place, flow_id)
    assert (counts(flow), flow["round"]) == (("failed", 1, 1, 1, 0), 2)
    assert place.ended(f"{flow_id}:bad:2")["status"] == "failed"
    assert place.api.get(f"{JOBS}/{flow_id}:first:2").status_code == 404, "what has completed stays"


def test_a_flow_is_cancelled(place: Place) -> None:
    waits = hello("waits") | {"options": {"delay": 3_600_000}}
    flow_id = start(place, {"chain": [waits, hello("after")]}, hello("runs"))
    until(lambda: seen(place, flow_id)["completed"], lambda done: done == 1)
    assert place.api.delete(f"{FLOWS}/{flow_id}").is_success
    assert counts(ended(place, flow_id)) == ("cancelled", 1, 0, 2, 0)


def test_any_order_and_a_flow_within_a_flow(place: Place) -> None:
    inner = {"flow": [hello("in a", name="a"), hello("in b", name="b", after=["a"])], "name": "inner"}
    last = hello("x", name="last", after=["left", "inner.b"])
    last["data"]["name"] = {"$result": "left"}
    flow_id = start(place, hello("left", name="left"), inner, last)
    assert counts(ended(place, flow_id)) == ("completed", 4, 0, 0, 0)
    jobs = {name: place.ended(f"{flow_id}:{name}") for name in ("left", "inner.a", "inner.b", "last")}
    assert jobs["inner.a"]["finishedAt"] <= jobs["inner.b"]["startedAt"] <= jobs["last"]["startedAt"]
    assert jobs["last"]["result"] == "Hello, Hello, left!!"
