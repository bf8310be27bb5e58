"""Installs the clients that are not Jobyard's own dependencies, once: into `build/clients`, which git ignores.

What cannot be installed, for want of a network or of Node, is a reason to skip the tests that need it, said aloud.
Where `CI` is set, as `.ci/run` sets it, it is a failure.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks.frame.install import alone

HERE = Path(__file__).parent
CLIENTS = HERE.parents[1] / "build" / "clients"
#: Programs of the environment: `python`, `aws`, `celery` and so on.
PROGRAMS = CLIENTS / "venv" / "bin"
#: Where scripts are put that import npm packages: Node looks for them beside the script.
SCRIPTS = CLIENTS / "js"
#: Seconds that an installation may take: some 270 MB through a slow line.
PATIENCE = 900
#: The oldest that the AWS SDK for JavaScript runs on.
NODE = 20

Say = Callable[[str], None]


def install_programs(say: Say) -> None:
    """Makes PROGRAMS as requirements.txt asks."""
    with alone(CLIENTS):
        _install_programs(say)


def install_packages(say: Say) -> None:
    """Makes SCRIPTS/node_modules as js/package-lock.json asks."""
    with alone(CLIENTS):
        _install_packages(say)


def _install_programs(say: Say) -> None:
    wanted = HERE / "requirements.txt"
    stamp = CLIENTS / "venv" / "installed"
    state = _state(wanted, sys.version)
    if stamp.is_file() and stamp.read_text() == state:
        return
    say("installing the aws CLI, Celery and other clients into build/clients/venv, once: about a minute")
    _run(sys.executable, "-m", "venv", "--clear", CLIENTS / "venv")
    pip = (
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        # Most of it is never imported.
        "--no-compile",
        "--retries",
        "2",
        "--progress-bar",
        "off",
    )
    _run(PROGRAMS / "python", *pip, "--no-deps", "-r", wanted)
    stamp.write_text(state)


def _install_packages(say: Say) -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        missing("Node and npm are absent: install nodejs and npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=PATIENCE).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < NODE:
        missing(f"Node {version} is too old for the AWS SDK for JavaScript: install {NODE} or newer")
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    for source in (HERE / "js").iterdir():
        if source.is_file():
            shutil.copy2(source, SCRIPTS)
    stamp = SCRIPTS / "node_modules" / "installed"
    state = _state(HERE / "js" / "package-lock.json")
    if stamp.is_file() and stamp.read_text() == state:
        return
    say("installing the AWS SDK for JavaScript and sqs-consumer into build/clients/js, once")
    _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries", "1", "--prefix", SCRIPTS)
    stamp.write_text(state)


def missing(reason: str) -> NoReturn:
    """Skips a test, or fails it where nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (nothing may be skipped where CI is set)")
    pytest.skip(reason)


def _state(wanted: Path, platform: str = "") -> str:
    return hashlib.sha256(wanted.read_bytes() + platform.encode()).hexdigest()


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode:
        # The first complaint names the cause; later ones give up or point to logs.
        complaints = [line for line in (done.stderr + done.stdout).splitlines() if "error" in line.lower()]
        missing(f"could not be installed: {complaints[0] if complaints else f'exit code {done.returncode}'}")
