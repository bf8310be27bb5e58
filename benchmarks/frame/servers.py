"""The servers that contestants need, each on a free loopback port, in a folder of its own, stopped on any exit."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from frame.install import PEER_PYTHON
from frame.processes import stop

#: Seconds that a server may take until it listens.
START_TIMEOUT = 60.0

#: What `redis-server` is started with, besides its port and folder. The default keeps Redis's own RDB snapshots.
REDIS_MODES = {
    "redis": (),
    "redis-aof": ("--appendonly", "yes", "--appendfsync", "everysec"),
}


@dataclass(frozen=True)
class Server:
    pid: int
    port: int


@contextmanager
def server(kind: str | None, folder: Path) -> Iterator[Server | None]:
    """Run a server of this kind (a key of REDIS_MODES, `ministack`, or none) inside the block."""
    if kind is None:
        yield None
        return
    port = _free_port()
    environment = dict(os.environ)
    if kind == "ministack":
        command = [str(PEER_PYTHON), "-m", "ministack"]
        environment |= {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "LOG_LEVEL": "ERROR",  # its request log is CPU that no job system is to blame for
            "TMPDIR": str(folder),
        }
    else:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", *REDIS_MODES[kind]]
    with (folder / f"{kind}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_until_listening(process, port, kind)
        yield Server(process.pid, port)
    finally:
        stop(process)


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
