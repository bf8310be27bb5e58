"""Forgetting all jobs and messages: the embedded database is deleted, the secret and the token stay."""

from __future__ import annotations

import shutil
from pathlib import Path

from infra.local.lock import FileLock
from infra.up import DATABASE
from queues.settings import Settings

#: What SQLite keeps beside a database.
SUFFIXES = ("", "-wal", "-shm")


def reset(settings: Settings) -> list[Path]:
    """Deletes what is there and answers its paths; DatabaseLocked while a process uses it."""
    database = settings.data / DATABASE
    if not settings.data.is_dir():
        return []
    lock = FileLock(database)
    removed = []
    try:
        for path in (database.with_name(DATABASE + suffix) for suffix in SUFFIXES):
            if path.exists():
                path.unlink()
                removed.append(path)
        artifacts = settings.data / "artifacts"
        if artifacts.is_dir():
            shutil.rmtree(artifacts)
            removed.append(artifacts)
    finally:
        lock.release()
    return removed
