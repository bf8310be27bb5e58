"""Slots: the rights to run one invocation each. A mapping has as many as it may run invocations at once.

They outlive a mapping's poller: when a mapping is changed, its old poller ends while its invocations go on, and the new
one gets no slot that is still in use.
"""

from __future__ import annotations

import asyncio


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
