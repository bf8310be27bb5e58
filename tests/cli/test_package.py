"""`jobyard package`: what it prints, and what it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.deploy.packaging import budget
from tests.cli.conftest import Command, Done
from tests.cli.house import CHECKOUT
from tests.clients.installing import missing

#: The quickest that there is.
QUICK = ("package", "jobs", "--local", "--no-bytecode")


@pytest.fixture
def package(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Builds into a folder of the test; skips where the wheels cannot be had."""
    monkeypatch.chdir(CHECKOUT)
    monkeypatch.delenv("JOBYARD_JOBS", raising=False)

    def call(*arguments: str) -> Done:
        done = command(*arguments, "--out", str(tmp_path))
        if "pip could not fetch wheels" in done.err:
            missing(done.err.strip())
        return done

    return call


def test_a_table_tells_the_sizes(package: Command, tmp_path: Path) -> None:
    done = package(*QUICK)
    assert done.code == 0, done.err
    heading, row = done.out.splitlines()
    assert heading.split() == ["ARTIFACT", "ZIPPED", "UNZIPPED", "PACKAGES", "SHA-256", "FUNCTIONS"]
    assert row.startswith(f"{tmp_path}/jobs.zip ")
    assert row.endswith("  reaper, dead-letters, cleaner, hello")
    assert (tmp_path / "jobs.zip").is_file()


def test_json_tells_all(package: Command, tmp_path: Path) -> None:
    (row,) = package(*QUICK, "--json").json["artifacts"]
    assert row["path"] == str(tmp_path / "jobs.zip")
    assert row["zipped"] == (tmp_path / "jobs.zip").stat().st_size
    assert row["functions"] == ["reaper", "dead-letters", "cleaner", "hello"]
    assert row["packages"]["aiobotocore"]
    assert row["fault"] is None


def test_what_is_too_large_fails_with_the_cure(package: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "CORE_ZIPPED", 1000)
    done = package(*QUICK)
    assert done.code == 1
    assert "jobs.zip: " in done.err
    assert "bytes zipped, over our 1,000: move what single job types need" in done.err
    # It is told all the same.
    assert "jobs.zip" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--arch", "aarch64"), "Lambda has arm64 and x86_64"),
        (("--python", "3.11"), "give one of 3.12, 3.13, 3.14, which Lambda runs"),
        (("--local", "--arch", "arm64"), "leave --arch and --python out"),
        (("--cold-start",), "only what is built for this machine can be measured; add --local"),
        (("job",), "there are api, jobs, jobs-mesh"),
    ],
)
def test_what_cannot_be_built_is_refused(package: Command, arguments: tuple[str, ...], words: str) -> None:
    done = package("package", *arguments)
    assert done.code == 2
    assert words in done.err


def test_it_is_called_in_the_projects_folder(package: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = package(*QUICK)
    assert (done.code, done.out) == (1, "")
    assert "there is no pyproject.toml; call this in the project's folder" in done.err
