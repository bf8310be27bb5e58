"""What this process has done, counted in memory: a few additions for a job, whoever reads them.

Two readers want different things. Prometheus reads counts since the process began; CloudWatch is sent what has come
since it was last sent some. So jobs are added to `_fresh` alone, and whoever takes that adds it to `_before`. A process
that is killed takes what it has not told along: these are numbers for graphs, the rows are the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from queues.job import Job, Status
from queues.observe.distribution import Distribution
from queues.outcome import Settlement

#: Counted by name; also the names of metrics, in this order.
COUNTERS = ("enqueued", "started", "completed", "failed", "dead_lettered", "retried", "timed_out")
#: Tenants that are counted apart; those that come later are counted together.
MAX_TENANTS = 1_000
#: What the others are called; no tenant can be, for its star.
OTHER_TENANTS = "*"
#: Outcomes after which the same job is tried again: neither snoozed nor handed back.
_RETRIED = frozenset({"failed", "timeout", "lost"})


class Subject(NamedTuple):
    """Of what something is counted."""

    type: str
    #: None unless tenants are counted apart.
    tenant: str | None = None


@dataclass(slots=True)
class Counts:
    """What happened to jobs of one subject."""

    enqueued: int = 0
    #: Attempts that have started.
    started: int = 0
    completed: int = 0
    #: Jobs that have failed for good.
    failed: int = 0
    #: Letters that were put into the dead-letter queue.
    dead_lettered: int = 0
    #: Attempts that failed, timed out or were lost, and are followed by another.
    retried: int = 0
    #: Attempts that ran out of time.
    timed_out: int = 0
    #: From when an attempt could have started to when it did.
    wait: Distribution = field(default_factory=Distribution)
    #: From an attempt's start to its end, however it ended.
    run: Distribution = field(default_factory=Distribution)

    def merge(self, other: Counts) -> None:
        for name in COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wait.merge(other.wait)
        self.run.merge(other.run)


class Meter:
    """The counts of one process. All calls come from its event loop."""

    __slots__ = ("_before", "_fresh", "_tenants", "by_tenant")

    def __init__(self, *, by_tenant: bool = False):
        self.by_tenant = by_tenant
        self._before: dict[Subject, Counts] = {}
        #: By type, or by type and tenant: a plain key is found in half the time of a Subject.
        self._fresh: dict[str | tuple[str, str], Counts] = {}
        self._tenants: set[str] = set()

    # --- what happens to a job --------------------------------------------------------------------------------

    def enqueued(self, job: Job) -> None:
        """A new job's message was sent."""
        self._of(job).enqueued += 1

    def started(self, job: Job) -> None:
        """An attempt has begun: the job as it was claimed."""
        counts = self._of(job)
        counts.started += 1
        if job.started_at is not None:
            counts.wait.add(job.started_at - job.run_at)

    def ended(self, job: Job, fate: Settlement, now: int) -> None:
        """An attempt's end is written: the job as it was before, and what became of it at `now` (epoch ms)."""
        counts = self._of(job)
        if job.started_at is not None:
            counts.run.add(now - job.started_at)
        if fate.status is Status.COMPLETED:
            counts.completed += 1
            return
        if fate.status is Status.FAILED:
            counts.failed += 1
        elif fate.status is Status.WAITING and fate.outcome in _RETRIED:
            counts.retried += 1
        if fate.outcome == "timeout":
            counts.timed_out += 1

    def buried(self, job: Job) -> None:
        """A job's dead letter was sent."""
        self._of(job).dead_lettered += 1

    # --- who reads it -----------------------------------------------------------------------------------------

    def read(self) -> Mapping[Subject, Counts]:
        """All since the process began; a copy."""
        return _sum(self._before, _by_subject(self._fresh))

    def take(self) -> Mapping[Subject, Counts]:
        """What has come since the last `take`; whoever takes it tells it."""
        taken, self._fresh = _by_subject(self._fresh), {}
        self._before = _sum(self._before, taken)
        return taken

    def _of(self, job: Job) -> Counts:
        key = (job.type, self._tenant(job.tenant)) if self.by_tenant else job.type
        counts = self._fresh.get(key)
        if counts is None:
            counts = self._fresh[key] = Counts()
        return counts

    def _tenant(self, tenant: str) -> str:
        if tenant not in self._tenants:
            if len(self._tenants) >= MAX_TENANTS:
                return OTHER_TENANTS
            self._tenants.add(tenant)
        return tenant


def _by_subject(counts: Mapping[str | tuple[str, str], Counts]) -> dict[Subject, Counts]:
    return {Subject(key) if isinstance(key, str) else Subject(*key): one for key, one in counts.items()}


def _sum(*parts: Mapping[Subject, Counts]) -> dict[Subject, Counts]:
    found: dict[Subject, Counts] = {}
    for part in parts:
        for subject, counts in part.items():
            found.setdefault(subject, Counts()).merge(counts)
    return found
