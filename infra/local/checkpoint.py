"""Moves what the write-ahead log holds into the database file, without stopping the event loop.

A checkpoint copies pages and waits for the disk, milliseconds to seconds, so it runs on a thread with a
connection of its own. Two steps, because a log that is appended to all the while is never copied to its end
and so never starts over:

1. while calls go on, copy what is there now (PASSIVE, the long part);
2. hold new calls back, copy the short rest, let go. The next write then begins the log anew.

In step 2 calls queue up for the few milliseconds; the loop itself never waits.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from infra.local.db import connect

#: Bytes of log at which a checkpoint begins.
START_AT = 8 * 1024 * 1024

#: Commits between two looks at the log's size.
LOOK_EVERY = 64

#: The log begins with a head, as does each page in it; both hold two salts, which change when the log starts over.
#: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
HEAD, FRAME_HEAD = 32, 24
SALTS_IN_HEAD, SALTS_IN_FRAME = slice(16, 24), slice(8, 16)
PAGE_SIZE = slice(8, 12)


class Checkpointer:
    """Watches the log of one database file; the engine tells it of commits."""

    def __init__(self, path: Path, hold: Callable[[], None], release: Callable[[], None]):
        self._wal = path.with_name(path.name + "-wal")
        self._db = connect(path)
        self._hold = hold
        self._release = release
        self._commits = 0
        self._running: asyncio.Task[None] | None = None

    def committed(self) -> None:
        """Count a commit; starts a checkpoint when the log has grown enough."""
        self._commits += 1
        if self._commits >= LOOK_EVERY and self._running is None:
            self._commits = 0
            if self.log_size() >= START_AT:
                self._running = asyncio.get_running_loop().create_task(self._run())

    def log_size(self) -> int:
        """Bytes in the log now. Its file may be larger: what follows is left from before the log started over."""
        try:
            with self._wal.open("rb", buffering=0) as log:
                return _bytes_in_use(log.fileno())
        except FileNotFoundError:
            return 0

    async def _run(self) -> None:
        try:
            await asyncio.to_thread(self._checkpoint, "PASSIVE")
            self._hold()
            try:
                await asyncio.to_thread(self._checkpoint, "PASSIVE")
            finally:
                self._release()
        finally:
            self._running = None

    def _checkpoint(self, mode: str) -> None:
        # A full disk shows in the next write, which answers it to its caller; the log keeps everything till then.
        with contextlib.suppress(sqlite3.OperationalError):
            self._db.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()

    async def finish(self) -> None:
        """Wait for a running checkpoint, after which nothing is held back."""
        if self._running is not None:
            await self._running

    async def close(self) -> None:
        """Copy everything and cut the log; to be called when no more calls come."""
        await self.finish()
        await asyncio.to_thread(self._checkpoint, "TRUNCATE")
        self._db.close()


def _bytes_in_use(log: int) -> int:
    """The bytes up to the last page with the salts of the head; a dozen looks find it."""
    head = os.pread(log, HEAD, 0)
    if len(head) < HEAD:
        return 0
    frame = int.from_bytes(head[PAGE_SIZE], "big") + FRAME_HEAD
    low, high = 0, (os.fstat(log).st_size - HEAD) // frame
    while low < high:
        middle = (low + high) // 2
        if os.pread(log, FRAME_HEAD, HEAD + middle * frame)[SALTS_IN_FRAME] == head[SALTS_IN_HEAD]:
            low = middle + 1
        else:
            high = middle
    return HEAD + low * frame if low else 0
