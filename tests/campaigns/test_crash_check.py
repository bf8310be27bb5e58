"""The crash campaign's auditor notices what it is there for: a sound record passes, each falsified one does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.crash_check import check

#: Epoch ms of the one kill, in the middle of the first attempt of `b`.
KILL = 1_790_000_005_000


def moment(second: int) -> str:
    return f"2026-09-21T14:13:{20 + second:02}.000Z"


def attempt(number: int, start: int, end: int, outcome: str) -> dict[str, Any]:
    times = {"startedAt": moment(start), "finishedAt": moment(end)}
    return {"attempt": number, "outcome": outcome, "error": None, "worker": "w", **times}


def row(job_id: str, kind: str, history: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    data = {"kind": kind, "number": 1}
    base = {"id": job_id, "type": "crash-loop", "tenantId": "default", "data": data, "history": history}
    times = {"createdAt": moment(0), "finishedAt": history[-1]["finishedAt"]}
    return base | {"attempts": len(history), "maxAttempts": 25, "error": None, "result": None} | times | fields


class Record:
    """What a campaign leaves: `a` completed, `b` completed after a kill, `c` failed and is buried."""

    def __init__(self) -> None:
        error = {"type": "ValueError", "message": "part of batch 1 does not fit", "traceback": None}
        self.rows = [
            row("a", "ok", [attempt(1, 1, 2, "completed")], status="completed", result={"number": 1, "attempt": 1}),
            row(
                "b",
                "ok",
                [attempt(1, 4, 8, "lost"), attempt(2, 9, 10, "completed")],
                status="completed",
                result={"number": 1, "attempt": 2},
            ),
            row(
                "c",
                "fail",
                [attempt(n, 10 + n, 11 + n, "failed") for n in (1, 2, 3)],
                status="failed",
                error=error,
                maxAttempts=3,
            ),
        ]
        self.lines = [
            *(("a", 1, "start"), ("a", 1, "end"), ("b", 1, "start"), ("b", 2, "start"), ("b", 2, "end")),
            *(("c", 1, "start"), ("c", 2, "start"), ("c", 3, "start")),
        ]
        letter = {"error": error, "attempts": 3, "origin": "jobyard-crash-loop"}
        times = {"createdAt": 1_790_000_000_000, "failedAt": 1_790_000_014_000}
        body = {"v": 1, "id": "c", "tenant": "default", "type": "crash-loop", "deadLetter": letter | times}
        self.letters: list[dict[str, Any]] = [
            {"Body": json.dumps(body), "MessageAttributes": {"errorType": {"StringValue": "ValueError"}}}
        ]
        self.accepted = {one["id"]: {"data": one["data"], "type": one["type"]} for one in self.rows}

    def audit(self, folder: Path) -> list[str]:
        journal = folder / "journal"
        names = ("job", "attempt", "what")
        journal.write_text("".join(json.dumps(dict(zip(names, line, strict=True))) + "\n" for line in self.lines))
        return check(self.accepted, self.rows, journal, {"jobyard-crash-loop": self.letters}, [KILL]).violations


def test_a_sound_record_passes(tmp_path: Path) -> None:
    assert Record().audit(tmp_path) == []


def _edit_letter(record: Record) -> None:
    body = json.loads(record.letters[0]["Body"])
    body["deadLetter"]["attempts"] = 2
    record.letters[0]["Body"] = json.dumps(body)


@pytest.mark.parametrize(
    ("falsify", "words"),
    [
        (lambda r: r.rows.pop(0), "acknowledged and is gone"),
        (lambda r: r.rows.append(copy.deepcopy(r.rows[0])), "shows a job twice"),
        (lambda r: r.rows[0].update(status="active"), "is active"),
        (lambda r: r.rows[0].update(result=None), "result"),
        (lambda r: r.rows[0].update(data={"kind": "ok", "number": 2}), "other data"),
        (lambda r: r.rows[0].update(attempts=2), "2 attempts, but history"),
        (lambda r: r.rows[0]["history"][0].update(outcome="failed"), "came to failed"),
        (lambda r: r.rows[0]["history"][0].update(outcome="lost"), "came to lost"),
        (lambda r: r.rows[1]["history"][0].update(finishedAt=moment(4)), "came to lost"),
        (lambda r: r.lines.append(("a", 1, "start")), "began twice"),
        (lambda r: r.lines.append(("a", 2, "start")), "uncounted"),
        (lambda r: r.lines.insert(4, ("b", 1, "step")), "still ran when"),
        (lambda r: r.lines.remove(("a", 1, "start")), "never ran"),
        (lambda r: r.lines.append(("z", 1, "start")), "have no row"),
        (lambda r: r.letters.clear(), "without a dead letter"),
        (lambda r: r.letters.append(r.letters[0]), "more than one dead letter"),
        (lambda r: r.rows[2].update(status="completed"), "that nobody failed"),
        (lambda r: r.rows[2].update(error={"type": "KeyError", "message": "?", "traceback": None}), "error"),
        (_edit_letter, "dead letter says"),
    ],
)
def test_a_falsified_record_is_noticed(tmp_path: Path, falsify: Callable[[Record], object], words: str) -> None:
    record = Record()
    falsify(record)
    violations = record.audit(tmp_path)
    assert any(words in text for text in violations), violations
