"""Settings are read from the environment, checked against each other, and complained about by their variable's name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from queues.errors import Misconfigured
from queues.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("JOBYARD_", "AWS_"))]:
        monkeypatch.delenv(name)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_DATA", "/var/lib/jobyard")
    monkeypatch.setenv("JOBYARD_JOBS", "shop.jobs, shop.letters,")
    monkeypatch.setenv("JOBYARD_AWS_PORT", "4567")
    monkeypatch.setenv("JOBYARD_SECRET", "s" * 32)
    settings = read_settings()
    assert settings.data == Path("/var/lib/jobyard")
    assert settings.jobs == ("shop.jobs", "shop.letters")
    assert settings.aws_port == 4567
    assert settings.secret is not None
    assert "sss" not in repr(settings)


@pytest.mark.parametrize("text", ["{old} {older}", "{old},{older}", " {old} ,\n{older} "])
def test_previous_secrets_are_separated_by_spaces_or_commas_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    assert read_settings().previous_secrets == ()
    old, older = "o" * 32, "p" * 40
    monkeypatch.setenv("JOBYARD_SECRET_PREVIOUS", text.format(old=old, older=older))
    settings = read_settings()
    assert settings.previous_secrets == (old, older)
    assert "ooo" not in repr(settings)
    assert "ooo" not in str(settings)
    assert "ooo" not in settings.model_dump_json()


def test_a_secret_is_not_in_the_complaint_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_SECRET_PREVIOUS", f"{'o' * 32} sesame")
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert "ooo" not in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_what_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_LEASE", "60")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    assert read_settings().lease == 60
    assert read_settings(lease=30).lease == 30
    assert read_settings(aws_endpoint_url=None).aws_endpoint_url is None


def test_the_region_is_aws_own_variable_the_newer_one_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().region == "us-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert Settings().region == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert Settings().region == "eu-central-1"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("JOBYARD_PORT", "http", "JOBYARD_PORT: Input should be a valid integer"),
        ("JOBYARD_LEASE", "1", "JOBYARD_LEASE: Input should be greater than or equal to 3"),
        ("JOBYARD_PREFIX", "Job Yard", "JOBYARD_PREFIX: String should match pattern"),
        ("JOBYARD_PORT", "4566", "port and aws_port are both 4566; give two different ones"),
        ("JOBYARD_SECRET", "short", "secret is shorter than 32 characters"),
        ("JOBYARD_SCHEDULER_PRECISION", "hour", "PRECISION: Input should be 'millisecond' or 'minute'"),
        ("JOBYARD_SECRET_PREVIOUS", f"{'o' * 32} short", "secret_previous holds a secret that is shorter than 32"),
        ("JOBYARD_SECRET_PREVIOUS", " ".join(["o" * 32] * 5), "secret_previous holds 5 secrets, more than 4"),
        ("JOBYARD_JOBS", " , ", "jobs is empty; name at least one module"),
    ],
)
def test_what_is_wrong_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert words in str(caught.value)


def test_settings_are_fixed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]
