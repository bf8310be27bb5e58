"""Counters that worker processes share with the program that measures them, without a broker in between.

Each worker process owns one slot of 16 bytes in a memory-mapped file: jobs done, and the monotonic time at
which its last handler began. One writer per slot, so no lock between processes is needed.
"""

from __future__ import annotations

import mmap
import struct
import tempfile
import threading
import time

_SLOT = struct.Struct("<qd")


class Counters:
    def __init__(self, slots: int) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the program
        self._file.truncate(slots * _SLOT.size)
        self._map = mmap.mmap(self._file.fileno(), slots * _SLOT.size)
        self._slots = slots

    def total(self) -> int:
        return sum(self._read(slot)[0] for slot in range(self._slots))

    def last_began(self) -> float:
        """`time.monotonic()` of the latest start of a handler, in any process (one clock on Linux)."""
        return max(self._read(slot)[1] for slot in range(self._slots))

    def _read(self, slot: int) -> tuple[int, float]:
        count, began = _SLOT.unpack_from(self._map, slot * _SLOT.size)
        return count, began

    def writer(self, slot: int) -> SlotWriter:
        return SlotWriter(self._map, slot * _SLOT.size, self._read(slot)[0])


class SlotWriter:
    """What a worker process holds: `began()` first thing in the handler, `finished()` when the result is stored."""

    def __init__(self, shared: mmap.mmap, offset: int, count: int) -> None:
        self._map, self._offset, self._count = shared, offset, count
        self._lock = threading.Lock()

    def began(self) -> None:
        struct.pack_into("<d", self._map, self._offset + 8, time.monotonic())

    def finished(self) -> None:
        with self._lock:
            self._count += 1
            struct.pack_into("<q", self._map, self._offset, self._count)
