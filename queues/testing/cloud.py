"""The embedded AWS as a test has it: in memory, with clients like aiobotocore's and a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from typing import Any, Self, TypeVar

from infra.local.clients import DirectClient
from infra.local.engine import DEFAULT_ACCOUNT, DEFAULT_REGION
from infra.local.virtual import VirtualEngine
from queues.testing.clock import Span, VirtualClock, milliseconds, span_of
from queues.testing.errors import TimeStandsStill

T = TypeVar("T")

#: Seconds of real time for which something may wait while the clock stands: the longest poll of SQS.
PATIENCE = 20.0


class VirtualAws:
    """One account in one region, empty at first. Works on any event loop, also on one after another; `close()` it."""

    def __init__(self, *, region: str = DEFAULT_REGION, account: str = DEFAULT_ACCOUNT, seed: int = 0):
        self.region = region
        self.clock = VirtualClock()
        self.engine = VirtualEngine(self.clock, seed=seed, account=account)

    # --- clients ------------------------------------------------------------------------------------------------

    def client(self, service: str, *, region: str | None = None) -> DirectClient:
        """A client of `sqs`, `dynamodb`, `scheduler`, `cloudwatch`, `lambda` or `sts`, here or in another region."""
        kind = _Sqs if service == "sqs" else DirectClient
        return kind(self.engine, service, region or self.region)

    @cached_property
    def sqs(self) -> DirectClient:
        return self.client("sqs")

    @cached_property
    def dynamodb(self) -> DirectClient:
        return self.client("dynamodb")

    @cached_property
    def scheduler(self) -> DirectClient:
        return self.client("scheduler")

    @cached_property
    def cloudwatch(self) -> DirectClient:
        return self.client("cloudwatch")

    # --- time ---------------------------------------------------------------------------------------------------

    async def advance(self, span: Span | None = None, /, **units: float) -> None:
        """Moves the clock on: by seconds, by a timedelta, or by `weeks`, `days`, `hours`, `minutes`, `seconds`.

        It stops at each moment at which something is due, so every schedule fires, and every long poll ends, at its
        own time. At the end all that has expired is gone: old messages, and items past their TTL.
        """
        await self._go(self.clock.now + span_of(span, units))

    async def advance_to(self, moment: datetime) -> None:
        """Moves the clock on to a moment that is not past; like `advance` in all else."""
        target = milliseconds(moment)
        if target < self.clock.now:
            raise ValueError(f"the clock only goes forward: it is {self.clock.moment.isoformat()} already")
        await self._go(target)

    async def until(self, waiting: Awaitable[T]) -> T:
        """Awaits something that waits for time to pass, such as a long poll, and lets it pass: from due to due.

        TimeStandsStill if nothing is due that could end its wait.
        """
        task = asyncio.ensure_future(waiting)
        try:
            while True:
                await self.engine.quiet()
                if task.done():
                    return await task
                due = await self.engine.next_due(messages=True)
                if due is None:
                    return await _patiently(task, "nothing is due that could bring what is awaited")
                await self.step(due)
        finally:
            task.cancel()

    async def step(self, moment: int) -> None:
        """Sets the clock to a moment (epoch ms, not past) and lets happen what is due by then, all at that time."""
        self.clock.now = max(self.clock.now, moment)
        self.engine.clock_moved()
        await self.engine.quiet()

    async def watch_queues(self) -> None:
        """Has SQS's own metrics published from now on, once a minute for each queue, as they are on AWS.

        Off at first: a minute takes a millisecond, and two weeks of them half a minute.
        """
        await self.engine.watch_queues()

    async def _go(self, target: int) -> None:
        await self.engine.quiet()
        while (due := await self.engine.next_due()) is not None and due <= target:
            await self.step(due)
        await self.step(target)
        await self.engine.sweep()

    # --- its end ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Forgets everything; what still waits is answered with nothing. Safe to call twice."""
        run_apart(self.engine.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Sqs(DirectClient):
    """A client whose long polls fail instead of hanging a test for ever."""

    async def receive_message(self, **params: Any) -> dict[str, Any]:
        call = self._engine.call("sqs", "ReceiveMessage", params, region=self.meta.region_name)
        return await _patiently(call, "nothing came to this long poll while the clock stood still")


async def _patiently(waiting: Awaitable[T], why: str) -> T:
    try:
        async with asyncio.timeout(PATIENCE) as limit:
            return await waiting
    except TimeoutError:
        if not limit.expired():
            raise
        raise TimeStandsStill(
            f"{why}, for {PATIENCE:g} s of real time; "
            "let time pass with `await aws.until(...)` around the call, or with `await aws.advance(...)` beside it"
        ) from None


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end on a loop of its own in a thread, whether or not a loop runs here."""
    with ThreadPoolExecutor(1, "jobyard-test") as threads:
        return threads.submit(_run, work).result()


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work)
