"""`jobyard invoke`: a handler run once on an event, as in a unit test, without a server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done
from tests.cli.house import environment, run

ENVELOPE = json.dumps({"v": 1, "id": "01ABC", "tenant": "default", "type": "hello"})


def invoke(tmp_path: Path, type_name: str, event: Any, *options: str) -> Done:
    """In a process of its own, since the command takes over the standard streams."""
    path = tmp_path / "event.json"
    path.write_text(event if isinstance(event, str) else json.dumps(event))
    env = environment(JOBYARD_JOBS="tests.cli.jobs_to_run", JOBYARD_DATA=tmp_path / "data")
    done = run(["invoke", type_name, "--event", str(path), *options], env)
    assert not (tmp_path / "data").exists()
    return Done(done.returncode, done.stdout, done.stderr)


def test_plain_data_is_one_job(tmp_path: Path) -> None:
    done = invoke(tmp_path, "hello", {"name": "Ada"})
    assert done.code == 0
    assert re.search(r"^  \| [\d:.]{12} INFO  attempt 1: greeting Ada$", done.out, re.MULTILINE)
    assert '  result: "Hello, Ada!"' in done.out


def test_an_sqs_event_is_a_job_for_each_record(tmp_path: Path) -> None:
    bodies = [json.dumps({"name": "Ada"}), json.dumps({"type": "hello", "data": {"name": "Bob"}})]
    event = {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}
    answer = invoke(tmp_path, "hello", event, "--json").json
    assert answer["response"] == {"batchItemFailures": []}
    assert [job["result"] for job in answer["jobs"]] == ["Hello, Ada!", "Hello, Bob!"]


def test_a_failure_answers_1_with_the_traceback(tmp_path: Path) -> None:
    done = invoke(tmp_path, "hello", {"name": "Ada", "failures": 1})
    assert done.code == 1
    assert "attempt 1 of 1" in done.out
    assert "Traceback" in done.out


def test_a_function_that_crashes_its_process_answers_1(tmp_path: Path) -> None:
    done = invoke(tmp_path, "crash", {})
    assert done.code == 1
    assert "SIGSEGV" in done.out


@pytest.mark.parametrize(
    ("type_name", "event", "code", "told"),
    [
        ("helo", {"name": "Ada"}, 2, "did you mean 'hello'?"),
        ("hello", {"name": ""}, 2, "name: String should have at least 1 character"),
        ("hello", "{", 2, "--event is not JSON"),
        ("hello", {"Records": []}, 1, "Records must be a list of SQS records"),
        ("hello", {"Records": [{"body": "{"}]}, 1, "a record's body is not JSON"),
        ("hello", {"Records": [{"body": ENVELOPE}]}, 1, "the message only names job '01ABC'"),
        ("hello", {"Records": [{"body": '{"type": "hold", "data": {}}'}]}, 1, "a record is for 'hold'"),
    ],
)
def test_what_cannot_be_invoked_is_one_sentence(
    tmp_path: Path, type_name: str, event: Any, code: int, told: str
) -> None:
    done = invoke(tmp_path, type_name, event)
    assert done.code == code
    assert told in done.err
    assert done.err.count("\n") == 1
    assert not done.out
