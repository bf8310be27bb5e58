"""Control of jobs and queues, on the embedded AWS and on MiniStack: what a user sees is the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.auth import make_token
from tests.emulators.place import JOBS, PATIENCE, SECRET, Place, until

FAST = {"type": "fixed", "delay": 0}


@pytest.fixture
def admin(place: Place) -> Iterator[httpx.Client]:
    """A client that may also pause and purge."""
    scope = "jobs:read jobs:write admin"
    token = make_token(SECRET, tenant="default", subject="ops", scope=scope, expires_in=3600)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=place.api.base_url, headers=headers, timeout=PATIENCE) as client:
        yield client


def ended(admin: httpx.Client, location: str) -> dict[str, Any]:
    """An operation once it has ended."""
    return until(lambda: admin.get(location).raise_for_status().json(), lambda found: found["status"] != "running")


def test_failed_jobs_are_retried_by_filter(place: Place, admin: httpx.Client) -> None:
    made = [
        place.enqueue("hello", {"name": f"no. {number}", "failures": 1}, attempts=1, backoff=FAST, tags=["by-filter"])
        for number in range(12)
    ]
    assert {place.ended(job["id"])["status"] for job in made} == {"failed"}
    body = {"filter": {"type": "hello", "error": "ConnectionError", "tags": ["by-filter"]}}
    # A job that has failed is among the failed ones once its dead letter is in place.
    dry = until(
        lambda: admin.post(f"{JOBS}/retry", json=body | {"dryRun": True}).raise_for_status().json(),
        lambda found: found["matched"] == 12,
    )
    assert dry == {"dryRun": True, "matched": 12, "exact": True}
    begun = admin.post(f"{JOBS}/retry", json=body)
    assert begun.status_code == 202, begun.text
    assert ended(admin, begun.headers["location"])["done"] == 12
    again = [place.ended(job["id"]) for job in made]
    assert {(job["status"], job["attempts"]) for job in again} == {("completed", 2)}


def test_an_admin_redrives_another_tenants_dead_letters(place: Place, admin: httpx.Client) -> None:
    tenant, mine = f"t{uuid4().hex[:8]}", place.enqueue("hello", {"name": "Eve", "failures": 1}, attempts=1)
    theirs = make_token(SECRET, tenant=tenant, subject="them", expires_in=3600)
    headers = {"Authorization": f"Bearer {theirs}"}
    with httpx.Client(base_url=place.api.base_url, headers=headers, timeout=PATIENCE) as them:
        body = {"type": "hello", "data": {"name": "Eve", "failures": 1}, "options": {"attempts": 1}}
        job = f"{JOBS}/{them.post(JOBS, json=body).raise_for_status().json()['id']}"
        letters = f"{JOBS}/queues/hello/dead-letters"
        until(
            lambda: admin.get(letters, params={"tenant": tenant}).json(), lambda found: len(found.get("jobs", ())) == 1
        )
        assert place.ended(mine["id"])["status"] == "failed"
        assert place.api.get(letters, params={"tenant": tenant}).status_code == 403
        begun = admin.post(f"{JOBS}/queues/hello/redrive", json={"filter": {"tenant": tenant}})
        assert begun.status_code == 202, begun.text
        assert ended(admin, begun.headers["location"])["done"] == 1
        listed = admin.get(f"{JOBS}/operations").json()["operations"]
        assert (listed[0]["id"], listed[0]["tenant"]) == (begun.json()["id"], tenant)
        for who in (them, place.api):
            assert who.get(begun.headers["location"]).status_code == 404
        assert them.get(job, params={"wait": 10}).json()["status"] == "completed"
    assert place.ended(mine["id"])["status"] == "failed"
    place.api.post(f"{JOBS}/{mine['id']}/discard").raise_for_status()


def test_a_paused_queue_waits_and_is_purged(place: Place, admin: httpx.Client) -> None:
    queue = f"{JOBS}/queues/hello"
    assert admin.post(f"{queue}/pause").raise_for_status().json()["paused"] is True
    # A worker reads every two seconds which queues are paused.
    time.sleep(3)
    waits, later = place.enqueue("hello", {"name": "Ada"}), place.enqueue("hello", {"name": "Bob"}, delay=1_000)
    time.sleep(2)
    assert place.api.get(f"{JOBS}/{waits['id']}").json()["attempts"] == 0
    begun = admin.request("DELETE", queue, json={"confirm": "hello"})
    assert begun.status_code == 202, begun.text
    assert ended(admin, begun.headers["location"])["done"] == 2
    assert admin.post(f"{queue}/resume").raise_for_status().json()["paused"] is False
    assert [place.ended(job["id"])["status"] for job in (waits, later)] == ["cancelled"] * 2
    assert place.ended(place.enqueue("hello", {"name": "Cleo"})["id"])["status"] == "completed"


def test_a_schedule_goes_on_while_its_queue_is_paused(place: Place, admin: httpx.Client) -> None:
    queue, schedules = f"{JOBS}/queues/hello", f"{JOBS}/schedules"
    admin.post(f"{queue}/pause").raise_for_status()
    # A worker reads every two seconds which queues are paused.
    time.sleep(3)
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    body = {"name": "paused", "type": "hello", "schedule": f"at({due:%Y-%m-%dT%H:%M:%S})", "data": {"name": "Eve"}}
    assert place.api.post(schedules, json=body).status_code == 201
    found = until(
        lambda: place.api.get(f"{schedules}/paused").raise_for_status().json(), lambda found: bool(found["recent"])
    )
    (fate,) = found["recent"]
    assert (fate["outcome"], datetime.fromisoformat(fate["dueAt"])) == ("started", due)
    job = place.api.get(f"{JOBS}/{fate['jobId']}").raise_for_status().json()
    assert (job["status"], job["attempts"]) == ("waiting", 0)
    # Its message, and the tick, which is there when the queue is resumed.
    until(lambda: admin.get(queue).raise_for_status().json(), lambda found: found["waiting"] == 2)
    admin.post(f"{queue}/resume").raise_for_status()
    assert place.ended(job["id"])["status"] == "completed"
    until(lambda: admin.get(queue).raise_for_status().json(), lambda found: found["waiting"] + found["active"] == 0)
    assert place.api.get(f"{schedules}/paused").raise_for_status().json()["recent"] == [fate | {"jobId": job["id"]}]
    jobs = place.api.get(JOBS, params={"limit": 200}).raise_for_status().json()["jobs"]
    assert [one["id"] for one in jobs if one["id"].startswith("paused:")] == [job["id"]]


def test_a_job_is_replayed_discarded_and_deleted(place: Place) -> None:
    made = place.enqueue("hello", {"name": "Dan", "failures": 9}, attempts=1)
    assert place.ended(made["id"])["status"] == "failed"
    answer = place.api.post(f"{JOBS}/{made['id']}/replay", json={"data": {"name": "Dan"}}).raise_for_status()
    replayed = place.ended(answer.json()["id"])
    assert (replayed["status"], replayed["replayOf"]) == ("completed", made["id"])
    assert place.api.post(f"{JOBS}/{made['id']}/discard").raise_for_status().json()["status"] == "cancelled"
    assert place.api.delete(f"{JOBS}/{made['id']}/record").status_code == 200
    assert place.api.get(f"{JOBS}/{made['id']}").status_code == 404
