"""One process owns one database file: two engines on one file would each trust memory the other makes stale.

The lock is the kernel's (flock), so it vanishes with its process, however that ends; a stale `.lock` file
left behind means nothing.
"""

import fcntl
import os
from pathlib import Path

from infra.local.errors import DatabaseLocked, DatabaseUnusable


class FileLock:
    """Held from construction to `release()`; raises `DatabaseLocked` at once when another process has it."""

    def __init__(self, database: Path):
        path = database.with_name(database.name + ".lock")
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseUnusable(
                f"cannot write {path}: {error.strerror}. Make the folder writable or choose another one."
            ) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(self._fd, 32, 0).decode(errors="replace").strip()
            os.close(self._fd)
            raise DatabaseLocked(
                f"{database} is in use by another process{f' (pid {owner})' if owner else ''}. "
                "Stop that one or choose another data folder."
            ) from None
        try:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(os.getpid()).encode(), 0)
        except OSError:
            # The pid is only for the message above; a full disk must not keep the engine from opening.
            pass

    def release(self) -> None:
        """Let another process have the file; safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def own(path: Path) -> FileLock:
    """Make the folder and the file of the database, for its owner only, and lock it against other processes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(
            f"cannot make the folder {path.parent}: {error.strerror}. Make it writable or choose another one."
        ) from None
    lock = FileLock(path)
    try:
        # SQLite would make it readable for all, and gives its other files the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        lock.release()
        raise DatabaseUnusable(
            f"cannot open {path}: {error.strerror}. Make it readable and writable or choose another folder."
        ) from None
    return lock
