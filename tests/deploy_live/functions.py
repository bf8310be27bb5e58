"""The processes in which MiniStack runs functions, found as the kernel lists them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

#: In the command line of a function's process, before its name.
MARK = "ministack-lambda-"


def processes(function: str) -> list[int]:
    """The processes of a function: those that MiniStack starts, not what they start themselves."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if len(command) > 1 and f"/{MARK}{function}-" in command[1] and command[1].endswith("_worker.py"):
                found.append(int(entry.name))
    return found


def kill(function: str) -> int:
    """Kills the function's processes as if the machine below it were gone; how many there were."""
    running = processes(function)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    return len(running)
