"""IO: what a schedule's job comes to, and what has to be written with the schedule's row to make it so.

`made` reads, and puts large data into the artifact store, where a sweep finds it if no row ever names it. All the rest
goes into the transaction that remembers the due time: the job's row, and for a job that is unique the row of its key,
or the row of the debounced job that takes what it says. So a time is decided once, with all that follows from it, or
not at all; a key that somebody takes meanwhile refuses the transaction, and it is decided anew. `tell` sends what is to
be sent after it; the reaper does it for a process that dies before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from queues.enqueue import Enqueuer
from queues.job import Job
from queues.rows import Item
from queues.schedules.job_schedule import Fate, JobSchedule
from queues.schedules.options import job_of, unique_of
from queues.schedules.terms import counted_from, is_over
from queues.unique.hold import Held, Hold, hold_of
from queues.unique.way_in import Keyed, keyed


@dataclass(frozen=True, slots=True)
class Made:
    """What comes of it, and what is to be written."""

    fate: Fate
    #: A new job, as its row is to hold it.
    row: Job | None = None
    #: Of its key: one item of a transaction.
    key: Item | None = None
    #: The job that has the key: it is the answer, or, with `key`, takes what the new one says.
    there: Job | None = None
    #: What that one is to hold then.
    takes: Job | None = None

    @property
    def last_job(self) -> str | None:
        """The job that does what was due; None if there is none."""
        job = self.row or self.takes
        return None if job is None else job.id


async def made(
    enqueuer: Enqueuer, schedule: JobSchedule, job_id: str, now: int, due: int | None = None, over: Job | None = None
) -> Made:
    """The job of the time `due`, or of none; `over`: a job in whose place it comes, which holds no key any more.

    JobyardError if its type does not take it.
    """
    new, job_type = job_of(schedule, job_id), enqueuer.catalog.get(schedule.type)
    job = enqueuer.build(new, now)
    rule = unique_of(schedule) or job_type.options.unique
    unique = None if rule is None else keyed(rule, job_type, job)
    # Within its jitter no time is late.
    at = now if due is None else due + schedule.jitter_minutes * 60_000
    job = counted_from(unique.job if unique is not None else job, at, now)
    if is_over(job):
        return Made(Fate.MISSED)
    if unique is not None:
        return await _unique(enqueuer, replace(unique, job=job), now, over)
    (row,) = await enqueuer.rows_of([job])
    return Made(Fate.STARTED, row)


async def _unique(enqueuer: Enqueuer, new: Keyed, now: int, over: Job | None) -> Made:
    rule, job, store = new.rule, new.job, enqueuer.store
    keys = store.unique_keys
    held = await keys.look(new.pk, now)
    there = None if held is None else await store.get(job.tenant, held.job_id, now)
    hold = hold_of(rule, held, there, now)
    if over is not None and there is not None and there.id == over.id:
        hold = Hold.LAPSED
    if hold is Hold.ANSWERS:
        return Made(Fate.SKIPPED, there=there)
    if hold is Hold.TAKES:
        assert there is not None
        (takes,) = await enqueuer.rows_of([replace(job, id=there.id, run_at=rule.put_off(there, job.run_at))])
        key = {"Update": keys.replacing(there, takes, takes.run_at + store.check_after)}
        return Made(Fate.JOINED, key=key, there=there, takes=takes)
    if hold is Hold.PROMISED:
        assert held is not None
        (row,) = await enqueuer.rows_of([replace(job, id=held.job_id)])
        return Made(Fate.JOINED, row)
    (row,) = await enqueuer.rows_of([job])
    forget_at = max(job.run_at, job.created_at + rule.window_ms)
    return Made(Fate.STARTED, row, {"Put": keys.taking(new.pk, Held(job.id, now), forget_at, held)})


async def tell(enqueuer: Enqueuer, done: Made, now: int) -> None:
    """After it was written: sends the message of a new job; of one that took its data only if its queue has changed."""
    if done.row is not None:
        await enqueuer.announce(done.row)
    elif done.takes is not None and done.there is not None:
        await enqueuer.payloads.remove(replace(done.there, result_json=None))
        queue_of = enqueuer.catalog.queue_of
        if queue_of(done.takes.type, done.takes.priority) != queue_of(done.there.type, done.there.priority):
            await enqueuer.send(done.takes, now)
