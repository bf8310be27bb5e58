"""IO: how a job is watched: its row is looked at, often at first and then less. `wait` and `events` share it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from queues.events.event import Event, events_after
from queues.job import Job

#: Seconds between two looks, at first and at the most.
FIRST_LOOK = 0.01
SLOWEST_LOOK = 0.5


async def looks(get: Callable[[], Awaitable[Job]]) -> AsyncIterator[Job]:
    """The job as it stands, again and again, for as long as it is asked for."""
    pause = FIRST_LOOK
    while True:
        yield await get()
        await asyncio.sleep(pause)
        pause = min(SLOWEST_LOOK, pause * 1.5)


async def events(get: Callable[[], Awaitable[Job]], after: str | None) -> AsyncIterator[list[Event]]:
    """What has happened since the event `after`, look by look, perhaps nothing; ends when the job has ended."""
    async for job in looks(get):
        found = events_after(after, job)
        if found:
            after = found[-1].id
        yield found
        if job.ended:
            return
