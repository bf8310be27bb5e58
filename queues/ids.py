"""ULIDs: 26 characters that sort by the time of their making, and in order within one millisecond too."""

import random as _random

from queues.clock import Clock, system_clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_RANDOM_BITS = 80
#: The last eight characters, which change from id to id; those before seldom do, and are kept.
_LOW_BITS = 40
_LOW = (1 << _LOW_BITS) - 1


class Ulids:
    """Makes ids: 48 bits of epoch milliseconds, then 80 random bits that count up within a millisecond."""

    def __init__(self, clock: Clock = system_clock, random: _random.Random | None = None):
        self._clock = clock
        self._random = random or _random.Random()  # noqa: S311 - unique, not secret
        self._last_ms = -1
        self._value = 0
        self._high = -1
        self._head = ""

    def __call__(self) -> str:
        now = self._clock()
        # A clock that was set back must not make later ids sort first.
        if now > self._last_ms:
            self._last_ms = now
            self._value = (now << _RANDOM_BITS) | self._random.getrandbits(_RANDOM_BITS - 1)
        else:
            self._value += 1
        high, low = self._value >> _LOW_BITS, self._value & _LOW
        if high != self._high:
            self._high = high
            self._head = "".join([_PAIRS[(high >> shift) & 1023] for shift in range(80, -1, -10)])
        return self._head + _PAIRS[low >> 30] + _PAIRS[low >> 20 & 1023] + _PAIRS[low >> 10 & 1023] + _PAIRS[low & 1023]
