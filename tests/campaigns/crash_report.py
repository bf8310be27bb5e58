"""What a crash campaign came to, as a table and a sentence."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tests.campaigns.crash_callers import Callers
from tests.campaigns.crash_check import Findings, Row
from tests.campaigns.crash_jobs import KINDS
from tests.campaigns.crash_server import Server

LINE = "{:<10} {:<18} {:>5} {:>10} {:>7} {:>16} {:>6} {:>10}"


@dataclass(slots=True)
class Verdict:
    """A campaign that was brought to its end."""

    server: Server
    callers: Callers
    rows: list[Row]
    findings: Findings
    seconds: float

    @property
    def violations(self) -> list[str]:
        return self.findings.violations


def report(verdict: Verdict) -> str:
    """The table of kinds, the figures, and the verdict."""
    found, server, callers = verdict.findings, verdict.server, verdict.callers
    head = LINE.format("kind", "planned", "jobs", "completed", "failed", "attempts", "lost", "not begun")
    return "\n".join(
        [
            head,
            "-" * len(head),
            *_table(verdict),
            "",
            "attempts: least, mean and most of a job. lost: attempts that a kill ended; not begun: of these, before",
            "the handler's first line. Every other attempt came to exactly what was planned.",
            "",
            f"{len(callers.accepted)} jobs acknowledged; {len(verdict.rows) - len(callers.accepted)} more were made by "
            f"requests whose answer was cut off ({callers.unanswered} were; {callers.repeated} asked again)",
            f"{len(server.kills)} kills; {server.orphans} worker processes were alive at one, the last of them gone "
            f"{server.slowest_end * 1000:.0f} ms after it; {found.runs} runs in the journal; {verdict.seconds:.0f} s",
            "",
            *_verdict(verdict.violations),
        ]
    )


def _table(verdict: Verdict) -> list[str]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in verdict.rows:
        groups[row["data"]["kind"]].append(row)
    found = verdict.findings
    lines = [
        _line(name, _planned(name), groups[name], _spread(groups[name]), found.lost[name], found.not_begun[name])
        for name in KINDS
    ]
    total = str(sum(row["attempts"] for row in verdict.rows))
    return [*lines, _line("all", "", verdict.rows, total, found.lost.total(), found.not_begun.total())]


def _line(name: str, planned: str, rows: Sequence[Row], attempts: str, lost: int, not_begun: int) -> str:
    ends = [sum(row["status"] == status for row in rows) for status in ("completed", "failed")]
    return LINE.format(name, planned, len(rows), *ends, attempts, lost, not_begun)


def _planned(name: str) -> str:
    kind = KINDS[name]
    words = " ".join(dict.fromkeys(kind.outcomes))
    return f"{words} x {kind.attempts}" if kind.error and kind.outcomes[-1] != "discarded" else words


def _spread(rows: Sequence[Row]) -> str:
    attempts = [row["attempts"] for row in rows]
    return f"{min(attempts)} / {statistics.fmean(attempts):.2f} / {max(attempts)}" if attempts else "-"


def _verdict(violations: Sequence[str]) -> list[str]:
    if violations:
        return [f"FAILED: {len(violations)} violations", *(f"  {text}" for text in violations[:20])]
    return ["PASSED: every job ended as it should, none ran twice at once, attempts and dead letters are exact"]
