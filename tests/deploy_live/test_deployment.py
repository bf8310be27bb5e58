"""serverless.yml, deployed by osls to MiniStack: its API, its functions, its schedules, its second time and its end.

The tests are in the order of a deployment's life, and the last one ends it.
"""

from __future__ import annotations

import time
from datetime import datetime
from itertools import pairwise
from typing import Any

import orjson
import pytest

from infra.deploy.local_stack.stack import NAME
from tests.cli.house import CHECKOUT
from tests.deploy_live.conftest import JOB_PATIENCE, House
from tests.deploy_live.functions import kill
from tests.deploy_live.inventory import inventory, names

BRACKET = CHECKOUT / "examples" / "bracket.stl"
#: Of the bracket, in cubic millimetres; docs/file-analysis.md says where the figure comes from.
VOLUME = 22682.326974
BUCKET = "meshes"
URL = f"s3://{BUCKET}/bracket.stl"
#: Seconds of the waits of `hello` after its first and its second attempt, and the share by which jitter shortens them.
WAITS, JITTER = (1.0, 2.0), 0.1


@pytest.fixture(scope="module")
def bracket(house: House) -> str:
    """The URL of a mesh in the emulator's S3."""
    s3 = house.stack.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="bracket.stl", Body=BRACKET.read_bytes())
    return URL


@pytest.fixture(scope="module")
def killed(house: House, bracket: str) -> str:
    """The id of a job whose function was killed while it ran, on its only attempt."""
    job_id = house.enqueue("file-analysis", {"fileUrl": bracket}, attempts=1)
    house.reached(job_id, "active")
    assert kill(f"{NAME}-file-analysis") == 1
    assert house.job(job_id)["status"] == "active"
    return job_id


def test_a_job_sent_to_the_api_is_done_by_its_function(house: House, killed: str, bracket: str) -> None:
    job = house.reached(house.enqueue("file-analysis", {"fileUrl": bracket}), "completed")
    assert job["result"]["geometry"]["volume"] == pytest.approx(VOLUME, rel=1e-8)
    assert job["attempts"] == 1


def test_a_failing_job_is_retried_with_backoff_and_found_among_the_dead_letters(house: House) -> None:
    job_id = house.enqueue("hello", {"name": "Ada", "failures": 9}, attempts=3)
    job = house.reached(job_id, "failed")
    assert [attempt["outcome"] for attempt in job["history"]] == ["failed"] * 3
    gaps = [moment(then["startedAt"]) - moment(first["finishedAt"]) for first, then in pairwise(job["history"])]
    for gap, wait in zip(gaps, WAITS, strict=True):
        assert gap.total_seconds() >= wait * (1 - JITTER)
    assert "Ada did not answer" in orjson.dumps(letter_of(house, "HelloDeadLettersUrl", job_id)).decode()


def test_the_reaper_closes_a_job_whose_function_was_killed(house: House, killed: str) -> None:
    job = house.reached(killed, "failed")
    (attempt,) = job["history"]
    assert attempt["outcome"] == "lost"
    # Nobody has called the reaper but its schedule.
    assert f"{NAME}-reaper" in house.log()


def test_a_second_deployment_changes_nothing(house: House) -> None:
    before = inventory(house.stack)
    told = house.told
    again = house.deploy()
    assert again["changed"] is False
    assert {name: value for name, value in again.items() if name not in ("token", "changed")} == {
        name: value for name, value in told.items() if name not in ("token", "changed")
    }
    assert inventory(house.stack) == before


def test_removing_leaves_nothing_behind(house: House, bracket: str) -> None:
    s3 = house.stack.client("s3")
    s3.delete_object(Bucket=BUCKET, Key="bracket.stl")
    s3.delete_bucket(Bucket=BUCKET)
    assert {"stacks", "queues", "tables", "functions", "schedules", "alarms", "buckets"} <= names(
        inventory(house.stack)
    ).keys()
    assert house.remove("--keep-emulator") == {"stack": True, "stopped": []}
    assert names(inventory(house.stack)) == names(house.before) == {}
    assert house.remove() == {"stack": False, "stopped": ["MiniStack"]}
    assert house.remove() == {"stack": False, "stopped": []}


def letter_of(house: House, output: str, job_id: str) -> dict[str, Any]:
    """The one dead letter of a job, left where it is; the dead-letter consumer may have hidden it for a minute."""
    sqs, url = house.stack.client("sqs"), house.told["outputs"][output]
    deadline = time.monotonic() + JOB_PATIENCE
    while time.monotonic() < deadline:
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            WaitTimeSeconds=5,
            MessageAttributeNames=["All"],
        )
        found: list[dict[str, Any]] = [one for one in answer.get("Messages", ()) if job_id in one["Body"]]
        if found:
            assert len(found) == 1
            return found[0]
    raise AssertionError(f"no dead letter of {job_id} after {JOB_PATIENCE:g} s")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
