"""An engine in memory whose clock is moved by hand: two weeks of retention pass in a moment.

Nothing happens by itself while the clock stands. Whoever moves it goes from `next_due()` to `next_due()`, calls
`clock_moved()` at each and waits until the engine is `quiet()`, so that everything happens at its own time and in its
order. Timers of the event loop play no part; an engine may be used on one loop after another.
"""

from __future__ import annotations

import asyncio
import importlib
import random as random_module
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from infra.local.call import Call, Outcome
from infra.local.cloudwatch.rollup import roll_up
from infra.local.cloudwatch.ticking import tick_alarms
from infra.local.engine import DEFAULT_ACCOUNT, DEFAULT_ENDPOINT, SERVICES, Engine
from infra.local.request import Wait
from infra.local.sqs.ahead import next_visible
from infra.local.sweeper import Sweeper
from infra.local.ticker import Ticker
from queues.clock import Clock

#: Turns of the loop without a call after which nobody is expected to make another: what a call's answer sets off,
#: asks again within two or three.
IDLE_TURNS = 8

#: Seconds of real time that work in the background, such as a function's invocation, may take.
PATIENCE = 20.0


class StillBusy(Exception):
    """Work in the background has not ended in PATIENCE seconds: it waits for what only the clock could bring."""


class VirtualEngine(Engine):
    """`clock` must only move when the engine is told; `seed` makes ids and jitter what they were the last time."""

    def __init__(self, clock: Clock, *, seed: int = 0, account: str = DEFAULT_ACCOUNT):
        random = random_module.Random(seed)  # noqa: S311 (ids, not secrets)
        super().__init__(None, clock=clock, account=account, random=random)
        #: Epoch milliseconds at which each waiting call looks again.
        self._looks: dict[Call, int] = {}
        self._furnish(queue_metrics=False)

    def _furnish(self, *, queue_metrics: bool) -> None:
        """What ticks and sweeps. The queues' metrics are a tick a minute: two weeks have 20,000 of those."""
        services = {name: importlib.import_module(package) for name, package in SERVICES.items()}
        parts: list[Any] = list(services.values())
        if not queue_metrics:
            parts.remove(services["cloudwatch"])
            parts.append(SimpleNamespace(tick=tick_alarms, sweep=roll_up))
        self._sweeper.stop()
        self._ticker.stop()
        self._sweeper = Sweeper(parts, self._submit_inside)
        self._ticker = Ticker(parts, self._submit_inside, self._clock)

    async def next_due(self, *, messages: bool = False) -> int | None:
        """Epoch milliseconds at which something happens by itself next; None if nothing will.

        With `messages` the moment counts, too, at which a hidden or delayed message could be received.
        """
        dues: list[int | None] = [due for call, due in self._looks.items() if not call.future.done()]
        dues.append(self._ticker.due)
        if messages:
            dues.append((await self.submit(next_visible, {}))["at"])
        return min((due for due in dues if due is not None), default=None)

    def clock_moved(self) -> None:
        """What is due by the clock begins; call it on the loop, after the clock was moved."""
        for call in self._parking.empty():
            # All of them look again, so none has to wake the next.
            call.parked = False
            self._resume(call)
        self._ticker.look()

    async def quiet(self) -> None:
        """Returns once no call is on its way and nothing goes on in the background; long polls may wait. StillBusy."""
        idle = 0
        while idle < IDLE_TURNS:
            if self._errands:
                done, _ = await asyncio.wait(self._errands, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    raise StillBusy(f"work in the background has not ended in {PATIENCE:g} s; it waits for the clock?")
            await asyncio.sleep(0)
            idle = 0 if self._queue or self._errands else idle + 1

    async def sweep(self) -> None:
        """Clears away all that has expired: what happens on AWS within days, and in a served engine within a minute."""
        await self._sweeper.finish()

    async def watch_queues(self) -> None:
        """Lets CloudWatch publish the queues' metrics, each minute for as long as they are active."""
        self._furnish(queue_metrics=True)
        self._ticker.start()
        await self.sweep()

    def look(self, service: str, operation: str, params: dict[str, Any], *, region: str) -> dict[str, Any]:
        """What an operation that only reads answers, without an event loop: for an assertion, which nobody awaits."""
        now = self._clock()
        request = replace(self._request, now=now, region=region, endpoint=DEFAULT_ENDPOINT, arrived=now)
        reply = self._find(service, operation)(request, params)
        assert isinstance(reply, dict)
        return reply

    async def close(self) -> None:
        """As `Engine.close`; what goes on in another loop is only cancelled."""
        loop = asyncio.get_running_loop()
        for task in [task for task in self._errands if task.get_loop() is not loop]:
            self._errands.discard(task)
            if not task.get_loop().is_closed():
                task.cancel()
        await super().close()

    def _answer(self, call: Call, outcome: Outcome) -> None:
        if isinstance(outcome, Wait):
            self._looks[call] = outcome.deadline if outcome.due is None else min(outcome.due, outcome.deadline)
        elif self._looks:
            self._looks.pop(call, None)
        super()._answer(call, outcome)
