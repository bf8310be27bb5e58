"""The artifacts, built once for this machine, and unpacked as Lambda would."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from infra.deploy.packaging.build import Built, build
from infra.deploy.packaging.target import Target, here
from infra.deploy.packaging.wheels import WheelsUnavailable
from queues.catalog import load
from tests.cli.house import CHECKOUT
from tests.clients.installing import missing

MODULES = ("functions.catalog",)
#: Seconds that a program may take on a busy machine.
LIMIT = 120.0
#: The interpreter itself, not a virtual environment's: that would bring its own packages.
PYTHON = getattr(sys, "_base_executable", sys.executable)

Build = Callable[..., dict[str, Built]]
Unpack = Callable[[str], Path]


@pytest.fixture(scope="session")
def build_for(tmp_path_factory: pytest.TempPathFactory, say: Callable[[str], None]) -> Build:
    """Builds this project's artifacts for a target; skips the test, visibly, where the wheels cannot be had."""

    def call(target: Target, *names: str, bytecode: bool = True) -> dict[str, Built]:
        out = tmp_path_factory.mktemp("artifacts")
        try:
            built = build(CHECKOUT, load(MODULES), MODULES, target, out, say, names=names, bytecode=bytecode)
        except WheelsUnavailable as error:
            missing(str(error))
        return {one.artifact.name: one for one in built}

    return call


@pytest.fixture(scope="session")
def built(build_for: Build) -> dict[str, Built]:
    """All artifacts for this machine and this Python, by name."""
    return build_for(here())


@pytest.fixture(scope="session")
def unpack(built: dict[str, Built], tmp_path_factory: pytest.TempPathFactory) -> Unpack:
    """The folder of an unpacked artifact."""
    folders: dict[str, Path] = {}

    def call(name: str) -> Path:
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp(name)
            with zipfile.ZipFile(built[name].path) as archive:
                archive.extractall(folders[name])
        return folders[name]

    return call


def run_alone(*arguments: str | Path, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
    """What a Python program prints that sees the standard library only, and of the environment only `env`."""
    done = subprocess.run(
        [PYTHON, "-I", "-S", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env={"PATH": os.environ["PATH"], **(env or {})},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
