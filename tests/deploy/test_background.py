"""A server in the background: known by the lock that it holds, whatever files are left of others."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.deploy.local_stack.background import START_PATIENCE, Background, PortTaken
from queues.errors import Misconfigured

#: Serves its folder, and ends at SIGTERM.
SERVER = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Background]:
    there = Background(tmp_path / "server", "The server")
    yield there
    there.stop()


def start(server: Background) -> int:
    port = free_port()
    server.start([*SERVER, str(port)], {"PATH": os.environ["PATH"]}, port)
    return port


def test_it_runs_until_it_is_stopped(server: Background) -> None:
    assert server.running() is None
    assert not server.stop()
    port = start(server)
    assert server.running() == port
    assert server.stop()
    assert server.running() is None
    assert not server.stop()
    assert not listens(port)


def test_another_command_finds_it(server: Background) -> None:
    port = start(server)
    assert Background(server.folder, "The server").running() == port
    assert Background(server.folder, "The server").stop()
    assert server.running() is None


def test_one_that_was_killed_does_not_run(server: Background) -> None:
    start(server)
    os.kill(int((server.folder / "pid").read_text()), signal.SIGKILL)
    deadline = time.monotonic() + START_PATIENCE
    while server.running() is not None:
        assert time.monotonic() < deadline
    # And another can take its place.
    assert server.running() != start(server)


def test_a_number_that_is_another_programs_by_now_is_left_alone(server: Background) -> None:
    start(server)
    server.stop()
    (server.folder / "pid").write_text(f"{os.getpid()}\n")
    (server.folder / "port").write_text("1\n")
    assert server.running() is None
    assert not server.stop()


def test_a_taken_port_is_refused(server: Background) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} is taken by another program; choose a free one with --port"):
            server.start([*SERVER, str(port)], {"PATH": os.environ["PATH"]}, port)
    assert server.running() is None


def test_what_ends_at_once_is_told_with_its_last_words(server: Background) -> None:
    with pytest.raises(Misconfigured, match="The server ended at once: no such world"):
        server.start(
            [sys.executable, "-c", "raise SystemExit('no such world')"], {"PATH": os.environ["PATH"]}, free_port()
        )
    assert server.running() is None


def test_one_that_does_not_listen_to_reason_is_killed(server: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.deploy.local_stack.background.STOP_PATIENCE", 0.2)
    port = free_port()
    deaf = (
        "import http.server, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"http.server.HTTPServer(('127.0.0.1', {port}), http.server.BaseHTTPRequestHandler).serve_forever()"
    )
    server.start([sys.executable, "-c", deaf], {"PATH": os.environ["PATH"]}, port)
    assert server.stop()
    assert not listens(port)


def test_its_files_do_not_outlive_it(server: Background) -> None:
    start(server)
    (server.home / "unpacked").write_text("a function's code")
    server.stop()
    assert sorted(path.name for path in server.folder.iterdir()) == ["lock", "log"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
