"""One session: a contestant, started afresh with a fresh server and an empty folder, taken through all parts once."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frame.cpu import cpu_seconds
from frame.install import RUN
from frame.processes import stop
from frame.rows import Row
from frame.servers import Server, server

#: Seconds that a contestant may take for one command.
COMMAND_TIMEOUT = 300.0

#: Jobs run first and not measured, so that code is compiled, scripts are loaded and connections are open.
WARM_UP_SHARE = 0.05


class SessionError(Exception):
    """A contestant failed; the sentence says where and with what last line."""


@dataclass(frozen=True)
class Part:
    jobs: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.jobs / self.seconds

    @property
    def cpu_per_thousand(self) -> float:
        return self.cpu / self.jobs * 1000


@dataclass
class Session:
    parts: dict[str, Part] = field(default_factory=dict)
    latency: list[float] = field(default_factory=list)
    kept: int = 0
    ran: int = 0


def run_session(row: Row, jobs: int, samples: int) -> Session:
    """Take one row through warm-up, enqueue, drain, both and latency."""
    jobs = max(100, round(jobs * row.share))
    warm_up = max(50, round(jobs * WARM_UP_SHARE))
    RUN.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=RUN))
    try:
        with server(row.server, folder) as broker:
            program = _Program(row, folder, broker)
            try:
                session = Session(ran=warm_up + 2 * jobs + samples)
                program.part("both", warm_up)
                program.ask("pause")
                for name in ("enqueue", "drain", "both"):
                    session.parts[name] = program.part(name, jobs)
                session.latency = program.ask("latency", samples)["latency"]
                session.kept = program.ask("quit")["kept"]
            finally:
                program.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if session.kept < session.ran:
        raise SessionError(f"{row.name} kept {session.kept} of {session.ran} jobs: it did not do the work")
    return session


class _Program:
    """The contestant's process and its line protocol (peers/protocol.py)."""

    def __init__(self, row: Row, folder: Path, broker: Server | None) -> None:
        self._row = row
        self._errors = (folder / "contestant.log").open("w+b")
        self._process = subprocess.Popen(
            row.command(folder, broker),
            cwd=folder,
            env=row.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        self._roots = [self._process.pid, *([broker.pid] if broker else [])]
        self._command = "start"
        self._read()

    def ask(self, command: str, jobs: int | None = None) -> dict[str, Any]:
        self._command = command
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{command} {jobs}\n".encode() if jobs else f"{command}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise SessionError(self._why()) from None
        return self._read()

    def part(self, command: str, jobs: int) -> Part:
        self.ask(command, jobs)  # answers `start`
        before = cpu_seconds(self._roots)
        answer = self._read()  # answers `stop`
        return Part(answer["jobs"], answer["seconds"], cpu_seconds(self._roots) - before)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        watchdog = threading.Timer(COMMAND_TIMEOUT, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise SessionError(self._why())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _why(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines else f"exit code {self._process.returncode}"
        return f"{self._row.name} failed at `{self._command}`: {last}"

    def close(self) -> None:
        stop(self._process)
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                pipe.close()
