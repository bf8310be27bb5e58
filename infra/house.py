"""A worker and the servers beside it as one process: they start together, run until asked to stop, and drain.

`jobyard up` and `jobyard work` differ in which AWS is under them; from here on they are the same.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.serving import Serving
from infra.stopping import Stop
from infra.worker import Worker


@dataclass(frozen=True, slots=True)
class House:
    """What runs in this process. `servers` come with the sockets that they listen on."""

    worker: Worker
    servers: Sequence[tuple[Serving, socket.socket]]
    #: Seconds that running jobs get to finish.
    grace: float
    #: Ends the requests that wait for something, once the worker has stopped.
    release: Callable[[], None]

    async def run(self, stop: Stop, *, on_ready: Callable[[], None], on_stopping: Callable[[int], None]) -> None:
        """Returns once `stop` is asked and all is put away; `on_stopping` hears how many jobs still run.

        Clients that wait for a job can read its end: the servers stop after the worker.
        """
        serving = [server.run_on(listener) for server, listener in self.servers]
        asked = asyncio.create_task(stop.asked.wait())
        try:
            if await stop.unless_asked(self.worker.start()):
                on_ready()
                await asyncio.wait({asked, *serving}, return_when=asyncio.FIRST_COMPLETED)
            on_stopping(self.worker.running)
        finally:
            asked.cancel()
            await self._drain(stop)
            self.release()
            for server, _ in self.servers:
                server.should_exit = True
                server.force_exit = stop.hurried.is_set()
            ends = await asyncio.gather(*serving, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        if not stop.asked.is_set():
            raise RuntimeError("a server has stopped by itself; the lines above say why")

    async def _drain(self, stop: Stop) -> None:
        draining = asyncio.create_task(self.worker.stop(self.grace))
        hurried = asyncio.create_task(stop.hurried.wait())
        await asyncio.wait({draining, hurried}, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not draining.done():
            await self.worker.stop(0)
        await draining
