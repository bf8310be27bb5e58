"""The clock of a test: it stands still until the test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: Where every test begins: 2026-01-01T00:00:00Z, a Thursday.
START = datetime(2026, 1, 1, tzinfo=UTC)

#: A stretch of time: a timedelta or seconds.
Span = timedelta | float


class VirtualClock:
    """Call it for epoch milliseconds, as the engine and the core do. Code of yours may take it, too."""

    def __init__(self, start: datetime = START):
        #: Epoch milliseconds.
        self.now = milliseconds(start)

    def __call__(self) -> int:
        return self.now

    @property
    def moment(self) -> datetime:
        """The time now, in UTC."""
        return datetime.fromtimestamp(self.now / 1000, UTC)

    def __repr__(self) -> str:
        return f"VirtualClock({self.moment.isoformat()})"


def milliseconds(moment: datetime) -> int:
    """Epoch milliseconds of a moment, which must name its zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; give it one, such as tzinfo=UTC")
    return round(moment.timestamp() * 1000)


def span_of(span: Span | None, units: dict[str, float]) -> int:
    """Milliseconds of `advance(900)`, `advance(timedelta(...))` or `advance(minutes=15)`."""
    if (span is None) == (not units):
        raise TypeError("say how far, in one way: advance(900), advance(timedelta(days=1)) or advance(minutes=15)")
    if span is None:
        span = timedelta(**units)
    length = span if isinstance(span, timedelta) else timedelta(seconds=span)
    if length < timedelta(0):
        raise ValueError(f"the clock only goes forward, not by {length.total_seconds():g} s")
    return round(length / timedelta(milliseconds=1))
