"""The no-op job with one feature each: what a job asks for besides being run, as `features.py` measures it.

Every feature is there to be paid for, and never in the way: no limit is reached, each key is another, each level has
room. `plain` is the job that the others are compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from noop import Payload
from peers.payload import PAYLOAD

from queues import Concurrency, Level, Levels, NewJob, Options, Rate, Step, Unique, chain, group, job
from queues.catalog import Catalog
from queues.flows.flow import Part
from queues.jobtype import JobType
from queues.limits import MAX_RESULT_BYTES
from queues.options import DEFAULTS

#: As the job of the other benchmarks: batches of 10, the most that SQS hands out in one receive; 10 batches at once.
SHAPE: dict[str, Any] = {"batch_size": 10, "concurrency": 100}
LEVELS = Levels(Level("urgent", 1, 33, weight=3), Level("usual", 34, 66, weight=2), Level("idle", 67, 100, weight=1))
#: Bytes that make a result too large for a row.
LARGE = MAX_RESULT_BYTES + 1
#: Steps of each flow.
STEPS = 10


async def nothing(data: Payload) -> bool:
    return True


async def nothing_at_all(data: Any) -> bool:
    """A step of a flow: it takes whatever the one before it has returned."""
    return True


async def much(data: Payload) -> str:
    return "x" * LARGE


@dataclass(frozen=True)
class Feature:
    name: str
    type: JobType[Any, Any]
    #: Makes the options of a job from its number.
    options: Callable[[int], Options] = lambda number: DEFAULTS
    #: Jobs are steps of such flows, of STEPS jobs each.
    flow: Part | None = None
    #: Of so many jobs one is followed by a subscriber to its events; 0: none is.
    followed: int = 0

    @property
    def catalog(self) -> Catalog:
        return Catalog([self.type])

    def jobs(self, numbers: Sequence[int]) -> list[NewJob]:
        """New jobs by their numbers."""
        return [NewJob(self.type, PAYLOAD, self.options(number)) for number in numbers]


def _type(name: str, function: Any = nothing, **options: Any) -> JobType[Any, Any]:
    made: JobType[Any, Any] = job(f"bench-{name}", **SHAPE, **options)(function)
    return made


_STEP = _type("step", nothing_at_all)

FEATURES = (
    Feature("plain", _type("plain")),
    Feature("concurrency limit", _type("concurrency", limits=[Concurrency(1_000)])),
    Feature("rate limit", _type("rate", limits=[Rate(1_000_000, 1)])),
    Feature("unique", _type("unique"), lambda number: Options(unique=Unique(key=str(number)))),
    Feature(
        "priority levels", _type("levels", priorities=LEVELS), lambda number: Options(priority=(1, 50, 100)[number % 3])
    ),
    Feature("chain", _STEP, flow=chain(*[Step(_STEP)] * STEPS)),
    Feature("group with callback", _STEP, flow=group(*[Step(_STEP, {})] * (STEPS - 1), then=Step(_STEP))),
    Feature("events subscribed", _type("events"), followed=10),
    Feature("encrypted", _type("sealed", sensitive=True)),
    Feature("result in the artifact store", _type("large", much)),
)
