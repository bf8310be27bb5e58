"""A Yard for tests that are no coroutines: the same calls, each of which returns when it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Self, TypeVar

from queues.blocking import BlockingQueue
from queues.jobtype import JobType
from queues.queue import Queue
from queues.testing.clock import Span, VirtualClock
from queues.testing.cloud import VirtualAws
from queues.testing.context import FakeContext
from queues.testing.drain import Ran
from queues.testing.yard import DRAIN_LIMIT, Yard

T = TypeVar("T")


class LoopQueue(BlockingQueue):
    """The blocking queue on a loop of this thread, so that inline jobs run in the thread of the test."""

    def __init__(self, run: Callable[[Coroutine[Any, Any, Any]], Any], queue: Queue):
        self._run, self._queue = run, queue

    def run(self, call: Callable[[Queue], Coroutine[Any, Any, T]]) -> T:
        result: T = self._run(call(self._queue))
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """It lives as long as its Yard."""


class BlockingYard:
    """A Yard's twin. `run` does what has no method here: `yard.run(yard.aws.sqs.send_message(...))`."""

    def __init__(self, yard: Yard):
        self._yard = yard
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        #: The queue of tenant `default`, as BlockingQueue.
        self.queue = LoopQueue(self._runner.run, yard.queue)
        self.enqueued = yard.enqueued
        self.assert_enqueued = yard.assert_enqueued
        self.refute_enqueued = yard.refute_enqueued

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine comes to; its loop stands still between two calls."""
        return self._runner.run(work)

    @property
    def aws(self) -> VirtualAws:
        return self._yard.aws

    @property
    def inline(self) -> bool:
        """As `Yard.inline`."""
        return self._yard.inline

    @inline.setter
    def inline(self, inline: bool) -> None:
        self._yard.inline = inline

    @property
    def clock(self) -> VirtualClock:
        return self._yard.clock

    def drain(self, *, limit: int = DRAIN_LIMIT) -> list[Ran]:
        """As `Yard.drain`."""
        return self.run(self._yard.drain(limit=limit))

    def advance(self, span: Span | None = None, /, **units: float) -> None:
        """As `Yard.advance`."""
        self.run(self._yard.advance(span, **units))

    def advance_to(self, moment: datetime) -> None:
        """As `Yard.advance_to`."""
        self.run(self._yard.advance_to(moment))

    def work(self, span: Span | None = None, /, *, limit: int = DRAIN_LIMIT, **units: float) -> list[Ran]:
        """As `Yard.work`."""
        return self.run(self._yard.work(span, limit=limit, **units))

    def run_job(
        self, job_type: str | JobType[Any, Any], data: Any, *, attempt: int = 1, context: FakeContext | None = None
    ) -> Any:
        """As `Yard.run_job`."""
        return self.run(self._yard.run_job(job_type, data, attempt=attempt, context=context))

    def close(self) -> None:
        """Ends the loop; the Yard belongs to its maker."""
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
