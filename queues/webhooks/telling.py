"""IO: tells of what happens to a job before its end, by a job of the type `webhook` for each event and receiver.

A job of which somebody wants to hear more than the end owes the word EARLY (`hooks.py`). Each event is a change of its
row that Jobyard has written, and follows from the row (`events/event.py`); the row's `told` says up to which event all
was told. Whoever has changed the row tells what came since, then moves `told`. It does not matter how often, or by how
many at once: the id of a delivery follows from the event and its receiver, and of two with one id there is one job.

What holds if the process dies
- after a change of the row and before it was told, or between two receivers: the row says what is left. It is told by
  the job's message when that comes back, by the job's next change, by the reaper when it looks at the row, and at the
  latest with the job's end, which is a debt (`debts.py`).
- after the deliveries and before `told`: they are made again, and found there by their ids.
- between a delivery's row and its message: the reaper sends the message.
Trouble with AWS is a death of that kind; what the job itself does goes on.

Two things a row does not keep. Of progress only the latest report is told, PROGRESS_EVERY apart, and of an attempt that
is over none. Of attempts the last `MAX_HISTORY` are told, should as many go by before somebody can.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError

from queues.clock import Clock
from queues.events.event import LAST, Event, EventKind, events_after
from queues.job import Job
from queues.options import NewJob, Options
from queues.rows import number, partition_key, string
from queues.webhooks.endpoint import Endpoint, own_of, signer
from queues.webhooks.hooks import EARLY, TYPE
from queues.webhooks.message import OWN, Delivery, event_body_of, event_id
from queues.webhooks.store import EndpointStore
from queues.writes import Form, Refused, Writes

log = logging.getLogger("jobyard.webhooks")

#: What an attempt that is not its job's last may end with.
WENT_ON = (EventKind.STALLED, EventKind.RETRYING, EventKind.SNOOZED, EventKind.RETURNED)
#: Milliseconds between two reports of a job's progress that are told.
PROGRESS_EVERY = 10_000

_TOLD = Form(("told",), (("attempt", "="),))

#: The row as it stands, or None.
Get = Callable[[Job], Awaitable[Job | None]]
#: Makes deliveries of a tenant; those that are there by their ids stay as they are.
Make = Callable[[str, Sequence[NewJob]], Awaitable[None]]


class Telling:
    """What a process does for the webhooks that want to hear of more than ends."""

    def __init__(self, endpoints: EndpointStore, get: Get, make: Make, writes: Writes, clock: Clock):
        self._endpoints, self._get, self._make = endpoints, get, make
        self._writes, self._clock = writes, clock
        #: The last telling in the background, by tenant and job.
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}

    def soon(self, job: Job, *more: EventKind) -> None:
        """The same as `tell`, in the background, one after the other for each job."""
        if EARLY not in job.owes:
            return
        key = (job.tenant, job.id)
        task = asyncio.get_running_loop().create_task(self._after(self._under_way.get(key), job, more))
        self._under_way[key] = task
        task.add_done_callback(lambda done: self._over(key, done))

    async def tell(self, job: Job, *more: EventKind) -> None:
        """Tells what has happened to a job, as its row has it now; nothing is read if nobody wants to hear of it.

        `more`: what may have happened since `job` was read.
        """
        if EARLY in job.owes:
            await self._after(self._under_way.get((job.tenant, job.id)), job, more)

    async def tell_rows(self, rows: Sequence[Job]) -> None:
        """Tells what has happened to jobs, as their rows were written or read just now."""
        rows = [row for row in rows if EARLY in row.owes and not row.ended]
        await asyncio.gather(*(self._guarded(row, self._tell_row(row)) for row in rows))

    async def pay(self, job: Job) -> None:
        """Tells what is left of a job that has ended; its end is told by another debt. Raises what AWS's clients do."""
        before = self._under_way.get((job.tenant, job.id))
        if before is not None:
            await asyncio.shield(before)
            job = await self._get(job) or job
        if _untold(job):
            await self._told(job, await self._endpoints.all(job.tenant))

    async def _after(self, before: asyncio.Task[None] | None, job: Job, more: Sequence[EventKind]) -> None:
        if before is not None:
            await asyncio.shield(before)
        await self._guarded(job, self._tell(job, more))

    async def _guarded(self, job: Job, telling: Awaitable[None]) -> None:
        try:
            await telling
        except (ClientError, BotoCoreError, OSError) as error:
            log.warning("job %s: what happened to it will be told later: %s", job.id, error)

    async def _tell(self, job: Job, more: Sequence[EventKind]) -> None:
        endpoints = await self._endpoints.lately(job.tenant)
        possible = {event.kind for event in _untold(job)} | set(more)
        if not any(_receivers(job, kind, endpoints) for kind in possible):
            return
        row = await self._get(job)
        if row is not None and not row.ended:
            # Of one that has ended, whoever pays its debt tells.
            await self._told(row, endpoints, progress=EventKind.PROGRESS in more)

    async def _tell_row(self, row: Job) -> None:
        await self._told(row, await self._endpoints.lately(row.tenant))

    async def _told(self, row: Job, endpoints: tuple[Endpoint, ...], *, progress: bool = False) -> None:
        """Makes the deliveries of what the row says and nobody has told, and notes that."""
        found = [event for event in _untold(row) if progress or event.kind is not EventKind.PROGRESS]
        news = [new for event in found for new in self._deliveries(row, event, endpoints)]
        if not news:
            return
        await self._make(row.tenant, news)
        with suppress(Refused):
            # Refused if the next attempt has begun or the job is gone: who tells next finds these by their ids.
            await self._writes.apply(
                _TOLD, partition_key(row.tenant, row.id), [string(found[-1].id)], [number(row.attempt)]
            )

    def _deliveries(self, row: Job, event: Event, endpoints: tuple[Endpoint, ...]) -> list[NewJob]:
        body = event_body_of(row, event, self._clock())
        return [
            NewJob(TYPE, Delivery(url=url, endpoint=signed_by, body=body), Options(job_id=event_id(row, event, name)))
            for name, url, signed_by in _receivers(row, event.kind, endpoints)
        ]

    def _over(self, key: tuple[str, str], done: asyncio.Task[None]) -> None:
        if self._under_way.get(key) is done:
            del self._under_way[key]
        if not done.cancelled() and done.exception() is not None:
            log.error("a telling of job %s broke off", key[1], exc_info=done.exception())


def _untold(row: Job) -> list[Event]:
    """What the row says and nobody is known to have told, but for its end."""
    return [event for event in events_after(row.told, row) if event.kind not in LAST]


def _receivers(job: Job, kind: EventKind, endpoints: tuple[Endpoint, ...]) -> list[tuple[str, str, str]]:
    """Who wants to hear of such an event of the job: name, URL, and the endpoint whose secret signs it."""
    found = [(one.id, one.url, one.id) for one in endpoints if one.url is not None and one.wants(job.type, kind.value)]
    own, by = own_of(job.webhook), signer(endpoints)
    if own is not None and by is not None and kind.value in own.events:
        found.append((OWN, own.url, by.id))
    return found
