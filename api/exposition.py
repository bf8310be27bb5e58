"""Numbers as Prometheus reads them, in its text format 0.0.4. Pure.

Not by its client library: that keeps counters of its own in the process, and these are read where they are at each
scrape. Values of labels are names of job types and tenants, and words of ours, none of which needs escaping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One value."""

    value: float
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Single:
    """A metric of single values; without any it is left out."""

    name: str
    meaning: str
    samples: Sequence[Sample]

    def lines(self) -> Iterator[str]:
        for sample in self.samples:
            yield _line(self.name, sample.labels, sample.value)


class Gauge(_Single):
    """A metric that goes up and down."""

    kind: ClassVar[str] = "gauge"


class Counter(_Single):
    """A metric that only grows, until its process ends. Its name ends in `_total`."""

    kind: ClassVar[str] = "counter"


@dataclass(frozen=True, slots=True)
class Buckets:
    """How many values were at most so high, for each bound, and the count and the sum of all."""

    within: Sequence[tuple[float, int]]
    count: int
    total: float
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Histogram:
    """A distribution."""

    name: str
    meaning: str
    samples: Sequence[Buckets]
    kind: ClassVar[str] = "histogram"

    def lines(self) -> Iterator[str]:
        for one in self.samples:
            for bound, count in one.within:
                yield _line(f"{self.name}_bucket", {**one.labels, "le": f"{bound:.15g}"}, count)
            yield _line(f"{self.name}_bucket", {**one.labels, "le": "+Inf"}, one.count)
            yield _line(f"{self.name}_sum", one.labels, one.total)
            yield _line(f"{self.name}_count", one.labels, one.count)


Metric = Gauge | Counter | Histogram


def exposition(metrics: Iterable[Metric]) -> str:
    """The page that Prometheus scrapes."""
    return "".join(f"{line}\n" for metric in metrics if metric.samples for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.meaning}"
    yield f"# TYPE {metric.name} {metric.kind}"
    yield from metric.lines()


def _line(name: str, labels: Labels, value: float) -> str:
    text = ",".join(f'{label}="{one}"' for label, one in labels.items())
    return f"{name}{{{text}}} {value:.15g}" if text else f"{name} {value:.15g}"
