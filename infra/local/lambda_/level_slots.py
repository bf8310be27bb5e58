"""The slots of a function that has several queues, one for each level of priority: shared by weight (turns.py).

Theory. A slot is taken for a receive, and kept for what it brings. So the right to a slot is the right to look into a
queue, and turns are taken at looking: a level that finds nothing gives its slot back, its turn does not count, and it
rests for a moment while others have work, so that looking at empty queues costs little.

Long polls hold slots, and nobody must wait for a slot that only waits. So a level polls long only if no other level has
work that waits, and if a slot is left for each of them. When one wants a slot and none is free, long polls of other
levels are broken off. Where they cannot be (over HTTP), they end by themselves within LINGERING_WAIT_SECONDS, and for
so long slots may be idle.

A level that was found empty is looked at again after `rest` seconds at the latest once a slot is free; from then on the
bounds of turns.py hold for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from infra.local.lambda_.turns import Turns

#: Seconds for which a level that was found empty rests while others have work: short polls cost little in this
#: process, and over HTTP they are requests that are paid for.
REST_SECONDS = 0.2
REST_SECONDS_BY_HTTP = 1.0


class SharedSlots:
    """So many slots in all, for levels of these weights, the most urgent one first."""

    def __init__(self, total: int, weights: Sequence[int], rest: float = REST_SECONDS):
        self._total, self.rest = total, rest
        self.used = 0
        self.turns = Turns(weights)
        #: None of them may use any yet: `resize` says how many.
        self.levels = [LevelSlots(self, index) for index in range(len(weights))]

    @property
    def free(self) -> int:
        """Slots that nobody uses; below zero while more are in use than there are."""
        return self._total - self.used

    def resize(self, total: int) -> None:
        """Makes it so many in all."""
        self._total = total
        self.wake()

    def wake(self) -> None:
        """Lets every level that waits look again."""
        for level in self.levels:
            level.wake()


class LevelSlots:
    """One level's part in the slots, as its event source mapping uses it."""

    def __init__(self, shared: SharedSlots, index: int):
        self._shared, self._index = shared, index
        #: How many it may use at once, whatever is free, and how many it does.
        self._most = self._used = 0
        #: Whether it may have work, until it is found that it has none; and whether its last receive brought all that
        #: it asked for.
        self._has_work = self._full = False
        self._waits = False
        #: Whether it holds a long poll open.
        self._polls_long = False
        self._rests_until = 0.0
        self._freed = asyncio.Event()
        #: Who polls for it, and how their long polls are broken off, if they can be. Two while one follows another.
        self._pollers: dict[object, Callable[[], None] | None] = {}

    # --- as Slots ---------------------------------------------------------------------------------------------

    @property
    def free(self) -> int:
        """Slots that it may take now."""
        room, calm = self._room, self._is_calm()
        if room <= 0 or self._shared.free <= 0 or (self._rests and not calm):
            return 0
        if calm and not self._full:
            # To wait in a long poll with, unless it is known to have work for more.
            room = 1
        rooms = {other._index: other._room for other in self._others() if other._wants}
        if not rooms:
            return min(room, self._shared.free)
        return self._shared.turns.share(self._index, rooms | {self._index: room}, self._shared.free)

    def take(self, count: int) -> None:
        """Puts slots to use; the caller has looked whether they are free."""
        self._use(count)
        self._shared.turns.started(self._index, count)
        if self._shared.free > 0:
            self._shared.wake()

    def give(self, count: int) -> None:
        """Frees slots on which something has run."""
        self._use(-count)
        self._shared.wake()

    def put_back(self, count: int, *, brought: int, asked: int, waited: bool) -> None:
        """Frees slots that a receive did not need, which `brought` so much of what it `asked` for."""
        self._has_work, self._full = brought > 0, brought == asked
        if waited:
            self._polls_long = False
        elif not brought:
            self._rests_until = _now() + self._shared.rest
        self._shared.turns.not_started(self._index, count)
        self._use(-count)
        self._shared.wake()

    def patience(self, wait: int) -> int:
        """Seconds for which the next receive may wait: `wait`, or 0 while others may want its slot."""
        if not wait or not self._is_calm():
            return 0
        self._polls_long, self._has_work = True, False
        return wait

    def attend(self, poller: object, break_off: Callable[[], None] | None) -> None:
        """Somebody polls for it from now on."""
        self._pollers[poller] = break_off

    def leave(self, poller: object) -> None:
        """The poller is gone."""
        self._pollers.pop(poller, None)
        if not self._pollers:
            self._has_work = self._full = False
            self._note_work()
        self._shared.wake()

    def resize(self, most: int) -> None:
        """Lets it use so many at once."""
        self._most = most
        self._note_work()
        self._shared.wake()

    def wake(self) -> None:
        """Lets whoever waits look again."""
        self._freed.set()

    async def changed(self) -> None:
        """Returns once there may be a slot for it, or at `wake`, from now on."""
        self._freed.clear()
        self._waits = True
        timer = None
        if self._rests:
            timer = asyncio.get_running_loop().call_later(self._rests_until - _now(), self.wake)
        else:
            # From now on it has its turn.
            self._has_work = True
            self._note_work()
            if self._room > 0 and self._shared.free <= 0:
                self._break_one_off()
        try:
            await self._freed.wait()
        finally:
            self._waits = False
            if timer is not None:
                timer.cancel()

    # --- between the levels -----------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        """Slots that it could use, if they were free."""
        return self._most - self._used

    @property
    def _rests(self) -> bool:
        return _now() < self._rests_until

    @property
    def _wants(self) -> bool:
        """Whether it waits for a slot."""
        return self._waits and self._room > 0 and not self._rests

    def _others(self) -> list[LevelSlots]:
        return [level for level in self._shared.levels if level is not self]

    def _is_calm(self) -> bool:
        """Whether it may poll long: no other level waits with work that is known of, and if it takes what it can, a
        slot is left for each other level that could poll and does not."""
        if any(one._full and one._wants for one in self._others()):
            return False
        poll = [one for one in self._others() if one._pollers and one._room > 0 and not one._polls_long]
        own = max(1, min(self._room, self._shared.free)) if self._full else 1
        return self._shared.free - own >= len(poll)

    def _break_one_off(self) -> None:
        """Ends the least urgent long poll of another level that can be ended: its slot is wanted."""
        for level in reversed(self._others()):
            ends = [end for end in level._pollers.values() if end is not None]
            if level._polls_long and ends:
                level._rests_until = _now() + self._shared.rest
                for end in ends:
                    end()
                return

    def _use(self, count: int) -> None:
        self._used += count
        self._shared.used += count
        self._note_work()

    def _note_work(self) -> None:
        self._shared.turns.has_work(self._index, can_start=self._has_work and self._used < self._most)


def _now() -> float:
    return asyncio.get_running_loop().time()
