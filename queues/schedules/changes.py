"""IO: the one way to change a schedule: its row first, then its EventBridge schedule.

That is made again until it says what the row says: of two changes at once, whoever is last sees the other's row.

What holds if the process dies
- before the row: nothing happened.
- between row and EventBridge: a new schedule does not fire yet; a changed, paused or deleted one fires as it did. The
  same call once more puts it right, and so does the next start of a process for schedules of code. Ticks obey the row:
  a paused or deleted schedule makes no job, whatever EventBridge does.
- after that: all is done, told or not; the same call once more changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from queues.catalog import Catalog
from queues.clock import Clock
from queues.errors import ScheduleNotFound
from queues.schedules.declared import TENANT, declaration, declarations
from queues.schedules.eventbridge import EventBridge
from queues.schedules.job_schedule import CODE, JobSchedule, ScheduleStatus
from queues.schedules.store import ScheduleStore

#: Tries of a write that others were faster with.
TRIES = 8

Change = Callable[[JobSchedule, int], JobSchedule]


class Contended(OSError):
    """Others change the schedule all the time; to try again later is all that helps."""

    def __init__(self, name: str):
        super().__init__(f"the schedule {name!r} was changed by others {TRIES} times; try again")


@dataclass(frozen=True, slots=True)
class Changes:
    """The schedules of one tenant, as rows and code together say that they are."""

    store: ScheduleStore
    eventbridge: EventBridge
    catalog: Catalog
    tenant: str
    clock: Clock

    async def get(self, name: str) -> JobSchedule:
        """The schedule as it stands, or ScheduleNotFound."""
        row = await self.store.get(self.tenant, name, self.clock())
        found = self._seen(row, name)
        if found is None:
            raise ScheduleNotFound(name)
        return found

    async def page(self, after: str, limit: int) -> tuple[list[JobSchedule], str | None]:
        """Schedules whose names come after that one, in the order of names; and the name after which there are more."""
        now = self.clock()
        rows, more = await self.store.page(self.tenant, after, limit, now)
        code = declarations(self.catalog, now) if self.tenant == TENANT else []
        found: dict[str, JobSchedule | None] = {
            one.name: one for one in code if one.name > after and (more is None or one.name <= more)
        }
        found |= {row.name: self._seen(row, row.name) for row in rows}
        return sorted((one for one in found.values() if one is not None), key=lambda one: one.name), more

    async def make(self, name: str, change: Change) -> JobSchedule:
        """Writes a change, made anew of what is there each time that somebody else was faster; then EventBridge."""
        for _ in range(TRIES):
            known, now = await self.get(name), self.clock()
            done = await self.write(change(known, now), known, now)
            if done is not None:
                return await self.sync(done)
        raise Contended(name)

    async def write(self, wanted: JobSchedule, known: JobSchedule, now: int) -> JobSchedule | None:
        """Writes the row; None if somebody else was faster."""
        if known.revision:
            return await self.store.change(wanted, known)
        # A schedule of code, of which nothing had to be remembered so far.
        new = replace(wanted, revision=now)
        return new if await self.store.create(new, now) else None

    async def sync(self, schedule: JobSchedule) -> JobSchedule:
        """Makes EventBridge say what the row says, and looks whether the row has changed meanwhile."""
        for _ in range(TRIES):
            now = self.clock()
            lives = schedule.status is not ScheduleStatus.DELETED
            if lives and replace(schedule, status=ScheduleStatus.ACTIVE).next_times(1, now):
                await self.eventbridge.put(schedule)
            else:
                await self.eventbridge.remove(self.tenant, schedule.name)
            row = await self.store.get(self.tenant, schedule.name, now)
            if row is None or row.revision == schedule.revision:
                return schedule
            schedule = self._seen(row, row.name) or row
        raise Contended(schedule.name)

    async def finish_deletion(self, name: str) -> None:
        """Removes what EventBridge has of a deleted schedule, if whoever deleted it died before that."""
        row = await self.store.get(self.tenant, name, self.clock())
        if row is not None and row.status is ScheduleStatus.DELETED:
            await self.sync(row)

    def declared(self, name: str, row: JobSchedule | None) -> JobSchedule | None:
        """The schedule of that name that the code declares, on top of what a row remembers."""
        if self.tenant != TENANT:
            return None
        for job_type in self.catalog:
            if job_type.schedules:
                found = declaration(job_type, self.tenant, name, row, self.clock())
                if found is not None:
                    return found
        return None

    def _seen(self, row: JobSchedule | None, name: str) -> JobSchedule | None:
        if row is None or row.source == CODE:
            return self.declared(name, row)
        return None if row.status is ScheduleStatus.DELETED else row
