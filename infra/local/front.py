"""The server in front of the door: HTTP/1.1 on asyncio and httptools, and nothing that the door does not need.

A call of SQS costs the engine some tens of microseconds. A general server, with its scopes, events and a task for each
request, costs more than that again, so there is none: the door is called from the parser's last callback, and a reply
is one write. What a server owes to a network that may be hostile is in `reader.py` and `connection.py`; here are the
number of connections, the time that each may take, and the end.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from email.utils import formatdate

from infra.local.connection import Connection
from infra.local.engine import Engine
from infra.local.http import Door
from queues.clock import Clock

#: Connections that are served at a time; those above are told so. Twice as many are not even heard.
MAX_CONNECTIONS = 1000

#: Seconds for which a connection may be idle. Longer than the 60 s after which AWS's own endpoints and most load
#: balancers close theirs: a client that reuses a connection should not meet its end.
IDLE_SECONDS = 75.0

#: Seconds that may pass between two parts of one request.
READING_SECONDS = 20.0

#: Seconds between two looks at all connections.
ROUND_SECONDS = 5.0

#: Seconds that requests under way get to finish when the server is asked to stop.
FINISH_SECONDS = 2.0


class Front:
    """A server for one door. `await serve(...)` runs it until `should_exit` is set, from whichever thread."""

    def __init__(
        self,
        door: Door,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 4566,
        max_connections: int = MAX_CONNECTIONS,
    ):
        self.host = host
        self.port = port
        #: Stop without waiting for requests that are under way.
        self.force_exit = False
        self._door = door
        self._date = _date_header(clock)
        self._max_connections = max_connections
        self._connections: set[Connection] = set()
        self._should_exit = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = asyncio.Event()

    @property
    def should_exit(self) -> bool:
        """Set it to stop the server."""
        return self._should_exit

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        self._should_exit = value
        if value and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and the server with it
                self._loop.call_soon_threadsafe(self._asked.set)

    def run_on(self, listener: socket.socket) -> asyncio.Task[None]:
        """Serves on a listening socket until `should_exit` is set."""
        return asyncio.create_task(self.serve([listener]))

    async def serve(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Serves on these listening sockets, or on `host` and `port`, and closes them in the end."""
        loop = self._loop = asyncio.get_running_loop()
        if sockets is None:
            servers = [await loop.create_server(self._accept, self.host, self.port)]
        else:
            servers = [await loop.create_server(self._accept, sock=listener) for listener in sockets]
        try:
            while not self._should_exit:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._asked.wait(), ROUND_SECONDS)
                self._close_stale(loop.time())
        finally:
            for server in servers:
                server.close()
            await self._finish()

    def _accept(self) -> asyncio.Protocol:
        count = len(self._connections)
        if count >= 2 * self._max_connections:
            return Unheard()
        return Connection(self._door, self._connections, self._date, surplus=count >= self._max_connections)

    def _close_stale(self, now: float) -> None:
        for connection in list(self._connections):
            if connection.is_stale(now, idle=IDLE_SECONDS, reading=READING_SECONDS):
                connection.abort()

    async def _finish(self) -> None:
        for connection in list(self._connections):
            connection.close_when_done()
        deadline = asyncio.get_running_loop().time() + FINISH_SECONDS
        # `force_exit` may be set meanwhile, from anywhere.
        while self._connections and not self.force_exit and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.abort()


class Unheard(asyncio.Protocol):
    """A connection too many: it is closed before it can cost anything."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _date_header(clock: Clock) -> Callable[[], bytes]:
    """A function that answers the header Date and the empty line, made anew once a second."""
    second, header = -1, b""

    def date() -> bytes:
        nonlocal second, header
        now = clock() // 1000
        if now != second:
            second, header = now, f"date: {formatdate(now, usegmt=True)}\r\n\r\n".encode()
        return header

    return date


def build_server(engine: Engine, host: str = "127.0.0.1", port: int = 4566, *, secret: str | None = None) -> Front:
    """A server for an engine's door; with a `secret`, requests must be signed with it (SigV4, any access key id)."""
    return Front(Door(engine, secret=secret), engine.now, host=host, port=port)
