"""From an HTTP request to a job's end, on the embedded AWS, on MiniStack and on moto: what a user sees is the same."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from queues.settings import read_settings
from tests.emulators.conftest import on_moto_too
from tests.emulators.place import HOUSE, JOBS, PATIENCE, Place

pytestmark = on_moto_too

#: mm³ of examples/bracket.stl in closed form. (docs/jobs/file-analysis.md)
BRACKET_VOLUME = 22_682.326974
FAST = {"type": "fixed", "delay": 0}


def test_a_mesh_is_analysed(place: Place) -> None:
    made = place.enqueue("file-analysis", {"fileUrl": (HOUSE / "examples" / "bracket.stl").as_uri()})
    assert made["status"] in ("waiting", "active")
    job = place.ended(made["id"])
    assert job["status"] == "completed", job["error"]
    assert job["result"]["geometry"]["volume"] == pytest.approx(BRACKET_VOLUME, rel=1e-6)
    assert job["result"]["triangles"] == 6032
    assert [attempt["outcome"] for attempt in job["history"]] == ["completed"]


async def test_its_status_is_in_dynamodb(place: Place, aws: dict[str, Any]) -> None:
    job = place.ended(place.enqueue("hello", {"name": "Ada"}, jobId="greet-ada")["id"])
    key = {"pk": {"S": "job#default#greet-ada"}, "sk": {"S": "job"}}
    item = (await aws["dynamodb"].get_item(TableName="jobyard", Key=key))["Item"]
    assert item["status"] == {"S": "completed"}
    assert json.loads(item["result"]["S"]) == job["result"] == "Hello, Ada!"


async def test_a_failing_job_is_retried_and_buried_with_its_error(place: Place, aws: dict[str, Any]) -> None:
    made = place.enqueue("hello", {"name": "Bob", "failures": 9}, attempts=3, backoff=FAST)
    job = place.ended(made["id"])
    assert job["status"] == "failed"
    assert job["attempts"] == 3
    assert [attempt["outcome"] for attempt in job["history"]] == ["failed"] * 3
    assert job["error"]["type"] == "ConnectionError"
    assert job["error"]["message"] == "Bob did not answer"
    said = [(line["attempt"], line["level"], line["message"]) for line in job["logs"]]
    assert said == [(number, "INFO", f"attempt {number}: greeting Bob") for number in (1, 2, 3)]
    letter = await _dead_letter(aws["sqs"], "hello", job["id"])
    assert letter["deadLetter"]["error"] == job["error"]
    assert letter["deadLetter"]["attempts"] == 3
    assert letter["deadLetter"]["origin"] == "jobyard-hello"
    listed = place.api.get(f"{JOBS}/queues/hello/dead-letters").raise_for_status().json()["jobs"]
    assert job["id"] in [one["id"] for one in listed]


def test_a_delayed_job_is_cancelled_and_never_runs(place: Place) -> None:
    made = place.enqueue("hello", {"name": "Cleo"}, delay=1_000)
    assert made["status"] == "delayed"
    assert place.api.delete(f"{JOBS}/{made['id']}").raise_for_status().json()["status"] == "cancelled"
    # A job that is sent later and with a longer delay: when it has run, the first one's message has been there.
    assert place.ended(place.enqueue("hello", {"name": "Dan"}, delay=2_000)["id"])["status"] == "completed"
    job = place.ended(made["id"])
    assert job["status"] == "cancelled"
    assert job["attempts"] == 0
    assert place.api.delete(f"{JOBS}/{made['id']}").status_code == 200
    assert place.api.post(f"{JOBS}/{made['id']}/retry").status_code == 409


def test_a_failed_job_is_retried_by_hand(place: Place) -> None:
    made = place.enqueue("hello", {"name": "Eve", "failures": 2}, attempts=2, backoff=FAST)
    assert place.ended(made["id"])["status"] == "failed"
    assert place.api.post(f"{JOBS}/{made['id']}/retry").status_code == 202
    job = place.ended(made["id"])
    assert job["status"] == "completed"
    assert job["result"] == "Hello, Eve!"
    assert [attempt["outcome"] for attempt in job["history"]] == ["failed", "failed", "completed"]
    assert job["error"] is None


def test_the_same_id_is_the_same_job(place: Place) -> None:
    first = place.enqueue("hello", {"name": "Fay"}, jobId="fay")
    again = place.api.post(JOBS, json={"type": "hello", "data": {"name": "Gil"}, "options": {"jobId": "fay"}})
    assert again.status_code == 200
    assert again.json()["createdAt"] == first["createdAt"]
    assert place.ended("fay")["result"] == "Hello, Fay!"


def test_a_batch_is_run(place: Place) -> None:
    bodies = [{"type": "hello", "data": {"name": f"number {number}"}} for number in range(60)]
    answer = place.api.post(f"{JOBS}/batch", json=bodies)
    assert answer.status_code == 202, answer.text
    ids = [job["id"] for job in answer.json()["jobs"]]
    assert [place.ended(job_id)["result"] for job_id in ids] == [f"Hello, number {n}!" for n in range(60)]


def test_a_restart_holds_no_job_up(place: Place) -> None:
    # A long poll that is broken off may live on at the other end, and hide what it finds for its visibility timeout.
    place.stop()
    place.start()
    began = time.monotonic()
    ids = [place.enqueue("hello", {"name": "Hal"})["id"] for _ in range(30)]
    assert {place.ended(job_id)["status"] for job_id in ids} == {"completed"}
    # What is hidden so is hidden for a lease.
    assert time.monotonic() - began < read_settings().lease


async def _dead_letter(sqs: Any, name: str, job_id: str) -> dict[str, Any]:
    """The body of a job's one dead letter: it is sent once the row is written, and each sweep hides it for a moment."""
    url = (await sqs.get_queue_url(QueueName=f"jobyard-{name}-dlq"))["QueueUrl"]
    deadline = time.monotonic() + PATIENCE
    while True:
        reply = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=1)
        bodies = {message["MessageId"]: json.loads(message["Body"]) for message in reply.get("Messages", [])}
        if found := [body for body in bodies.values() if body["id"] == job_id]:
            (letter,) = found
            return dict(letter)
        assert time.monotonic() < deadline, f"no dead letter of {job_id} after {PATIENCE:g} s: {bodies}"
