"""Which ended jobs are too many, and which too old. Pure.

By age a job goes when its row's `expires_at` is over: TTL does that, for nothing. By count it goes when so many jobs of
its type and its tenant have ended after it in the same way. Kept are the newest `max_completed` that completed, apart
from them as many that were cancelled, and the newest `max_failed` that failed. Each tenant has the whole number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from queues.job import Status
from queues.job_options import KEEP_COMPLETED, KEEP_FAILED, JobOptions
from queues.jobtype import JobType
from queues.rows import Item

#: The ends of a job, each of which is counted apart.
ENDS = (Status.CANCELLED, Status.COMPLETED, Status.FAILED)
#: Milliseconds after which an expired row is overdue: TTL deletes within a few days. (DynamoDB, Time to Live)
OVERDUE = 2 * 86_400_000
#: Milliseconds after its end for which a job is never one too many: whoever waits for it is to hear of it.
FRESH = 60_000


def most_of(options: JobOptions, end: Status) -> int | None:
    """How many jobs of that end a type keeps; None: any number."""
    return options.max_failed if end is Status.FAILED else options.max_completed


def keep_of(options: JobOptions, end: Status) -> float:
    """Seconds for which a type keeps jobs of that end."""
    return options.keep_failed if end is Status.FAILED else options.keep_completed


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for jobs of one end."""

    #: Type -> how many are kept. A type that keeps any number is not in it.
    most: Mapping[str, int]
    #: Milliseconds for which the most patient type keeps its jobs.
    kept: int

    def overdue_before(self, now: int) -> int:
        """What ended before that (epoch ms) is overdue, whatever its type."""
        return now - self.kept - OVERDUE


def rule_of(types: Iterable[JobType[Any, Any]], end: Status) -> Rule:
    """The rule of job types. Rows outlive their type in the code, so the defaults count too."""
    options = {job_type.name: job_type.options for job_type in types}
    most = {name: found for name, one in options.items() if (found := most_of(one, end)) is not None}
    default = KEEP_FAILED if end is Status.FAILED else KEEP_COMPLETED
    return Rule(most, round(max([default, *(keep_of(one, end) for one in options.values())]) * 1000))


@dataclass(slots=True)
class Tally:
    """Counts the index entries of one tenant's jobs of one end, which come newest first."""

    rule: Rule
    now: int
    _seen: Counter[str] = field(default_factory=Counter)

    def is_over(self, entry: Item) -> bool:
        """Whether the next entry is one too many."""
        name = entry["type"]["S"]
        most = self.rule.most.get(name)
        if most is None:
            return False
        self._seen[name] += 1
        return self._seen[name] > most and int(entry["due"]["N"]) <= self.now - FRESH
