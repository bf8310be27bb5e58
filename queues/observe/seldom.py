"""A log filter for remarks that come again and again while something else is down: each kind now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

#: Seconds between two remarks of a kind.
PERIOD = 300.0


class Seldom(logging.Filter):
    """Lets one record of each template through in `period` seconds; the next one says how many were held back."""

    def __init__(self, period: float = PERIOD, clock: Callable[[], float] = time.monotonic):
        super().__init__()
        self._period, self._clock = period, clock
        #: When the last record of a template came through, and how many have been held back since.
        self._said: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, kind = self._clock(), str(record.msg)
        at, held_back = self._said.get(kind, (now - self._period, 0))
        if now - at < self._period:
            self._said[kind] = (at, held_back + 1)
            return False
        self._said[kind] = (now, 0)
        if held_back:
            record.msg, record.args = f"{record.getMessage()} ({held_back:,} more like this before)", None
        return True
