"""What counts as trouble: one table of rules, for the health check and for alerts. Pure.

A rule that has found trouble finds it until the value is well below its bound, so that a value that hovers around it
is one trouble and not many. For how long it must last before anybody is told is alerts.py's to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from queues.settings import Settings

#: What a value must fall below, as a part of its bound, before known trouble is over.
OVER_BELOW = 0.8
#: Jobs that must have ended in the window before their failure rate says anything.
MIN_ENDED = 20
#: Seconds of the window over which jobs that ended are counted, and of `stalled` if that is longer.
WINDOW = 900.0


class Rule(StrEnum):
    """The words are part of the public API."""

    BACKLOG = "backlog"
    FAILURE_RATE = "failure-rate"
    STALLED = "stalled"
    WORKER_SILENT = "worker-silent"
    DEAD_LETTERS = "dead-letters"


#: Jobs are taken and done all the same while one of these is found: somebody shall look, but nothing is degraded.
REMARKS = frozenset({Rule.DEAD_LETTERS})


class Key(NamedTuple):
    """One trouble: a rule, and the job type or worker that it is about."""

    rule: Rule
    subject: str


@dataclass(frozen=True, slots=True)
class QueueState:
    """One job type."""

    type: str
    waiting: int
    active: int
    dead_letters: int
    paused: bool
    #: Seconds since the oldest job that is not done could first have run; None: not known.
    oldest_age: float | None
    #: Jobs that completed and failed in the last WINDOW seconds, as far as they were counted.
    completed: int
    failed: int
    #: Seconds since one of them ended; None: none did, in the window or in `stalled` seconds.
    last_end: float | None


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One long-running worker, and the seconds since it was last heard of."""

    name: str
    silent: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How things stand."""

    queues: tuple[QueueState, ...]
    workers: tuple[WorkerState, ...] = ()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The bounds from which on something is trouble; 0: never."""

    backlog: int = 1_000
    #: Percent.
    failure_rate: float = 10.0
    #: Seconds.
    stalled: float = 600.0
    worker_silent: float = 60.0
    dead_letters: int = 1

    @classmethod
    def of(cls, settings: Settings) -> Thresholds:
        return cls(
            backlog=settings.alert_backlog,
            failure_rate=settings.alert_failure_rate,
            stalled=settings.alert_stalled,
            worker_silent=settings.alert_worker_silent,
            dead_letters=settings.alert_dead_letters,
        )

    @property
    def window(self) -> float:
        """Seconds back from now in which ended jobs matter."""
        return max(WINDOW, self.stalled)


@dataclass(frozen=True, slots=True)
class Finding:
    """Trouble: a value that is not below its bound, and a sentence that says so."""

    rule: Rule
    subject: str
    value: float
    threshold: float
    message: str

    @property
    def key(self) -> Key:
        return Key(self.rule, self.subject)


def evaluate(state: Snapshot, bounds: Thresholds, known: Collection[Key] = ()) -> tuple[Finding, ...]:
    """All trouble there is; `known` was there before, and is over only well below its bound."""
    found = [finding for queue in state.queues for finding in _queue(queue, bounds, known)]
    for worker in state.workers:
        found += _finding(
            known,
            Key(Rule.WORKER_SILENT, worker.name),
            worker.silent,
            bounds.worker_silent,
            f"worker {worker.name} has not been heard of for {worker.silent:.0f} s: it was killed, or cannot reach its "
            "table. Its jobs are run by others once their leases are over",
            sharp=True,
        )
    return tuple(found)


def _queue(queue: QueueState, bounds: Thresholds, known: Collection[Key]) -> Iterator[Finding]:
    name, paused = queue.type, ", and the queue is paused" if queue.paused else ""
    yield from _finding(
        known,
        Key(Rule.BACKLOG, name),
        queue.waiting,
        bounds.backlog,
        f"{_waiting(queue)}{paused}",
    )
    ended = queue.completed + queue.failed
    if ended >= MIN_ENDED:
        rate = 100 * queue.failed / ended
        yield from _finding(
            known,
            Key(Rule.FAILURE_RATE, name),
            rate,
            bounds.failure_rate,
            f"{rate:.1f} % of the jobs of type {name} that ended in the last {WINDOW / 60:.0f} minutes failed: "
            f"{queue.failed:,} of {ended:,}",
        )
    if queue.waiting and not queue.active and not queue.paused and queue.oldest_age is not None:
        idle = min(queue.oldest_age, queue.last_end if queue.last_end is not None else queue.oldest_age)
        yield from _finding(
            known,
            Key(Rule.STALLED, name),
            idle,
            bounds.stalled,
            f"{_waiting(queue)}, and none has been worked on for {idle:.0f} s: no worker and no function takes them",
            sharp=True,
        )
    yield from _finding(
        known,
        Key(Rule.DEAD_LETTERS, name),
        queue.dead_letters,
        bounds.dead_letters,
        f"{_jobs(queue.dead_letters)} of type {name} failed for good: `jobyard dead-letters list {name}` tells why",
    )


def _finding(
    known: Collection[Key], key: Key, value: float, bound: float, message: str, *, sharp: bool = False
) -> Iterator[Finding]:
    """`sharp`: a value that grows with time and falls to nothing at once, which cannot hover."""
    least = bound if sharp or key not in known else bound * OVER_BELOW
    if bound > 0 and value >= least:
        yield Finding(key.rule, key.subject, round(value, 2), bound, message)


def _waiting(queue: QueueState) -> str:
    return f"{_jobs(queue.waiting)} of type {queue.type} wait{'s' if queue.waiting == 1 else ''}"


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count:,} jobs"
