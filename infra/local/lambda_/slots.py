"""Slots: the rights to run one invocation each. A mapping has as many as it may run invocations at once.

They outlive a mapping's poller: when a mapping is changed, its old poller ends while its invocations go on, and the new
one gets no slot that is still in use. Those of a function with several queues are shared (level_slots.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Room(Protocol):
    """What a mapping knows of its slots."""

    @property
    def free(self) -> int:
        """Slots that it may take now."""

    def take(self, count: int) -> None:
        """Puts slots to use; the caller has looked whether they are free."""

    def give(self, count: int) -> None:
        """Frees slots on which something has run."""

    def put_back(self, count: int, *, brought: int, asked: int, waited: bool) -> None:
        """Frees slots that a receive did not need, which `brought` so much of what it `asked` for."""

    def patience(self, wait: int) -> int:
        """Seconds, up to `wait`, for which the next receive may wait."""

    def attend(self, poller: object, break_off: Callable[[], None] | None) -> None:
        """`poller` polls from now on; `break_off` ends its long polls, if they can be ended."""

    def leave(self, poller: object) -> None:
        """It polls no more."""

    def wake(self) -> None:
        """Lets whoever waits look again."""

    async def changed(self) -> None:
        """Returns once slots may be free, or at `wake`, from now on."""


class Slots:
    """A number of slots, which may change. There may be fewer than are in use; then the next ones to end are kept."""

    def __init__(self, total: int):
        self._total = total
        #: Slots not in use; below zero while more are in use than there are.
        self.free = total
        self._freed = asyncio.Event()

    def take(self, count: int) -> None:
        """Puts slots to use; the caller has looked whether they are free."""
        self.free -= count

    def give(self, count: int) -> None:
        """Frees slots that were taken."""
        self.free += count
        self._freed.set()

    def put_back(self, count: int, *, brought: int, asked: int, waited: bool) -> None:
        """Frees slots that a receive did not need."""
        self.give(count)

    def patience(self, wait: int) -> int:
        """`wait`: nobody else wants these slots."""
        return wait

    def attend(self, poller: object, break_off: Callable[[], None] | None) -> None:
        """Nobody shares these slots, so nobody has to know."""

    def leave(self, poller: object) -> None:
        """The same."""

    def resize(self, total: int) -> None:
        """Makes it so many in all."""
        self.give(total - self._total)
        self._total = total

    def wake(self) -> None:
        """Lets whoever waits look again."""
        self._freed.set()

    async def changed(self) -> None:
        """Returns once slots were freed, or at `wake`, from now on."""
        self._freed.clear()
        await self._freed.wait()
