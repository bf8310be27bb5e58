"""`jobyard deploy-local` and `remove-local`: what they refuse, and what is there to remove when nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.house import CHECKOUT


def test_there_is_nothing_to_remove_at_first(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JOBYARD_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("LOCALSTACK_AUTH_TOKEN", raising=False)
    done = command("remove-local")
    assert (done.code, done.err) == (0, "there was nothing to remove\n")
    assert command("remove-local", "--json").json == {"stack": False, "stopped": []}


def test_an_emulator_that_there_is_not_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    monkeypatch.delenv("JOBYARD_JOBS", raising=False)
    done = command("deploy-local", "--emulator", "moto")
    assert done.code == 2
    assert "there are ministack and localstack" in done.err


def test_it_is_called_in_the_projects_folder(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    done = command("deploy-local")
    assert done.code == 1
    assert "there is no serverless.yml here; call this in the project's folder" in done.err


def test_what_is_rendered_must_be_what_the_job_types_say(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "serverless.yml").touch()
    monkeypatch.chdir(tmp_path)
    done = command("deploy-local")
    assert done.code == 1
    assert "not as the job types say; run `jobyard render`" in done.err
