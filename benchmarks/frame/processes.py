"""Ends a process that was started with `start_new_session=True`, and all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

#: Seconds for a polite end before the group is killed.
GRACE = 5.0


def stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
