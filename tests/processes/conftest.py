"""A pool, and a way to run one call in it and see all that came of it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from queues.log_line import LogLine
from queues.outcome import Outcome, Returned
from queues.processes import SECRETS, Call, ProcessPool

#: Seconds after which something that a real process should have done is given up on.
PATIENCE = 20.0

MODULES = ("tests.processes.handlers",)


@dataclass
class Seen:
    """What one call came to."""

    outcome: Outcome
    lines: list[LogLine] = field(default_factory=list)
    progress: list[tuple[float, str | None]] = field(default_factory=list)

    @property
    def messages(self) -> list[str]:
        return [line.message for line in self.lines]

    @property
    def result(self) -> Any:
        assert isinstance(self.outcome, Returned), self.outcome
        return json.loads(self.outcome.result_json)


async def run(pool: ProcessPool, type_name: str, data: Any = None, *, timeout: float = 30, version: int = 1) -> Seen:
    lines: list[LogLine] = []
    progress: list[tuple[float, str | None]] = []
    call = Call(type_name, json.dumps(data), "job-1", "acme", 2, 3, version, custom_backoff=True)
    outcome = await pool.run(
        call, timeout=timeout, on_progress=lambda *report: progress.append(report), on_log=lines.append
    )
    return Seen(outcome, lines, progress)


async def until(condition: Callable[[], Any]) -> Any:
    """The condition's value once it is true; a process of the operating system offers nothing to wait on."""
    async with asyncio.timeout(PATIENCE):
        while not (value := condition()):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)
        return value


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie, which nobody has fetched yet, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def written(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.fixture
async def pool(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ProcessPool]:
    for name in SECRETS:
        monkeypatch.setitem(os.environ, name, "s" * 32)
    pool = ProcessPool(MODULES, size=1)
    yield pool
    await pool.close()
    assert pool.pids == []
