"""How long things took: how many took how long, as few numbers, cheap to add to. Pure.

A duration is counted under the next number of milliseconds that has two significant digits. There are 90 of them in
each power of ten, so that a distribution stays small; a value is at most 10 % too high, and never too low, so that
whether it is within a bound of two digits, as those of Prometheus' buckets are, is always told rightly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache


class Distribution:
    """Durations in milliseconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        #: Milliseconds, rounded up to two digits -> how many.
        self.counts: dict[int, int] = {}
        #: The exact sum of all.
        self.total = 0

    def add(self, milliseconds: int) -> None:
        """Counts one; a clock that was set back counts as nothing passed."""
        if milliseconds < 0:
            milliseconds = 0
        value = milliseconds if milliseconds < 100 else rounded_up(milliseconds)
        self.counts[value] = self.counts.get(value, 0) + 1
        self.total += milliseconds

    def merge(self, other: Distribution) -> None:
        for value, count in other.counts.items():
            self.counts[value] = self.counts.get(value, 0) + count
        self.total += other.total

    def within(self, bounds: Sequence[int]) -> list[int]:
        """How many took so many milliseconds or less, for each of the bounds."""
        return [sum(count for value, count in self.counts.items() if value <= bound) for bound in bounds]

    @property
    def count(self) -> int:
        return sum(self.counts.values())


@lru_cache(maxsize=4_096)
def rounded_up(milliseconds: int) -> int:
    """The next number of two significant digits, for a number above zero."""
    if milliseconds < 100:
        return milliseconds
    step = 10 ** (len(str(milliseconds)) - 2)
    up: int = -(-milliseconds // step) * step
    return up
