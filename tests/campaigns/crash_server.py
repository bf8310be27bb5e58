"""A real `jobyard up` that is killed with SIGKILL and started again on the same data."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns.crash_jobs import JOURNAL

#: Seconds for a start, and for the worker processes of a killed server to be gone.
START_SECONDS = 60.0
GONE_SECONDS = 2.0
HOUSE = Path(__file__).resolve().parents[2]


class ServerFailed(Exception):
    """The server ended though nobody killed it, or did not start."""


@dataclass(slots=True)
class Server:
    """One data folder, and the server on it if it runs now."""

    home: Path
    #: The module of its job types.
    jobs: str = "tests.campaigns.crash_jobs"
    #: Epoch ms of each kill.
    kills: list[int] = field(default_factory=list)
    #: The slowest end of a killed server's worker processes, in seconds.
    slowest_end: float = 0.0
    #: Worker processes seen alive at a kill.
    orphans: int = 0
    #: Those that outlived their server.
    survivors: list[int] = field(default_factory=list)
    #: URLs and token, while the server is ready.
    ready: dict[str, Any] | None = None
    _process: asyncio.subprocess.Process | None = None

    @property
    def journal(self) -> Path:
        return self.home / "journal"

    @property
    def log(self) -> Path:
        return self.home / "log"

    async def start(self) -> None:
        """Starts the process; `wait_ready` tells when it serves."""
        self.journal.touch()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "infra.cli", "up", "--json", "--port", "0", "--aws-port", "0"),
                *("--data", str(self.home / "data")),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=HOUSE,
                env=os.environ
                | {
                    JOURNAL: str(self.journal),
                    "JOBYARD_JOBS": self.jobs,
                    "JOBYARD_LEASE": "3",
                    "JOBYARD_REAP_EVERY": "0.5",
                    "JOBYARD_PROCESSES": "4",
                },
            )

    async def wait_ready(self) -> dict[str, Any]:
        """The server's URLs and token; ServerFailed with the end of its log if it does not come up."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await self._process.stdout.readline()
            self.ready = json.loads(line)
        except (TimeoutError, ValueError):
            raise ServerFailed(f"the server did not start:\n{self.log.read_text()[-3000:]}") from None
        assert self.ready is not None
        return self.ready

    async def kill(self) -> None:
        """kill -9, at once; then sees to it that no worker process is left."""
        process, self.ready = self._process, None
        assert process is not None
        if process.returncode is not None:
            raise ServerFailed(f"the server ended by itself ({process.returncode}):\n{self.log.read_text()[-3000:]}")
        children = _children(process.pid)
        self.kills.append(time.time_ns() // 1_000_000)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await self._bury(children)

    async def _bury(self, children: list[tuple[int, str]]) -> None:
        began = time.monotonic()
        self.orphans += len(children)
        while alive := [child for child in children if _is_alive(*child)]:
            if time.monotonic() - began > GONE_SECONDS:
                self.survivors += [pid for pid, _ in alive]
                break
            await asyncio.sleep(0.005)
        if children:
            self.slowest_end = max(self.slowest_end, time.monotonic() - began)

    async def stop(self) -> int:
        """Asks it to stop as a supervisor does, and answers its exit code."""
        process, self.ready = self._process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(START_SECONDS):
                return await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            return await process.wait()


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty if there is no such process. (proc(5))"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _children(parent: int) -> list[tuple[int, str]]:
    """Pid and start time of each child; the start time tells a process from a later one of the same pid."""
    folder = Path("/proc")
    pids = [int(entry.name) for entry in folder.iterdir() if entry.name.isdigit()] if folder.is_dir() else []
    stats = [(pid, _stat(pid)) for pid in pids]
    return [(pid, stat[19]) for pid, stat in stats if len(stat) > 19 and int(stat[1]) == parent and stat[0] != "Z"]


def _is_alive(pid: int, started: str) -> bool:
    stat = _stat(pid)
    return len(stat) > 19 and stat[19] == started and stat[0] != "Z"
