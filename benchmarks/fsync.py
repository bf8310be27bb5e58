"""What `JOBYARD_FSYNC=always` costs beside `normal`: `PYTHONPATH=. .venv/bin/python benchmarks/fsync.py --help`.

Each of so many callers sends one message of 1 KB after the other through the direct door, onto a database on the
checkout's own disk. With `always` every commit waits for the disk; callers that wait at the same time share one commit,
so what it costs falls with their number. Both policies run by turns, and the median of the turns counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from frame.install import RUN
from frame.machine import machine
from rich.console import Console
from rich.table import Table

from infra import loop
from infra.local.db import Fsync
from infra.local.engine import Engine

CALLERS = (1, 4, 16, 64, 128)
BODY = "x" * 1024
POLICIES: tuple[Fsync, ...] = get_args(Fsync)


@dataclass(frozen=True)
class Turn:
    """One policy with so many callers, for some seconds."""

    #: Messages acknowledged in a second, and milliseconds until half of them were, and until 99 % were.
    rate: float
    median: float
    late: float


async def turn(path: Path, fsync: Fsync, callers: int, seconds: float) -> Turn:
    engine = Engine(path, fsync=fsync)
    sqs: Any = engine.client("sqs")
    url = (await sqs.create_queue(QueueName="q"))["QueueUrl"]
    waits: list[float] = []
    began = time.perf_counter()

    async def call() -> None:
        now = began
        while now < began + seconds:
            asked = now
            await sqs.send_message(QueueUrl=url, MessageBody=BODY)
            now = time.perf_counter()
            waits.append(now - asked)

    await asyncio.gather(*[call() for _ in range(callers)])
    took = time.perf_counter() - began
    await engine.close()
    ranked = sorted(waits)
    return Turn(len(waits) / took, ranked[len(ranked) // 2] * 1e3, ranked[len(ranked) * 99 // 100] * 1e3)


async def measure(turns: int, seconds: float) -> dict[int, dict[Fsync, Turn]]:
    """By callers and policy: the median of each figure."""
    found: dict[int, dict[Fsync, list[Turn]]] = {callers: {fsync: [] for fsync in POLICIES} for callers in CALLERS}
    for _ in range(turns):
        for callers in CALLERS:
            for fsync in POLICIES:
                with tempfile.TemporaryDirectory(dir=RUN) as folder:
                    found[callers][fsync].append(await turn(Path(folder) / "aws.db", fsync, callers, seconds))
    return {callers: {fsync: median(of) for fsync, of in policies.items()} for callers, policies in found.items()}


def median(turns: list[Turn]) -> Turn:
    return Turn(*[statistics.median(figures) for figures in zip(*[asdict(one).values() for one in turns], strict=True)])


def show(found: dict[int, dict[Fsync, Turn]], fsync: str) -> None:
    table = Table(title=f"SendMessage of 1 KB, direct door; an fsync of 4 KiB takes {fsync} here")
    for heading in ("callers", "normal/s", "always/s", "ratio", "normal, p50 p99 ms", "always, p50 p99 ms"):
        table.add_column(heading, justify="right")
    for callers, policies in found.items():
        normal, always = policies["normal"], policies["always"]
        rates = (f"{normal.rate:,.0f}", f"{always.rate:,.0f}", f"{always.rate / normal.rate:.2f}")
        waits = [f"{one.median:.2f} {one.late:6.2f}" for one in (normal, always)]
        table.add_row(str(callers), *rates, *waits)
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5, help="of each policy and number of callers (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of one turn (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    options = parser.parse_args()
    RUN.mkdir(parents=True, exist_ok=True)
    found = loop.run(measure(options.turns, options.seconds))
    facts = machine()
    show(found, facts["fsync"])
    if options.json:
        plain = {callers: {fsync: asdict(one) for fsync, one in of.items()} for callers, of in found.items()}
        options.json.write_text(json.dumps({"machine": facts, "turns": plain}, indent=1) + "\n")


if __name__ == "__main__":
    main()
