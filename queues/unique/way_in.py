"""IO: enqueues a job that has a key: the key's row first, then the job's row and its message like any other's.

The key's row names the job's id before there is such a job. Whoever asks for the key meanwhile does not wait: it writes
its own job, under that id. The id's row is written once, so of all that ask at once one job comes.

What holds if the process dies
- before the key's row: nothing happened, nothing was promised.
- between key and job: nothing was promised, and the key blocks nobody: the next to ask writes the job.
- between job and message: nothing was promised. The row waits; the reaper sends the message when it is overdue.
- after the message: the job will run, told or not. Asking again answers it, for as long as it holds the key.
- in a debounce, after the job that waits took what the call says: it runs with that, told or not. Its message is there
  already; it comes at the old time, and is put off until the new one. Where the priority is of another level, a message
  goes to that one's queue; who dies before that leaves it to the runner, which finds the old one in the wrong queue.

What ends a job's hold on its key is how it fares, which its own row says; the key's row is taken over, by one writer.
Two jobs could come of one key only if a process stood still between two calls for as long as FINISH_WITHIN, or jobs'
records were deleted while others ask.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from queues.encryption.rule import check_sensitive
from queues.errors import EnqueueFailed, InvalidOption
from queues.job import Job
from queues.unique.hold import Held, Hold, hold_of
from queues.unique.keys import key_row, taken
from queues.unique.rule import Unique

if TYPE_CHECKING:
    from queues.enqueue import Enqueuer
    from queues.jobtype import JobType

#: How often a key may change hands under one request.
TRIES = 10


@dataclass(frozen=True, slots=True)
class Keyed:
    """A new job, what it is to be unique by, and its key's row. `keyed` makes one."""

    rule: Unique
    pk: str
    job: Job


def keyed(rule: Unique, job_type: JobType[Any, Any], job: Job) -> Keyed:
    """The job as its rule has it; InvalidOption if the two cannot go together. Pure."""
    rule.check_kept(job_type.options)
    check_sensitive(job_type.options.sensitive, rule, ())
    if rule.mode == "debounce":
        if job.run_at != job.created_at:
            raise InvalidOption("delay", (job.run_at - job.created_at) / 1000, "a debounced job waits for its window")
        job = replace(job, run_at=job.created_at + rule.window_ms)
        if job.expires_start_at is not None and job.expires_start_at <= job.run_at:
            raise InvalidOption(
                "expiresIn", (job.expires_start_at - job.created_at) / 1000, "give more than the window"
            )
        if job.deadline_at is not None and job.deadline_at <= job.run_at:
            raise InvalidOption("deadline", (job.deadline_at - job.created_at) / 1000, "give more than the window")
    return Keyed(rule, key_row(job.tenant, job.type, rule.key_of(job_type, job.data_json)), job)


async def enqueue_keyed(enqueuer: Enqueuer, new: Keyed) -> Job:
    """Enqueues the job, or answers the one that holds its key. EnqueueFailed if it cannot be said which."""
    rule, job, keys = new.rule, new.job, enqueuer.store.unique_keys
    forget_at = max(job.run_at, job.created_at + rule.window_ms)
    lapsed: Held | None = None
    for _ in range(TRIES):
        now = enqueuer.clock()
        held = await keys.take(new.pk, Held(job.id, now), forget_at, lapsed)
        lapsed = None
        there = None if held is None else await enqueuer.store.get(job.tenant, held.job_id, now)
        hold = hold_of(rule, held, there, now)
        if there is not None and hold is not Hold.LAPSED:
            kept = there if hold is Hold.ANSWERS else await _replaced(enqueuer, rule, there, job, now)
            if kept is not None:
                return kept.seen_at(now)
            hold = Hold.LAPSED
        if held is not None and hold is Hold.LAPSED:
            lapsed = held
            if job.id == held.job_id:
                job = replace(job, id=enqueuer.new_id())
            continue
        mine = job if held is None else replace(job, id=held.job_id)
        made = await enqueuer.put(mine, named=True)
        # Somebody may have written it first. That matters only where the last one wins.
        if rule.mode != "debounce" or taken(made, 0) == taken(mine, 0):
            return made
    raise EnqueueFailed([], [job], f"its key changed hands {TRIES} times meanwhile")


async def _replaced(enqueuer: Enqueuer, rule: Unique, there: Job, job: Job, now: int) -> Job | None:
    """The debounced job with what the new one says, or None if it does not wait any more."""
    # What the new one says, as that of the job that waits.
    (row,) = await enqueuer.rows_of([replace(job, id=there.id, run_at=rule.put_off(there, job.run_at))])
    kept = await enqueuer.store.unique_keys.replace(there, row, row.run_at + enqueuer.store.check_after)
    if kept is None or kept.data_json != row.data_json:
        return kept
    await enqueuer.payloads.remove(replace(there, result_json=None))
    queue_of = enqueuer.catalog.queue_of
    if queue_of(kept.type, kept.priority) != queue_of(there.type, there.priority):
        await enqueuer.send(kept, now)
    return replace(kept, data_json=job.data_json)
