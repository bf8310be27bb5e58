"""An httpx client in front of a door, without a socket between them."""

import asyncio
from typing import Any

import httpx

from infra.local.engine import Engine
from infra.local.http import Door
from infra.local.wire import HttpReply, HttpRequest

#: Where the client seems to call.
HOST = "http://aws.local:4566"


class DoorTransport(httpx.AsyncBaseTransport):
    """Gives requests to a door as its server would."""

    def __init__(self, door: Door):
        self._door = door

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers: dict[bytes, bytes] = {}
        for name, value in request.headers.raw:
            name = name.lower()
            headers[name] = headers[name] + b"," + value if name in headers else value
        path, _, query = request.url.raw_path.partition(b"?")
        body = await request.aread()
        reply = await call(self._door, HttpRequest(request.method, path, query, headers, body))
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)


async def call(door: Door, request: HttpRequest) -> HttpReply:
    """The door's one answer to a request."""
    answered: asyncio.Future[HttpReply] = asyncio.get_running_loop().create_future()
    door.answer(request, answered.set_result)
    async with asyncio.timeout(30):
        return await answered


def client_of(engine: Engine, **options: Any) -> httpx.AsyncClient:
    """A client of a door of this engine; `secret` makes the door ask for signatures."""
    return httpx.AsyncClient(transport=DoorTransport(Door(engine, **options)), base_url=HOST)
