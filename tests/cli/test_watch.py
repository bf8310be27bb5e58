"""`jobyard jobs watch` over connections that break: no event is left out, and none is printed twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infra.cli import watching
from tests.cli.conftest import Command


class Server:
    """Sends what it is told to for each connection, then breaks it off."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, str]] = []
        #: Path and Last-Event-ID of each request.
        self.asked: list[tuple[str, str | None]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((self.path, self.headers["Last-Event-ID"]))
                status, text = server.answers.pop(0) if server.answers else (503, "")
                self.send_response(status)
                self.send_header("Content-Type", "text/event-stream; charset=utf-8")
                # More is promised than comes.
                self.send_header("Content-Length", "100000")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    monkeypatch.setenv("JOBYARD_URL", f"http://127.0.0.1:{made.server.server_address[1]}")
    monkeypatch.setenv("JOBYARD_TOKEN", "a-token")
    monkeypatch.setattr(watching, "RECONNECT_PAUSE", 0)
    yield made
    made.close()


def frame(event: str, attempt: int = 1, job_id: str = "a") -> str:
    data = f'"id":"{attempt}.{event}","event":"{event}","jobId":"{job_id}","type":"t","attempt":{attempt},"at":null'
    return f"id: {attempt}.{event}\nevent: {event}\ndata: {{{data}}}\n\n"


def test_a_broken_connection_goes_on_where_it_was(server: Server, command: Command) -> None:
    cut = frame("retrying")[:-20]
    server.answers = [
        (200, "retry: 1000\n\n" + frame("started") + cut),
        (503, ""),
        # Somebody in between repeats what was told.
        (200, frame("started") + frame("retrying") + ": nothing yet\n\n"),
        (200, frame("started", 2) + frame("failed", 2)),
    ]
    done = command("jobs", "watch", "a", "--json")
    assert done.code == 1
    assert done.err == "jobyard: job a has failed\n"
    assert [line.split('"event": "')[1].split('"')[0] for line in done.out.splitlines()] == [
        "started", "retrying", "started", "failed",
    ]  # fmt: skip
    assert server.asked == [
        ("/api/v1/jobs/a/events", told) for told in (None, "1.started", "1.started", "1.retrying")
    ]  # fmt: skip


def test_a_server_that_stays_away_is_asked_for_a_while(
    server: Server, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "RECONNECT_SECONDS", 0.1)
    server.answers = [(200, frame("started"))]
    assert command("jobs", "watch", "a").code == 4
    assert len(server.asked) > 2
    asked = len(server.asked)
    assert command("jobs", "watch", "a").code == 4
    assert len(server.asked) == asked + 1, "one that was not there at all is not waited for"


def test_ctrl_c_ends_with_0(server: Server, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_event: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "line_of", interrupted)
    server.answers = [(200, "id: 7/\n\n" + frame("started"))]
    done = command("jobs", "watch", "--type", "file-analysis")
    assert (done.code, done.out) == (0, "")
    assert server.asked == [("/api/v1/jobs/events?type=file-analysis", None)]


def test_what_is_said_of_an_event() -> None:
    event = {
        "at": "2026-11-22T07:30:00.123Z", "type": "t", "jobId": "a", "event": "progress", "attempt": 2,
        "percent": 50.0, "note": "half\x1b[31m of\nit",
    }  # fmt: skip
    assert watching.line_of(event) == "07:30:00.123  t  a  progress  attempt 2  50 %  half\ufffd[31m of it"
    event |= {"event": "retrying", "error": "ValueError: no", "runAt": "2026-11-22T07:30:01.123Z"}
    assert watching.line_of(event).endswith("ValueError: no  runs at 2026-11-22T07:30:01.123Z")
