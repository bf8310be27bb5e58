"""ULIDs: 26 characters that sort by the time of their making, and in order within one millisecond too."""

import random as _random

from queues.clock import Clock, system_clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_RANDOM_BITS = 80


class Ulids:
    """Makes ids: 48 bits of epoch milliseconds, then 80 random bits that count up within a millisecond."""

    def __init__(self, clock: Clock = system_clock, random: _random.Random | None = None):
        self._clock = clock
        self._random = random or _random.Random()  # noqa: S311 - unique, not secret
        self._last_ms = -1
        self._value = 0

    def __call__(self) -> str:
        # A clock that was set back must not make later ids sort first.
        now = max(self._clock(), self._last_ms)
        if now == self._last_ms:
            self._value += 1
        else:
            self._last_ms = now
            self._value = (now << _RANDOM_BITS) | self._random.getrandbits(_RANDOM_BITS - 1)
        value = self._value
        return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])
