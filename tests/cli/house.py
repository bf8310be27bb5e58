"""A real `jobyard up` (or `work`) as a subprocess, and the client commands called in this process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
#: The command, whether it is installed or not.
JOBYARD = (sys.executable, "-m", "infra.cli")
#: Seconds that a command may take on a busy machine.
LIMIT = 60.0


def environment(**changes: str | Path) -> dict[str, str]:
    """This process's environment without what would change a command (make's, too), and with `changes`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("JOBYARD_", "AWS_", "MAKE"))}
    # Coloured help and wide tables depend on the terminal.
    ours |= {"PYTHONPATH": str(CHECKOUT), "COLUMNS": "120", "NO_COLOR": "1"}
    return ours | {name: str(value) for name, value in changes.items()}


@dataclass
class Running:
    """A long-running command that has said that it is ready."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]
    environment: dict[str, str] = field(repr=False)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def next_remark(self, start: str) -> str:
        """The next line of stderr that begins so."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith(start):
                return line.rstrip("\n")
        raise AssertionError(f"the process ended before it said {start!r}")

    def end(self) -> int:
        """The exit code."""
        self.process.communicate(timeout=LIMIT)
        return self.process.returncode

    def client(self) -> dict[str, str]:
        """What client commands need in their environment to reach it."""
        return {**self.environment, "JOBYARD_URL": self.ready["api"]}


def start(arguments: Sequence[str], env: dict[str, str]) -> subprocess.Popen[str]:
    """A command under way."""
    return subprocess.Popen(
        [*JOBYARD, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT, env=env
    )


@contextmanager
def running(*arguments: str, **changes: str | Path) -> Iterator[Running]:
    """A long-running command, ready; stopped at the end if it has not been."""
    own = environment(**changes)
    process = start([*arguments, "--json"], own)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"it ended with {process.wait(LIMIT)}: {process.communicate()[1]}")
        yield Running(process, json.loads(line), own)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=LIMIT)


def up(data: Path, jobs: str = "tests.cli.jobs_to_run", **changes: str | Path) -> Any:
    """`jobyard up` on ports of its own."""
    return running("up", "--port", "0", "--aws-port", "0", JOBYARD_DATA=data, JOBYARD_JOBS=jobs, **changes)


def run(arguments: Sequence[str], env: dict[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """A command to its end, in a process of its own."""
    return subprocess.run(
        [*JOBYARD, *arguments], capture_output=True, text=True, cwd=CHECKOUT, env=env, input=stdin, timeout=LIMIT
    )
