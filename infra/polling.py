"""How a worker polls the queues of a job type, so that its `concurrency` is used and never exceeded. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from queues.jobtype import JobType

#: A job type, whatever its function takes and returns.
AnyType = JobType[Any, Any]


@dataclass(frozen=True, slots=True)
class Polling:
    """How a queue is polled, in the words of CreateEventSourceMapping."""

    batch_size: int
    maximum_concurrency: int


def polling(job_type: AnyType, processes: int) -> Polling:
    """So many batches of so many records at once that a type's `concurrency` is used and never exceeded.

    Plain `def` jobs come one by one, and no more than there are worker processes: in a batch the slowest would keep
    the processes of the others idle, and a message that is received only to wait loses its visibility meanwhile.
    """
    options = job_type.options
    if not job_type.is_async:
        return Polling(1, min(options.concurrency, processes))
    batch_size = min(options.batch_size, options.concurrency)
    return Polling(batch_size, options.concurrency // batch_size)


@dataclass(frozen=True, slots=True)
class Source:
    """One of a type's queues, and how it is polled."""

    #: As JobQueues takes it.
    queue: str
    polling: Polling
    #: Its part of the type's slots while others of its queues have work too.
    weight: int


def sources(job_type: AnyType, processes: int) -> list[Source]:
    """The queues of a type, the most urgent first. Each level's polling is bounded by its own concurrency."""
    options, plan = job_type.options, polling(job_type, processes)
    if options.priorities is None:
        return [Source(job_type.name, plan, 1)]
    found = []
    for level in options.priorities:
        most = options.level_concurrency(level)
        batch_size = min(plan.batch_size, most)
        own = Polling(batch_size, min(plan.maximum_concurrency, most // batch_size))
        found.append(Source(options.priorities.queue(job_type.name, level), own, level.weight))
    return found
