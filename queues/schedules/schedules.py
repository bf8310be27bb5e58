"""IO: what users call to make, see and change the schedules of one tenant: `queue.schedules`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from queues.audit.acting import Acting, audited
from queues.enqueue import Enqueuer
from queues.errors import InvalidOption, ScheduleExists, ScheduleNotFound, ScheduleOfCode
from queues.job import Job
from queues.jobtype import JobType
from queues.options import Options
from queues.rows import key_of
from queues.schedules.changes import TRIES, Change, Changes, Contended
from queues.schedules.declared import schedule_of, timing
from queues.schedules.eventbridge import EventBridge
from queues.schedules.job_schedule import CODE, MAX_LIMIT, MAX_NEXT_RUNS, JobSchedule, ScheduleStatus
from queues.schedules.options import job_of
from queues.schedules.recurring import START_GRACE_SECONDS, CatchUp, Overlap, Recurring, check_name
from queues.schedules.said import SAID, recurring_of
from queues.schedules.store import ScheduleStore


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """Some schedules by their names, and the name after which there are more; None at the end."""

    schedules: list[JobSchedule]
    cursor: str | None


class Schedules:
    """All methods may raise botocore's errors besides those that they name; `name` is always a schedule's."""

    def __init__(self, store: ScheduleStore, eventbridge: EventBridge, enqueuer: Enqueuer):
        self._store, self._enqueuer, self._clock = store, enqueuer, enqueuer.clock
        self._changes = Changes(store, eventbridge, enqueuer.catalog, enqueuer.tenant, enqueuer.clock)
        #: In whose name changes are recorded, if in anybody's.
        self.acting: Acting | None = None

    async def create(
        self,
        name: str,
        job_type: str | JobType[Any, Any],
        expression: str,
        *,
        data: Any = None,
        options: Options | None = None,
        timezone: str = "UTC",
        overlap: Overlap = "queue",
        catch_up: CatchUp = "latest",
        jitter: timedelta | float = 0.0,
        start: datetime | None = None,
        end: datetime | None = None,
        by: str = "",
    ) -> JobSchedule:
        """Makes a schedule; from now on its jobs run at their times. See Recurring for what the words mean.

        `by` says who made it. InvalidSchedule, InvalidOption, UnknownJobType, InvalidData say why not; ScheduleExists
        if there is one of that name that is not the same.
        """
        wanted = Recurring(
            *(expression, check_name(name), {} if data is None else data, options, timezone, overlap, catch_up, jitter),
            *(start, end),
        )
        return await self.add(wanted, job_type, by=by)

    @audited("schedule.create", "recurring", "job_type")
    async def add(self, recurring: Recurring, job_type: str | JobType[Any, Any], *, by: str = "") -> JobSchedule:
        """The same from a Recurring that has a name."""
        catalog = self._enqueuer.catalog
        found = job_type if isinstance(job_type, JobType) else catalog.get(job_type)
        now = self._clock()
        new = replace(schedule_of(recurring, found, self._enqueuer.tenant, now), created_by=by, revision=now)
        if self._changes.declared(new.name, None) is not None:
            raise ScheduleOfCode(new.name)
        _check_times(new, None, now)
        await self._enqueuer.store.add_tenant(self._enqueuer.tenant)
        if not await self._store.create(new, now):
            known = await self._changes.get(new.name)
            if not _alike(new, known):
                raise ScheduleExists(new.name)
            new = known
        return await self._changes.sync(new)

    async def get(self, name: str) -> JobSchedule:
        """The schedule as it stands, or ScheduleNotFound."""
        return await self._changes.get(name)

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> SchedulePage:
        """One page of schedules by their names, those of code too. InvalidOption."""
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidOption("limit", limit, f"give 1 to {MAX_LIMIT}")
        after = "" if cursor is None else _after(cursor)
        return SchedulePage(*await self._changes.page(after, limit))

    async def update(
        self,
        name: str,
        *,
        expression: str | None = None,
        data: Any = ...,
        options: Options | Any | None = ...,
        timezone: str | None = None,
        overlap: Overlap | None = None,
        catch_up: CatchUp | None = None,
        jitter: timedelta | float | None = None,
        start: datetime | Any | None = ...,
        end: datetime | Any | None = ...,
        by: str | None = None,
    ) -> JobSchedule:
        """Changes what is given and leaves the rest; its job type stays. New times count from now.

        ScheduleNotFound; ScheduleOfCode, whose definition is the code's; otherwise as `create`.
        """
        known = await self._of_a_call(name)
        said = recurring_of(known)
        given = {
            "expression": expression,
            "timezone": timezone,
            "overlap": overlap,
            "catch_up": catch_up,
            "jitter": jitter,
        }
        changes: dict[str, Any] = {word: value for word, value in given.items() if value is not None}
        open_ended = {"data": data, "options": options, "start": start, "end": end}
        changes |= {word: value for word, value in open_ended.items() if value is not ...}
        return await self.put(replace(said, **changes), by=by)

    @audited("schedule.update", "recurring")
    async def put(self, recurring: Recurring, *, by: str | None = None) -> JobSchedule:
        """Changes all of the schedule of that name but its job type."""

        def change(known: JobSchedule, now: int) -> JobSchedule:
            new = schedule_of(recurring, self._enqueuer.catalog.get(known.type), known.tenant, now)
            same = timing(new) == timing(known)
            if not same:
                _check_times(new, known, now)
            return replace(
                known,
                **{word: getattr(new, word) for word in SAID},
                created_by=known.created_by if by is None else by,
                updated_at=now,
                anchor=known.anchor if same else new.anchor,
                since=known.since if same else now,
            )

        await self._of_a_call(recurring.name)
        return await self._changes.make(recurring.name, change)

    @audited("schedule.pause", "name")
    async def pause(self, name: str) -> JobSchedule:
        """No time makes a job any more, until it is resumed; those that pass meanwhile are not made up for."""
        return await self._changes.make(name, _to(ScheduleStatus.PAUSED))

    @audited("schedule.resume", "name")
    async def resume(self, name: str) -> JobSchedule:
        """Its times make jobs again, from now on."""

        def change(known: JobSchedule, now: int) -> JobSchedule:
            since = now if known.status is ScheduleStatus.PAUSED else known.since
            return replace(known, status=ScheduleStatus.ACTIVE, since=since, updated_at=now)

        return await self._changes.make(name, change)

    @audited("schedule.delete", "name")
    async def delete(self, name: str) -> None:
        """Removes a schedule; jobs that it has made stay. ScheduleNotFound, ScheduleOfCode."""
        try:
            await self._of_a_call(name)
        except ScheduleNotFound:
            await self._changes.finish_deletion(name)
            raise
        await self._changes.make(name, _to(ScheduleStatus.DELETED))

    @audited("schedule.run", "name")
    async def run_now(self, name: str) -> Job:
        """Makes a job of the schedule at once, whatever its policies say and even if it is paused. Its times stay.

        Killed between the job's row and its message, the reaper sends that. ScheduleNotFound, InvalidData.
        """
        for _ in range(TRIES):
            known, now = await self.get(name), self._clock()
            job = self._enqueuer.build(job_of(known, f"{known.name}:{self._enqueuer.new_id()}"), now)
            await self._enqueuer.store.add_tenant(known.tenant)
            (row,) = await self._enqueuer.rows_of([job])
            if await self._store.decide(known, replace(known, last_job=job.id), row, now):
                await self._enqueuer.announce(job)
                return job.seen_at(now)
        raise Contended(name)

    async def next_runs(self, name: str, count: int = 5) -> Sequence[datetime]:
        """Its next due times in UTC, at most so many; jitter comes on top. ScheduleNotFound, InvalidOption."""
        if not 1 <= count <= MAX_NEXT_RUNS:
            raise InvalidOption("count", count, f"give 1 to {MAX_NEXT_RUNS}")
        return (await self.get(name)).next_runs(count, self._clock())

    async def last_runs(self, schedules: Iterable[JobSchedule]) -> Mapping[str, Job]:
        """The jobs that schedules have made last, by the schedules' names, without those that are gone."""
        wanted = {one.last_job: one.name for one in schedules if one.last_job is not None}
        keys = [key_of(self._enqueuer.tenant, job_id) for job_id in wanted]
        found = await self._enqueuer.store.rows(keys, self._clock())
        return {wanted[job.id]: job for job in found}

    async def _of_a_call(self, name: str) -> JobSchedule:
        known = await self._changes.get(name)
        if known.source == CODE:
            raise ScheduleOfCode(name)
        return known


def _after(cursor: str) -> str:
    try:
        return check_name(cursor)
    except InvalidOption:
        raise InvalidOption("cursor", cursor[:80], "pass the cursor of the page before") from None


def _to(status: ScheduleStatus) -> Change:
    return lambda known, now: replace(known, status=status, updated_at=now)


def _check_times(new: JobSchedule, known: JobSchedule | None, now: int) -> None:
    changed = known is None or new.start != known.start
    if new.start is not None and changed and new.start < now - START_GRACE_SECONDS * 1000:
        raise InvalidOption("start", new.start, "it is past; leave it out to begin now")
    if not replace(new, status=ScheduleStatus.ACTIVE).next_times(1, now):
        raise InvalidOption("schedule", new.expression, "it has no time that is not past, or none before its end")


def _alike(new: JobSchedule, known: JobSchedule) -> bool:
    return all(getattr(new, word) == getattr(known, word) for word in ("type", *SAID))
