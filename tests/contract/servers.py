"""The servers of the contract suite: each a process of its own for the whole run, with its files in its own folder."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks.frame.install import JAVA, CannotInstallError, install
from infra.deploy.local_stack.ministack import MiniStackUnavailable, install_ministack
from tests.cli.house import CHECKOUT
from tests.clients.installing import missing

#: Seconds that a server may take to answer its first request on a busy machine.
START_LIMIT = 60.0

#: What starts no second thread for what is done in a moment: a JVM that lives for a minute.
SMALL_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m")


@dataclass(frozen=True, slots=True)
class Program:
    """How a server is started: its command line, and its environment besides ours."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def moto(port: int, home: Path) -> Program:
    return Program([_installed("moto_server"), "-H", "127.0.0.1", "-p", str(port)])


def ministack(port: int, home: Path) -> Program:
    services = "sqs,dynamodb,scheduler,lambda,iam,monitoring"
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": services, "STATE_DIR": str(home)}
    return Program([_ministack()], settings)


def elasticmq(port: int, home: Path) -> Program:
    archives = _java("elasticmq")
    options = {
        "node-address.port": port,
        "rest-sqs.bind-port": port,
        "rest-sqs.bind-hostname": "127.0.0.1",
        "rest-stats.enabled": "false",
        "aws.region": "us-east-1",
        "aws.accountId": "000000000000",
    }
    properties = [f"-D{name}={value}" for name, value in options.items()]
    return Program(["java", *SMALL_JVM, *properties, "-cp", f"{archives}/*", "org.elasticmq.server.Main"])


def dynamodb_local(port: int, home: Path) -> Program:
    archives = _java("dynamodb-local")
    main = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"
    java = ["java", *SMALL_JVM, f"-Djava.library.path={archives}", "-cp", f"{archives}/*"]
    return Program([*java, main, "-inMemory", "-disableTelemetry", "-port", str(port)])


#: Target -> what runs it.
PROGRAMS: dict[str, Callable[[int, Path], Program]] = {
    "moto": moto,
    "ministack": ministack,
    "dynamodb_local": dynamodb_local,
    "elasticmq": elasticmq,
}


@contextlib.contextmanager
def running(target: str, home: Path) -> Iterator[str]:
    """Run the server of a target with its files under `home`; yields its endpoint."""
    port = _free_port()
    program = PROGRAMS[target](port, home)
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            program.command,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=os.environ | {"HOME": str(home), "TMPDIR": str(home)} | program.environment,
        )
        try:
            _wait_until_it_listens(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def _installed(name: str) -> str:
    """A program of the virtual environment."""
    return str(Path(sys.executable).with_name(name))


def _ministack() -> str:
    """MiniStack, which has an environment of its own; the case is skipped where it cannot be had, but not on CI."""
    try:
        return str(install_ministack(CHECKOUT, print))
    except MiniStackUnavailable as error:
        missing(str(error))


def _java(name: str) -> Path:
    """The folder of a Java server's archives; the case is skipped where they cannot be had, but not on CI."""
    try:
        install(name)
    except CannotInstallError as error:
        if os.environ.get("CI"):
            pytest.fail(f"{error}; .ci/run sees to that")
        pytest.skip(str(error))
    return JAVA / name


def _free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once something accepts connections on `port`; fail with the log when the process ends first."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"{process.args!r} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.05)
    pytest.fail(f"{process.args!r} did not listen on {port} in {START_LIMIT} s:\n{log.read_text()[-2000:]}")
