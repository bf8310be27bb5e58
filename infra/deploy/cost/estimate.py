"""What a deployment will cost: when nothing runs, for a million jobs of each type, and for a month's load. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.deploy.cost import prices
from infra.deploy.cost.item import Item, total
from infra.deploy.cost.job import in_bulk, one_by_one, work_of
from infra.deploy.cost.standing import shape_of, standing
from queues.jobtype import JobType


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars. Each pair is from `in_bulk` to `one_by_one`."""

    #: A month without a job.
    standing: list[Item]
    #: Job type -> a million jobs; of those that run on Lambda.
    per_million: dict[str, tuple[float, float]]
    #: Seconds that a job is taken to last.
    seconds: float
    #: Jobs of a month.
    jobs: int

    def month(self) -> tuple[float, float]:
        """A month with so many jobs, if all are of the cheapest type and in bulk, and if of the dearest and alone."""
        share, fixed = self.jobs / prices.MILLION, total(self.standing)
        low = min((pair[0] for pair in self.per_million.values()), default=0)
        high = max((pair[1] for pair in self.per_million.values()), default=0)
        return fixed + share * low, fixed + share * high


def estimate(
    resources: Mapping[str, Mapping[str, Any]],
    types: Iterable[JobType[Any, Any]],
    architecture: str,
    *,
    jobs: int,
    seconds: float,
) -> Estimate:
    """The estimate for a stack of these resources, with these job types."""
    works = {
        job_type.name: work_of(job_type, seconds, architecture) for job_type in types if job_type.options.on_lambda
    }
    millions = {name: (total(in_bulk(work)), total(one_by_one(work))) for name, work in works.items()}
    return Estimate(standing(shape_of(resources), architecture), millions, seconds, jobs)
