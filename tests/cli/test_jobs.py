"""`jobyard jobs`, `queues` and `dead-letters`: looking, cancelling, retrying."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def made() -> set[str]:
    """The names of the jobs that this module has made."""
    return set()


@pytest.fixture
def failed(jobyard: Command, made: set[str]) -> str:
    """The id of a job that has failed."""
    if "failed" not in made:
        made.add("failed")
        jobyard("enqueue", "hello", "-d", '{"name": "Eve", "failures": 9}', "--attempts", "1", "--job-id", "dead", "-w")
    return "dead"


def test_list_shows_jobs_and_filters_them(jobyard: Command, failed: str) -> None:
    jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--job-id", "good", "--wait")
    rows = jobyard("jobs", "list").out.splitlines()
    assert rows[0].split() == ["ID", "TYPE", "STATUS", "ATTEMPTS", "CREATED", "FINISHED", "ERROR"]
    assert {row.split()[0] for row in rows[1:]} >= {"dead", "good"}
    only = jobyard("jobs", "list", "--status", "failed", "--type", "hello").out.splitlines()[1:]
    assert [row.split()[:4] for row in only] == [["dead", "hello", "failed", "1/1"]]
    assert "ConnectionError: Eve did not answer" in only[0]


def test_list_goes_on_with_a_cursor(jobyard: Command, failed: str) -> None:
    for number in range(3):
        jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--delay", "600", "--job-id", f"page-{number}")
    first = jobyard("jobs", "list", "--limit", "2", "--status", "delayed")
    assert first.code == 0
    cursor = first.err.split("--cursor ")[1].strip()
    second = jobyard("jobs", "list", "--limit", "2", "--status", "delayed", "--cursor", cursor)
    shown = [row.split()[0] for page in (first, second) for row in page.out.splitlines()[1:]]
    assert sorted(shown) == ["page-0", "page-1", "page-2"]


def test_a_list_without_jobs_says_so(jobyard: Command) -> None:
    done = jobyard("jobs", "list", "--type", "crash")
    assert (done.code, done.out, done.err) == (0, "", "no jobs\n")


def test_a_status_or_type_that_does_not_exist_is_refused(jobyard: Command) -> None:
    assert "status" in jobyard("jobs", "list", "--status", "lost").err
    done = jobyard("jobs", "list", "--type", "helo")
    assert done.code == 2
    assert "hello" in done.err


def test_show_has_the_traceback(jobyard: Command, failed: str) -> None:
    done = jobyard("jobs", "show", failed)
    assert done.code == 0
    assert 'raise ConnectionError(f"{data.name} did not answer")' in done.out
    assert jobyard("jobs", "show", failed, "--json").json["error"]["type"] == "ConnectionError"


def test_show_has_the_log_lines_that_are_grave_enough(jobyard: Command) -> None:
    jobyard("enqueue", "troubled", "-d", '"printer"', "--job-id", "told", "--wait")
    said = [line for line in jobyard("jobs", "show", "told").out.splitlines() if line.startswith("  | ")]
    assert [line[17:] for line in said] == [
        "INFO     looking for the printer",
        'WARNING  shop: it is slow  ms=990  where={"room": 3}',
        "INFO     stderr: no paper",
        "ERROR    gave up",
    ]
    shown = jobyard("jobs", "show", "told", "--level", "warning")
    assert [line.split()[2] for line in shown.out.splitlines() if line.startswith("  | ")] == ["WARNING", "ERROR"]
    logs = jobyard("jobs", "show", "told", "--level", "ERROR", "--json").json["logs"]
    assert [(line["level"], line["message"], line["attempt"]) for line in logs] == [("ERROR", "gave up", 1)]
    refused = jobyard("jobs", "show", "told", "--level", "loud")
    assert (refused.code, refused.err) == (
        2,
        "jobyard: 'loud' is no level; give one of DEBUG, INFO, WARNING, ERROR, CRITICAL\n",
    )


def test_watch_tells_a_life_and_its_end(jobyard: Command, failed: str) -> None:
    done = jobyard("jobs", "watch", failed)
    assert (done.code, done.err) == (1, "jobyard: job dead has failed\n")
    lines = [line.split()[1:4] for line in done.out.splitlines()]
    assert lines == [["hello", "dead", word] for word in ("enqueued", "started", "failed")]
    jobyard("enqueue", "hello", "-d", '{"name": "Ada", "failures": 1}', "--job-id", "watched")
    done = jobyard("jobs", "watch", "watched", "--json")
    told = [json.loads(line)["id"] for line in done.out.splitlines()]
    assert (done.code, told) == (0, ["0.enqueued", "1.started", "1.retrying", "2.started", "2.completed"])
    jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--delay", "600", "--job-id", "put-off")
    jobyard("jobs", "cancel", "put-off")
    assert jobyard("jobs", "watch", "put-off").code == 3
    assert jobyard("jobs", "watch", "nobody").code == 2
    assert "not both" in jobyard("jobs", "watch", "dead", "--type", "hello").err


def test_show_cancel_and_retry_of_no_job_answer_2(jobyard: Command) -> None:
    for verb in ("show", "cancel", "retry"):
        done = jobyard("jobs", verb, "nobody")
        assert (done.code, done.err[:29]) == (2, "jobyard: no job 'nobody' here")


def test_cancel_a_job_that_waits(jobyard: Command) -> None:
    jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--delay", "600", "--job-id", "waits")
    assert jobyard("jobs", "cancel", "waits").out == "hello waits: cancelled\n"
    assert jobyard("jobs", "retry", "waits").code == 2


def test_retry_runs_a_failed_job_again(jobyard: Command) -> None:
    jobyard("enqueue", "hello", "-d", '{"name": "Ida", "failures": 2}', "--attempts", "1", "--job-id", "again", "-w")
    done = jobyard("jobs", "retry", "again", "--json")
    assert done.code == 0
    assert done.json["status"] in ("waiting", "active")
    ended = jobyard("enqueue", "hello", "-d", '{"name": "Ida"}', "--job-id", "again", "--wait", "--json")
    assert (ended.code, ended.json["status"], ended.json["attempts"]) == (0, "completed", 3)


def test_queues_list_counts(jobyard: Command, failed: str) -> None:
    lines = jobyard("queues", "list").out.splitlines()
    assert lines[0].split() == ["QUEUE", "WAITING", "ACTIVE", "DELAYED", "DEAD", "LETTERS", "PAUSED"]
    assert [line.split()[0] for line in lines[1:]] == [
        "crash",
        "graded",
        "critical",
        "standard",
        "bulk",
        "hello",
        "hold",
        "hold-in-process",
        "refuse",
        "troubled",
    ]
    counts = {queue["name"]: queue for queue in jobyard("queues", "list", "--json").json}
    assert counts["hello"]["deadLetters"] >= 1


def test_dead_letters_are_listed_and_shown(jobyard: Command, failed: str) -> None:
    assert "dead" in [row.split()[0] for row in jobyard("dead-letters", "list", "hello").out.splitlines()]
    shown = jobyard("dead-letters", "show", failed)
    assert "Traceback" in shown.out
    jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--job-id", "alive", "--wait")
    done = jobyard("dead-letters", "show", "alive")
    assert (done.code, done.err) == (1, "jobyard: job alive is no dead letter: it is completed\n")
    assert "did you mean 'hello'" in jobyard("dead-letters", "list", "helo").err
