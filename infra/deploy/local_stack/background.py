"""IO: a server in the background, started by one command and stopped by another.

Its folder holds `lock`, `pid`, `port` and `log`. The server inherits the lock, open and locked, and knows nothing of
it; so the lock is held exactly as long as the server lives, however it ends. A number in a file alone would be believed
after a crash or a restart of the machine, when it is another program's.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from queues.errors import Misconfigured

#: Never another: whoever reaches an emulator may do all that AWS can.
LOOPBACK = "127.0.0.1"
#: Seconds for a server to answer on a busy machine, and to end before it is killed.
START_PATIENCE, STOP_PATIENCE = 60.0, 10.0
#: Seconds between two looks.
LOOK_EVERY = 0.05
#: Lines of the log that an error shows.
SHOWN = 5
#: Writes its own number before it becomes the server, so that no moment has a server without it.
_BECOME = 'echo $$ > "$0" && exec "$@"'
#: Leaves it to the system's first process, which sees to it when it has ended.
_LEAVE = '"$@" &'


class PortTaken(Misconfigured):
    """Another program listens on the port."""


@dataclass(frozen=True, slots=True)
class Background:
    """One server, and the folder that it is known by."""

    folder: Path
    #: What people call it.
    name: str

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.folder / "log"

    def running(self) -> int | None:
        """The port of the server, or None if it does not run."""
        if not self._lock().exists() or self._is_free():
            return None
        return self._number("port")

    def start(self, command: Sequence[str | Path], environment: Mapping[str, str], port: int) -> None:
        """Starts it and returns when it accepts connections on `port`. PortTaken; Misconfigured shows why it ended."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        if not _can_listen(port):
            raise PortTaken(f"port {port} is taken by another program; choose a free one with --port")
        (self.folder / "port").write_text(f"{port}\n")
        self._pid().unlink(missing_ok=True)
        with self._lock().open("w") as door, self.log.open("wb") as log:
            fcntl.flock(door, fcntl.LOCK_EX)
            subprocess.run(  # noqa: S603 - our own command line
                ["sh", "-c", _LEAVE, "sh", "sh", "-c", _BECOME, str(self._pid().absolute()), *map(str, command)],  # noqa: S607
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env=dict(environment),
                pass_fds=[door.fileno()],
                # Ctrl-C in the terminal is not meant for it.
                start_new_session=True,
                check=True,
            )
        self.wait(port)

    def wait(self, port: int) -> None:
        """Returns when it accepts connections: whoever started it may have been killed before. Misconfigured."""
        deadline = time.monotonic() + START_PATIENCE
        while not _listens(port):
            if self._is_free():
                raise Misconfigured(f"{self.name} ended at once: {self._last_words()}")
            if time.monotonic() > deadline:
                self.stop()
                raise Misconfigured(
                    f"{self.name} did not listen on port {port} within {START_PATIENCE:g} s: see {self.log}"
                )
            time.sleep(LOOK_EVERY)

    def stop(self) -> bool:
        """Ends it, and deletes its files but for the log. Whether it ran."""
        if not self._lock().exists():
            return False
        ran = not self._is_free()
        if ran:
            self._signal(signal.SIGTERM)
            if not self._ended_within(STOP_PATIENCE):
                self._signal(signal.SIGKILL)
                self._ended_within(STOP_PATIENCE)
        if not self._is_free():
            raise Misconfigured(f"{self.name} does not end; its number is in {self._pid()}")
        shutil.rmtree(self.home, ignore_errors=True)
        for name in ("pid", "port"):
            (self.folder / name).unlink(missing_ok=True)
        return ran

    @property
    def home(self) -> Path:
        """The server's working directory, emptied at each start."""
        return self.folder / "home"

    def _pid(self) -> Path:
        return self.folder / "pid"

    def _lock(self) -> Path:
        return self.folder / "lock"

    def _is_free(self) -> bool:
        with self._lock().open("r+") as door:
            try:
                fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def _signal(self, number: signal.Signals) -> None:
        pid = self._number("pid")
        if pid is not None:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return

    def _ended_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self._is_free():
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_EVERY)
        return True

    def _number(self, name: str) -> int | None:
        try:
            return int((self.folder / name).read_text())
        except (FileNotFoundError, ValueError):
            return None

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return " / ".join(lines[-SHOWN:]) or "it said nothing"


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection of the last one that still lingers takes nothing.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
