"""A client's program, run to its end in the environment of the test."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

#: Seconds that a program may take on a busy machine.
LIMIT = 60.0
#: Seconds between two looks at what a program has printed.
LOOK = 0.02


def run(*words: str | Path, cwd: Path | None = None) -> str:
    """What a program prints; it must succeed."""
    done = attempt(*words, cwd=cwd)
    assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def attempt(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A program's end, whatever that is."""
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=cwd, timeout=LIMIT)


class Worker:
    """A program that runs until it is stopped, and what it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path):
        self._process, self._log = process, log

    @property
    def printed(self) -> str:
        return self._log.read_text()

    def prints(self, words: str, times: int = 1) -> str:
        """What it has printed, once these words are in it so often."""
        deadline = time.monotonic() + LIMIT
        while self.printed.count(words) < times:
            assert self._process.poll() is None, f"it ended with {self._process.returncode}:\n{self.printed}"
            assert time.monotonic() < deadline, f"it did not print {words!r} {times} times:\n{self.printed}"
            time.sleep(LOOK)
        return self.printed

    def ends(self) -> int:
        """Its exit code, when it ends by itself."""
        return self._process.wait(LIMIT)


@contextmanager
def working(words: Sequence[str | Path], cwd: Path) -> Iterator[Worker]:
    """A program in the background; asked to end, and if need be killed, at the end."""
    log = cwd / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([str(word) for word in words], stdout=output, stderr=subprocess.STDOUT, cwd=cwd)
    try:
        yield Worker(process, log)
    finally:
        process.terminate()
        try:
            process.wait(LIMIT)
        finally:
            process.kill()
            process.wait(LIMIT)
