"""IO: carries operations on many jobs out, a page of jobs a step.

What holds if the process dies
- before a step's jobs: its hold on the operation runs out, and another worker goes on where it was.
- between a job's row and its message (a retry): the row waits, and the reaper sends the message.
- between the jobs and the operation's own row: the page is looked at again. Each job's write is conditional, so none is
  done twice; the counters leave the first time out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from botocore.exceptions import BotoCoreError, ClientError

from queues.clock import OutOfTime, never
from queues.control.bulk import Bulk, Place, Stage, Verb
from queues.control.bulk_store import BulkStore
from queues.control.rows import ControlRows
from queues.endings import Endings
from queues.errors import JobNotFound
from queues.job import Envelope, Job, Status
from queues.job_options import JobOptions
from queues.rows import OPEN, SORT_KEY, Item, number, string
from queues.shards import partition
from queues.sqs import Message

log = logging.getLogger("jobyard.bulk")

#: Index entries of one step at the most.
PAGE = 100
#: Seconds between two looks at operations of which none may go on now.
PAUSE = 1.0


class _Step(Enum):
    """What came of one step."""

    WENT_ON = auto()
    #: The rate allows nothing yet.
    WAITS = auto()
    #: Another worker has it, or it is over.
    NOT_OURS = auto()


@dataclass(slots=True)
class BulkWork:
    """Call `round` every few seconds."""

    endings: Endings
    rows: ControlRows
    bulks: BulkStore
    #: This process's name.
    holder: str
    #: Is told of each type whose dead letters are fewer now.
    look_again: Callable[[str], None]

    async def round(self, out_of_time: OutOfTime = never) -> int:
        """Works on what there is until nothing is left, or until `out_of_time`; answers the number of steps."""
        steps = 0
        while True:
            made = []
            for bulk in await self.bulks.all(self.endings.clock()):
                if out_of_time():
                    return steps
                if bulk.stage is Stage.RUNNING:
                    made.append(await self._guarded(bulk))
            steps += made.count(_Step.WENT_ON)
            if _Step.WENT_ON not in made:
                if _Step.WAITS not in made:
                    return steps
                await asyncio.sleep(PAUSE)

    async def _guarded(self, bulk: Bulk) -> _Step:
        """One step; trouble with one operation must not keep the others waiting."""
        try:
            return await self._step(bulk)
        except (ClientError, BotoCoreError, OSError) as error:
            log.warning("operation %s: will be gone on with: %s", bulk.id, error)
            return _Step.NOT_OURS

    async def _step(self, seen: Bulk) -> _Step:
        now = self.endings.clock()
        bulk = await self.bulks.take(seen.id, self.holder, now)
        if bulk is None:
            return _Step.NOT_OURS
        allowed = bulk.allowance(now, PAGE)
        if allowed == 0:
            return _Step.WAITS
        if bulk.verb is Verb.PURGE and not bulk.place.tenant and bulk.filter.type is not None:
            # First, so that nothing more is started; the rows follow.
            for queue in self.endings.catalog.queues_of(bulk.filter.type):
                await self.endings.queues.purge(queue)
        tenant = bulk.place.tenant or await self._tenant_after(bulk, "")
        if tenant is None:
            await self._end(bulk, now)
            return _Step.WENT_ON
        entries, more = await self._page(bulk, tenant)
        jobs, entries, cut = await self._choose(bulk, entries, allowed, now)
        done = await self._apply(bulk, jobs, now)
        place = _place(entries[-1], bulk.place, tenant) if entries else replace(bulk.place, tenant=tenant)
        after = bulk.advanced(now, examined=len(entries), done=done, place=place)
        if not more and not cut:
            following = await self._place_after(bulk, place)
            if following is None:
                await self._end(after, now)
                return _Step.WENT_ON
            after = replace(after, place=following)
        await self.bulks.save(after, self.holder)
        return _Step.WENT_ON

    async def _place_after(self, bulk: Bulk, place: Place) -> Place | None:
        """Where to go on at the end of a shard; None if that was the last."""
        if place.shard + 1 < await self.endings.store.shards_of(place.tenant):
            return Place(place.tenant, shard=place.shard + 1)
        tenant = await self._tenant_after(bulk, place.tenant)
        return None if tenant is None else Place(tenant)

    async def _tenant_after(self, bulk: Bulk, tenant: str) -> str | None:
        if bulk.target is not None:
            return bulk.target if tenant < bulk.target else None
        return min((name for name in await self.endings.store.tenants() if name > tenant), default=None)

    async def _page(self, bulk: Bulk, tenant: str) -> tuple[list[Item], bool]:
        """The next index entries of a shard, the oldest first, and whether there are more."""
        place, start = bulk.place, None
        state = partition(tenant, OPEN if bulk.verb is Verb.PURGE else Status.FAILED.value, place.shard)
        if place.due is not None and place.pk is not None:
            start = {"state": string(state), "due": number(place.due), "pk": string(place.pk), "sk": string(SORT_KEY)}
        # An index's entry of a failed job is due at the time of its failure.
        before = None if bulk.verb is Verb.PURGE else bulk.filter.failed_before
        entries, following = await self.endings.store.keys(
            state, start=start, limit=PAGE, newest_first=False, before=before
        )
        return entries, following is not None

    async def _choose(
        self, bulk: Bulk, entries: list[Item], allowed: int, now: int
    ) -> tuple[list[Job], list[Item], bool]:
        """The jobs that are meant and may be done now, the entries looked at for them, whether there are others."""
        name = bulk.filter.type
        wanted = [entry for entry in entries if name is None or entry["type"]["S"] == name]
        jobs = [job for job in await self.endings.store.rows(wanted, now) if self._is_meant(bulk, job)]
        if len(jobs) <= allowed:
            return jobs, entries, False
        jobs = jobs[:allowed]
        last = f"job#{jobs[-1].tenant}#{jobs[-1].id}"
        looked_at = next(index for index, entry in enumerate(entries) if entry["pk"]["S"] == last) + 1
        return jobs, entries[:looked_at], True

    def _is_meant(self, bulk: Bulk, job: Job) -> bool:
        if bulk.verb is Verb.PURGE:
            return job.status in (Status.WAITING, Status.DELAYED) and job.created_at <= bulk.created_at
        known = job.type in self.endings.catalog.names
        return job.status is Status.FAILED and bulk.filter.matches(job) and (known or bulk.verb is Verb.DISCARD)

    async def _apply(self, bulk: Bulk, jobs: Sequence[Job], now: int) -> int:
        """Does it to the jobs; answers to how many."""
        ends = await asyncio.gather(*(self._one(bulk, job, now) for job in jobs))
        done = [job for job, end in zip(jobs, ends, strict=True) if end]
        if bulk.verb is Verb.RETRY:
            by_queue: dict[tuple[str, str], list[Message]] = {}
            for job in done:
                queue = self.endings.catalog.queue_of(job.type, job.priority)
                body = Envelope(job.id, job.tenant, job.type).encode()
                by_queue.setdefault((queue, job.tenant), []).append((body, 0, job.trace))
            # What SQS does not take, the reaper sends: the rows wait already.
            send = self.endings.queues.send
            await asyncio.gather(*(send(queue, bodies, tenant) for (queue, tenant), bodies in by_queue.items()))
        return len(done)

    async def _one(self, bulk: Bulk, job: Job, now: int) -> bool:
        known = job.type in self.endings.catalog.names
        options = self.endings.catalog.get(job.type).options if known else JobOptions()
        store = self.endings.store
        try:
            match bulk.verb:
                case Verb.RETRY:
                    met = await store.reopen(job, now, options)
                case Verb.DISCARD:
                    met = await self.rows.discard(job, now, bulk.created_by, options)
                case Verb.PURGE:
                    met = await self.endings.cancel(job, now, options, bulk.created_by)
        except JobNotFound:
            return False
        return met is None

    async def _end(self, bulk: Bulk, now: int) -> None:
        await self.bulks.save(bulk.ended(Stage.DONE, now), self.holder)
        if bulk.verb is not Verb.PURGE:
            for name in [bulk.filter.type] if bulk.filter.type is not None else self.endings.catalog.names:
                self.look_again(name)


def _place(last: Item, before: Place, tenant: str) -> Place:
    return Place(tenant, int(last["due"]["N"]), last["pk"]["S"], before.shard)
