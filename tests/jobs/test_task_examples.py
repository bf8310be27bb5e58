"""The functions to try tasks with do what their page says."""

from __future__ import annotations

import asyncio
import os
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions import task_examples as examples
from queues import Context, Discard


def test_delay_waits_within_bounds() -> None:
    assert examples.delay(1) == 1
    with pytest.raises(Discard, match="milliseconds=60001"):
        examples.delay(60_001)


def test_sums_are_exact() -> None:
    assert examples.calculate_sum([0.1] * 10) == {"sum": 1.0, "count": 10, "mean": 0.1}
    assert examples.calculate_sum([]) == {"sum": 0.0, "count": 0, "mean": 0}


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ("count", 4),
        ("sort", [1, 2, 3, 3]),
        ("reverse", [2, 1, 3, 3]),
        ("unique", [3, 1, 2]),
        ("summary", {"least": 1, "most": 3, "median": 2.5}),
    ],
)
def test_data_is_processed(operation: str, result: Any) -> None:
    done = examples.process_data([3, 3, 1, 2], operation, {"source": "upload"})
    assert done == {"operation": operation, "result": result, "context": {"source": "upload"}}


def test_an_unknown_operation_names_those_that_there_are() -> None:
    with pytest.raises(Discard, match="use one of count, sort"):
        examples.process_data([], "transmute")


def test_a_notification_goes_into_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    done = examples.send_notification("log", ["ada", "bob"], "ready", Context.for_test())
    assert (done["sent"], capsys.readouterr().out) == (2, "to ada: ready\nto bob: ready\n")


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as one message takes."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                while (text := self.rfile.readline()) != b".\r\n":
                    self.server.letter.append(text.decode().rstrip())  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")


@pytest.fixture
def letter(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The lines that a mail server has got."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Mail) as server:
        server.letter = []  # type: ignore[attr-defined]
        monkeypatch.setenv("TASK_MAIL_SERVER", f"127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield server.letter  # type: ignore[attr-defined]
        thread.join()


def test_a_notification_goes_by_mail(letter: list[str]) -> None:
    examples.send_notification("email", ["ada@example.com"], "Ready\nAll of it.", Context.for_test())
    assert "To: ada@example.com" in letter
    assert "Subject: Ready" in letter
    assert letter[-1] == "All of it."


@pytest.mark.parametrize(
    ("kind", "recipients", "why"),
    [
        ("email", ["ada"], "TASK_MAIL_SERVER"),
        ("pigeon", ["ada"], "use email or log"),
        ("log", [], "give 1 to 100"),
        ("log", ["ada"] * 101, "give 1 to 100"),
    ],
)
def test_notifications_that_cannot_be_sent(kind: str, recipients: list[str], why: str) -> None:
    with pytest.raises(Discard, match=why):
        examples.send_notification(kind, recipients, "ready", Context.for_test())


def test_old_files_go_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASK_CLEAN_UP_ROOT", str(tmp_path / "root"))
    folder, outside = tmp_path / "root" / "uploads", tmp_path / "outside"
    folder.mkdir(parents=True)
    outside.write_text("kept")
    (folder / "link").symlink_to(outside)
    for name in ("old", "new"):
        (folder / name).touch()
    for path in (folder / "old", outside):
        os.utime(path, (0, 0))
    assert examples.clean_up_old_data("uploads", 30)["deleted"] == ["old"]
    assert sorted(path.name for path in folder.iterdir()) == ["link", "new"]
    for elsewhere in ("..", str(tmp_path), "missing", "uploads/new"):
        with pytest.raises(Discard, match="no folder below TASK_CLEAN_UP_ROOT"):
            examples.clean_up_old_data(elsewhere, 0)
    monkeypatch.delenv("TASK_CLEAN_UP_ROOT")
    with pytest.raises(Discard, match="set TASK_CLEAN_UP_ROOT"):
        examples.clean_up_old_data("uploads", 30)


def test_a_report_counts_sums_and_shows() -> None:
    rows = [{"year": 2024, "net": 1.5}, {"year": 2024, "net": 2, "paid": True}, {"year": 2023, "net": 9}]
    report = examples.generate_report("markdown", {"year": 2024}, {"rows": rows})
    assert (report["rows"], report["sums"]) == (2, {"year": 4048.0, "net": 3.5})
    assert report["text"].splitlines()[-1] == "| 2024 | 2 | True |"
    with pytest.raises(Discard, match="use json or markdown"):
        examples.generate_report("pdf", {}, {})


def test_an_async_task_goes_through_its_steps() -> None:
    seen: list[tuple[float, str | None]] = []
    ctx = Context("job-1", "task", "acme", 1, 1, 60, on_progress=lambda *report: seen.append(report))
    done = asyncio.run(examples.custom_async_task("t-1", {"steps": [0, 0]}, ctx))
    assert (done["taskId"], done["steps"]) == ("t-1", 2)
    assert seen == [(0, "step 1 of 2"), (50, "step 2 of 2")]
