"""Compressed HTTP bodies, inflated a piece at a time, so that a small bomb never becomes a large block of memory."""

import zlib
from typing import Protocol

from queues.fetch.body import Body
from queues.fetch.errors import FetchRefused, FetchUnavailable

#: `Content-Encoding` values that mean "as it is".
PLAIN = {"", "identity"}

#: Those that zlib reads: 32 + 15 finds a gzip or a zlib header by itself.
ZLIB = {"gzip", "x-gzip", "deflate"}
ANY_HEADER = 32 + zlib.MAX_WBITS

#: Bytes inflated in one step.
STEP = 256 * 1024


class Decoder(Protocol):
    """Turns the wire's chunks into the body's."""

    def feed(self, chunk: bytes, body: Body) -> None: ...
    def finish(self) -> None: ...


class Plain:
    """No encoding."""

    def feed(self, chunk: bytes, body: Body) -> None:
        body.add(chunk)

    def finish(self) -> None:
        return


class Inflate:
    """gzip or deflate, each step bounded."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._zlib = zlib.decompressobj(ANY_HEADER)

    def feed(self, chunk: bytes, body: Body) -> None:
        try:
            while chunk and not self._zlib.eof:
                body.add(self._zlib.decompress(chunk, STEP))
                chunk = self._zlib.unconsumed_tail
        except zlib.error:
            raise FetchRefused(f"{self._shown} says that it is compressed, and cannot be inflated") from None
        if self._zlib.unused_data or (chunk and self._zlib.eof):
            raise FetchRefused(f"{self._shown} has bytes after the end of its compressed body")

    def finish(self) -> None:
        if not self._zlib.eof:
            raise FetchUnavailable(f"{self._shown} ended before its compressed body did")


def decoder(encoding: str, shown: str) -> Decoder:
    """The decoder of a `Content-Encoding`, or `FetchRefused` for one that we did not ask for."""
    encoding = encoding.strip().lower()
    if encoding in PLAIN:
        return Plain()
    if encoding in ZLIB:
        return Inflate(shown)
    raise FetchRefused(f"{shown} came with Content-Encoding {encoding!r}, which is not read: serve it uncompressed")
