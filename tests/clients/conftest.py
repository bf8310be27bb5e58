"""One `jobyard up` for all clients, and the environment that docs/aws-clients.md tells its readers to set."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from tests.clients.installing import PROGRAMS, SCRIPTS, install_packages, install_programs
from tests.emulators.place import Place

REGION = "us-east-1"


def environment(endpoint: str, secret: str = "test") -> dict[str, str]:
    """What a user sets to point a client at the endpoint."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": secret,
    }


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running `jobyard up`."""
    place = Place(tmp_path_factory.mktemp("clients"), None, variables={"JOBYARD_JOBS": "functions.catalog"})
    place.start()
    yield place
    assert place.stop() == 0, place.log.read_text()[-2000:]
    place.api.close()
    assert "Traceback" not in place.log.read_text()


@pytest.fixture(scope="session")
def boto3_session() -> boto3.Session:
    """What `boto3.client()` uses: one for all tests, since it is slow to read the models of the services."""
    return boto3.Session()


@pytest.fixture
def aws(house: Place, boto3_session: boto3.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Points this process, and those that it starts, at the house; its endpoint."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment(house.endpoint).items():
        monkeypatch.setenv(name, value)
    # Nobody's own configuration is read.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3_session)
    return house.endpoint


@pytest.fixture(scope="session")
def programs(say: Callable[[str], None]) -> Path:
    """The folder of `python`, `aws`, `celery` and the others of requirements.txt."""
    install_programs(say)
    return PROGRAMS


@pytest.fixture(scope="session")
def scripts(say: Callable[[str], None]) -> Path:
    """A folder whose scripts can import the packages of js/package.json."""
    install_packages(say)
    return SCRIPTS


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes a name that no other test uses."""
    return lambda stem: f"{stem}-{secrets.token_hex(4)}"
