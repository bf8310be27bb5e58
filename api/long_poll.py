"""A request that waits: for what it was asked for, and no longer than its client is there and its server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from api.site import site_of

T = TypeVar("T")


async def long_poll(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` comes to, or None if it took too long (TimeoutError) or the server is asked to stop."""
    waiting = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    closing = asyncio.ensure_future(site_of(request).closing())
    try:
        await asyncio.wait((waiting, gone, closing), return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        if gone.done():
            raise ClientDisconnect
        return None
    except TimeoutError:
        return None
    finally:
        for task in (waiting, gone, closing):
            task.cancel()
        await asyncio.gather(waiting, gone, closing, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
