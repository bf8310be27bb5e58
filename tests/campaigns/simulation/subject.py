"""What a simulation is made of: a subject brings job types, people who use them, and what must hold of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from queues.job import Job
from queues.jobtype import JobType
from queues.runtime import Runtime
from tests.campaigns.simulation.world import Process


class Subject(Protocol):
    """One of them, in one seed's world."""

    def types(self, process: Process) -> Sequence[JobType[Any, Any]]:
        """Its job types, whose handlers run in that process."""

    async def act(self) -> None:
        """What its callers do while the storm is on; each call may meet any fault."""

    async def check(self, rows: Mapping[str, Job], honest: Runtime) -> None:
        """Violation unless its promises hold. `rows` are all jobs at rest, by id; `honest` meets no faults."""
