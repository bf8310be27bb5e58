"""A connection to the door without a socket: bytes in, bytes out, and what the transport was told."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from infra.local.connection import Connection
from infra.local.engine import Engine
from infra.local.http import Door


class Wire(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.closed = False
        self.ended = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


@dataclass
class Answer:
    """One reply, taken apart."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Peer:
    """The client's end of a connection."""

    connection: Connection
    wire: Wire
    #: Methods of the requests sent, as the reply to a HEAD has no body.
    methods: list[str] = field(default_factory=list)

    def send(self, data: bytes) -> None:
        self.connection.data_received(data)

    async def answers(self, count: int) -> list[Answer]:
        """That many replies, once they are there; no byte may follow them."""
        async with asyncio.timeout(20):
            while True:
                found = self._parsed()
                if found is not None and len(found) >= count:
                    assert len(found) == count
                    return found
                await asyncio.sleep(0)

    def _parsed(self) -> list[Answer] | None:
        """All replies so far, None while one is incomplete."""
        rest, found = self.wire.written, []
        while rest:
            head, end, rest = rest.partition(b"\r\n\r\n")
            if not end:
                return None
            line, *lines = head.decode("latin-1").split("\r\n")
            version, status, _ = line.split(" ", 2)
            assert version == "HTTP/1.1"
            headers = dict(one.split(": ", 1) for one in lines)
            size = int(headers.get("content-length", 0))
            if len(self.methods) > len(found) and self.methods[len(found)] == "HEAD":
                size = 0
            if len(rest) < size:
                return None
            if status != "100":
                found.append(Answer(int(status), headers, rest[:size]))
            rest = rest[size:]
        return found


def connect(engine: Engine, *, surplus: bool = False, **options: Any) -> Peer:
    """A connection to a door of this engine."""
    connection = Connection(Door(engine, **options), set(), lambda: b"date: x\r\n\r\n", surplus=surplus)
    wire = Wire()
    connection.connection_made(wire)
    return Peer(connection, wire)
