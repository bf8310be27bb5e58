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
        """Bytes in the log file now."""
        try:
            return os.stat(self._wal).st_size  # noqa: PTH116 (hot path: Path.stat costs three times as much)
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
