"""A thread beside the program: what may take long is done there, and nobody waits for it longer than they wish.

It is started before it is needed, because a program that is ending may start none. It is a daemon, so that it holds no
end up: what it is at then is given up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread

log = logging.getLogger("jobyard.aside")


class Aside:
    """Does one thing after the other."""

    def __init__(self, name: str):
        self._wanted: SimpleQueue[tuple[Callable[[], object], Event]] = SimpleQueue()
        #: Set when the last thing that it was given is done.
        self._last = Event()
        self._last.set()
        Thread(target=self._run, name=name, daemon=True).start()

    @property
    def is_free(self) -> bool:
        """Whether it has done all that it was given."""
        return self._last.is_set()

    def do(self, work: Callable[[], object], seconds: float) -> bool:
        """Has `work` done, and waits for that for so many seconds at the most; whether it is done by then."""
        self._last = done = Event()
        self._wanted.put((work, done))
        return done.wait(seconds)

    def _run(self) -> None:
        while True:
            work, done = self._wanted.get()
            try:
                work()
            except Exception:
                log.exception("what was done aside has failed")
            finally:
                done.set()
