"""Jobyard beside its peers, end to end: `make bench`, or `.venv/bin/python benchmarks/end_to_end.py --help`.

In one run and in turn (each round takes every row once), for a no-op async job with a 200-byte payload whose status
and result are kept: jobs/s for enqueue (no worker runs), drain (workers on that backlog) and both at once, the idle
latency from enqueue to handler, one job at a time, and the CPU seconds per 1,000 jobs of the whole process tree with
its broker or emulator. Medians of the rounds; ratios against ours of the same run.

Peers are installed into `.bench/` by this program. A row that cannot run says why and does not stop the others.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from frame.install import CannotInstallError, install
from frame.machine import machine
from frame.report import add_ratios, show, summarise
from frame.rows import ROWS, Row
from frame.session import Session, SessionError, run_session
from rich.console import Console


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="rows: " + ", ".join(row.name for row in ROWS),
    )
    parser.add_argument(
        "--jobs", type=int, default=10_000, help="jobs of each part in a fast row; slow rows run a share (10000)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="times that each row is taken in turn (5)")
    parser.add_argument("--samples", type=int, default=100, help="idle latency samples per round (100)")
    parser.add_argument(
        "--only",
        default="",
        metavar="NAME,...",
        help="only rows whose name holds one of these words, as `jobyard,huey`",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers, with every round, to FILE")
    return parser.parse_args(arguments)


def chosen(only: str) -> list[Row]:
    words = [word.strip() for word in only.split(",") if word.strip()]
    rows = [row for row in ROWS if not words or any(word in row.name for word in words)]
    if not rows:
        raise SystemExit(f"no row holds any of {words}; rows: {', '.join(row.name for row in ROWS)}")
    return rows


def missing(console: Console, rows: list[Row]) -> dict[str, str]:
    """Install what the rows need; answers requirement -> why it is missing."""
    reasons: dict[str, str] = {}
    for requirement in dict.fromkeys(need for row in rows for need in row.needs):
        with console.status(f"installing what the {requirement} peers need"):
            try:
                install(requirement)
            except CannotInstallError as error:
                reasons[requirement] = str(error)
    return reasons


def main() -> int:
    options = parse()
    # Servers are stopped on SIGTERM as on Ctrl-C, and on that also where a shell started us in the background.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console(stderr=True)
    rows = chosen(options.only)
    absent = missing(console, rows)
    skipped = {row.name: why for row in rows for need, why in absent.items() if need in row.needs}
    failed: dict[str, str] = {}
    sessions: dict[str, list[Session]] = {}
    for number in range(options.rounds):
        for row in rows:
            if row.name in skipped or row.name in failed:
                continue
            with console.status(f"round {number + 1} of {options.rounds}: {row.name}"):
                try:
                    sessions.setdefault(row.name, []).append(run_session(row, options.jobs, options.samples))
                except (SessionError, RuntimeError, OSError) as error:
                    failed[row.name] = str(error)
    summaries = {row.name: summarise(row, sessions[row.name]) for row in rows if row.name not in {*skipped, *failed}}
    add_ratios(summaries)
    facts = machine()
    show(Console(width=None if sys.stdout.isatty() else 130), summaries, skipped | failed)
    print("; ".join(f"{name} {fact}" for name, fact in facts.items()))
    if options.json:
        answer = {"machine": facts, "rows": summaries, "skipped": skipped, "failed": failed}
        options.json.write_text(json.dumps(answer, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
