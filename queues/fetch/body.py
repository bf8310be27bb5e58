"""The bytes of a body as they come in, never more of them than the limit and never for longer than the deadline."""

from queues.fetch.errors import FetchRefused, FetchUnavailable
from queues.fetch.policy import FetchPolicy


class Deadline:
    """When a whole fetch has to be over, on the policy's clock."""

    def __init__(self, policy: FetchPolicy) -> None:
        self._clock = policy.monotonic
        self._seconds = policy.total_timeout
        self._end = policy.monotonic() + policy.total_timeout

    def left(self) -> float:
        """Seconds left; zero or less when it has passed."""
        return self._end - self._clock()

    def check(self, shown: str) -> None:
        """Raise `FetchUnavailable` when the time is over."""
        if self.left() <= 0:
            raise FetchUnavailable(f"{shown} was not read within {self._seconds:g} s")


class Body:
    """Collects chunks. `setting` names the variable that raises the limit, for the message."""

    def __init__(self, shown: str, limit: int, setting: str) -> None:
        self._shown = shown
        self._limit = limit
        self._setting = setting
        self._data = bytearray()

    @property
    def room(self) -> int:
        """Bytes that still fit."""
        return self._limit - len(self._data)

    def announce(self, size: int) -> None:
        """Refuse a body by the size that its sender announces, before a byte of it is read."""
        if size > self._limit:
            raise self._too_large(f"has {size:,} bytes")

    def add(self, chunk: bytes) -> None:
        """Keep `chunk`, or refuse the body when it outgrows the limit."""
        if len(chunk) > self.room:
            raise self._too_large("has more bytes than that")
        self._data += chunk

    def finish(self) -> bytes:
        """All that was added."""
        return bytes(self._data)

    def _too_large(self, what: str) -> FetchRefused:
        return FetchRefused(
            f"{self._shown} is too large: it {what}, and the limit is {self._limit:,} bytes (set by {self._setting})"
        )
