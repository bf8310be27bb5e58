"""One data folder, and the door's process on it: started, killed, denied the disk, and its file examined."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.local.checkpoint import START_AT
from infra.local.db import Fsync

HOUSE = Path(__file__).resolve().parents[3]
#: Seconds for a start, and for an orderly stop.
LIMIT = 60.0
#: What takes up the room of a small disk.
FILLER = "filler"
#: Milliseconds by which the clock leaps after each life: what was hidden for a minute shows again without a wait.
LEAP = 61_000


class ServerFailed(Exception):
    """The server did not start, or ended though nobody killed it."""


@dataclass(slots=True)
class Server:
    """`home` is a folder for all that it has. With `disk`, a small file system, the database lies there."""

    home: Path
    fsync: Fsync = "normal"
    disk: Path | None = None
    #: Times that it came to be ready.
    lives: int = 0
    _process: asyncio.subprocess.Process | None = None

    @property
    def database(self) -> Path:
        return (self.disk or self.home / "data") / "aws.db"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def ahead(self) -> int:
        """Milliseconds by which the clock of the server, once it is started, is ahead of the machine's."""
        return self.lives * LEAP

    async def start(self, checkpoint_at: int = START_AT) -> None:
        """Starts the process; `wait_ready` tells when it serves."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", f"{__package__}.door", str(self.database), "--fsync", self.fsync),
                *("--ahead", str(self.ahead), "--checkpoint-at", str(checkpoint_at)),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=HOUSE,
            )

    async def wait_ready(self) -> int:
        """The port; ServerFailed with the end of the log if it does not come up."""
        assert self._process is not None
        assert self._process.stdout is not None
        with contextlib.suppress(TimeoutError, ValueError):
            async with asyncio.timeout(LIMIT):
                return int(await self._process.stdout.readline())
        raise ServerFailed(f"the server did not start:\n{self._complaint()}")

    async def kill(self) -> None:
        """kill -9, at once."""
        process = self._running()
        process.kill()
        await process.wait()

    async def stop(self, patience: float = LIMIT) -> int:
        """Asks it to stop; kills it if it has not after `patience` seconds. The exit code, negative for a signal."""
        process = self._running()
        process.terminate()
        try:
            async with asyncio.timeout(patience):
                return await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            return await process.wait()

    async def end(self) -> None:
        """Sees to it that nothing runs any more."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    @property
    def can_be_filled(self) -> bool:
        """Limits of another process can be set on Linux alone."""
        return self.disk is not None or hasattr(resource, "prlimit")

    def fill_disk(self, room: int) -> None:
        """From now on there is only so much room: on the disk, or else, for want of one, in the log."""
        if self.disk is None:
            self._limit_files(self.log_size() + room)
        else:
            while (spare := shutil.disk_usage(self.disk).free - room) > 0:
                with contextlib.suppress(OSError), (self.disk / FILLER).open("ab") as filler:
                    # Fails if the server was quicker.
                    os.posix_fallocate(filler.fileno(), filler.tell(), spare)

    def make_room(self) -> None:
        """What `fill_disk` has done is over."""
        if self.disk is None:
            self._limit_files(resource.RLIM_INFINITY)
        else:
            (self.disk / FILLER).unlink(missing_ok=True)

    def _limit_files(self, size: int) -> None:
        """No write of the server goes beyond `size` bytes into a file, which it cannot tell from a full disk."""
        resource.prlimit(self._running().pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def log_size(self) -> int:
        """Bytes of the write-ahead log."""
        log = self.files()[1]
        return log.stat().st_size if log.exists() else 0

    def files(self) -> tuple[Path, Path]:
        """The database and its write-ahead log."""
        return self.database, self.database.with_name(self.database.name + "-wal")

    def examine(self) -> str:
        """SQLite's word on a copy of the files that a dead server left: "ok", or what is wrong with them."""
        folder = self.home / "examined"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for path in self.files():
            if path.exists():
                shutil.copyfile(path, folder / path.name)
        if not (folder / self.database.name).exists():
            return "ok"
        with contextlib.closing(sqlite3.connect(folder / self.database.name)) as db:
            return "; ".join(row[0] for row in db.execute("PRAGMA integrity_check"))

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            code = None if self._process is None else self._process.returncode
            raise ServerFailed(f"the server has ended by itself ({code}):\n{self._complaint()}")
        return self._process

    def _complaint(self) -> str:
        return self.log.read_text()[-3000:]
