"""AWS servers under the same loads, in turn: what `sqs_server.py` and `dynamodb_server.py` share.

A round starts every server afresh on an empty folder and warms it up. Then each load, at each number of clients, goes
to one server after the other, so that those which are compared ran within seconds of each other.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from loads.load import Load
from rich.console import Console

from frame.clients import ClientsError, Run, run_clients
from frame.emulators import Emulator
from frame.install import RUN, CannotInstallError, install
from frame.servers import Server, running

#: Clients of the warm-up.
WARM_UP_CLIENTS = 4


@dataclass(frozen=True)
class Contest:
    title: str
    unit: str
    """What is counted, in the plural."""
    emulators: Sequence[Emulator]
    """The first is ours, and what the others are compared with."""
    loads: Mapping[str, Callable[[str], Load]]
    """A load's name -> the load on an endpoint."""


@dataclass(frozen=True)
class Level:
    load: str
    clients: int


@dataclass(frozen=True)
class Times:
    """Seconds: of the timed part of a level, and of each load in the warm-up."""

    level: float
    warm_up: float


#: For each server that ran, for each level: one run a round.
Results = dict[str, dict[Level, list[Run]]]


class Field:
    """The servers of a contest that could be installed and have not failed."""

    def __init__(self, contest: Contest, console: Console) -> None:
        self._contest = contest
        self._console = console
        self.failures: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.results: Results = {}

    def install(self) -> None:
        """Install what the servers need; what cannot be had is in `skipped`, with the reason."""
        for emulator in self._contest.emulators:
            if emulator.needs is not None:
                try:
                    with self._console.status(f"installing {emulator.name}"):
                        install(emulator.needs)
                except CannotInstallError as error:
                    self.skipped[emulator.name] = str(error)

    def round(self, number: int, levels: Sequence[Level], times: Times) -> None:
        RUN.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=RUN))
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            servers = self._start(stack, folder)
            for level in (Level(load, WARM_UP_CLIENTS) for load in self._contest.loads):
                for name, server in servers.items():
                    self._run(f"round {number}: warming up", name, server, level, times.warm_up)
            for level in levels:
                for name, server in servers.items():
                    run = self._run(f"round {number}", name, server, level, times.level)
                    if run is not None:
                        self.results.setdefault(name, {}).setdefault(level, []).append(run)

    def _start(self, stack: ExitStack, folder: Path) -> dict[str, Server]:
        servers = {}
        for emulator in self._contest.emulators:
            if emulator.name not in self.skipped and emulator.name not in self.failures:
                home = folder / emulator.kind
                home.mkdir()
                try:
                    servers[emulator.name] = stack.enter_context(running(emulator.kind, home))
                except RuntimeError as error:
                    self.failures[emulator.name] = str(error)
        return servers

    def _run(self, when: str, name: str, server: Server, level: Level, seconds: float) -> Run | None:
        """One level on one server; None, with the reason in `failures`, where it has failed, now or before."""
        if name in self.failures:
            return None
        with self._console.status(f"{when}: {name}, {level.load}, {level.clients} clients"):
            load = self._contest.loads[level.load](f"http://127.0.0.1:{server.port}")
            try:
                return run_clients(load, level.clients, seconds, server)
            except (ClientsError, OSError) as error:
                self.failures[name] = f"{level.load}, {level.clients} clients: {error}"
                return None
