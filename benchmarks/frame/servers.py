"""The servers that contestants need, each on a free loopback port, in a folder of its own, stopped on any exit."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from frame.install import JAVA, PEER_PYTHON
from frame.processes import stop

#: Seconds that a server may take until it listens.
START_TIMEOUT = 60.0

#: What `redis-server` is started with, besides its port and folder. The default keeps Redis's own RDB snapshots.
REDIS_MODES = {
    "redis": (),
    "redis-aof": ("--appendonly", "yes", "--appendfsync", "everysec"),
}

#: `jobyard up` with its default, and with the `JOBYARD_FSYNC` that survives a power cut.
JOBYARD_MODES = {"jobyard": "normal", "jobyard-fsync": "always"}

#: moto's server without the line that it logs for each request.
QUIET_MOTO = """
import logging, sys
from moto.server import main
logging.getLogger("werkzeug").setLevel(logging.ERROR)
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
"""


@dataclass(frozen=True)
class Server:
    pid: int
    port: int


@dataclass(frozen=True)
class Program:
    """How a server is started: the command line, and the environment beyond ours."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


@contextmanager
def server(kind: str | None, folder: Path) -> Iterator[Server | None]:
    """Run a server of this kind (one that `_program` knows, or none) inside the block."""
    if kind is None:
        yield None
    else:
        with running(kind, folder) as started:
            yield started


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Server]:
    """Run a server of this kind inside the block."""
    port = _free_port()
    program = _program(kind, folder, port)
    environment = os.environ | program.environment
    with (folder / f"{kind}.log").open("wb") as log:
        process = subprocess.Popen(
            program.command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_until_listening(process, port, kind)
        yield Server(process.pid, port)
    finally:
        stop(process)


def _program(kind: str, folder: Path, port: int) -> Program:
    match kind:
        case "redis" | "redis-aof":
            return Program(["redis-server", "--port", str(port), "--bind", "127.0.0.1", *REDIS_MODES[kind]])
        case "jobyard" | "jobyard-fsync":
            jobyard = str(Path(sys.executable).with_name("jobyard"))
            settings = {"JOBYARD_DATA": str(folder / "data"), "JOBYARD_FSYNC": JOBYARD_MODES[kind]}
            return Program([jobyard, "up", "--port", "0", "--aws-port", str(port)], settings)
        case "ministack":
            settings = {
                "GATEWAY_PORT": str(port),
                "BIND_HOST": "127.0.0.1",
                "MINISTACK_HOST": "127.0.0.1",
                "LOG_LEVEL": "ERROR",  # its request log is CPU that no job system is to blame for
                "TMPDIR": str(folder),
            }
            return Program([str(PEER_PYTHON), "-m", "ministack"], settings)
        case "moto":
            return Program([str(PEER_PYTHON), "-c", QUIET_MOTO, str(port)])
        case "elasticmq":
            options = {
                "node-address.port": str(port),
                "rest-sqs.bind-port": str(port),
                "rest-sqs.bind-hostname": "127.0.0.1",
                "rest-stats.enabled": "false",
            }
            properties = [f"-D{name}={value}" for name, value in options.items()]
            return Program(["java", *properties, "-cp", f"{JAVA / kind}/*", "org.elasticmq.server.Main"])
        case "dynamodb-local":
            main = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"
            java = ["java", f"-Djava.library.path={JAVA / kind}", "-cp", f"{JAVA / kind}/*"]
            return Program([*java, main, "-inMemory", "-disableTelemetry", "-port", str(port)])
    raise ValueError(f"no server is called {kind!r}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, kind: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{kind} ended at once with code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{kind} did not listen on port {port} within {START_TIMEOUT:.0f} s")
