"""`file://`: regular files below the allowed folders, and nothing else of the host.

A path is judged twice. First its links are resolved and the result must lie below a root, so that nothing outside is
even opened (opening a pipe or a device can block or act). Then it is opened without following a last link and without
blocking, and the open file itself is asked where it is: whoever swaps a folder for a link between the two looks gains
nothing. A path outside gets one answer whether it exists or not.

Below a root, names that start with a dot are closed (`.env`, `.git`), and so is our own data folder with the signing
secret, but for its `artifacts`. The artifact store, where other jobs' data and results are, is closed as well.
"""

import contextlib
import os
import stat
import sys
from pathlib import Path
from urllib.parse import unquote

from queues.fetch.body import Body, Deadline
from queues.fetch.errors import FetchRefused
from queues.fetch.policy import FetchPolicy
from queues.fetch.source import Source

#: Kernel file systems: closed even when a root holds them.
KERNEL = tuple(Path(name) for name in ("/proc", "/sys", "/dev"))

#: Bytes asked for in one read.
CHUNK = 1024 * 1024


def read(source: Source, policy: FetchPolicy) -> bytes:
    """The file's bytes, or `FetchRefused`."""
    path = Path(os.path.realpath(_path(source)))
    if not allowed(path, policy):
        raise _outside(source)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise FetchRefused(f"{source.shown} does not exist") from None
    except OSError as error:
        raise FetchRefused(f"{source.shown} cannot be opened: {error.strerror}") from None
    try:
        return _read_open(fd, path, source, policy)
    finally:
        os.close(fd)


def allowed(path: Path, policy: FetchPolicy) -> bool:
    """Whether the resolved `path` lies below a root and in no closed part of it."""
    if any(path.is_relative_to(kernel) for kernel in KERNEL):
        return False
    held = _resolved(policy.held)
    if held and path.is_relative_to(held):
        return False
    artifacts = _resolved(policy.artifacts)
    data = _resolved(policy.data)
    if data and path.is_relative_to(data) and not (artifacts and path.is_relative_to(artifacts)):
        return False
    return any(_open_below(path, root) for root in map(_resolved, policy.roots) if root)


def _open_below(path: Path, root: Path) -> bool:
    if not path.is_relative_to(root):
        return False
    return not any(part.startswith(".") for part in path.relative_to(root).parts)


def _path(source: Source) -> str:
    if source.parts.netloc not in ("", "localhost"):
        raise FetchRefused(
            f"{source.shown} names the host {source.parts.hostname!r}: a file URL has three slashes and "
            "an absolute path, file:///folder/part.stl"
        )
    path = unquote(source.parts.path)
    if not path.startswith("/") or "\0" in path:
        raise FetchRefused(f"{source.shown} has no absolute path: write file:///folder/part.stl")
    return path


def _read_open(fd: int, path: Path, source: Source, policy: FetchPolicy) -> bytes:
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise FetchRefused(f"{source.shown} is no regular file")
    where = _where(fd)
    if where is None:
        raise FetchRefused(f"{source.shown} cannot be checked: this system does not tell an open file's path")
    if where != path or not allowed(where, policy):
        raise _outside(source)
    body = Body(source.shown, policy.max_file, "JOBYARD_FETCH_MAX_FILE")
    body.announce(found.st_size)
    deadline = Deadline(policy)
    while chunk := os.read(fd, CHUNK):
        body.add(chunk)
        deadline.check(source.shown)
    return body.finish()


def _where(fd: int) -> Path | None:
    """The path of an open file, as the kernel knows it."""
    if sys.platform == "darwin":
        import fcntl

        return Path(os.fsdecode(fcntl.fcntl(fd, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0")))
    with contextlib.suppress(OSError):
        return Path(f"/proc/self/fd/{fd}").readlink()
    return None


def _resolved(path: Path | None) -> Path | None:
    return Path(os.path.realpath(path)) if path else None


def _outside(source: Source) -> FetchRefused:
    return FetchRefused(
        f"{source.shown} is outside the folders that jobs may read: move the file below one of them, "
        "or add its folder to JOBYARD_FILE_ROOTS"
    )
