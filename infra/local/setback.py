"""A clock that is set back: what waits goes on waiting for as long as it would have, and not for an hour more.

A machine's clock is corrected now and then, after a wrong start, or in a virtual machine that was copied or woken up.
Set forward, it is as if the time had passed. Set back by an hour, a message sent a second ago would be a message of the
future, hidden for an hour; so would those in flight whose receiver has died, and a long poll of 20 seconds would last
an hour. So the engine compares each reading of the clock with the one before. When time has gone back, the services
that have a `set_back(request, milliseconds)` move what they planned, and calls that wait are told an earlier arrival.

What is due by the calendar stays as it is: a schedule that has fired for 9 o'clock does not when 9 o'clock comes again.
A clock that is set back while nothing runs is not noticed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from infra.local.call import Call
from infra.local.request import Request
from queues.clock import Clock

log = logging.getLogger(__name__)

#: Milliseconds by which the clock may go back unnoticed: time servers correct by less than a second all the time.
TOLERANCE = 1_000


class Setbacks:
    """Compares readings of the clock."""

    def __init__(self, services: Iterable[ModuleType], clock: Clock):
        self._hooks = [service.set_back for service in services if hasattr(service, "set_back")]
        self._clock = clock
        #: The latest reading, and the time of the event loop then, which nobody sets.
        self._latest, self._loop_time = 0, 0.0

    def noticed(self) -> int:
        """Milliseconds by which the clock was set back since the last look; 0 for none."""
        now, loop_time, latest = self._clock(), asyncio.get_running_loop().time(), self._latest
        if now >= latest:
            self._latest, self._loop_time = now, loop_time
            return 0
        if latest - now <= TOLERANCE:
            return 0
        back = latest + max(round((loop_time - self._loop_time) * 1000), 0) - now
        self._latest, self._loop_time = now, loop_time
        log.warning("the system clock was set back by %.1f s; what is in flight moves along", back / 1000)
        return back

    def move(self, calls: Iterable[Call], back: int) -> None:
        """Calls that have waited since before, waited for as long by the clock as it is now."""
        for call in calls:
            if call.arrived:
                call.arrived -= back

    def run(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        """An operation of the engine's own: the services move what they have in their tables by `back` milliseconds."""
        for hook in self._hooks:
            hook(request, params["back"])
        return {}

    def moved(self, done: asyncio.Future[dict[str, Any]]) -> None:
        """What follows `run`: a word, if it could not be done."""
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("what is in flight could not be moved along with the clock: %s", error)
