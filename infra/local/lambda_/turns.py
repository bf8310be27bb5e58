"""Whose turn it is among levels that share slots: each by its weight, and none waits for ever. Pure.

Theory. Time is counted in turns, for each level apart: a start moves its level's clock on by 1/weight, and the next
start is that of the level whose clock is furthest behind; of equals, that of the more urgent one. A level that had
nothing to start, or was not allowed to, comes back at the clock of the last start: what it did not use is lost, and
nobody has to wait for it to catch up. (Start-time fair queueing, with starts of length one.)

What follows, with W for the weights of all levels that have work, added up:
- While the same levels have work, of any W starts in a row each has its weight, give or take one.
- Whatever comes and goes, a level with work waits for at most floor(w/weight) + 1 starts of each other level of weight
  w: with 10, 5 and 2, the level of 2 is among any 10 starts.
- A slot is never left free for a level that has no work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm

#: Slots that are handed out in one look at the most: the next look hands out more.
MAX_HANDED = 64


class Turns:
    """Levels are numbers from 0, the most urgent one."""

    def __init__(self, weights: Sequence[int]):
        # Whole numbers: the common multiple is one unit of every clock.
        common = lcm(*weights)
        self._steps = [common // weight for weight in weights]
        self._clocks = [0] * len(weights)
        #: Levels with work that they may start, and the clock of the last start.
        self._with_work: set[int] = set()
        self._now = 0

    def has_work(self, level: int, *, can_start: bool) -> None:
        """Notes whether a level has work that it may start."""
        if not can_start:
            self._with_work.discard(level)
        elif level not in self._with_work:
            self._clocks[level] = self._clock(level)
            self._with_work.add(level)

    def started(self, level: int, count: int = 1) -> None:
        """Notes starts, or slots that are taken for some."""
        clock = self._clock(level)
        self._now = max(self._now, clock)
        self._clocks[level] = clock + count * self._steps[level]

    def not_started(self, level: int, count: int = 1) -> None:
        """Takes back what `started` noted."""
        self._clocks[level] -= count * self._steps[level]

    def next(self, levels: Sequence[int]) -> int:
        """Which of these levels is to start next."""
        return min(levels, key=lambda level: (self._clock(level), level))

    def share(self, level: int, rooms: Mapping[int, int], free: int) -> int:
        """How many of `free` slots are a level's if they are handed out in turn.

        `rooms`: each level that wants slots, this one among them, and how many it can use.
        """
        clocks = {other: self._clock(other) for other in rooms}
        left, mine = dict(rooms), 0
        for _ in range(min(free, MAX_HANDED)):
            able = [other for other in left if left[other] > 0]
            if not able:
                break
            other = min(able, key=lambda one: (clocks[one], one))
            clocks[other] += self._steps[other]
            left[other] -= 1
            mine += other == level
        return mine

    def _clock(self, level: int) -> int:
        """A level's clock, or where it would come back."""
        own = self._clocks[level]
        return own if level in self._with_work else max(own, self._now)
