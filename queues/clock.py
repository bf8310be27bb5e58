"""Time as a value that is passed in: a function that answers epoch milliseconds, so that a test can move it."""

import time
from collections.abc import Callable

#: Answers the time now in milliseconds since the epoch, UTC.
Clock = Callable[[], int]
#: Answers whether work that goes on and on should stop where it is.
OutOfTime = Callable[[], bool]


def never() -> bool:
    """Of work that has all the time it needs."""
    return False


def system_clock() -> int:
    """The machine's wall clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000
