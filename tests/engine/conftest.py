"""Engines whose time a test moves by hand, and an event loop whose time passes without waiting."""

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from infra.local.engine import Engine

#: An arbitrary moment, in epoch milliseconds.
START = 1_790_000_000_000


class MovableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += round(seconds * 1000)


class NoWaiting(selectors.SelectSelector):
    """Passes the time that the loop would have waited, at once; fails a test that would wait for ever."""

    time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits and no timer is set")
        self.time += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which a day passes in a moment."""

    def __init__(self) -> None:
        self._virtual = NoWaiting()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.time


def virtually(main: Callable[[Engine, Any], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Run `main(engine, loop)` in virtual time, its clock and the loop's being one."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        engine = Engine(None, clock=lambda: START + round(loop.time() * 1000), **options)
        try:
            await main(engine, loop)
        finally:
            await engine.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(run())


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def engine(clock: MovableClock) -> AsyncIterator[Engine]:
    made = Engine(None, clock=clock)
    yield made
    await made.close()


@pytest.fixture
async def sqs(engine: Engine) -> Any:
    return engine.client("sqs")


@pytest.fixture
def run_virtually() -> Callable[..., None]:
    return virtually
