"""An event loop whose time jumps to the next timer instead of waiting: a day passes in a microsecond."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: Where virtual time begins, in epoch milliseconds.
EPOCH = 1_790_000_000_000


class Deadlock(Exception):
    """Every task waits for another; no timer is set."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs what is ready; when nothing is, moves the time to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def epoch_ms(self) -> int:
        """The clock to hand to engine and core."""
        return EPOCH + round(self._now * 1000)

    def _run_once(self) -> None:
        timers: list[Any] = self._scheduled  # type: ignore[attr-defined]
        while timers and timers[0]._cancelled:
            handle = heapq.heappop(timers)
            handle._scheduled = False
            self._timer_cancelled_count -= 1  # type: ignore[attr-defined, has-type]
        if not self._ready and not self._stopping:  # type: ignore[attr-defined]
            if not timers:
                raise Deadlock
            self._now = max(self._now, timers[0]._when)
        super()._run_once()  # type: ignore[misc]


def run_virtual(main: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Runs `main(loop)` to its end in virtual time."""
    loop = VirtualLoop()
    # Tasks of a process that is meant to have died end with an error that nobody awaits.
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        return loop.run_until_complete(main(loop))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
