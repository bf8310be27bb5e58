"""`jobyard token` and `jobyard reset`."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest

from infra.local.engine import Engine
from infra.up import DATABASE
from tests.cli.conftest import Command
from tests.cli.house import Running


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JOBYARD_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("JOBYARD_SECRET", raising=False)
    return tmp_path / "data"


def test_a_token_says_what_was_asked_for(data: Path, command: Command) -> None:
    done = command("token", "--tenant", "acme", "--scope", "jobs:read", "--subject", "cron", "--days", "1")
    secret = (data / "secret").read_text().strip()
    claims = jwt.decode(done.out.strip(), secret, algorithms=["HS256"])
    assert (claims["tenant"], claims["scope"], claims["sub"]) == ("acme", "jobs:read", "cron")
    assert claims["exp"] - claims["iat"] == 86_400
    assert (data / "secret").stat().st_mode & 0o777 == 0o600


def test_the_secret_of_the_environment_signs(data: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_SECRET", "s" * 32)
    answer = command("token", "--json").json
    assert jwt.decode(answer["token"], "s" * 32, algorithms=["HS256"])["tenant"] == answer["tenant"] == "default"
    assert not data.exists()


def test_a_tenant_that_cannot_be_is_refused(data: Path, command: Command) -> None:
    done = command("token", "--tenant", "a#b")
    assert (done.code, done.err[:26]) == (2, "jobyard: tenant='a#b' is n")


def test_tenants_are_apart(house: Running, jobyard: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    jobyard("enqueue", "hello", "-d", '{"name": "Ada"}', "--job-id", "mine", "--wait")
    monkeypatch.setenv("JOBYARD_TOKEN", jobyard("token", "--tenant", "other").out.strip())
    assert jobyard("jobs", "show", "mine").code == 2
    assert jobyard("jobs", "list").err == "no jobs\n"


def test_reset_refuses_while_it_runs(house: Running, jobyard: Command) -> None:
    done = jobyard("reset", "--yes")
    assert done.code == 1
    assert f"in use by another process (pid {house.ready['pid']})" in done.err


async def test_reset_deletes_jobs_and_artifacts_and_keeps_the_secret(data: Path, command: Command) -> None:
    command("token")
    await Engine(data / DATABASE).close()
    (data / "artifacts").mkdir()
    asked = command("reset")
    assert asked.code == 2
    assert "--yes" in asked.err
    assert (data / DATABASE).exists()
    removed = command("reset", "--yes", "--json").json["removed"]
    assert removed == [str(data / DATABASE), str(data / "artifacts")]
    assert (data / "secret").exists()


def test_reset_of_nothing(data: Path, command: Command) -> None:
    done = command("reset", "--yes")
    assert (done.code, done.err) == (0, f"{data} holds no jobs\n")
