"""Clears away what has expired, in small rounds between other calls, and only while there are calls.

A reader never sees an expired row, so nothing depends on the sweep but the size of the file. Each round is one
more call in the engine's queue, bounded by the services themselves. An idle engine sets no timer.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from infra.local.request import Operation, Request

#: Seconds from a call to the round that follows it.
INTERVAL = 60.0

#: Seconds until the next round when the last one stopped at its bound.
PAUSE = 0.1

#: Queues an operation of the engine's own.
Submit = Callable[[Operation], asyncio.Future[dict[str, Any]]]


class Sweeper:
    """Runs the `sweep(request) -> rows removed` of the services that have one."""

    def __init__(self, services: Iterable[Any], submit: Submit):
        self._sweeps = [service.sweep for service in services if hasattr(service, "sweep")]
        self._submit = submit
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    @property
    def idle(self) -> bool:
        """Whether no round is planned."""
        return self._timer is None

    def wind(self) -> None:
        """Plan a round, unless one is planned."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self.sweep)

    def sweep(self) -> None:
        """Queue a round now, and another one soon while there is more to remove."""
        self._timer = None
        self._submit(self._round).add_done_callback(self._after)

    async def finish(self) -> None:
        """Runs rounds, one after the other, until there is nothing left to remove."""
        while (await self._submit(self._round))["removed"]:
            continue

    def _round(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        return {"removed": sum([sweep(request) for sweep in self._sweeps])}

    def _after(self, future: asyncio.Future[dict[str, Any]]) -> None:
        if future.exception() is None and future.result()["removed"] and not self._stopped:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self.sweep)

    def stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
