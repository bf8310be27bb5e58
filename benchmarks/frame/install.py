"""Installs the peers into `.bench/`: a virtual environment, node_modules, Java archives; and Debian's redis-server.

What cannot be installed is a reason to skip the rows that need it, said aloud, not an error.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BENCH = CHECKOUT / ".bench"
PEERS = CHECKOUT / "benchmarks" / "peers"
PEER_PYTHON = BENCH / "venv" / "bin" / "python"
NODE_MODULES = BENCH / "node_modules"

#: A folder of archives for each of JAVA_PEERS.
JAVA = BENCH / "java"

#: Data of the runs, on the checkout's own disk: /tmp may be memory, where an fsync costs nothing.
RUN = BENCH / "run"

REQUIREMENTS = PEERS / "requirements.txt"
NODE_PACKAGES = ("bullmq@^6", "bee-queue@^2", "ioredis@^5")

#: Each is a folder of PEERS with a pom.xml that names the version.
JAVA_PEERS = ("elasticmq", "dynamodb-local")


#: Maven itself does not ask again for what a registry did not send in time.
MAVEN_TRIES = 3


class CannotInstallError(Exception):
    """Why a requirement of some rows is missing, as a sentence."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Of two processes that would install into one folder, one does it and the other waits."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def install(requirement: str) -> None:
    """Make sure that `python`, `node` or `redis` peers, or one of JAVA_PEERS, can run, or raise CannotInstallError."""
    with alone(BENCH):
        if requirement in JAVA_PEERS:
            _install_java_peer(requirement)
        else:
            {"python": _install_python_peers, "node": _install_node_peers, "redis": _install_redis}[requirement]()


def _install_python_peers() -> None:
    stamp = BENCH / "venv" / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    _run("python3 -m venv", sys.executable, "-m", "venv", BENCH / "venv")
    _run("pip install", PEER_PYTHON, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS)
    stamp.write_text(wanted)


def _install_node_peers() -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        raise CannotInstallError("Node is absent: install nodejs and npm to see BullMQ and bee-queue")
    stamp = NODE_MODULES / "installed"
    wanted = " ".join(NODE_PACKAGES)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    BENCH.mkdir(exist_ok=True)
    _run("npm install", "npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", BENCH, *NODE_PACKAGES)
    stamp.write_text(wanted)


def _install_java_peer(name: str) -> None:
    if not shutil.which("java") or not shutil.which("mvn"):
        raise CannotInstallError(f"Java or Maven is absent: install default-jre and maven to see {name}")
    pom = PEERS / name / "pom.xml"
    stamp = JAVA / name / "installed"
    wanted = hashlib.sha256(pom.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    command = ("mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={JAVA / name}")
    for tries in range(MAVEN_TRIES):
        shutil.rmtree(JAVA / name, ignore_errors=True)
        try:
            _run("mvn", *command)
        except CannotInstallError:
            if tries == MAVEN_TRIES - 1:
                raise
        else:
            break
    stamp.write_text(wanted)


def _install_redis() -> None:
    if shutil.which("redis-server"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise CannotInstallError("redis-server is absent: `apt-get install redis-server` as root to see its rows")
    # Where services run, Debian's package starts one on Redis's own port; ours run beside it, on free ports.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run("apt-get update", "apt-get", "update", "-qq", env=quiet)
    _run("apt-get install", "apt-get", "install", "-y", "-qq", "redis-server", env=quiet)


def _run(what: str, *command: str | Path, env: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, env=env)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout or "").strip().splitlines()
        raise CannotInstallError(f"{what} failed: {lines[-1] if lines else error}") from error
