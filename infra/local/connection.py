"""One connection to the HTTP door: requests in, replies out, in their order.

Pipelined requests are answered one at a time. A client that sends on without reading is not read any further until it
does (backpressure). A client that goes away cancels its call, so that no message is handed to nobody.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from infra.local.errors import AwsError
from infra.local.http import Door
from infra.local.reader import RequestReader
from infra.local.wire import HttpReply, HttpRequest

#: Requests that wait on one connection before it is read no further.
MAX_PIPELINED = 16

#: Bytes of a refused request that are thrown away, so that its sender comes to read why; then it is cut off.
MAX_DISCARDED = 64 * 1024 * 1024

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class Connection(asyncio.Protocol):
    """Lives from its opening to its end in the set of all that are open.

    `date` answers the header Date; a `surplus` connection is heard, refused and closed.
    """

    def __init__(self, door: Door, all_open: "set[Connection]", date: Callable[[], bytes], *, surplus: bool):
        self._door = door
        self._all_open = all_open
        self._date = date
        self._surplus = surplus
        self._loop = asyncio.get_running_loop()
        self._reader = RequestReader(self)
        self._transport: asyncio.Transport | None = None
        #: Requests that wait for their turn, with whether the connection lives on after each, or why it is refused.
        self._waiting: deque[tuple[HttpRequest, bool, AwsError | None]] = deque()
        self._busy = False
        self._answering = False
        self._call: asyncio.Future[dict[str, Any]] | None = None
        self._unread = False
        self._blocked = False
        #: Nothing that comes in from now on is answered.
        self._ending = False
        #: The sender of a request that was refused may still be sending it.
        self._lingers = False
        self._discarded = 0
        #: When the last byte came or went, by the loop's clock.
        self._since = self._loop.time()

    # What asyncio says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._all_open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._all_open.discard(self)
        self._transport = None
        self._waiting.clear()
        if self._call is not None:
            self._call.cancel()

    def data_received(self, data: bytes) -> None:
        self._since = self._loop.time()
        if self._ending:
            self._discarded += len(data)
            if self._discarded > MAX_DISCARDED:
                self.abort()
            return
        self._reader.feed(data)

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        self._next()

    # What the reader says

    def request_read(self, request: HttpRequest, *, lives_on: bool) -> None:
        self._waiting.append((request, lives_on, None))
        self._next()
        if len(self._waiting) >= MAX_PIPELINED and not self._unread and self._transport is not None:
            self._unread = True
            self._transport.pause_reading()

    def request_refused(self, request: HttpRequest, error: AwsError) -> None:
        self._waiting.append((request, False, error))
        self._ending = self._lingers = True
        self._next()

    def body_awaited(self) -> None:
        if not self._busy and not self._surplus and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # One request after the other

    def _next(self) -> None:
        """Answer the requests that wait, up to one that takes time."""
        if self._answering:
            return  # an answer came at once: the loop below goes on
        self._answering = True
        try:
            while self._waiting and not self._busy and not self._blocked:
                self._busy = True
                self._answer(*self._waiting.popleft())
        finally:
            self._answering = False
        if self._unread and len(self._waiting) < MAX_PIPELINED // 2 and self._transport is not None:
            self._unread = False
            self._transport.resume_reading()

    def _answer(self, request: HttpRequest, lives_on: bool, error: AwsError | None) -> None:
        if self._surplus and error is None:
            error = AwsError("ServiceUnavailable", "The embedded AWS has too many connections.", status=503)
        if error is not None:
            self._send(request, self._door.refuse(request, error), lives_on=False)
            return

        def respond(reply: HttpReply) -> None:
            self._call = None
            self._send(request, reply, lives_on=lives_on)
            self._next()

        self._call = self._door.answer(request, respond)

    def _send(self, request: HttpRequest, reply: HttpReply, *, lives_on: bool) -> None:
        self._busy = False
        self._since = self._loop.time()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        lives_on = lives_on and (self._lingers or not self._ending)
        transport.write(self._rendered(request, reply, lives_on=lives_on))
        if not lives_on:
            self._end(transport)

    def _rendered(self, request: HttpRequest, reply: HttpReply, *, lives_on: bool) -> bytes:
        parts = [STATUS_LINES.get(reply.status) or b"HTTP/1.1 %d \r\n" % reply.status]
        for name, value in reply.headers:
            parts += (name, b": ", value, b"\r\n")
        if reply.status != HTTPStatus.NO_CONTENT:
            parts.append(b"content-length: %d\r\n" % len(reply.body))
        if not lives_on:
            parts.append(b"connection: close\r\n")
        parts.append(self._date())
        if request.method != "HEAD":
            parts.append(reply.body)
        return b"".join(parts)

    # The end

    def _end(self, transport: asyncio.Transport) -> None:
        """Say that nothing more comes. To a sender in the middle of a request, leave time to read why."""
        self._waiting.clear()
        self._ending = True
        if self._unread:
            transport.resume_reading()
        if self._lingers and transport.can_write_eof():
            transport.write_eof()
        else:
            transport.close()

    def is_stale(self, now: float, *, idle: float, reading: float) -> bool:
        """Whether it has been idle, or in the middle of a request or of its end, for longer than these seconds."""
        if self._busy:
            return False
        return now - self._since > (idle if self._reader.idle and not self._ending else reading)

    def close_when_done(self) -> None:
        """Answer what is under way, and nothing after it."""
        self._ending = True
        if not self._busy and self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once; a call that is under way is cancelled."""
        if self._transport is not None:
            self._transport.abort()
