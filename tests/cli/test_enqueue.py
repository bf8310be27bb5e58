"""`jobyard enqueue`: what it sends, what it prints, and the exit codes that tell how the job ended."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.house import CHECKOUT, JOBYARD, LIMIT, Running, run


def test_without_wait_it_prints_the_id_alone(jobyard: Command) -> None:
    done = jobyard("enqueue", "hello", "--data", '{"name": "Ada"}')
    assert done.code == 0
    assert len(done.out.strip()) == 26
    assert not done.err


def test_a_job_that_completes_after_a_failure_shows_its_attempts_log_and_result(jobyard: Command) -> None:
    done = jobyard("enqueue", "hello", "--data", '{"name": "Ada", "failures": 1}', "--wait")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].endswith(": completed")
    assert lines[1].startswith("  attempt 1 of 3")
    assert lines[1].endswith("failed  ConnectionError: Ada did not answer")
    assert lines[2].endswith("completed")
    said = [line[4:] for line in lines if line.startswith("  | ")]
    assert [re.sub(r"^[\d:.]{12} ", "", line) for line in said] == [
        "#1 INFO  attempt 1: greeting Ada",
        "#2 INFO  attempt 2: greeting Ada",
    ]
    assert lines[-1] == '  result: "Hello, Ada!"'


def test_a_job_that_fails_answers_1(jobyard: Command) -> None:
    done = jobyard("enqueue", "hello", "-d", '{"name": "Ada", "failures": 1}', "--attempts", "1", "--wait")
    assert done.code == 1
    assert "error: ConnectionError: Ada did not answer" in done.out
    assert "has failed" in done.err


def test_a_job_that_kills_its_process_answers_1(jobyard: Command) -> None:
    done = jobyard("enqueue", "crash", "--wait")
    assert done.code == 1
    assert "SIGSEGV" in done.out


def test_a_cancelled_job_answers_3(jobyard: Command) -> None:
    jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--delay", "600", "--job-id", "to-cancel")
    jobyard("jobs", "cancel", "to-cancel")
    done = jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--job-id", "to-cancel", "--wait")
    assert done.code == 3
    assert "was cancelled" in done.err


def test_a_wait_that_is_over_answers_124_and_the_job_goes_on(jobyard: Command) -> None:
    done = jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--delay", "600", "--timeout-wait", "0.2")
    assert done.code == 124
    job_id = done.err.rsplit(" ", 1)[1].strip("`\n")
    assert "goes on" in done.err
    assert jobyard("jobs", "show", job_id, "--json").json["status"] == "delayed"


def test_ctrl_c_while_waiting_leaves_the_job_running(house: Running, jobyard: Command) -> None:
    arguments = ["enqueue", "hello", "-d", '{"name": "Ada"}', "--delay", "600", "--job-id", "left", "--wait"]
    process = subprocess.Popen(
        [*JOBYARD, *arguments], stderr=subprocess.PIPE, text=True, cwd=CHECKOUT, env=house.client()
    )
    while jobyard("jobs", "show", "left").code:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert "job left goes on" in told
    assert "Traceback" not in told


def test_all_options_reach_the_job(jobyard: Command) -> None:
    done = jobyard(
        *("enqueue", "hello", "--data", '{"name": "Ada"}', "--attempts", "7", "--delay", "600", "--timeout", "9.5"),
        *("--job-id", "all-options", "--priority", "3", "--tag", "a", "--tag", "b", "--expires-in", "900", "--json"),
    )
    job = done.json
    assert (job["id"], job["maxAttempts"], job["timeout"]) == ("all-options", 7, 9500)
    assert (job["priority"], job["tags"], job["status"]) == (3, ["a", "b"], "delayed")
    assert job["expiresAt"] > job["runAt"] > job["createdAt"]


def test_a_key_and_a_deadline_reach_the_job(jobyard: Command) -> None:
    unique = ("--unique-key", "k", "--unique-window", "3600", "--unique-mode", "debounce", "--unique-max-wait", "3600")
    first, second = (
        json.loads(jobyard("enqueue", "hello", "-d", data, *unique, "--deadline", "7200", "--json").out)
        for data in ('{"name": "Ada"}', '{"name": "Bob"}')
    )
    assert first["id"] == second["id"]
    assert second["data"]["name"] == "Bob"
    assert second["status"] == "delayed"
    assert second["deadlineAt"] > second["runAt"] == first["runAt"]


def test_the_same_job_id_makes_no_second_job(jobyard: Command) -> None:
    first = jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--job-id", "once", "--json").json
    again = jobyard("enqueue", "hello", "-d", '{"name": "Bob"}', "--job-id", "once", "--json").json
    assert again["createdAt"] == first["createdAt"]
    assert again["data"] == {"name": "Ada"}


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_data_comes_from_a_file_or_from_stdin(jobyard: Command, tmp_path: Path, source: str) -> None:
    path = tmp_path / "data.json"
    path.write_text('{"name": "Zoë"}')
    done = jobyard(
        "enqueue", "hello", "--data", f"@{path}" if source == "file" else "-", "--json", stdin=path.read_text()
    )
    assert done.json["data"] == {"name": "Zoë"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["helo"], "did you mean 'hello'?"),
        (["hello", "-d", '{"name": ""}'], "name: String should have at least 1 character"),
        (["hello", "-d", '{"name": 1, "failures": -1}'], "data.failures: Input should be greater than or equal to 0"),
        (["hello", "-d", "{"], "--data is not JSON"),
        (["hello", "-d", "@/nowhere/at/all.json"], "No such file"),
        (["hello", "-d", '{"name": "Ada"}', "--attempts", "0"], "options.attempts"),
        (["hello", "-d", '{"name": "Ada"}', "--job-id", "a b"], "options.jobId"),
        (["hello", "--no-such-option"], "No such option"),
        ([], "Missing argument"),
    ],
)
def test_what_is_refused_answers_2_and_says_why(jobyard: Command, arguments: list[str], told: str) -> None:
    done = jobyard("enqueue", *arguments)
    assert done.code == 2
    assert told in " ".join(done.err.replace("│", " ").split())
    assert not done.out


def test_a_body_over_the_limit_is_refused(jobyard: Command, tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text('{"name": "' + "x" * 1_100_000 + '"}')
    done = jobyard("enqueue", "hello", "--data", f"@{path}")
    assert done.code == 2
    assert len(done.err) < 1000


def test_a_wrong_token_answers_2_and_is_not_printed(jobyard: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_TOKEN", "sesame")
    done = jobyard("enqueue", "hello", "-d", '{"name": "Ada"}')
    assert done.code == 2
    assert "JOBYARD_TOKEN" in done.err
    assert "sesame" not in done.err


def test_no_server_answers_4(jobyard: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    # Port 1 is reserved and nothing listens there.
    monkeypatch.setenv("JOBYARD_URL", "http://127.0.0.1:1")
    done = jobyard("enqueue", "hello", "-d", '{"name": "Ada"}')
    assert done.code == 4
    assert done.err.startswith("jobyard: no answer from http://127.0.0.1:1: connection refused; start it with")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://"])
def test_a_url_that_is_none_is_refused(jobyard: Command, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("JOBYARD_URL", url)
    done = jobyard("jobs", "list")
    assert done.code == 2
    assert "JOBYARD_URL" in done.err


def test_a_proxy_of_the_environment_is_not_used_for_loopback(house: Running) -> None:
    client = house.client() | {"http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    assert run(["jobs", "list"], client).returncode == 0


def test_what_a_job_prints_cannot_reach_the_terminal(jobyard: Command) -> None:
    done = jobyard("enqueue", "refuse", "--wait")
    assert done.code == 1
    assert "not today" in done.out
    assert "\x1b" not in done.out + done.err


def test_at_a_terminal_a_bar_shows_progress_and_note(house: Running, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    arguments = ["enqueue", "hold", "-d", json.dumps({"until": str(gate)}), "--wait"]
    terminal, its_end = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [*JOBYARD, *arguments], stdout=subprocess.PIPE, stderr=its_end, text=True, cwd=CHECKOUT, env=house.client()
        )
        os.close(its_end)
        seen = b""
        while b"active, holding" not in seen:
            seen += screen.read(4096)
        gate.touch()
        # At its end a terminal answers with an error instead of with nothing.
        with contextlib.suppress(OSError):
            while screen.read(4096):
                pass
    assert b" 50%" in seen
    out, _ = process.communicate(timeout=LIMIT)
    assert (process.returncode, out.splitlines()[-1]) == (0, "  result: 1")


def test_a_server_without_tasks_says_how_to_have_them(jobyard: Command) -> None:
    done = jobyard("run", "shop.reports:monthly")
    assert done.code == 2
    assert "no job type 'task'" in done.err
    assert "functions.task" in done.err
