"""What happens to a job, as server-sent events (the HTML standard, 9.2): streamed as it happens, or polled where the
host cannot stream.

A stream ends after the job's last event, when the job's record is gone, when the server stops, and after MAX_SECONDS,
so that the token is looked at again now and then. A client that comes back says what it has heard (`Last-Event-ID`) and
goes on there; browsers do so by themselves, and stay away after a 204. On Lambda an answer is sent once it is whole:
there a request waits until something has happened, and is answered with that. To the client it is a stream that ended
early.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.auth import READ
from api.long_poll import long_poll
from api.models import MAX_WAIT_SECONDS
from api.openapi import problems
from api.routes.job import JOB_ID
from api.site import known_id, queue_for, site_of
from api.views import moment
from queues.errors import JobNotFound
from queues.events.event import Event, events_after, is_last
from queues.events.watch import events
from queues.queue import Queue

log = logging.getLogger("jobyard.api")

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

MEDIA_TYPE = "text/event-stream"
#: Seconds after which something is sent though nothing has happened, so that nobody in between takes it for dead.
HEARTBEAT = 15.0
#: Seconds for which one stream goes on.
MAX_SECONDS = 900.0
#: Milliseconds after which a client is asked to come back.
RETRY = 1_000
#: Of no interest to proxies: nginx gathers an answer otherwise.
HEADERS = {"X-Accel-Buffering": "no"}
BEGIN = f"retry: {RETRY}\n\n".encode()
NOTHING = b": nothing yet\n\n"

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events: `id`, `event` (what happened), and `data`, JSON.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    },
    204: {"description": "The event of `Last-Event-ID` was the last one."},
    **problems(404),
}


@router.get(f"/{JOB_ID}/events", responses=_RESPONSES, response_class=StreamingResponse)
async def get_events(request: Request, job_id: str) -> Response:
    """What happens to a job, from its making on or from `Last-Event-ID` on, up to its end."""
    queue = await queue_for(request, READ)
    job = await queue.get(known_id(job_id))
    told = request.headers.get("last-event-id")
    if job.ended and is_last(told) and not events_after(told, job):
        return Response(status_code=204)
    if "aws.event" in request.scope:
        # Mangum, the adapter to Lambda, collects an answer before it sends it.
        body = await long_poll(request, _first(queue, job.id, told)) or b""
        return Response(BEGIN + (body or NOTHING), headers=HEADERS, media_type=MEDIA_TYPE)
    return StreamingResponse(_stream(request, queue, job.id, told), headers=HEADERS, media_type=MEDIA_TYPE)


async def _stream(request: Request, queue: Queue, job_id: str, told: str | None) -> AsyncIterator[bytes]:
    site, now = site_of(request), asyncio.get_running_loop().time
    end, beat = now() + MAX_SECONDS, now()
    yield BEGIN
    try:
        async for found in events(lambda: queue.get(job_id), told):
            if found:
                yield b"".join(map(frame, found))
                beat = now()
            elif now() - beat >= HEARTBEAT:
                yield NOTHING
                beat = now()
            if site.is_closing or now() >= end:
                return
    except JobNotFound:
        return
    except (ClientError, BotoCoreError, OSError) as error:
        # The client comes back, and is told then what it has missed.
        log.warning("the events of job %s break off: %s", job_id, error)


async def _first(queue: Queue, job_id: str, told: str | None) -> bytes:
    """The events that come first, as soon as there are any. TimeoutError if that takes too long."""
    async with asyncio.timeout(MAX_WAIT_SECONDS):
        async for found in events(lambda: queue.get(job_id), told):
            if found:
                return b"".join(map(frame, found))
    return b""


def frame(event: Event, place: str | None = None) -> bytes:
    """An event on the wire, under its id or its `place` in another stream. JSON has no line breaks."""
    told = (place or event.id).encode()
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (told, event.kind.encode(), orjson.dumps(view(event)))


def view(event: Event) -> dict[str, Any]:
    """An event as the API shows it."""
    told = {name: moment(value) if name == "runAt" else value for name, value in event.data.items()}
    return {
        "id": event.id,
        "event": event.kind.value,
        "jobId": event.job_id,
        "type": event.type,
        "attempt": event.attempt,
        "at": moment(event.at),
        **told,
    }
