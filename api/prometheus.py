"""The numbers of `GET /metrics`, of the API as of a worker's health endpoint: what waits, over all tenants, and what
this process has done since it began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from api.backlog import Backlog, backlog
from api.exposition import Buckets, Counter, Gauge, Histogram, Labels, Metric, Sample
from queues.clock import Clock
from queues.observe.distribution import Distribution
from queues.observe.meter import Counts, Subject
from queues.observe.workers import WorkerRow
from queues.runtime import Runtime

#: Seconds for which numbers hold: several scrapers cost no more than one.
FRESH_SECONDS = 5.0
#: Seconds of the histograms' buckets, each of two significant digits at the most (see observe/distribution.py).
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 300, 900, 3_600)
_BOUNDS_MS = [round(bound * 1000) for bound in BOUNDS]

#: Counter of the meter -> metric and its meaning.
_COUNTERS = {
    "enqueued": ("jobyard_jobs_enqueued_total", "Jobs whose message this process has sent."),
    "started": ("jobyard_attempts_started_total", "Attempts that this process has started."),
    "completed": ("jobyard_jobs_completed_total", "Jobs that have completed here."),
    "failed": ("jobyard_jobs_failed_total", "Jobs that have failed for good here."),
    "dead_lettered": ("jobyard_jobs_dead_lettered_total", "Dead letters that this process has sent."),
    "retried": ("jobyard_attempts_retried_total", "Attempts that ended without success and are followed by another."),
    "timed_out": ("jobyard_attempts_timed_out_total", "Attempts that ran out of time."),
}


class Numbers:
    """The backlog of some types, read anew when it is no longer fresh; `seconds` answers seconds that only grow."""

    def __init__(self, runtime: Runtime, names: Sequence[str], seconds: Callable[[], float], clock: Clock):
        self._runtime, self._names, self._seconds, self._clock = runtime, names, seconds, clock
        self._reading = asyncio.Lock()
        self._read_at: float | None = None
        self._found: list[Backlog] = []

    async def read(self) -> list[Backlog]:
        """Calls to AWS may fail with ClientError, BotoCoreError or OSError."""
        async with self._reading:
            if self._read_at is None or self._seconds() - self._read_at >= FRESH_SECONDS:
                self._found = await backlog(self._runtime, self._names, self._clock)
                self._read_at = self._seconds()
            return self._found


def of_queues(found: Sequence[Backlog]) -> list[Metric]:
    """What waits."""
    messages, letters, ages, paused = [], [], [], []
    for one in found:
        numbers, of_type = one.numbers, {"type": one.numbers.name}
        for state, count in (("waiting", numbers.waiting), ("active", numbers.active), ("delayed", numbers.delayed)):
            messages.append(Sample(count, {**of_type, "state": state}))
        letters.append(Sample(numbers.dead_letters, of_type))
        paused.append(Sample(numbers.paused, of_type))
        if one.oldest_age is not None:
            ages.append(Sample(one.oldest_age, of_type))
    return [
        Gauge("jobyard_queue_messages", "Messages of a job type's queue, as SQS counts them.", messages),
        Gauge("jobyard_queue_dead_letters", "Messages of its dead-letter queue.", letters),
        Gauge("jobyard_queue_oldest_age_seconds", "Since its oldest job that is not done could first have run.", ages),
        Gauge("jobyard_queue_paused", "1 while none of its jobs is started.", paused),
    ]


def of_process(counts: Mapping[Subject, Counts]) -> list[Metric]:
    """What this process has done, as its meter counts it."""
    subjects = [(_labels(subject), one) for subject, one in sorted(counts.items(), key=lambda pair: _order(pair[0]))]
    counters: list[Metric] = [
        Counter(metric, meaning, [Sample(getattr(one, name), labels) for labels, one in subjects])
        for name, (metric, meaning) in _COUNTERS.items()
    ]
    return [
        *counters,
        Histogram(
            "jobyard_job_wait_seconds",
            "From when an attempt could have started to when it did.",
            [_buckets(one.wait, labels) for labels, one in subjects],
        ),
        Histogram(
            "jobyard_job_run_seconds",
            "From an attempt's start to its end, however it ended.",
            [_buckets(one.run, labels) for labels, one in subjects],
        ),
    ]


def of_workers(rows: Sequence[WorkerRow], now: int) -> list[Metric]:
    """Each registered worker: `now` in epoch ms."""
    return [
        Gauge(
            "jobyard_worker_jobs",
            "Jobs that run in a worker, as of its last heartbeat.",
            [Sample(row.running, {"worker": row.name}) for row in rows],
        ),
        Gauge(
            "jobyard_worker_capacity",
            "Jobs that may run there at once.",
            [Sample(row.capacity, {"worker": row.name}) for row in rows],
        ),
        Gauge(
            "jobyard_worker_silent_seconds",
            "Since a worker's last heartbeat.",
            [Sample(max(0, now - row.seen_at) / 1000, {"worker": row.name}) for row in rows],
        ),
    ]


def _buckets(taken: Distribution, labels: Labels) -> Buckets:
    within = list(zip(BOUNDS, taken.within(_BOUNDS_MS), strict=True))
    return Buckets(within, taken.count, taken.total / 1000, labels)


def _labels(subject: Subject) -> Labels:
    return {"type": subject.type} | ({"tenant": subject.tenant} if subject.tenant is not None else {})


def _order(subject: Subject) -> tuple[str, str]:
    return subject.type, subject.tenant or ""
