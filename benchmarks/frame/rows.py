"""The contestants: one row of the table each."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from frame.install import CHECKOUT, NODE_MODULES, PEER_PYTHON
from frame.servers import Server

BENCHMARKS = CHECKOUT / "benchmarks"


@dataclass(frozen=True)
class Row:
    name: str
    program: str
    """Under benchmarks/. `{folder}`, `{port}` and `{endpoint}` are filled in its arguments."""
    arguments: tuple[str, ...]
    needs: tuple[str, ...] = ()
    """What `install` must provide."""
    server: str | None = None
    share: float = 1.0
    """Part of `--jobs` that this row runs, so that slow rows take about as long as fast ones."""
    baseline: str = "jobyard embedded"
    """The row of ours that its ratio is against: the one that stores its jobs in the same place, as far as can be."""
    keeps: str = "status, result"

    def command(self, folder: Path, server: Server | None) -> list[str]:
        port = server.port if server else 0
        filled = [part.format(folder=folder, port=port, endpoint=f"http://127.0.0.1:{port}") for part in self.arguments]
        return [self._interpreter(), str(BENCHMARKS / self.program), *filled]

    def _interpreter(self) -> str:
        if self.program.endswith(".js"):
            return "node"
        return sys.executable if self.is_ours else str(PEER_PYTHON)

    @property
    def is_ours(self) -> bool:
        return self.program.startswith("jobyard")

    def environment(self) -> dict[str, str]:
        # Peers do not see our packages: only `peers.*` beside them.
        path = f"{CHECKOUT}{os.pathsep}{BENCHMARKS}" if self.is_ours else str(BENCHMARKS)
        return {**os.environ, "PYTHONPATH": path, "NODE_PATH": str(NODE_MODULES)}


OURS_ON_MINISTACK = "jobyard on MiniStack"

ROWS = (
    Row("jobyard embedded", "jobyard_embedded.py", ("{folder}/jobyard.db",)),
    Row("huey sqlite", "peers/huey_sqlite.py", ("{folder}/huey.db", "--fsync", "off"), ("python",)),
    Row(
        "huey sqlite fsync",
        "peers/huey_sqlite.py",
        ("{folder}/huey.db", "--fsync", "on"),
        ("python",),
        share=0.3,
    ),
    Row(
        "dramatiq redis",
        "peers/dramatiq_redis.py",
        ("redis://127.0.0.1:{port}/0",),
        ("python", "redis"),
        "redis",
        share=0.5,
    ),
    Row(
        "dramatiq redis aof",
        "peers/dramatiq_redis.py",
        ("redis://127.0.0.1:{port}/0",),
        ("python", "redis"),
        "redis-aof",
        share=0.5,
    ),
    Row("bullmq redis", "peers/bullmq_redis.js", ("{port}",), ("node", "redis"), "redis"),
    Row("bullmq redis aof", "peers/bullmq_redis.js", ("{port}",), ("node", "redis"), "redis-aof"),
    Row("bee-queue redis", "peers/bee_queue_redis.js", ("{port}",), ("node", "redis"), "redis", keeps="status"),
    Row(
        "bee-queue redis aof",
        "peers/bee_queue_redis.js",
        ("{port}",),
        ("node", "redis"),
        "redis-aof",
        keeps="status",
    ),
    Row(
        OURS_ON_MINISTACK,
        "jobyard_ministack.py",
        ("{endpoint}",),
        ("python",),
        "ministack",
        share=0.1,
        baseline=OURS_ON_MINISTACK,
    ),
    Row(
        "taskiq-aio-sqs on MiniStack",
        "peers/taskiq_sqs.py",
        ("{endpoint}",),
        ("python",),
        "ministack",
        share=0.1,
        baseline=OURS_ON_MINISTACK,
    ),
)
