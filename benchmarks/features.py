"""What a job's features cost: `make bench-features`, or `PYTHONPATH=. .venv/bin/python benchmarks/features.py --help`.

Embedded, in one process: jobs are enqueued while a worker runs them, each with one feature (`feature_jobs.py`). In one
run and in turn: each round takes every feature once, on an engine and a file of its own. Medians of the rounds; each
ratio is against the plain job of the same round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feature_jobs import FEATURES, STEPS, Feature
from frame.install import RUN
from frame.machine import machine
from jobyard_contestant import LOT
from jobyard_embedded import Embedded
from rich.console import Console
from rich.table import Table

from infra import loop
from queues import Flow
from queues.clients import Clients
from queues.clock import system_clock
from queues.encryption.key_file import KeyFile
from queues.runtime import Runtime, assemble
from queues.settings import Settings, read_settings

#: Part of the jobs that are run first and not measured.
WARM_UP_SHARE = 0.05


class Featured(Embedded):
    """The contestant of the other benchmarks, whose jobs have a feature."""

    def __init__(self, folder: Path, feature: Feature) -> None:
        super().__init__(folder / "jobyard.db")
        self.feature = feature
        self._folder = folder
        self.asked = 0
        self.followers: list[asyncio.Task[None]] = []

    def settings(self) -> Settings:
        return read_settings(processes=1, data=self._folder, artifacts=f"file://{self._folder}/artifacts")

    def _assemble(self) -> Runtime:
        KeyFile(self._folder).ensure(system_clock())
        return assemble(Clients(self.sqs, self.dynamodb), self.feature.catalog, self.settings())

    async def enqueue(self, jobs: int) -> None:
        first, self.asked = self.asked, self.asked + jobs
        if self.feature.flow is not None:
            for _ in range(jobs // STEPS):
                await self.runtime.queue.flows.start(Flow(self.feature.flow))
            return
        for at in range(first, first + jobs, LOT):
            made = await self.runtime.queue.enqueue_many(self.feature.jobs(range(at, min(at + LOT, first + jobs))))
            if self.feature.followed:
                self.followers += [asyncio.create_task(self._follow(one.id)) for one in made[:: self.feature.followed]]

    async def _follow(self, job_id: str) -> None:
        async for _ in self.runtime.queue.events(job_id):
            pass


@dataclass(frozen=True)
class Session:
    """Jobs of one feature that were done, by what their rows say, and their rate."""

    done: int
    rate: float


async def session(feature: Feature, jobs: int) -> Session:
    """One feature, on a fresh engine. RuntimeError if not all of its jobs were done."""
    RUN.mkdir(parents=True, exist_ok=True)
    warm_up = STEPS * max(1, round(jobs * WARM_UP_SHARE / STEPS))
    with tempfile.TemporaryDirectory(dir=RUN) as folder:
        contestant = Featured(Path(folder), feature)
        await contestant.open()
        await contestant.start_workers()
        await contestant.enqueue(warm_up)
        await contestant.until(warm_up)
        began = time.monotonic()
        await contestant.enqueue(jobs)
        await contestant.until(warm_up + jobs)
        seconds = time.monotonic() - began
        await asyncio.gather(*contestant.followers)
        kept = await contestant.kept()
        await contestant.stop_workers()
        await contestant.close()
    if kept != warm_up + jobs:
        raise RuntimeError(f"{feature.name}: {kept} of {warm_up + jobs} jobs were done")
    return Session(kept - warm_up, jobs / seconds)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=4_000, help="of each feature in a round, in tens (4000)")
    parser.add_argument("--rounds", type=int, default=5, help="times that each feature is taken in turn (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers, with every round, to FILE")
    return parser.parse_args()


def summarise(sessions: dict[str, list[Session]]) -> dict[str, dict[str, Any]]:
    """Medians; `of_plain`: the median of the ratios within a round; `done`: jobs of all rounds."""
    plain = sessions[FEATURES[0].name]
    return {
        name: {
            "jobs_per_s": statistics.median(one.rate for one in found),
            "of_plain": statistics.median(one.rate / usual.rate for one, usual in zip(found, plain, strict=True)),
            "done": sum(one.done for one in found),
            "rounds_jobs_per_s": [round(one.rate, 1) for one in found],
        }
        for name, found in sessions.items()
    }


def show(rows: dict[str, dict[str, Any]]) -> None:
    table = Table(title="No-op async job, 200-byte payload, embedded, enqueued and run at once; medians of the rounds")
    for heading in ("", "jobs/s", "of plain"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, row in rows.items():
        table.add_row(name, f"{row['jobs_per_s']:,.0f}", f"{row['of_plain']:.2f} x")
    Console().print(table)


def main() -> int:
    options = parse()
    jobs = STEPS * max(1, options.jobs // STEPS)
    sessions: dict[str, list[Session]] = {feature.name: [] for feature in FEATURES}
    status = Console(stderr=True)
    for number in range(options.rounds):
        for feature in FEATURES:
            with status.status(f"round {number + 1} of {options.rounds}: {feature.name}"):
                sessions[feature.name].append(loop.run(session(feature, jobs)))
    rows = summarise(sessions)
    show(rows)
    facts = machine()
    print("; ".join(f"{name} {fact}" for name, fact in facts.items()))
    if options.json:
        answer = {"machine": facts, "jobs": jobs, "rows": rows}
        options.json.write_text(json.dumps(answer, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
