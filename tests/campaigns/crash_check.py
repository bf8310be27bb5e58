"""What must hold when all has come to rest: rows, journal and dead letters against what the jobs were asked to do.

An attempt's outcome is known beforehand (`Kind.outcome`), unless a kill fell into it: then it is `lost`. So every
entry of every history is either as planned, or lost with a kill between its start and its end.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.campaigns.crash_jobs import KINDS

Row = dict[str, Any]


@dataclass(slots=True)
class Findings:
    """What was counted, and what should not have been."""

    violations: list[str] = field(default_factory=list)
    #: Runs in the journal; attempts that a kill ended, and of these those that never reached their handler.
    runs: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    not_begun: Counter[str] = field(default_factory=Counter)

    def require(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.violations.append(sentence)


def check(
    accepted: dict[str, Row], rows: Sequence[Row], journal: Path, letters: dict[str, list[Row]], kills: Sequence[int]
) -> Findings:
    """All of it. `letters` holds the messages of each dead-letter queue, by its origin's name; `kills` are epoch ms."""
    found = Findings()
    by_id = {row["id"]: row for row in rows}
    found.require(len(by_id) == len(rows), "the list shows a job twice")
    starts = _journal(journal, found)
    for job_id, asked in accepted.items():
        row = by_id.get(job_id)
        if row is None:
            found.violations.append(f"{job_id} was acknowledged and is gone")
        else:
            found.require(row["data"] == asked["data"] | {}, f"{job_id} holds other data than its request")
            found.require(row["type"] == asked["type"], f"{job_id} is of another type than its request")
    for row in rows:
        _check_row(row, starts.pop(row["id"], {}), kills, found)
    found.require(not starts, f"jobs ran that have no row: {list(starts)[:5]}")
    _check_letters([row for row in rows if row["status"] == "failed"], letters, found)
    return found


def _journal(journal: Path, found: Findings) -> dict[str, dict[int, int]]:
    """How often each attempt of each job began. The order of the lines is the order of the writes."""
    starts: dict[str, dict[int, int]] = defaultdict(dict)
    latest: dict[str, int] = {}
    for text in journal.read_text().splitlines():
        line = json.loads(text)
        job_id, attempt = line["job"], line["attempt"]
        found.require(
            attempt >= latest.get(job_id, 0),
            f"{job_id}: attempt {attempt} still ran when attempt {latest.get(job_id)} had begun",
        )
        latest[job_id] = max(attempt, latest.get(job_id, 0))
        if line["what"] == "start":
            found.runs += 1
            starts[job_id][attempt] = starts[job_id].get(attempt, 0) + 1
    for job_id, attempts in starts.items():
        found.require(set(attempts.values()) == {1}, f"{job_id}: an attempt began twice: {attempts}")
    return starts


def _check_row(row: Row, starts: dict[int, int], kills: Sequence[int], found: Findings) -> None:
    name, job_id, history = row["data"]["kind"], row["id"], row["history"]
    kind = KINDS[name]
    numbers = [entry["attempt"] for entry in history]
    found.require(
        numbers == list(range(1, row["attempts"] + 1)), f"{job_id}: {row['attempts']} attempts, but history {numbers}"
    )
    unknown = set(starts) - set(numbers)
    found.require(not unknown, f"{job_id}: attempts {sorted(unknown)} ran uncounted")
    for entry in history:
        number, outcome = entry["attempt"], entry["outcome"]
        planned = outcome == kind.outcome(number)
        killed = outcome == "lost" and _killed(entry, kills)
        found.require(planned or killed, f"{job_id} ({name}): attempt {number} came to {outcome}: {entry}")
        found.require(number in starts or killed, f"{job_id} ({name}): attempt {number} never ran, yet {entry}")
        if killed:
            found.lost[name] += 1
            found.not_begun[name] += number not in starts
    last = history[-1]["outcome"] if history else None
    if row["status"] == "completed":
        found.require(last == "completed", f"{job_id}: completed after {last}")
        result = {"number": row["data"]["number"], "attempt": row["attempts"]}
        found.require(row["result"] == result, f"{job_id}: result {row['result']}, not {result}")
        found.require(row["error"] is None, f"{job_id}: completed with an error")
    elif row["status"] == "failed":
        done = last == "discarded" or row["attempts"] == row["maxAttempts"]
        found.require(done and last != "completed", f"{job_id}: failed after attempt {row['attempts']}, {last}")
        if kind.error and last == kind.outcomes[-1] and not _killed(history[-1], kills):
            error = row["error"]
            told = error["type"] == kind.error[0] and kind.error[1] in error["message"]
            found.require(told, f"{job_id} ({name}): error {error}")
    else:
        found.violations.append(f"{job_id} is {row['status']}")
    should = "failed" if kind.error else "completed"
    found.require(row["status"] == should, f"{job_id} ({name}): {row['status']}, not {should}")
    if kind.error and last != "discarded":
        found.require(row["attempts"] == kind.attempts, f"{job_id} ({name}): {row['attempts']} attempts")


def _killed(entry: Row, kills: Sequence[int]) -> bool:
    """Whether the server was killed during an attempt. Its end was noticed later, by the lease."""
    start, end = _ms(entry["startedAt"]), _ms(entry["finishedAt"])
    return any(start <= kill <= end for kill in kills)


def _ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def _check_letters(failed: Sequence[Row], letters: dict[str, list[Row]], found: Findings) -> None:
    owed = {row["id"]: row for row in failed}
    seen: Counter[str] = Counter()
    for origin, messages in letters.items():
        for message in messages:
            body = json.loads(message["Body"])
            job_id, letter = body["id"], body.get("deadLetter")
            seen[job_id] += 1
            row = owed.get(job_id)
            if row is None or letter is None:
                found.violations.append(f"a dead letter that nobody failed: {body}")
                continue
            told = {
                "type": row["type"],
                "tenant": row["tenantId"],
                "error": row["error"],
                "attempts": row["attempts"],
                "origin": origin,
                "createdAt": round(_ms(row["createdAt"])),
                "failedAt": round(_ms(row["finishedAt"])),
            }
            says = {**letter, "type": body["type"], "tenant": body["tenant"]}
            found.require(says == told, f"{job_id}: dead letter says {says}, its row {told}")
            attribute = message["MessageAttributes"]["errorType"]["StringValue"]
            found.require(attribute == row["error"]["type"], f"{job_id}: dead letter's errorType is {attribute}")
            found.require(origin.endswith(row["type"]), f"{job_id}: in the dead letters of {origin}")
    missing = [job_id for job_id in owed if not seen[job_id]]
    twice = [job_id for job_id, count in seen.items() if count > 1]
    found.require(not missing, f"{len(missing)} failed jobs without a dead letter: {missing[:5]}")
    found.require(not twice, f"{len(twice)} jobs with more than one dead letter: {twice[:5]}")
