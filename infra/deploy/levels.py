"""The queues of a job type in a deployment: its own, or one for each level of priority, and each one's share. Pure.

On Lambda each mapping has a MaximumConcurrency of its own, and what one does not use is not for the others: so a
level's weight becomes a fixed part of the type's `concurrency` (queues/priorities/split.py). A mapping lets two batches
run at least, so that levels can come to more than `concurrency` together; then the function is given a reservation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.deploy.names import queue_id
from queues.jobtype import JobType
from queues.priorities.split import split


@dataclass(frozen=True, slots=True)
class DeployedQueue:
    """One queue of a job type."""

    #: As Settings.queue takes it: `file-analysis`, `file-analysis_bulk`.
    name: str
    logical_id: str
    #: Jobs that run at once at the most.
    concurrency: int
    #: Starts that a job of it has.
    attempts: int


def queues_of(job_type: JobType[Any, Any]) -> list[DeployedQueue]:
    """All queues of a type, the most urgent first."""
    name, options = job_type.name, job_type.options
    levels = options.priorities
    if levels is None:
        return [DeployedQueue(name, queue_id(name), options.concurrency, options.attempts)]
    found = []
    for level, part in zip(levels, split(options.concurrency, levels), strict=True):
        queue = levels.queue(name, level)
        own = queue_id(name, None if queue == name else level.name)
        found.append(DeployedQueue(queue, own, part, options.attempts_of(level.first)))
    return found
