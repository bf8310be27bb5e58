"""Numbers as Prometheus reads them, in its text format 0.0.4. Pure.

Not by its client library: that keeps counters of its own in the process, and these are read where they are at each
scrape. Values of labels are names of job types and words of ours, none of which needs escaping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value."""

    value: float
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gauge:
    """A metric that goes up and down; without samples it is left out."""

    name: str
    meaning: str
    samples: Sequence[Sample]


def exposition(gauges: Iterable[Gauge]) -> str:
    """The page that Prometheus scrapes."""
    return "".join(f"{line}\n" for gauge in gauges if gauge.samples for line in _lines(gauge))


def _lines(gauge: Gauge) -> Iterator[str]:
    yield f"# HELP {gauge.name} {gauge.meaning}"
    yield f"# TYPE {gauge.name} gauge"
    for sample in gauge.samples:
        labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
        yield f"{gauge.name}{{{labels}}} {sample.value:.15g}" if labels else f"{gauge.name} {sample.value:.15g}"
