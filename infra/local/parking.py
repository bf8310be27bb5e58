"""Where calls wait that have nothing to answer yet: long polls, woken by a message instead of asking again.

Theory. Each waiting call is parked under a key (its queue). Two things can end its wait: something happens to
the queue, or time passes. The invariant that keeps a wake from being lost:

    while calls are parked under a key, the key's alarm is set no later than the queue's next due moment.

Whatever may bring that moment forward (a send, a visibility change, but also a receive, which hides messages
that come back later) wakes one parked call, the longest waiting. It runs again and either answers, or says when
the next message is due, which sets the alarm. A parked call that ends for any reason wakes the next one, so
there is always one that has looked since the last change. No call asks again without a reason.
Beside the key's alarm each call has a timer of its own for its deadline.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, Protocol, TypeVar


class Parkable(Protocol):
    """A call as far as parking goes."""

    future: asyncio.Future[Any]
    #: Fires at the call's deadline; None while it is not parked.
    timer: asyncio.TimerHandle | None
    #: Whether the call has been parked before, and so goes first in its line.
    parked: bool


C = TypeVar("C", bound=Parkable)


class Parking(Generic[C]):
    """Parked calls by key; `resume` is given each call that is to run again."""

    def __init__(self, resume: Callable[[C], None]):
        self._resume = resume
        self._lines: dict[Hashable, deque[C]] = {}
        self._alarms: dict[Hashable, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """How many calls still wait, those cancelled by their callers not counted."""
        return sum(not call.future.done() for line in self._lines.values() for call in line)

    def __iter__(self) -> Iterator[C]:
        """Those that are parked, in no order."""
        return (call for line in self._lines.values() for call in line)

    def park(self, call: C, key: Hashable, *, due: float | None, deadline: float) -> None:
        """Keep the call until its key is woken, at the latest for `deadline` seconds.

        `due` says in how many seconds the key's next message comes, None when none is known to come.
        """
        loop = asyncio.get_running_loop()
        line = self._lines.setdefault(key, deque())
        if call.parked:
            line.appendleft(call)
        else:
            call.parked = True
            line.append(call)
        call.timer = loop.call_later(deadline, self._expire, call, key)
        if due is None:
            return
        at = loop.time() + due
        alarm = self._alarms.get(key)
        if alarm is None or at < alarm.when():
            if alarm is not None:
                alarm.cancel()
            self._alarms[key] = loop.call_at(at, self._ring, key)

    def wake(self, key: Hashable) -> None:
        """Let the longest waiting call on the key run again."""
        line = self._lines.get(key)
        while line:
            call = line.popleft()
            if not line:
                self._forget(key)
            if self._unpark(call):
                return

    def empty(self) -> list[C]:
        """All parked calls, which are parked no longer."""
        calls = [call for line in self._lines.values() for call in line]
        for key in list(self._lines):
            self._forget(key)
        for call in calls:
            self._stop_timer(call)
        return calls

    def _ring(self, key: Hashable) -> None:
        self._alarms.pop(key, None)
        self.wake(key)

    def _expire(self, call: C, key: Hashable) -> None:
        line = self._lines[key]
        line.remove(call)
        if not line:
            self._forget(key)
        self._unpark(call)

    def _unpark(self, call: C) -> bool:
        self._stop_timer(call)
        if call.future.done():
            return False
        self._resume(call)
        return True

    def _stop_timer(self, call: C) -> None:
        if call.timer is not None:
            call.timer.cancel()
            call.timer = None

    def _forget(self, key: Hashable) -> None:
        self._lines.pop(key, None)
        alarm = self._alarms.pop(key, None)
        if alarm is not None:
            alarm.cancel()
