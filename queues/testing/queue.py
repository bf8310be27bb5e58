"""The queue that a test hands to its code: a real one, but to wait for a job is to let it run and time pass.

With `Yard.inline` a job has run, if it is due, before `enqueue` returns.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING, Any

from queues.events.event import Event, events_after
from queues.job import Job
from queues.jobtype import JobType
from queues.options import NewJob, Options
from queues.queue import Queue
from queues.testing.errors import TimeStandsStill

if TYPE_CHECKING:
    from queues.testing.yard import Yard

#: Moments that may pass while a job is waited for: a schedule that fires for ever must not keep a test going for ever.
MOMENTS = 10_000


class VirtualQueue(Queue):
    """Jobs of one tenant of a Yard."""

    def __init__(self, yard: Yard, new_id: Callable[[], str], tenant: str = "default"):
        runtime = yard.runtime
        super().__init__(
            *(runtime.store, runtime.queues, runtime.catalog),
            clock=yard.clock,
            new_id=new_id,
            scheduling=runtime.scheduling,
            control=runtime.control,
            flowing=runtime.flowing,
            tenant=tenant,
        )
        self._yard = yard

    def for_tenant(self, tenant: str) -> VirtualQueue:
        return VirtualQueue(self._yard, self._new_id, tenant)

    async def enqueue(
        self, job_type: str | JobType[Any, Any], data: Any, options: Options | None = None, **overrides: Any
    ) -> Job:
        job = await super().enqueue(job_type, data, options, **overrides)
        return await self._after(job)

    async def enqueue_many(
        self, jobs: Sequence[NewJob], *, on_progress: Callable[[int, int], None] | None = None
    ) -> list[Job]:
        made = await super().enqueue_many(jobs, on_progress=on_progress)
        return [await self._after(job) for job in made]

    async def _after(self, job: Job) -> Job:
        if not self._yard.inline or self._yard.draining:
            return job
        await self._yard.drain()
        return await self.get(job.id)

    async def events(self, job_id: str, *, after: str | None = None) -> AsyncGenerator[Event, None]:
        """What happens to a job up to its end; works, and moves the clock, as `wait` does, and tells of it then."""
        seen: list[Job] = []
        await self.wait(job_id, on_progress=seen.append)
        for job in seen:
            for event in events_after(after, job):
                after = event.id
                yield event

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        on_progress: Callable[[Job], None] | None = None,
        up_to: int | None = None,
    ) -> Job:
        """Works, and moves the clock to what is due next, until the job has ended.

        TimeoutError once the clock has moved by `timeout` seconds; TimeStandsStill if nothing is due any more.
        """
        end = None if timeout is None else self._clock() + round(timeout * 1000)
        for _ in range(MOMENTS):
            await self._yard.drain()
            job = await self.get(job_id, up_to=up_to)
            if on_progress is not None:
                on_progress(job)
            if job.ended:
                return job
            due = await self._yard.aws.engine.next_due(messages=True)
            if end is not None and (due is None or due > end):
                await self._yard.aws.step(end)
                raise TimeoutError(f"job {job_id!r} is {job.status} after {timeout:g} s")
            if due is None:
                raise TimeStandsStill(f"job {job_id!r} is {job.status}, and nothing is due any more: is it paused?")
            await self._yard.aws.step(due)
        raise TimeStandsStill(f"job {job_id!r} is {job.status} after {MOMENTS} moments at which something was due")
