"""CPU of the embedded engine's hot operations: `PYTHONPATH=. .venv/bin/python benchmarks/engine_calls.py --help`.

The calls are the core's own: a first pass runs `queues.store` and `queues.sqs` on an engine in memory and records what
they ask of AWS. The measured passes replay that through the direct door onto a database in a file: one call at a time,
and many together, which share a commit. The CPU is that of the whole process, log checkpoints included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core_calls import CoreCalls, record
from frame.install import RUN
from rich.console import Console
from rich.table import Table

from infra.local.engine import Engine
from queues.clients import Clients

#: Calls waiting together in the second pass: as many as a busy runner has under way.
TOGETHER = 100

#: The steps of a tracked job's life and how many calls of each it takes: what their sum is the engine's share of.
CALLS_A_JOB = {
    "BatchWriteItem (25 puts)": 1 / 25,
    "SendMessageBatch (10)": 1 / 10,
    "ReceiveMessage (10)": 1 / 10,
    "BatchExecuteStatement (25 claims)": 1 / 25,
    "BatchExecuteStatement (25 ends)": 1 / 25,
    "DeleteMessageBatch (10)": 1 / 10,
}


@dataclass(frozen=True)
class Cost:
    calls: int
    cpu_us: float
    wall_us: float


async def replay(recorded: CoreCalls, path: Path, together: int) -> dict[str, Cost]:
    """The cost of one call of each kind, with this many waiting at once."""
    engine = Engine(path)
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"))
    costs: dict[str, Cost] = {}
    for call in recorded.setup:
        await call.send(clients)
    for label, calls in recorded.writes.items():
        costs[label], _ = await timed([call.send(clients) for call in calls], together)
    receives = [recorded.receive.send(clients) for _ in recorded.writes["SendMessageBatch (10)"]]
    costs["ReceiveMessage (10)"], replies = await timed(receives, together)
    for label, calls in recorded.updates.items():
        costs[label], _ = await timed([call.send(clients) for call in calls], together)
    deletes = [recorded.delete(reply["Messages"]).send(clients) for reply in replies if reply.get("Messages")]
    costs["DeleteMessageBatch (10)"], _ = await timed(deletes, together)
    for label, calls in recorded.reads.items():
        costs[label], _ = await timed([call.send(clients) for call in calls], together)
    await engine.close()
    return costs


async def timed(calls: Sequence[Any], together: int) -> tuple[Cost, list[Any]]:
    replies: list[Any] = []
    cpu, wall = time.process_time(), time.perf_counter()
    if together == 1:
        replies = [await call for call in calls]
    else:
        for at in range(0, len(calls), together):
            replies += await asyncio.gather(*calls[at : at + together])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(len(calls), cpu / len(calls) * 1e6, wall / len(calls) * 1e6), replies


async def measure(jobs: int) -> dict[int, dict[str, Cost]]:
    recorded = await record(jobs)
    costs = {}
    with tempfile.TemporaryDirectory(dir=RUN) as folder:
        for together in (1, TOGETHER):
            costs[together] = await replay(recorded, Path(folder) / f"{together}.db", together)
    return costs


def show(costs: dict[int, dict[str, Cost]]) -> None:
    alone, grouped = costs[1], costs[TOGETHER]
    table = Table(title="CPU of one call through the direct door, us")
    for heading in ("operation", "calls", "alone", f"{TOGETHER} together", "together, wall"):
        table.add_column(heading, justify="left" if heading == "operation" else "right")
    for label, cost in grouped.items():
        cells = (f"{cost.calls:,}", f"{alone[label].cpu_us:.1f}", f"{cost.cpu_us:.1f}", f"{cost.wall_us:.1f}")
        table.add_row(label, *cells)
    share = sum(grouped[label].cpu_us * calls for label, calls in CALLS_A_JOB.items())
    table.add_section()
    table.add_row("a tracked job's six calls", "", "", f"{share:.1f}", "")
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5_000, help="jobs taken through their life (5000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    options = parser.parse_args()
    RUN.mkdir(parents=True, exist_ok=True)
    costs = asyncio.run(measure(options.jobs))
    show(costs)
    if options.json:
        plain = {f"{together} together": {k: vars(v) for k, v in rows.items()} for together, rows in costs.items()}
        options.json.write_text(json.dumps(plain, indent=1) + "\n")


if __name__ == "__main__":
    main()
