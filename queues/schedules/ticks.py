"""IO: from a tick to its job, in the runner; and from a due time whose tick nobody receives, in a round (paused.py). A
tick counts as no attempt, and needs no worker process.

Exactly one job for each due time: the row that remembers the time and the job's own row are written in one transaction,
under the condition that nobody has decided about any time of the schedule since it was read. The job's id is made of
the schedule's name and the time. What a unique job's key asks for is in the same transaction (making.py).

What holds if the process dies
- before the transaction: nothing happened but, with the overlap policy `replace`, that the old job is cancelled, or
  asked to end; the tick comes back and finds it so.
- between the transaction and the job's message: the tick comes back, finds its time decided, and sends the message; and
  if it never came back, the reaper would, as for any job that waits too long.
- after that: the tick comes back and finds a job that waits or has started. A second message of a job is harmless.
In a round it is the same, but that the next round takes the place of the tick that comes back; and of a time that is
decided the reaper sends a message that is missing, after the queue is resumed. The tick itself then comes to nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

from queues.control.rows import ControlRows
from queues.endings import Endings
from queues.enqueue import Enqueuer
from queues.errors import JobyardError
from queues.job import Job, Status
from queues.job_options import JobOptions
from queues.jobtype import JobType
from queues.schedules.changes import TRIES, Contended
from queues.schedules.declared import declaration
from queues.schedules.job_schedule import CODE, MAX_REMEMBERED, Fate, JobSchedule, ScheduleStatus, job_id_of
from queues.schedules.making import Made, made, tell
from queues.schedules.passed import Passed, is_settled, passed, with_span
from queues.schedules.store import ScheduleStore
from queues.schedules.tick import Decision, Tick, decide, due_of

log = logging.getLogger("jobyard.schedules")


@dataclass(frozen=True, slots=True)
class Ticks:
    """What the runner does with ticks."""

    endings: Endings
    store: ScheduleStore
    rows: ControlRows

    async def serve(self, job_type: JobType[Any, Any], tick: Tick, sent_at: int) -> None:
        """Makes the job of a due time, and of those before it that no tick came for, if the policies say so.

        `sent_at`: when the message was sent, epoch ms. A tick of a schedule that is not there any more, or that is
        paused, comes to nothing.
        """
        schedule = await self._schedule(job_type, tick)
        if schedule is None:
            log.info("a tick of the schedule %s of %s, which is not there any more", tick.schedule, tick.tenant)
            return
        due = due_of(schedule, sent_at) if tick.at is None else tick.at
        if tick.at is not None and schedule.catch_up == "all" and schedule.fate_of(due) is None:
            for earlier in schedule.unserved_before(due):
                await self._serve(job_type, tick, earlier, await self._schedule(job_type, tick))
            schedule = await self._schedule(job_type, tick)
        await self._serve(job_type, tick, due, schedule)

    async def serve_passed(self, job_type: JobType[Any, Any], schedule: JobSchedule, purged_at: int = 0) -> int:
        """Decides about due times that have passed, as ticks would that nobody receives; answers about how many.

        `schedule` as it was read just now; `purged_at`: when its queue was last purged, epoch ms.
        """
        store, clock, done, refused = self.endings.store, self.endings.clock, 0, list[int]()
        while (times := passed(schedule, clock(), purged_at)) is not None:
            job_id, there = job_id_of(schedule.name, times.due), None
            if times.due in refused:
                there = await store.get(schedule.tenant, job_id, clock())
            known = await self._decided(schedule, times.due, job_id, there, times)
            if known is None:
                refused.append(times.due)
                if len(refused) == TRIES:
                    raise Contended(schedule.name)
                known = await self._schedule(job_type, Tick(schedule.tenant, schedule.name, schedule.type, None))
            else:
                done += 1 + len(times.missed)
            if known is None or known.status is not ScheduleStatus.ACTIVE:
                break
            schedule = known
        return done

    async def _serve(self, job_type: JobType[Any, Any], tick: Tick, due: int, schedule: JobSchedule | None) -> None:
        """Decides about one time; `schedule` as it was read just now."""
        store, clock = self.endings.store, self.endings.clock
        job_id, there = job_id_of(tick.schedule, due), None
        for _ in range(TRIES):
            if schedule is None or is_settled(schedule, due):
                return
            fate = schedule.fate_of(due)
            stands = job_id if fate is Fate.STARTED else None
            if fate is Fate.JOINED and schedule.last_at == due:
                stands = schedule.last_job
            if stands is not None:
                there = await store.get(schedule.tenant, stands, clock())
            if fate is not None or schedule.status is not ScheduleStatus.ACTIVE:
                await self._announce(there)
                return
            if await self._decided(schedule, due, job_id, there) is not None:
                return
            schedule = await self._schedule(job_type, tick)
            there = await store.get(tick.tenant, job_id, clock())
        raise Contended(tick.schedule)

    async def _decided(
        self, schedule: JobSchedule, due: int, job_id: str, there: Job | None, passed: Passed | None = None
    ) -> JobSchedule | None:
        """Writes what becomes of the time, and sends the message of its job; None if somebody else was faster.

        `there`: a job that has the id already, and is then the job of the time. `passed`: it has no tick.
        """
        end, now = self.endings, self.endings.clock()
        grace, fates = (0, schedule.fates) if passed is None else (passed.grace, (*schedule.fates, *passed.fates))
        last = None
        if schedule.last_job is not None and schedule.overlap != "queue":
            last = await end.store.get(schedule.tenant, schedule.last_job, now)
        decision = Decision(Fate.STARTED) if there else decide(schedule, due, now, last, grace)
        done, last_job = Made(decision.fate), job_id if there else None
        error: str | None = None
        enqueuer = self._enqueuer(schedule.tenant)
        if decision.fate is Fate.STARTED and there is None:
            try:
                done = await made(enqueuer, schedule, job_id, now, due, decision.cancel)
                last_job = done.last_job
            except JobyardError as refusal:
                done, error = Made(Fate.REFUSED), str(refusal)
                log.warning("schedule %s of %s: %s", schedule.name, schedule.tenant, refusal)
        if decision.cancel is not None and last_job is not None:
            await self._replace(decision.cancel, schedule, now)
        if done.row is not None:
            await end.store.add_tenant(schedule.tenant)
        decided = replace(
            schedule,
            fates=(*fates, (due, done.fate))[-MAX_REMEMBERED:],
            spans=schedule.spans if passed is None else with_span(schedule, passed.after, due),
            last_at=max(due, schedule.last_at or due),
            last_job=last_job or schedule.last_job,
            error=error,
        )
        if not await self.store.decide(schedule, decided, done.row, now, done.key):
            return None
        await tell(enqueuer, done, now)
        await self._announce(there)
        return replace(decided, ticks=schedule.ticks + 1)

    async def _replace(self, old: Job, schedule: JobSchedule, now: int) -> None:
        """Cancels a job that waits, or asks one that runs to end. One that has moved on meanwhile is left alone."""
        by = f"the schedule {schedule.name}"
        if old.status is not Status.ACTIVE:
            await self.endings.cancel(old, now, self._options(old), by)
        elif old.cancel_at is None:
            await self.rows.request_cancel(old, now, by)

    async def _announce(self, job: Job | None) -> None:
        """Sends the message of a job that has not started."""
        if job is not None and not job.ended and job.attempt == 0:
            await self._enqueuer(job.tenant).announce(job)

    async def _schedule(self, job_type: JobType[Any, Any], tick: Tick) -> JobSchedule | None:
        """The schedule as it stands: its row, and what this code says of it if it is declared in code."""
        now = self.endings.clock()
        row = await self.store.get(tick.tenant, tick.schedule, now)
        if row is not None and row.source != CODE:
            gone = row.status is ScheduleStatus.DELETED or row.type != tick.type
            return None if gone else row
        return declaration(job_type, tick.tenant, tick.schedule, row, now)

    def _enqueuer(self, tenant: str) -> Enqueuer:
        end = self.endings
        return Enqueuer(end.store, end.queues, end.catalog, tenant, end.clock, _no_id, end.payloads, end.observer)

    def _options(self, job: Job) -> JobOptions:
        known = job.type in self.endings.catalog.names
        return self.endings.catalog.get(job.type).options if known else JobOptions()


def _no_id() -> str:
    raise AssertionError("a schedule names its jobs itself")
