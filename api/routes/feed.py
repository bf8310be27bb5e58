"""What happens to a tenant's jobs, as server-sent events: those of all, or of one type.

A frame's id is `TIME/JOB/EVENT`. A client that comes back says it, and is told what happened since that time and a
little before, so that nothing is left out; what it has had it knows by `jobId` and `id`. A stream begins with an id
that has no event, so that a client that has heard nothing yet comes back to where it began, too. Where the host cannot
stream, a request waits until something has happened.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.auth import READ, Caller
from api.long_poll import long_poll
from api.models import MAX_WAIT_SECONDS, TypeQuery
from api.routes import events as one
from api.site import allow, known_type, site_of
from queues.events.event import Event
from queues.events.feed import MAX_BACK, OVERLAP, Feed

log = logging.getLogger("jobyard.api")

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

#: Seconds between two looks.
PAUSE = 1.0
_TIME = re.compile(r"(\d{1,15})/")
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events: `id`, `event` (what happened), and `data`, JSON.",
        "content": {one.MEDIA_TYPE: {"schema": {"type": "string"}}},
    },
}


@router.get("/events", responses=_RESPONSES, response_class=StreamingResponse)
async def get_feed(request: Request, query: Annotated[TypeQuery, Query()]) -> Response:
    """What happens to the tenant's jobs from now on, or from `Last-Event-ID` on."""
    caller = allow(request, READ)
    feed = await _feed(request, caller, query.type)
    headers, kind = one.HEADERS, one.MEDIA_TYPE
    begin = one.BEGIN + f"id: {feed.since}/\n\n".encode()
    if "aws.event" in request.scope:
        body = await long_poll(request, _first(feed)) or one.NOTHING
        return Response(begin + body, headers=headers, media_type=kind)
    return StreamingResponse(_stream(request, feed, begin), headers=headers, media_type=kind)


async def _feed(request: Request, caller: Caller, type_name: str | None) -> Feed:
    runtime = await site_of(request).runtime()
    name = None if type_name is None else known_type(runtime.catalog, type_name).name
    clock = runtime.control.clock
    since = now = clock()
    told = _TIME.match(request.headers.get("last-event-id", ""))
    if told is not None:
        since = min(now, max(int(told[1]) - OVERLAP, now - MAX_BACK))
    return Feed(runtime.store, caller.tenant, clock, since, name)


async def _stream(request: Request, feed: Feed, begin: bytes) -> AsyncIterator[bytes]:
    site, now = site_of(request), asyncio.get_running_loop().time
    end, beat = now() + one.MAX_SECONDS, now()
    yield begin
    try:
        while not site.is_closing and now() < end:
            found = await feed.look()
            if found:
                yield _frames(found)
                beat = now()
            elif now() - beat >= one.HEARTBEAT:
                yield one.NOTHING
                beat = now()
            await _rest(request)
    except (ClientError, BotoCoreError, OSError) as error:
        # The client comes back, and is told then what it has missed.
        log.warning("the events of tenant %s break off: %s", feed.tenant, error)


async def _rest(request: Request) -> None:
    """A pause that ends with the server."""
    try:
        async with asyncio.timeout(PAUSE):
            await site_of(request).closing()
    except TimeoutError:
        return


async def _first(feed: Feed) -> bytes:
    """The events that come first. TimeoutError if that takes too long."""
    async with asyncio.timeout(MAX_WAIT_SECONDS):
        while True:
            found = await feed.look()
            if found:
                return _frames(found)
            await asyncio.sleep(PAUSE)


def _frames(found: list[Event]) -> bytes:
    return b"".join(one.frame(event, f"{event.at}/{event.job_id}/{event.id}") for event in found)
