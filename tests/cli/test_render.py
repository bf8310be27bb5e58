"""`jobyard render`: writes what has changed, says what it wrote, and checks without writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.deploy.rendering import FILES
from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def _own_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_JOBS", "functions.catalog")


def test_it_writes_all_files_and_then_none(tmp_path: Path, command: Command) -> None:
    folder = tmp_path / "made" / "here"
    first = command("render", "--out", str(folder), "--json")
    assert first.json == {"folder": str(folder), "files": list(FILES), "written": list(FILES)}
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert command("render", "--out", str(folder), "--json").json["written"] == []
    assert "11 files, all as they should be" in command("render", "--out", str(folder)).err


def test_check_names_what_is_not_as_it_should_be_and_changes_nothing(tmp_path: Path, command: Command) -> None:
    command("render", "--out", str(tmp_path))
    assert command("render", "--check", "--out", str(tmp_path)).code == 0
    (tmp_path / "queues.yml").write_text("by hand")
    (tmp_path / "table.yml").unlink()
    done = command("render", "--check", "--out", str(tmp_path))
    assert done.code == 1
    assert f"queues.yml, table.yml in {tmp_path} are not what the job types say; run `jobyard render`" in done.err
    assert (tmp_path / "queues.yml").read_text() == "by hand"
    assert not (tmp_path / "table.yml").exists()


def test_jobs_without_an_entry_point_are_refused(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBYARD_JOBS", "tests.cli.jobs_to_run")
    done = command("render", "--out", str(tmp_path / "none"))
    assert done.code != 0
    assert "has no name for its Lambda entry point" in done.err
    assert not (tmp_path / "none").exists()
