"""A diagnosis for people: by subject, the worst first, with colours at a terminal."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.text import Text

from infra.cli.output import clean
from infra.doctor.diagnosis import Diagnosis
from infra.doctor.finding import Finding, Severity
from infra.doctor.rules import RULES
from infra.doctor.snapshot import Kind

#: How a severity looks.
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
#: Columns of a severity's word, and of what is below it.
WORD = max(map(len, Severity)) + 2
BELOW = " " * (WORD + 2)


def print_report(diagnosis: Diagnosis, console: Console) -> None:
    """Prints it. Commands stand on one line of their own, however long, so that they can be copied."""
    for line in _head(diagnosis):
        _print(console, Text(line))
    for subject, findings in groupby(diagnosis.findings, key=lambda one: one.subject):
        _print(console, Text(f"\n{subject.capitalize()}", style="bold"))
        for finding in findings:
            _print_finding(console, finding)
    if diagnosis.snapshot.unread:
        _print(console, Text("\nNot checked", style="bold"))
        for unread in diagnosis.snapshot.unread:
            _print(console, Text(f"  {_line(unread.what)}: {_line(unread.why)}"))
    _print(console, Text(f"\n{summary(diagnosis)}", style="bold"))


def _print(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True, highlight=False)


def _head(diagnosis: Diagnosis) -> list[str]:
    target, versions = diagnosis.snapshot.target, diagnosis.snapshot.versions
    where = "AWS" if target.kind is Kind.AWS else f"{target.endpoint} ({target.kind})"
    account = f", account {target.account}" if target.account else ""
    return [
        f"{where}, {target.region}{account}, prefix {diagnosis.snapshot.settings.prefix}",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]


def _print_finding(console: Console, finding: Finding) -> None:
    first = Text("  ")
    first.append(finding.severity.ljust(WORD), style=STYLES[finding.severity])
    first.append(_line(finding.resource), style="bold")
    first.append(f": {_line(finding.found)}  ")
    first.append(f"[{finding.rule}]", style="dim")
    _print(console, first)
    _print(console, Text(f"{BELOW}why: {finding.why}"))
    _print(console, Text(f"{BELOW}cure: {_line(finding.cure)}"))


def _line(text: str) -> str:
    """Names and messages are others' making: one line, and nothing that a terminal would obey."""
    return " ".join(clean(text).split())


def summary(diagnosis: Diagnosis) -> str:
    """The last line."""
    counts = [_count(diagnosis.count(severity), severity) for severity in Severity]
    found = ", ".join(counts) if diagnosis.findings else "Nothing found"
    unread = len(diagnosis.snapshot.unread)
    missed = f"; {_count(unread, 'thing')} not checked" if unread else ""
    types = _count(len(diagnosis.snapshot.types), "job type")
    return f"{found}{missed}. {len(RULES)} rules, {types}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
