"""Ctrl-C and SIGTERM: running jobs finish, a second signal does not wait, nothing is lost and nothing burnt."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.cli.house import run, up
from tests.cli.test_up import wait_until_active

KINDS = ["hold", "hold-in-process"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_idle_house_stops_at_once(tmp_path: Path, number: signal.Signals) -> None:
    with up(tmp_path) as house:
        house.signal(number)
        assert house.end() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_running_job_may_finish(tmp_path: Path, kind: str) -> None:
    gate = tmp_path / "gate"
    with up(tmp_path / "data", JOBYARD_GRACE="60") as house:
        run(["enqueue", kind, "-d", json.dumps({"until": str(gate)}), "--job-id", "held"], house.client())
        wait_until_active(house, "held")
        house.signal(signal.SIGTERM)
        assert house.next_remark("stopping") == (
            "stopping: 1 job is running and may take 60 s to finish; Ctrl-C again stops at once"
        )
        gate.touch()
        assert house.end() == 0
    with up(tmp_path / "data") as house:
        job = json.loads(run(["jobs", "show", "held", "--json"], house.client()).stdout)
        assert (job["status"], job["attempts"], job["result"]) == ("completed", 1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_signal_hands_the_job_back(tmp_path: Path, kind: str) -> None:
    gate = tmp_path / "gate"
    data = json.dumps({"until": str(gate)})
    with up(tmp_path / "data", JOBYARD_GRACE="600") as house:
        run(["enqueue", kind, "-d", data, "--attempts", "1", "--job-id", "held"], house.client())
        wait_until_active(house, "held")
        house.signal(signal.SIGINT)
        house.next_remark("stopping")
        house.signal(signal.SIGINT)
        assert house.end() == 0
    gate.touch()
    with up(tmp_path / "data") as house:
        # Its only attempt was not burnt by our stopping.
        job = json.loads(run(["enqueue", kind, "-d", data, "--job-id", "held", "-w", "--json"], house.client()).stdout)
        outcomes = [attempt["outcome"] for attempt in job["history"]]
        assert (job["status"], outcomes) == ("completed", ["interrupted", "completed"])


def test_a_grace_of_nothing_does_not_wait(tmp_path: Path) -> None:
    with up(tmp_path / "data", JOBYARD_GRACE="0") as house:
        data = json.dumps({"until": str(tmp_path / "never")})
        run(["enqueue", "hold", "-d", data, "--job-id", "held"], house.client())
        wait_until_active(house, "held")
        house.signal(signal.SIGTERM)
        assert house.end() == 0
