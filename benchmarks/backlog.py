"""A backlog that does not live in memory: `PYTHONPATH=. .venv/bin/python benchmarks/backlog.py --help`.

Fills the embedded engine with waiting jobs and asks, at 1,000 and at the full backlog: how much memory has the process,
and how long do an enqueue, a receive of ten messages and a list of the newest 50 jobs take? The sizes are the process's
own, with the core in it, as under `make up`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from frame.install import RUN
from noop import noop
from peers.payload import PAYLOAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from infra.local.engine import Engine
from queues.catalog import Catalog
from queues.clock import system_clock
from queues.enqueue import Enqueuer
from queues.ids import Ulids
from queues.options import NewJob
from queues.rows import OPEN
from queues.settings import read_settings
from queues.shards import partition
from queues.sqs import JobQueues
from queues.store import JobStore
from queues.table import create_table

TENANT = "bench"

#: Jobs of one bulk enqueue while filling.
LOT = 1_000

#: The small backlog that the large one is compared with.
SMALL = 1_000

#: Times that each operation is timed.
SAMPLES = 300

#: Keys of the listed page.
PAGE = 50

#: Megabytes of resident memory that the process may have at the full backlog (issue 2).
MEMORY_LIMIT = 400


class Backlog:
    def __init__(self, engine: Engine) -> None:
        self.settings = read_settings()
        self.sqs = engine.client("sqs")
        self.dynamodb = engine.client("dynamodb")
        self.store = JobStore(self.dynamodb, self.settings)
        self.queues = JobQueues(self.sqs, self.settings)
        catalog = Catalog([noop])
        self.enqueuer = Enqueuer(self.store, self.queues, catalog, TENANT, system_clock, Ulids())
        self.catalog = catalog

    async def create(self) -> None:
        await create_table(self.dynamodb, self.settings)
        await self.queues.create(self.catalog)

    async def fill(self, jobs: int) -> None:
        lots = range(0, jobs, LOT)
        for at in track(lots, description=f"enqueue {jobs:,}", console=Console(stderr=True), transient=True):
            await self.enqueuer.many([NewJob(noop.name, PAYLOAD)] * min(LOT, jobs - at))

    async def enqueue(self) -> None:
        await self.enqueuer.one(noop.name, PAYLOAD)

    async def receive(self) -> None:
        url = await self.queues.url(noop.name)
        reply = await self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
        assert len(reply["Messages"]) == 10, "the backlog handed out fewer than ten messages"

    async def list(self) -> None:
        entries, _ = await self.store.keys(partition(TENANT, OPEN, 0), start=None, limit=PAGE)
        jobs = await self.store.rows(entries, system_clock())
        assert len(jobs) == PAGE, "the list is short"


async def milliseconds(operation: Callable[[], Awaitable[None]], samples: int) -> float:
    """The median of one call, one at a time."""
    times = []
    for _ in range(samples):
        began = time.perf_counter()
        await operation()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def memory() -> dict[str, float]:
    """Resident megabytes: now, and the most so far."""
    status = Path("/proc/self/status").read_text()
    fields = dict(re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status))
    return {"rss_mb": int(fields["VmRSS"]) / 1024, "peak_mb": int(fields["VmHWM"]) / 1024}


async def look(backlog: Backlog) -> dict[str, Any]:
    # Ten messages each: the small backlog must not run dry, so receives are sampled less.
    found: dict[str, Any] = memory()
    found["enqueue_ms"] = await milliseconds(backlog.enqueue, SAMPLES)
    found["receive_ms"] = await milliseconds(backlog.receive, SAMPLES // 10)
    found["list_ms"] = await milliseconds(backlog.list, SAMPLES)
    return found | memory()


async def measure(jobs: int) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(dir=RUN) as folder:
        engine = Engine(Path(folder) / "jobyard.db")
        backlog = Backlog(engine)
        await backlog.create()
        await backlog.fill(SMALL)
        found = {f"{SMALL:,}": await look(backlog)}
        began = time.perf_counter()
        await backlog.fill(jobs - SMALL)
        found[f"{jobs:,}"] = {"filled_jobs_per_s": (jobs - SMALL) / (time.perf_counter() - began)}
        found[f"{jobs:,}"] |= await look(backlog)
        await engine.close()
    return found


def show(small: dict[str, Any], large: dict[str, Any], jobs: int) -> None:
    table = Table(title="Waiting jobs in the embedded engine")
    for heading in ("", f"at {SMALL:,}", f"at {jobs:,}", "ratio"):
        table.add_column(heading, justify="right" if heading else "left")
    for label, key in (
        ("enqueue one, ms", "enqueue_ms"),
        ("receive ten, ms", "receive_ms"),
        (f"list newest {PAGE}, ms", "list_ms"),
        ("memory, MB", "rss_mb"),
        ("memory at most, MB", "peak_mb"),
    ):
        table.add_row(label, f"{small[key]:,.2f}", f"{large[key]:,.2f}", f"{large[key] / small[key]:.2f}")
    Console().print(table)
    print(f"filled at {large['filled_jobs_per_s']:,.0f} jobs/s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=500_000, help="waiting jobs (500000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    options = parser.parse_args()
    RUN.mkdir(parents=True, exist_ok=True)
    found = asyncio.run(measure(options.jobs))
    small, large = found.values()
    show(small, large, options.jobs)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if large["peak_mb"] > MEMORY_LIMIT:
        print(f"the process took {large['peak_mb']:.0f} MB, more than {MEMORY_LIMIT}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
