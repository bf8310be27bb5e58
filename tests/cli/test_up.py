"""`jobyard up`: what it prints, that it works, and what it keeps between two starts."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from examples.make_bracket import volume
from infra.cli.up import trial
from infra.up import Ready
from tests.cli.house import CHECKOUT, LIMIT, Running, run, up


def test_it_says_where_it_is(house: Running) -> None:
    ready = house.ready
    assert ready["types"] == ["crash", "graded", "hello", "hold", "hold-in-process", "refuse", "troubled"]
    assert ready["pid"] == house.process.pid
    assert Path(ready["tokenFile"]).read_text().strip() == ready["token"]


def test_only_their_owner_reads_the_secret_and_the_token(house: Running) -> None:
    data = Path(house.ready["data"])
    assert [stat.S_IMODE((data / name).stat().st_mode) for name in ("secret", "token")] == [0o600, 0o600]
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_the_line_that_it_prints_analyses_the_bracket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("curl") is None:
        if os.environ.get("CI"):
            pytest.fail("curl is not installed; .ci/run installs it")
        pytest.skip("curl is not installed")
    monkeypatch.chdir(CHECKOUT)
    with up(tmp_path, jobs="functions.catalog") as house:
        ready = house.ready
        line = trial(
            Ready(ready["api"], ready["aws"], ready["token"], ready["tokenFile"], ready["data"], ready["types"], 1)
        )
        answer = subprocess.run(shlex.split(line), capture_output=True, timeout=LIMIT, check=True, cwd=tmp_path)
        accepted = json.loads(answer.stdout)
        assert accepted["status"] in ("waiting", "active")
        done = run(["jobs", "show", accepted["id"], "--json"], house.client())
        waited = run(
            ["enqueue", "file-analysis", "-d", json.dumps(accepted["data"]), "--wait", "--json"], house.client()
        )
        assert done.returncode == waited.returncode == 0
        assert json.loads(waited.stdout)["result"]["geometry"]["volume"] == pytest.approx(volume(), rel=1e-5)


def test_jobs_and_token_survive_a_restart(tmp_path: Path) -> None:
    with up(tmp_path) as first:
        run(["enqueue", "hello", "-d", '{"name": "Ada"}', "--job-id", "kept", "--wait"], first.client())
        token = first.ready["token"]
        first.process.kill()
        first.end()
    with up(tmp_path) as second:
        assert second.ready["token"] == token
        shown = run(["jobs", "show", "kept", "--json"], second.client())
        assert json.loads(shown.stdout)["result"] == "Hello, Ada!"


def test_a_job_that_ran_when_the_server_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    data = json.dumps({"until": str(gate)})
    with up(tmp_path / "data", JOBYARD_LEASE="3", JOBYARD_REAP_EVERY="0.2") as first:
        run(["enqueue", "hold-in-process", "-d", data, "--job-id", "orphan"], first.client())
        wait_until_active(first, "orphan")
        first.process.kill()
        first.end()
    gate.touch()
    with up(tmp_path / "data", JOBYARD_LEASE="3", JOBYARD_REAP_EVERY="0.2") as second:
        ended = run(["enqueue", "hold-in-process", "-d", data, "--job-id", "orphan", "-w", "--json"], second.client())
        job = json.loads(ended.stdout)
        assert (job["status"], [attempt["outcome"] for attempt in job["history"]]) == (
            "completed",
            ["lost", "completed"],
        )


def test_workers_are_shown_without_naming_jobs(house: Running) -> None:
    from infra.cli.client import Client

    workers = Client(house.ready["api"], house.ready["token"]).get("/workers")["workers"]
    assert [row["type"] for row in workers[0]["types"]] == house.ready["types"]


def test_an_address_for_all_the_world_is_warned_of(tmp_path: Path) -> None:
    with up(tmp_path, JOBYARD_HOST="0.0.0.0") as house:
        assert house.ready["api"].startswith("http://127.0.0.1:")
        assert "takes any credentials" in house.next_remark("warning: 0.0.0.0 is reached from other machines")


def wait_until_active(house: Running, job_id: str) -> None:
    """Returns once the job runs."""
    from infra.cli.client import Client, job_path

    client = Client(house.ready["api"], house.ready["token"])
    while client.get(job_path(job_id))["status"] != "active":
        assert house.process.poll() is None
