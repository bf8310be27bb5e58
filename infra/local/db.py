"""Opening the one SQLite file: its settings, its schema version, and a clear word when it cannot be used."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from infra.local.errors import DatabaseCorrupt, DatabaseTooNew, DatabaseTooOld, DatabaseUnusable
from infra.local.failures import is_disk_full

#: Rises with every change of a table. A file with another number was written by another version, and is left alone.
SCHEMA_VERSION = 4

#: When a commit is safe: "normal" survives the death of the process, "always" also that of the machine.
Fsync = Literal["normal", "always"]

#: Files up to this many bytes are checked page by page at open (some milliseconds); larger ones only at the head.
QUICK_CHECK_BYTES = 16 * 1024 * 1024

#: Page cache in KiB; negative is SQLite's way to say KiB instead of pages. A larger one is slower: at most commits
#: SQLite looks through all of it (`pcache1TruncateUnsafe`, after a page was split), and the kernel has the pages too.
CACHE_KIB = -4 * 1024

#: Bytes of the write-ahead log's file that are kept when the log starts over. To write over a file's pages costs the
#: kernel half of what new ones do; a log that has grown beyond this is cut back to it.
LOG_KEPT = 16 * 1024 * 1024

SETTINGS = f"""
PRAGMA journal_mode = WAL;
PRAGMA wal_autocheckpoint = 0;   -- checkpoints run off the event loop, see checkpoint.py
PRAGMA journal_size_limit = {LOG_KEPT};
PRAGMA secure_delete = OFF;      -- SQLite's default, but not Debian's: it would write pages that are free anyway
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = OFF;
"""


def open_database(path: Path | None, schemas: Iterable[str], fsync: Fsync) -> sqlite3.Connection:
    """A connection ready for the engine, tables made; `path` None keeps everything in memory.

    Raises `DatabaseTooNew`, `DatabaseTooOld`, `DatabaseCorrupt` or `DatabaseUnusable`.
    """
    try:
        db = connect(path)
        try:
            _prepare(db, path, schemas, fsync)
        except BaseException:
            db.close()
            raise
    except sqlite3.DatabaseError as error:
        raise _explained(error, path) from error
    return db


def connect(path: Path | None) -> sqlite3.Connection:
    """A bare connection with transactions left to the caller, usable from any one thread at a time."""
    return sqlite3.connect(
        ":memory:" if path is None else path,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
        timeout=5,
    )


def _prepare(db: sqlite3.Connection, path: Path | None, schemas: Iterable[str], fsync: Fsync) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise DatabaseTooNew(
            f"{path} was written by a newer version of Jobyard (schema {version}, this one knows {SCHEMA_VERSION}). "
            "Upgrade Jobyard or choose another data folder."
        )
    if 0 < version < SCHEMA_VERSION:
        raise DatabaseTooOld(
            f"{path} was written by an older version of Jobyard (schema {version}, this one needs {SCHEMA_VERSION}). "
            "Let that version finish its jobs, then start empty with `jobyard reset`, or choose another data folder."
        )
    if path is not None and path.stat().st_size <= QUICK_CHECK_BYTES:
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    db.executescript(SETTINGS)
    db.execute(f"PRAGMA synchronous = {'FULL' if fsync == 'always' else 'NORMAL'}")
    db.execute(f"PRAGMA cache_size = {CACHE_KIB}")
    for schema in schemas:
        db.executescript(schema)
    if version != SCHEMA_VERSION:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _explained(error: sqlite3.DatabaseError, path: Path | None) -> DatabaseCorrupt | DatabaseUnusable:
    """SQLite's word as a sentence that names the file and the cure."""
    if is_disk_full(error):
        return DatabaseUnusable(f"cannot write {path}: the disk is full. Free some space and start again.")
    if isinstance(error, sqlite3.OperationalError):
        return DatabaseUnusable(
            f"cannot use {path}: {error}. Make the folder and the file readable and writable, or choose another folder."
        )
    return DatabaseCorrupt(
        f"{path} is damaged or no database: {error}. Restore it from a copy, or move it away to start empty."
    )
