"""Ties a worker process to its parent, so that no job runs on after the server is gone, even by `kill -9`.

The parent holds the write end of a pipe that nobody writes to. When the parent ends, however it ends, the kernel
closes that end, and the read end here tells of it. On Linux the kernel itself then kills: the pipe is set to signal
SIGKILL to the whole process group (F_SETOWN, F_SETSIG, O_ASYNC in fcntl(2)), which reaches processes that the handler
started and a handler that sits in a C loop with the interpreter's lock.

Where that is not to be had, a thread waits for the pipe to close and kills the group, and on Linux PR_SET_PDEATHSIG
(prctl(2)) ends at least this process. It is not used beside the pipe: it fires when the thread that started us ends,
which in a killed server may be before the pipe is closed, and programs that the handler started would be left over.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import sys
import threading
from pathlib import Path

#: Option of prctl(2): the signal that a process gets when its parent ends.
PR_SET_PDEATHSIG = 1
#: /proc/PID/oom_score_adj, -1000 to 1000: when memory runs out the kernel ends the job, not the server.
OOM_SCORE_ADJ = 1000


def tie_to_parent(lifeline: int, parent: int) -> None:
    """Makes this process, the leader of its group, end with process `parent`; `lifeline` is the pipe's read end."""
    if not _killed_by_kernel(lifeline):
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        watch(lifeline)
    # The parent may have ended before all this was in place.
    if os.getppid() != parent or _closed(lifeline):
        os._exit(1)


def offer_to_oom_killer() -> None:
    """Asks the kernel to take this process first when memory runs out. Where that is unknown, nothing happens."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE_ADJ))


def watch(lifeline: int) -> None:
    """Starts a thread that kills this process's group when the pipe closes."""

    def wait() -> None:
        os.read(lifeline, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _killed_by_kernel(lifeline: int) -> bool:
    """Asks the kernel to kill this process's group when the pipe closes; False if it cannot."""
    if sys.platform != "linux":
        return False
    try:
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgid(0))
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    except OSError:
        # A Linux in name only, such as a sandbox's.
        return False
    return True


def _closed(lifeline: int) -> bool:
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    return bool(poll.poll(0))
