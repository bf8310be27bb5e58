"""CPU seconds of whole process trees, from /proc, so that brokers, worker processes and ended children all count."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")

# Positions in /proc/PID/stat after the command name, which may itself hold spaces and brackets (proc(5)).
_PARENT = 1
_TIMES = slice(11, 15)  # utime, stime, and the same of the children that were waited for


def cpu_seconds(roots: Iterable[int]) -> float:
    """CPU seconds used so far by these processes and all of their descendants, alive or waited for."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended while we looked; its parent's clock has it
            continue
        process = int(folder.name)
        children.setdefault(int(fields[_PARENT]), []).append(process)
        ticks[process] = sum(map(int, fields[_TIMES]))
    total, waiting, seen = 0, list(roots), set[int]()
    while waiting:
        process = waiting.pop()
        if process not in seen:
            seen.add(process)
            total += ticks.get(process, 0)
            waiting += children.get(process, ())
    return total / _TICKS_A_SECOND
