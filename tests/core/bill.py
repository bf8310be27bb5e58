"""What a process of the house is charged: write units, refused writes, calls."""

from __future__ import annotations

import asyncio

from queues import NewJob, Options
from queues.job import Job
from tests.core.house import House, Process

#: Write units of a job that completes: to enqueue it, to claim it, to settle it.
ENQUEUE, CLAIM, SETTLE = 2, 1, 3
#: The calls by which jobs are enqueued in bulk, and by which they are claimed and settled.
ROWS, STATEMENTS = "batch_write_item", "batch_execute_statement"


class Bill:
    """What a process is charged from now on. AWS charges a unit for each write that is refused; the engine none."""

    def __init__(self, process: Process):
        self._dynamodb, self._sqs = process.dynamodb, process.sqs
        self._dynamodb.units = self._dynamodb.refused = 0
        self._dynamodb.calls.clear()
        self._sqs.calls.clear()

    @property
    def units(self) -> float:
        """Write units."""
        return self._dynamodb.units

    @property
    def refused(self) -> int:
        """Writes that were refused."""
        return self._dynamodb.refused

    @property
    def dynamodb(self) -> dict[str, int]:
        """Calls by name."""
        return dict(self._dynamodb.calls)

    @property
    def sqs(self) -> dict[str, int]:
        """Calls by name, but for the deliveries of a test."""
        return dict(self._sqs.calls)


async def known(process: Process, name: str = "work") -> None:
    """Has the calls made that a process makes once: its tenant's row, its queue's address."""
    await process.runtime.queue.enqueue(name, {})
    await process.deliver(name)


async def failed(house: House, count: int) -> list[Job]:
    """Jobs that have expired: no traceback makes their rows longer than 1 KB."""
    made = await house.queue.enqueue_many([NewJob("work", {}, Options(expires_in=1))] * count)
    await asyncio.sleep(2)
    while any((await house.depth())[:2]):
        await house.deliver()
    return made
