"""IO: the due times of schedules whose queue is paused: they become jobs that wait in it, as they come due.

A due time is a tick in the queue of its jobs, and nobody receives that while the queue is paused. So a round, part of
that of pauses (control/pauses.py), does without the tick: it reads the schedules of the types that are paused, of all
tenants, and has their times decided that have passed, by what serves ticks (ticks.py). The tick comes when the queue is
resumed, finds its time decided (passed.py), and is deleted.

Whoever resumes the queue, or is just serving a tick when it is paused, races with a round, and so do two rounds: of two
who decide about a schedule at once, the one that writes second is refused, and looks again.

A schedule of code that a template has deployed may have no row yet, or one that tells of other times than the code
does. It is written first, and its times count from then on; what was due before is left to its ticks.

What holds if the process dies
- before a time's transaction: the next round, or at the latest the tick, decides.
- between that and the job's message: the row waits. While the queue is paused nothing misses the message; after that
  the reaper sends it, within 15 minutes.
- between two times, or two schedules: the next round goes on. What is decided is not looked at again.
- between a deployed schedule's row and its first time: the row says since when times count.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from queues.clock import OutOfTime, never
from queues.control.bulk import Verb
from queues.control.bulk_store import BulkStore
from queues.errors import JobyardError
from queues.jobtype import JobType
from queues.schedule import Rate
from queues.schedules.declared import TENANT, declaration, timing
from queues.schedules.job_schedule import CODE, JobSchedule, ScheduleStatus
from queues.schedules.passed import looked_at_next
from queues.schedules.ticks import Ticks

log = logging.getLogger("jobyard.schedules")

#: Schedules that are read at once, and whose times are decided side by side.
PAGE = 50

Types = Mapping[str, JobType[Any, Any]]
#: A schedule's tenant and name.
Name = tuple[str, str]
#: Whose queue of which type was purged when last, epoch ms; None: everybody's.
Purges = Mapping[tuple[str | None, str], int]


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A schedule, as it was when none of its times had passed, and the next one will have."""

    revision: int
    ticks: int
    until: int


@dataclass(slots=True)
class PausedTimes:
    """Call `round` every few seconds while types are paused; several at once do no harm."""

    ticks: Ticks
    bulks: BulkStore
    #: What need not be looked at for a while, so that thousands of schedules cost only their reading.
    _quiet: dict[Name, _Quiet] = field(default_factory=dict)
    #: After which schedule the next round begins, if the last one ran out of time.
    _next: Name = ("", "")

    async def round(self, types: Collection[str], out_of_time: OutOfTime = never) -> int:
        """Decides about the times of these types' schedules that have passed; answers about how many."""
        end = self.ticks.endings
        paused = {name: end.catalog.get(name) for name in types if name in end.catalog.names}
        if not paused:
            return 0
        purges = await self._purges()
        done = await self._serve(await self._declared(paused.values()), paused, purges)
        (first, after), self._next = self._next, ("", "")
        for tenant in sorted(await end.store.tenants(), key=lambda tenant: (tenant < first, tenant)):
            begin: str | None = after if tenant == first else ""
            while begin is not None:
                if out_of_time():
                    self._next = (tenant, begin)
                    return done
                rows, begin = await self.ticks.store.page(tenant, begin, PAGE, end.clock())
                done += await self._serve([row for row in rows if row.source != CODE], paused, purges)
        return done

    async def _serve(self, schedules: Iterable[JobSchedule], paused: Types, purges: Purges) -> int:
        """Side by side, those of which a time may have passed."""
        now, work = self.ticks.endings.clock(), []
        for one in schedules:
            if one.type not in paused or self._is_quiet(one, now):
                continue
            purged_at = max(purges.get((tenant, one.type), 0) for tenant in (None, one.tenant))
            work.append(self._guarded(paused[one.type], one, purged_at))
        return sum(await asyncio.gather(*work))

    def _is_quiet(self, schedule: JobSchedule, now: int) -> bool:
        key = (schedule.tenant, schedule.name)
        if schedule.status is not ScheduleStatus.ACTIVE:
            self._quiet.pop(key, None)
            return True
        quiet = self._quiet.get(key)
        return quiet is not None and now < quiet.until and (quiet.revision, quiet.ticks) == _version(schedule)

    async def _guarded(self, job_type: JobType[Any, Any], schedule: JobSchedule, purged_at: int) -> int:
        """One schedule; trouble with it must not keep the others waiting."""
        now = self.ticks.endings.clock()
        try:
            done = await self.ticks.serve_passed(job_type, schedule, purged_at)
        except (ClientError, BotoCoreError, OSError, JobyardError) as error:
            log.warning("schedule %s of %s: will be looked at again: %s", schedule.name, schedule.tenant, error)
            return 0
        if not done:
            until = looked_at_next(schedule, now)
            self._quiet[schedule.tenant, schedule.name] = _Quiet(*_version(schedule), until)
        return done

    async def _purges(self) -> Purges:
        found: dict[tuple[str | None, str], int] = {}
        for bulk in await self.bulks.all(self.ticks.endings.clock()):
            if bulk.verb is Verb.PURGE and bulk.filter.type is not None:
                key = (bulk.target, bulk.filter.type)
                found[key] = max(found.get(key, 0), bulk.created_at)
        return found

    async def _declared(self, types: Iterable[JobType[Any, Any]]) -> list[JobSchedule]:
        """The schedules that code declares, each with a row that tells of its times."""
        found = []
        for job_type in types:
            for recurring in job_type.schedules:
                try:
                    schedule = await self._with_row(job_type, recurring.name)
                except (ClientError, BotoCoreError, OSError, JobyardError) as error:
                    log.warning("schedule %s of code: will be looked at again: %s", recurring.name, error)
                    continue
                if schedule is not None:
                    found.append(schedule)
        return found

    async def _with_row(self, job_type: JobType[Any, Any], name: str) -> JobSchedule | None:
        """None if there is one of that name that was made by hand, or somebody else was faster."""
        store, now = self.ticks.store, self.ticks.endings.clock()
        row = await store.get(TENANT, name, now)
        gone = row is None or row.status is ScheduleStatus.DELETED
        if row is not None and row.source != CODE and not gone:
            return None
        schedule = declaration(job_type, TENANT, name, row, now)
        if schedule is None:
            return None
        if row is None or gone:
            schedule = replace(schedule, revision=now)
            return schedule if await store.create(schedule, now) else None
        if timing(schedule) == timing(row):
            return schedule
        if isinstance(schedule.times, Rate) and row.last_at is not None:
            # Its ticks have gone on all the time.
            schedule = replace(schedule, anchor=max(now, row.last_at + schedule.times.every))
        return await store.change(schedule, row)


def _version(schedule: JobSchedule) -> tuple[int, int]:
    return schedule.revision, schedule.ticks
