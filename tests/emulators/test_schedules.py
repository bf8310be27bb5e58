"""Schedules on the embedded AWS and on MiniStack: made, fired, run, paused, deleted through the HTTP API."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.emulators.place import JOBS, PATIENCE, Place

SCHEDULES = f"{JOBS}/schedules"


def create(place: Place, name: str, expression: str, **said: Any) -> dict[str, Any]:
    body = {"name": name, "type": "hello", "schedule": expression, "data": {"name": "Ada"}} | said
    answer = place.api.post(SCHEDULES, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_due_time_is_one_job(place: Place) -> None:
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    create(place, "soon", f"at({due:%Y-%m-%dT%H:%M:%S})")
    deadline = time.monotonic() + PATIENCE
    while not (found := place.api.get(f"{SCHEDULES}/soon").raise_for_status().json())["recent"]:
        assert time.monotonic() < deadline, f"it has not fired: {found}\n{place.log.read_text()[-2000:]}"
        time.sleep(0.1)
    (fate,) = found["recent"]
    assert fate["outcome"] == "started"
    assert timedelta(0) <= datetime.fromisoformat(fate["dueAt"]) - due < timedelta(seconds=30)
    job = place.ended(fate["jobId"])
    assert (job["status"], job["result"], job["attempts"]) == ("completed", "Hello, Ada!", 1)
    assert place.api.get(f"{SCHEDULES}/soon").json()["lastRun"]["status"] == "completed"


def test_run_now(place: Place) -> None:
    create(place, "yearly", "0 9 1 1 *", timezone="Europe/Berlin", overlap="skip", jitter=60_000)
    made = place.api.post(f"{SCHEDULES}/yearly/run")
    assert made.status_code == 202, made.text
    assert place.ended(made.json()["id"])["result"] == "Hello, Ada!"
    assert place.api.get(f"{SCHEDULES}/yearly").json()["lastRun"]["jobId"] == made.json()["id"]


def test_change_pause_resume_and_delete(place: Place) -> None:
    create(place, "changing", "0 9 1 1 *")
    body = {"type": "hello", "schedule": "0 10 1 1 *", "data": {"name": "Bob"}}
    assert place.api.put(f"{SCHEDULES}/changing", json=body).raise_for_status().json()["schedule"] == "0 10 1 1 *"
    assert place.api.post(f"{SCHEDULES}/changing/pause").raise_for_status().json()["status"] == "paused"
    assert place.api.post(f"{SCHEDULES}/changing/resume").raise_for_status().json()["status"] == "active"
    assert "changing" in [one["name"] for one in place.api.get(SCHEDULES).json()["schedules"]]
    assert place.api.delete(f"{SCHEDULES}/changing").raise_for_status().json()["deleted"] is True
    assert place.api.get(f"{SCHEDULES}/changing").status_code == 404
    create(place, "changing", "0 9 1 1 *")
