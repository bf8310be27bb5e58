"""IO: fsspec's folder, with a promise: what was written is on the disk, whole and under its name, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

#: At the end of a file that is being written. Nobody reads it; a sweep removes what a crash has left.
DRAFT = ".part"
#: Only their owner reads them.
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
#: How often a folder may be removed under the hands of who makes it.
MKDIR_TRIES = 10


class DurableFiles(LocalFileSystem):  # type: ignore[misc] # fsspec publishes no types
    """A folder on this machine, or one that several share."""

    cachable = False

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        """Writes a file as a whole. Killed anywhere in between, there is no such file, or all of it."""
        target = Path(self._strip_protocol(path))
        draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}{DRAFT}")
        try:
            with os.fdopen(_create(draft), "wb") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        # The names too: of the file, of its job's folder, of its tenant's, and of the store's.
        for folder in list(target.parents)[:4]:
            _sync(folder)

    def rm_file(self, path: str) -> None:
        """Removes a file, and the folders that have become empty with it."""
        target = Path(self._strip_protocol(path))
        target.unlink()
        for folder in list(target.parents)[:2]:
            # Another artifact is in it, or is just being put there, or another process was faster.
            with contextlib.suppress(OSError):
                folder.rmdir()


def _create(draft: Path) -> int:
    job_folder = draft.parent
    for tries in range(MKDIR_TRIES):
        try:
            job_folder.parent.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            for folder in (job_folder.parent, job_folder):
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            return os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        except (FileNotFoundError, FileExistsError):
            # Somebody has removed a folder in between, because it was empty; mkdir may then call it a file that exists.
            if tries == MKDIR_TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
