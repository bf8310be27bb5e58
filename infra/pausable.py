"""A queue of a job type as a worker polls it: while it is not paused.

A pause ends the polling at once and lets what runs go on. Whoever polls after it gets no slot (slots.py) that is still
in use, so that the type's concurrency is never exceeded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from infra.local.lambda_.mapping import EventSourceMapping
from infra.local.lambda_.slots import Room


class PollingEnded(RuntimeError):
    """The task that polls a queue is over, although nobody has stopped it."""


class Pausable:
    """Not polled until `resume`. `make` makes the mapping that polls; `patience` is how long what runs may take (s)."""

    def __init__(self, make: Callable[[Room], EventSourceMapping], slots: Room, patience: float):
        self._make, self._slots, self._patience = make, slots, patience
        self._mapping: EventSourceMapping | None = None
        self._task: asyncio.Task[None] | None = None
        #: Mappings that have been told to stop, and the tasks that see to it.
        self._ending: dict[EventSourceMapping, asyncio.Task[None]] = {}

    def resume(self) -> None:
        """Polls from now on."""
        if self._mapping is None:
            self._mapping = self._make(self._slots)
            self._task = asyncio.create_task(self._mapping.run())

    def pause(self) -> None:
        """Polls no more."""
        mapping, self._mapping, self._task = self._mapping, None, None
        if mapping is not None:
            ending = asyncio.create_task(mapping.stop(self._patience))
            self._ending[mapping] = ending
            ending.add_done_callback(lambda _: self._ending.pop(mapping))

    async def stop(self, grace: float) -> None:
        """Polls no more, and gives what runs `grace` seconds. May be called again with less."""
        mappings = [*self._ending] if self._mapping is None else [self._mapping, *self._ending]
        await asyncio.gather(*(mapping.stop(grace) for mapping in mappings))
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def trouble(self) -> BaseException | None:
        """What keeps the queue from being polled now, if it is not paused."""
        if self._mapping is None or self._task is None:
            return None
        return PollingEnded("its polling has ended") if self._task.done() else self._mapping.trouble
