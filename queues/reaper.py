"""IO: finds jobs to which something is owed and nothing has happened: the net under every crash.

A round looks at the rows in `TENANT#open` and `TENANT#owing` whose `due` is over, in all shards of a tenant at once:
- active, lease over: the attempt is ended as `lost`; its job is sent again, or fails and is buried.
- ended: its burial, or paying its debts, was cut short, and is completed.
- not ended, and somebody wants to hear of more than the end: what nobody has told is told (webhooks/telling.py).
- waiting, long overdue or with an empty queue: the message never was sent, or was lost, and is sent again, unless the
  queue is paused: then it is looked at again in a while. One that came by a caller's own transaction, and whose message
  nobody is known to have sent, is sent at once (transactions.py).
A copy too many is harmless: only one claim of a job succeeds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from botocore.exceptions import BotoCoreError, ClientError

from queues.clock import OutOfTime, never
from queues.endings import Endings
from queues.enqueue import message_delay
from queues.job import Envelope, Job, Status
from queues.rows import OPEN, OWING, Item
from queues.shards import partitions
from queues.transactions import RELAY_OWED

log = logging.getLogger("jobyard.reaper")

#: Milliseconds that a job waits before its message is sent again although its queue is not empty; doubled each time,
#: so that a long backlog is not sent over and over.
RESEND_AFTER = 15 * 60_000
#: The longest such wait.
RESEND_CAP = 12 * 3_600_000
#: Rows looked at in one round of one partition; the next round goes on from there.
MAX_LOOKS = 1_000
PAGE = 100


@dataclass(frozen=True, slots=True)
class Reaped:
    """What one round did."""

    looked_at: int = 0
    lost: int = 0
    resent: int = 0
    buried: int = 0
    paid: int = 0

    def __add__(self, other: Reaped) -> Reaped:
        return Reaped(
            self.looked_at + other.looked_at,
            self.lost + other.lost,
            self.resent + other.resent,
            self.buried + other.buried,
            self.paid + other.paid,
        )


@dataclass(slots=True)
class Reaper:
    """Call `round` every few seconds; several reapers at once do no harm."""

    endings: Endings
    #: Answers the types whose queues are paused.
    paused: Callable[[], Awaitable[frozenset[str]]]
    _resume: dict[str, Item | None] = field(default_factory=dict)
    _empty: dict[str, bool] = field(default_factory=dict)
    #: What `paused` has answered in this round.
    _paused: frozenset[str] | None = None
    #: The tenant that the next round begins with, if the last one ran out of time.
    _next: str = ""

    @property
    def behind(self) -> bool:
        """Whether the last round left rows for the next one to look at."""
        return bool(self._next or self._resume)

    async def round(self, out_of_time: OutOfTime = never) -> Reaped:
        """One walk over what is overdue, of all tenants, or until `out_of_time`: the next round goes on there."""
        self._empty.clear()
        self._paused = None
        total = Reaped()
        first, self._next = self._next, ""
        tenants = await self.endings.store.tenants()
        for tenant in sorted(tenants, key=lambda tenant: tenant < first):
            if out_of_time():
                self._next = tenant
                break
            # First those that have ended: somebody waits for what comes of it, and they are few.
            for state in (OWING, OPEN):
                looks = [self._partition(name, out_of_time) for name in partitions(tenant, state, tenants[tenant])]
                # All of them end before trouble with one is told.
                for done in await asyncio.gather(*looks, return_exceptions=True):
                    if isinstance(done, BaseException):
                        raise done
                    total += done
        return total

    async def _partition(self, state: str, out_of_time: OutOfTime) -> Reaped:
        total, store, now = Reaped(), self.endings.store, self.endings.clock()
        start = self._resume.pop(state, None)
        for _ in range(MAX_LOOKS // PAGE):
            entries, start = await store.keys(state, start=start, limit=PAGE, newest_first=False, before=now)
            for job in await store.rows(entries, now):
                total = await self._guarded(job, now, total)
            if start is None or out_of_time():
                break
        if start is not None:
            self._resume[state] = start
        return total

    async def _guarded(self, job: Job, now: int, total: Reaped) -> Reaped:
        """One job; trouble with it must not keep the others from being looked at."""
        total = replace(total, looked_at=total.looked_at + 1)
        if job.type not in self.endings.catalog.names:
            return total
        try:
            return await self._look(job, now, total)
        except (ClientError, BotoCoreError, OSError) as error:
            log.warning("job %s: will be looked at again: %s", job.id, error)
            return total

    async def _look(self, job: Job, now: int, total: Reaped) -> Reaped:
        end = self.endings
        if job.owes and not job.ended:
            await end.tell(job)
        if job.ended:
            await end.conclude(job)
            buried, paid = job.status is Status.FAILED, job.in_debt
            return replace(total, buried=total.buried + buried, paid=total.paid + paid)
        if job.status is Status.ACTIVE:
            if job.lease_until is None or job.lease_until > now:
                return total
            fate = await end.lost(job)
            if fate is None:
                return total
            if fate.status is Status.WAITING:
                await self._send(job, fate.run_at or now, now)
            return replace(total, lost=total.lost + 1)
        patience = min(RESEND_CAP, RESEND_AFTER << min(max(job.resent, 0), 10))
        owed = job.resent == RELAY_OWED and job.attempt == 0
        queue = self.endings.catalog.queue_of(job.type, job.priority)
        if not owed and now - job.run_at < patience and not await self._queue_is_empty(queue):
            return total
        if not owed and await self._is_paused(job.type):
            # Nobody would take a further copy, and each look would send one.
            await end.store.mark_resent(job, now + RESEND_AFTER, more=0)
            return total
        await self._send(job, job.run_at, now)
        await end.store.mark_resent(job, now + patience)
        return replace(total, resent=total.resent + 1)

    async def _send(self, job: Job, run_at: int, now: int) -> None:
        log.warning("job %s: its message is sent again", job.id)
        body = Envelope(job.id, job.tenant, job.type).encode()
        queue = self.endings.catalog.queue_of(job.type, job.priority)
        await self.endings.queues.send(queue, [(body, message_delay(run_at, now), job.trace)], job.tenant)

    async def _is_paused(self, type_name: str) -> bool:
        if self._paused is None:
            self._paused = await self.paused()
        return type_name in self._paused

    async def _queue_is_empty(self, queue: str) -> bool:
        if queue not in self._empty:
            self._empty[queue] = (await self.endings.queues.depth(queue)).total == 0
        return self._empty[queue]
