"""`jobyard jobs`, `queues`, `dead-letters` and `operations`, where they change something."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

HELLO = ("enqueue", "hello", "-d")


def fail(jobyard: Command, *names: str) -> None:
    for name in names:
        jobyard(*HELLO, '{"name": "Eve", "failures": 1}', "--attempts", "1", "--job-id", name, "--wait")


def status(jobyard: Command, job_id: str) -> str:
    return str(jobyard("jobs", "show", job_id, "--json").json["status"])


def test_a_running_job_is_asked_to_end(jobyard: Command, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    jobyard("enqueue", "hold", "-d", f'{{"until": "{gate}"}}', "--job-id", "held")
    while status(jobyard, "held") != "active":
        pass
    done = jobyard("jobs", "cancel", "held")
    assert done.code == 0
    assert "held: active" in done.out
    assert "asked to end" in done.err
    # It completes before it hears of that: what it waits for is there.
    gate.touch()
    ended = jobyard("enqueue", "hold", "-d", f'{{"until": "{gate}"}}', "--job-id", "held", "--wait", "--json")
    assert ended.json["status"] in ("completed", "cancelled")
    assert ended.json["cancelRequestedAt"]


def test_a_job_that_waits_is_rescheduled(jobyard: Command) -> None:
    hello = (*HELLO, '{"name": "Ada"}', "--delay", "3600", "--job-id", "later")
    jobyard(*hello)
    too_late = jobyard("jobs", "reschedule", "later", "--at", "2099-01-31T09:00Z")
    assert (too_late.code, "within a year" in too_late.err) == (2, True)
    assert jobyard("jobs", "reschedule", "later").code == 2
    assert jobyard("jobs", "reschedule", "later", "--at", "soon").code == 2
    assert status(jobyard, "later") == "delayed"
    assert jobyard("jobs", "reschedule", "later", "--in", "0", "--json").json["id"] == "later"
    assert jobyard(*hello, "--wait", "--json").json["status"] == "completed"


def test_replay_makes_a_new_job(jobyard: Command) -> None:
    jobyard(*HELLO, '{"name": "Ada"}', "--job-id", "first", "--wait")
    done = jobyard("jobs", "replay", "first", "-d", '{"name": "Bob"}', "--job-id", "second", "--json")
    assert (done.code, done.json["replayOf"]) == (0, "first")
    ended = jobyard(*HELLO, '{"name": "x"}', "--job-id", "second", "--wait", "--json")
    assert ended.json["result"] == "Hello, Bob!"
    assert jobyard("jobs", "replay", "first", "-d", "{").code == 2
    assert "name" in jobyard("jobs", "replay", "first", "-d", "{}").err


def test_delete_and_discard_ask_first(jobyard: Command) -> None:
    fail(jobyard, "unwanted")
    for verb, what in (("discard", "discard job unwanted"), ("delete", "delete the record of job unwanted")):
        done = jobyard("jobs", verb, "unwanted")
        assert (done.code, done.err) == (2, f"jobyard: this would {what}; say --yes if that is meant\n")
    assert jobyard("jobs", "discard", "unwanted", "--yes").out.startswith("hello unwanted: cancelled")
    assert jobyard("jobs", "delete", "unwanted", "-y").err == "deleted hello unwanted, which was cancelled\n"
    assert jobyard("jobs", "show", "unwanted").code == 2
    assert jobyard("jobs", "delete", "unwanted", "-y").code == 2


def test_retry_by_filter_counts_asks_and_watches(jobyard: Command) -> None:
    fail(jobyard, "a1", "a2")
    by_error = ("--type", "hello", "--error", "ConnectionError")
    dry = jobyard("jobs", "retry", *by_error, "--failed-after", "1h", "--dry-run")
    assert (dry.code, dry.out) == (0, "2 jobs\n")
    assert jobyard("jobs", "retry", *by_error, "--failed-before", "1h", "--dry-run", "--json").json["matched"] == 0
    refused = jobyard("jobs", "retry", *by_error)
    assert (refused.code, refused.err) == (2, "jobyard: this would retry 2 jobs; say --yes if that is meant\n")
    done = jobyard("jobs", "retry", *by_error, "--yes")
    assert done.code == 0
    assert "done, 2 jobs" in done.out
    for name in ("a1", "a2"):
        ended = jobyard(*HELLO, '{"name": "x"}', "--job-id", name, "--wait", "--json")
        assert (ended.json["status"], ended.json["attempts"]) == ("completed", 2)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "give the id of one job, or say which"),
        (("some", "--all"), "give the id of one job, or say which"),
        (("--failed-after", "yesterday"), "'yesterday' is no time"),
        (("--failed-after", "2030-01-31T09:00"), "has no time zone"),
    ],
)
def test_what_to_retry_must_be_clear(jobyard: Command, arguments: tuple[str, ...], complaint: str) -> None:
    done = jobyard("jobs", "retry", *arguments)
    assert done.code == 2
    assert complaint in done.err


def test_dead_letters_are_redriven_and_discarded(jobyard: Command) -> None:
    fail(jobyard, "b1")
    assert jobyard("dead-letters", "redrive", "hello", "--dry-run").out == "1 job\n"
    begun = jobyard("dead-letters", "redrive", "hello", "--rate", "5", "--no-wait", "--json").json
    assert begun["action"] == "retry"
    while jobyard("operations", "show", begun["id"], "--json").json["status"] == "running":
        pass
    assert jobyard(*HELLO, '{"name": "x"}', "--job-id", "b1", "--wait", "--json").json["status"] == "completed"
    fail(jobyard, "b2")
    assert jobyard("dead-letters", "discard", "hello").code == 2
    assert "done, 1 job\n" in jobyard("dead-letters", "discard", "hello", "--yes").out
    assert status(jobyard, "b2") == "cancelled"
    assert jobyard("operations", "cancel", begun["id"]).out.endswith("done, 1 job\n")
    assert jobyard("operations", "show", "none").code == 2


def test_a_queue_is_paused_purged_and_resumed(jobyard: Command) -> None:
    assert jobyard("queues", "pause", "refuse").out == "refuse: paused, 0 waiting\n"
    jobyard("enqueue", "refuse", "-d", "{}", "--job-id", "waits")
    (row,) = [line for line in jobyard("queues", "list").out.splitlines() if line.startswith("refuse")]
    assert row.split() == ["refuse", "1", "0", "0", "0", "paused"]
    assert jobyard("queues", "purge", "refuse").code == 2
    wrong = jobyard("queues", "purge", "refuse", "--confirm", "hello")
    assert (wrong.code, wrong.err) == (2, "jobyard: 'hello' is not 'refuse': nothing was changed\n")
    assert status(jobyard, "waits") == "waiting"
    assert "done, 1 job\n" in jobyard("queues", "purge", "refuse", "--confirm", "refuse").out
    assert status(jobyard, "waits") == "cancelled"
    assert jobyard("queues", "resume", "refuse", "--json").json["paused"] is False
    assert "did you mean 'refuse'" in jobyard("queues", "pause", "refus").err


def test_levels_of_priority_are_listed_below_their_type(jobyard: Command) -> None:
    assert jobyard("queues", "pause", "graded").code == 0
    for number, priority in enumerate((1, 100, 100)):
        made = jobyard(
            "enqueue", "graded", "-d", "{}", "--priority", str(priority), "--job-id", f"graded-{number}", "--json"
        )
        assert made.json["maxAttempts"] == {1: 5, 100: 1}[priority]
    lines = jobyard("queues", "list").out.splitlines()
    (first,) = [index for index, line in enumerate(lines) if line.startswith("graded")]
    shown = [line.split()[:2] for line in lines[first : first + 4]]
    assert shown == [["graded", "3"], ["critical", "1"], ["standard", "0"], ["bulk", "2"]]
    done = jobyard("queues", "purge", "graded", "--confirm", "graded")
    assert "done, 3 jobs" in done.out
    assert jobyard("queues", "resume", "graded").code == 0
    ended = jobyard("enqueue", "graded", "-d", "{}", "--priority", "100", "--wait", "--json")
    assert (ended.json["status"], ended.json["result"]) == ("completed", "done")


def test_another_tenants_letters_are_listed_and_redriven_by_an_admin(
    jobyard: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bearing(tenant: str, scope: str) -> None:
        monkeypatch.setenv("JOBYARD_TOKEN", jobyard("token", "--tenant", tenant, "--scope", scope).out.strip())

    bearing("umbrella", "jobs:read jobs:write")
    fail(jobyard, "theirs")
    refused = jobyard("dead-letters", "redrive", "hello", "--tenant", "default", "--dry-run")
    assert (refused.code, "scope 'admin'" in refused.err) == (2, True)
    bearing("ops", "jobs:read jobs:write admin")
    listed = jobyard("dead-letters", "list", "hello", "--tenant", "umbrella", "--json").json["jobs"]
    assert [(job["id"], job["omitted"]) for job in listed] == [("theirs", ["data"])]
    typo = jobyard("dead-letters", "redrive", "hello", "--tenant", "umbrela", "--dry-run")
    assert (typo.code, "did you mean 'umbrella'" in typo.err) == (2, True)
    assert jobyard("jobs", "retry", "--all", "--tenant", "umbrella", "--dry-run").out == "1 job\n"
    counted = jobyard("dead-letters", "redrive", "hello", "--everyone", "--dry-run").out.splitlines()
    assert ["umbrella", "1"] in [line.split() for line in counted]
    asked = jobyard("dead-letters", "discard", "hello", "--tenant", "umbrella").err
    assert "this would discard failed jobs of hello of tenant umbrella; say --yes" in asked
    assert jobyard("jobs", "retry", "theirs", "--tenant", "umbrella").code == 2
    assert jobyard("jobs", "retry", "--all", "--yes", "--tenant", "").code == 2
    assert "done, 1 job\n" in jobyard("dead-letters", "redrive", "hello", "--tenant", "umbrella").out
    (row,) = [line for line in jobyard("operations", "list").out.splitlines() if " umbrella " in line]
    assert row.split()[1:6] == ["retry", "hello", "umbrella", "done", "1"]
    assert [one["tenant"] for one in jobyard("operations", "list", "--limit", "1", "--json").json["operations"]] == [
        "umbrella"
    ]
    bearing("umbrella", "jobs:read jobs:write")
    assert jobyard("operations", "list").err == "no operations\n"
    assert jobyard(*HELLO, '{"name": "x"}', "--job-id", "theirs", "--wait", "--json").json["status"] == "completed"
