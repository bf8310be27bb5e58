"""What went wrong inside the engine, told as AWS would tell it and as its owner can act on it."""

import logging
import sqlite3

from infra.local.errors import AwsError

logger = logging.getLogger(__name__)


def internal_error(error: Exception) -> AwsError:
    """What AWS says when it is its own fault; a full disk is named, as its owner can do something about it."""
    if is_disk_full(error):
        message = "The disk is full: nothing was written. Free some space and repeat the call."
    elif isinstance(error, sqlite3.Error):
        logger.error("the embedded AWS cannot use its database", exc_info=error)
        message = f"The database cannot be used: {error}."
    else:
        logger.error("the embedded AWS failed on a call", exc_info=error)
        message = f"The embedded AWS failed on this call ({type(error).__name__}); its log says more."
    return AwsError("InternalServerError", message, status=500)


#: What SQLite answers when there is no room: for a page, for a write, for the WAL's shared memory.
_NO_SPACE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)


def is_disk_full(error: BaseException) -> bool:
    """Whether SQLite failed for want of space (SQLITE_FULL, or a write cut short by a limit or ENOSPC)."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code in _NO_SPACE
