"""Every order in which the calls of a few processes can reach AWS, one run for each, and deaths at each call.

A process is held before each of its calls, until it is its turn. `every_order` plays a story once for each sequence of
turns that there is; a story says who takes part, and checks what came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from tests.core.house import Died, House, Process


@dataclass
class Death:
    """A process is killed at its call of that number, from 0; `after`: once AWS has done what it was asked."""

    call: int
    after: bool


@dataclass
class Player:
    """A process that takes turns."""

    process: Process
    death: Death | None = None
    calls: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        for wire in (self.process.sqs, self.process.dynamodb):
            wire.inner = _Gate(wire.inner, self)

    async def pass_gate(self, call: Callable[[], Awaitable[Any]]) -> Any:
        self._arrived.set()
        await self._turn.wait()
        self._turn.clear()
        number, self.calls = self.calls, self.calls + 1
        death = self.death if self.death is not None and self.death.call == number else None
        if death is not None and not death.after:
            raise Died
        reply = await call()
        if death is not None:
            raise Died
        return reply

    async def next(self, work: asyncio.Task[Any]) -> bool:
        """Whether it waits for a turn, and has not come to its end."""
        arrival = asyncio.ensure_future(self._arrived.wait())
        await asyncio.wait({work, arrival}, return_when=asyncio.FIRST_COMPLETED)
        arrival.cancel()
        return not work.done()

    def go(self) -> None:
        self._arrived.clear()
        self._turn.set()


@dataclass(frozen=True)
class _Gate:
    inner: Any
    player: Player

    def __getattr__(self, name: str) -> Any:
        async def call(**params: Any) -> Any:
            return await self.player.pass_gate(lambda: getattr(self.inner, name)(**params))

        return call


class Order:
    """Whose turn it is: the turns given, and then always the first who waits."""

    def __init__(self, turns: list[int]):
        self.turns = turns
        #: How many were waiting at each turn.
        self.choices: list[int] = []

    async def play(self, *works: tuple[Player, Coroutine[Any, Any, Any]]) -> list[Any]:
        """Does all works, one call at a time; answers what they came to, Died among it."""
        tasks = [(player, asyncio.ensure_future(work)) for player, work in works]
        while waiting := [player for player, task in tasks if await player.next(task)]:
            at = len(self.choices)
            if at == len(self.turns):
                self.turns.append(0)
            turn = self.turns[at]
            self.choices.append(len(waiting))
            waiting[turn].go()
            await asyncio.sleep(0)
        return await asyncio.gather(*(task for _, task in tasks), return_exceptions=True)


async def every_order(story: Callable[[Order], Coroutine[Any, Any, None]]) -> int:
    """Plays the story in every order; answers how many there are."""
    turns: list[int] = []
    count = 0
    while True:
        order = Order(list(turns))
        await story(order)
        count += 1
        turns = order.turns[: len(order.choices)]
        while turns and turns[-1] == order.choices[len(turns) - 1] - 1:
            turns.pop()
        if not turns:
            return count
        turns[-1] += 1


async def players(house: House, count: int) -> list[Player]:
    """New processes whose first call, which makes their tenant known, is behind them."""
    found = [house.process() for _ in range(count)]
    for process in found:
        await process.runtime.store.add_tenant("default")
    return [Player(process) for process in found]
