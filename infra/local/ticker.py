"""Does what is due by the clock: schedules that fire, alarms that are evaluated, messages that are moved at a rate.

A service that plans ahead has a `tick(request) -> int | None`: it does what is due, some hundred things at most,
and answers when it is due next (`request.now` for "there is more"; None for nothing planned). What it has planned
is in its tables, so it is asked once when the engine begins to run. An operation that plans something sooner sets
an alarm. The ticks of all services run at each alarm: with nothing due, one costs an index lookup.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from infra.local.request import Operation, Request
from queues.clock import Clock

log = logging.getLogger(__name__)

#: Milliseconds that a timer sleeps at most: after that the clock is read again, since it may have been set.
LONGEST_SLEEP = 60_000

#: Milliseconds from a tick that failed to the next try.
AFTER_FAILURE = 1_000

#: Queues an operation of the engine's own.
Submit = Callable[[Operation], asyncio.Future[dict[str, Any]]]


class Ticker:
    """One timer, set to the earliest time that anybody has asked for."""

    def __init__(self, services: Iterable[Any], submit: Submit, clock: Clock):
        self._ticks = [service.tick for service in services if hasattr(service, "tick")]
        self._submit = submit
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self._due: int | None = None
        #: The clock's reading when the timer was set.
        self._set_at = 0
        self._started = False

    def start(self) -> None:
        """Asks every service what it has planned; only the first call does anything."""
        if not self._started:
            self._started = True
            self._run()

    def alarm(self, at: int) -> None:
        """Runs the ticks at `at` (epoch ms) or sooner."""
        if self._due is None or at < self._due:
            self._due = at
            self._set()

    @property
    def due(self) -> int | None:
        """Epoch ms of the next ticks, None if none are planned."""
        return self._due

    def look(self) -> None:
        """Runs the ticks now if they are due by the clock: for one that was set by hand, of which no timer hears."""
        if self._timer is not None:
            self._timer.cancel()
        if self._due is not None:
            self._ring()

    def stop(self) -> None:
        """No tick begins after this."""
        self._ticks = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._due is not None:
            self._set_at = self._clock()
            sleep = min(max(self._due - self._set_at, 0), LONGEST_SLEEP)
            self._timer = asyncio.get_running_loop().call_later(sleep / 1000, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self._clock()
        # When the clock was set back, what is due may be another time now.
        if self._due is not None and self._due > now >= self._set_at:
            self._set()
        else:
            self._run()

    def _run(self) -> None:
        self._due = None
        for tick in self._ticks:
            self._submit(_operation(tick)).add_done_callback(self._after)

    def _after(self, future: asyncio.Future[dict[str, Any]]) -> None:
        if not self._ticks or future.cancelled():
            return
        error = future.exception()
        if error is not None:
            log.error("a tick failed and is tried again: %s", error)
            self.alarm(self._clock() + AFTER_FAILURE)
        elif (due := future.result()["due"]) is not None:
            self.alarm(due)


def _operation(tick: Callable[[Request], int | None]) -> Operation:
    def run(request: Request, params: dict[str, Any]) -> dict[str, Any]:
        return {"due": tick(request)}

    return run
