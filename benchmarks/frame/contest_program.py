"""The command line of a contest, from its options to its tables."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from frame.contest import Contest, Field, Level, Times
from frame.contest_report import show, summarise
from frame.machine import machine


def parse(contest: Contest, description: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"servers: {', '.join(e.name for e in contest.emulators)}; loads: {', '.join(contest.loads)}",
    )
    parser.add_argument("--clients", default="1,4,16", metavar="N,...", help="client processes of each level (1,4,16)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of the timed part of each level (2)")
    parser.add_argument("--warm-up", type=float, default=2.0, metavar="SECONDS", help="of each load, untimed (2)")
    parser.add_argument("--rounds", type=int, default=3, help="times that every server is started afresh (3)")
    parser.add_argument(
        "--only", default="", metavar="NAME,...", help="only servers whose name holds one of these words"
    )
    parser.add_argument(
        "--loads", default="", metavar="NAME,...", help="only loads whose name holds one of these words"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers, with every round, to FILE")
    return parser.parse_args()


def chosen(names: list[str], words: str) -> list[str]:
    """The names that hold one of the words; all, where there is none."""
    wanted = [word.strip().lower() for word in words.split(",") if word.strip()]
    found = [name for name in names if not wanted or any(word in name.lower() for word in wanted)]
    if not found:
        raise SystemExit(f"nothing holds any of {wanted}; there are: {', '.join(names)}")
    return found


def narrowed(contest: Contest, options: argparse.Namespace) -> Contest:
    """The contest with those servers and loads that the options ask for."""
    names = chosen([emulator.name for emulator in contest.emulators], options.only)
    loads = chosen(list(contest.loads), options.loads)
    return replace(
        contest,
        emulators=[emulator for emulator in contest.emulators if emulator.name in names],
        loads={name: contest.loads[name] for name in loads},
    )


def run(contest: Contest, description: str | None) -> int:
    """The whole program; the exit code is 1 where a server has failed."""
    options = parse(contest, description)
    # Servers are stopped on SIGTERM as on Ctrl-C, and on that also where a shell started us in the background.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    contest = narrowed(contest, options)
    field = Field(contest, Console(stderr=True))
    field.install()
    levels = [Level(load, int(count)) for load in contest.loads for count in options.clients.split(",")]
    try:
        for number in range(1, options.rounds + 1):
            field.round(number, levels, Times(options.seconds, options.warm_up))
    except KeyboardInterrupt:
        return 130
    summaries = summarise(contest, field.results)
    facts = machine()
    show(Console(width=None if sys.stdout.isatty() else 150), contest, summaries, field.skipped | field.failures)
    print("; ".join(f"{name} {fact}" for name, fact in facts.items()))
    if options.json:
        answer = {"machine": facts, "rows": summaries, "skipped": field.skipped, "failed": field.failures}
        options.json.write_text(json.dumps(answer, indent=1) + "\n")
    return 1 if field.failures else 0
