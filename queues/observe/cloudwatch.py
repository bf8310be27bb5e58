"""Counts as CloudWatch takes them: one list of metrics, for PutMetricData and for the Embedded Metric Format. Pure.

Each stands under the dimensions `service` (the prefix) and `type`, and once more under `tenant` besides, where tenants
are counted apart. Each name under each set of dimensions is a metric that CloudWatch charges for, so what is 0 is not
told. How deep a queue is and how old its oldest message are SQS's own metrics already, which cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from queues.observe.distribution import Distribution
from queues.observe.meter import Counts, Subject

NAMESPACE = "Jobyard"
#: Counter of the meter -> its metric.
COUNTERS = {
    "enqueued": "JobsEnqueued",
    "started": "AttemptsStarted",
    "completed": "JobsCompleted",
    "failed": "JobsFailed",
    "dead_lettered": "JobsDeadLettered",
    "retried": "AttemptsRetried",
    "timed_out": "AttemptsTimedOut",
}
WAIT, RUN = "WaitTime", "RunTime"
#: Different values of one datum. (PutMetricData, MetricDatum: Values)
MAX_VALUES = 150
#: Data of one request. AWS takes 1,000 and 1 MB of them. (PutMetricData: MetricData)
MAX_DATA = 250


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's values since it was last told: value -> how often."""

    name: str
    unit: str
    dimensions: dict[str, str]
    values: dict[int, int]


def figures(counts: Mapping[Subject, Counts], service: str) -> Iterator[Figure]:
    """All that is not 0."""
    for subject, one in by_sets(counts).items():
        dimensions = {"service": service, "type": subject.type}
        if subject.tenant is not None:
            dimensions["tenant"] = subject.tenant
        for field, name in COUNTERS.items():
            value = getattr(one, field)
            if value:
                yield Figure(name, "Count", dimensions, {value: 1})
        taken: tuple[tuple[str, Distribution], ...] = ((WAIT, one.wait), (RUN, one.run))
        for name, distribution in taken:
            if distribution.counts:
                yield Figure(name, "Milliseconds", dimensions, distribution.counts)


def by_sets(counts: Mapping[Subject, Counts]) -> dict[Subject, Counts]:
    """Counts by type, and those by tenant as they are: CloudWatch does not add tenants up."""
    found: dict[Subject, Counts] = {}
    for subject, one in counts.items():
        for each in {subject, Subject(subject.type)}:
            found.setdefault(each, Counts()).merge(one)
    return found


def data(counts: Mapping[Subject, Counts], service: str, at: int) -> list[dict[str, Any]]:
    """PutMetricData's MetricData; `at` in epoch seconds."""
    found = []
    for figure in figures(counts, service):
        dimensions = [{"Name": name, "Value": value} for name, value in figure.dimensions.items()]
        pairs = sorted(figure.values.items())
        for first in range(0, len(pairs), MAX_VALUES):
            part = pairs[first : first + MAX_VALUES]
            found.append(
                {
                    "MetricName": figure.name,
                    "Dimensions": dimensions,
                    "Timestamp": at,
                    "Unit": figure.unit,
                    "Values": [float(value) for value, _ in part],
                    "Counts": [float(count) for _, count in part],
                }
            )
    return found
