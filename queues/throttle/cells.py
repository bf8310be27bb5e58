"""IO: changes of one row by many at once: those of one process go in one write, those of several take turns.

A change is a pure function of the row's state. While one write is under way, the changes that come up wait, and
then go together. A write succeeds only if nobody else has written since the row was read; otherwise the changes are
made again to what was met. A refusal needs no proof: if its write loses, it stands as it was decided, and nothing
is written for it.

What holds if the process dies: before the write nothing has happened, after it all of the changes have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, NamedTuple, TypeVar

from queues.throttle.rows import LimitRows, Row
from queues.throttle.state import State

T = TypeVar("T")

#: Tries of a write that others were faster than, and seconds before the third; doubled each time, less a random part.
TRIES = 8
PAUSE = 0.02


class Change(NamedTuple, Generic[T]):
    """What a change comes to."""

    state: State
    answer: T
    #: Whether the answer holds only once the state is written.
    binding: bool = True


class Contended(Exception):
    """Others wrote the row again and again; nothing was changed."""


@dataclass(slots=True, eq=False)
class _Asked:
    change: Callable[[State], Change[Any]]
    done: asyncio.Future[Any]


@dataclass(slots=True)
class Cells:
    """The rows that this process changes now."""

    rows: LimitRows
    #: The name of this process, which no other has or had: its writes are known by it.
    writer: str
    #: Uniform in [0, 1).
    random: Callable[[], float]
    _waiting: dict[str, list[_Asked]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _writes: Any = field(default_factory=count)

    async def change(self, pk: str, change: Callable[[State], Change[T]]) -> T:
        """Changes a row and answers what the change says. It may be made several times. Contended; ClientError."""
        loop = asyncio.get_running_loop()
        asked = _Asked(change, loop.create_future())
        waiting = self._waiting.get(pk)
        if waiting is None:
            self._waiting[pk] = [asked]
            task = loop.create_task(self._work(pk))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            waiting.append(asked)
        answer: T = await asked.done
        return answer

    async def _work(self, pk: str) -> None:
        while group := self._waiting[pk]:
            self._waiting[pk] = []
            try:
                await self._together(pk, group)
            except BaseException as error:
                for asked in group:
                    if not asked.done.done():
                        asked.done.set_exception(error)
                if not isinstance(error, Exception):
                    del self._waiting[pk]
                    raise
        del self._waiting[pk]

    async def _together(self, pk: str, group: list[_Asked]) -> None:
        row = await self.rows.read(pk)
        for tries in range(TRIES):
            if tries > 1:
                await asyncio.sleep(PAUSE * 2 ** (tries - 2) * (0.5 + self.random()))
                row = await self.rows.read(pk)
            state, answers, binding = row.state, [], False
            for asked in group:
                made = asked.change(state)
                binding |= made.binding and made.state is not state
                state = made.state
                answers.append(made.answer)
            met = None if state is row.state else await self._write(pk, row, state)
            if met is None or not binding:
                for asked, answer in zip(group, answers, strict=True):
                    if not asked.done.done():
                        asked.done.set_result(answer)
                return
            row = met
        raise Contended(pk)

    async def _write(self, pk: str, row: Row, state: State) -> Row | None:
        return await self.rows.swap(pk, row, state, f"{self.writer}/{next(self._writes)}")
