"""What is kept of many values: count, sum, least, most, and a histogram from which percentiles are read.

The histogram's buckets grow by 2 % each, so a percentile is within 1 % of a true value. It is mergeable, and it is
small: beyond 256 buckets neighbours are joined in pairs, which doubles the width of each (as in UDDSketch, Epicoco
et al., 2020). A factor of 10,000 between the least and the most value still leaves an error below 2 %.

Percentiles follow AWS's rules: none for statistic sets, unless all their values are the same, and none where any
value is negative.
"""

import math
from dataclasses import dataclass
from typing import Self

import orjson

#: How much wider the next bucket is, at level 0.
GROWTH = 1.02
#: Buckets of one histogram at most.
MAX_BUCKETS = 256
#: Values up to this are all one, zero.
SMALLEST = 2.0**-360
#: The bucket of zero: below that of every other value.
ZERO = -(2**15)

_LOG_GROWTH = math.log(GROWTH)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often values of each size occurred; bucket `i` of level `n` ends at `GROWTH ** (i * 2 ** n)`."""

    level: int
    buckets: dict[int, float]

    @classmethod
    def of(cls, value: float, count: float) -> Self:
        """The histogram of one value, zero or more, that occurred `count` times."""
        bucket = ZERO if value <= SMALLEST else math.ceil(math.log(value) / _LOG_GROWTH)
        return cls(0, {bucket: count})

    def merged(self, other: "Histogram") -> "Histogram":
        level = max(self.level, other.level)
        buckets = dict(self._coarsened(level).buckets)
        for bucket, count in other._coarsened(level).buckets.items():
            buckets[bucket] = buckets.get(bucket, 0.0) + count
        joined = Histogram(level, buckets)
        while len(joined.buckets) > MAX_BUCKETS:
            joined = joined._coarsened(joined.level + 1)
        return joined

    def percentile(self, percent: float) -> float:
        """A value that `percent` of 100 values do not exceed, in the middle of its bucket."""
        rank = percent / 100 * sum(self.buckets.values())
        seen = 0.0
        bucket = ZERO
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank * (1 - 1e-12):
                break
        if bucket == ZERO:
            return 0.0
        width = GROWTH ** (2**self.level)
        return float(2 * width**bucket / (width + 1))

    def _coarsened(self, level: int) -> "Histogram":
        if level == self.level:
            return self
        step: int = 2 ** (level - self.level)
        buckets: dict[int, float] = {}
        for bucket, count in self.buckets.items():
            wider = ZERO if bucket == ZERO else -(-bucket // step)
            buckets[wider] = buckets.get(wider, 0.0) + count
        return Histogram(level, buckets)

    def pack(self) -> bytes:
        """As stored: a JSON array of the level, then for each bucket its distance from the one before and its count."""
        flat: list[float] = [self.level]
        before = 0
        for bucket in sorted(self.buckets):
            count = self.buckets[bucket]
            flat += (bucket - before, int(count) if count.is_integer() else count)
            before = bucket
        return orjson.dumps(flat)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        level, *flat = orjson.loads(data)
        buckets: dict[int, float] = {}
        bucket = 0
        for distance, count in zip(flat[::2], flat[1::2], strict=True):
            bucket += distance
            buckets[bucket] = float(count)
        return cls(level, buckets)


@dataclass(frozen=True, slots=True)
class Summary:
    """Some values of one metric; `histogram` is None where all are the same, or where it is not known."""

    count: float
    total: float
    least: float
    most: float
    histogram: Histogram | None = None

    @classmethod
    def of(cls, value: float, count: float = 1.0) -> Self:
        return cls(count, value * count, value, value)

    @property
    def average(self) -> float:
        return self.total / self.count if self.count else 0.0

    def merged(self, other: "Summary") -> "Summary":
        least, most = min(self.least, other.least), max(self.most, other.most)
        histogram = None
        if least != most:
            mine, theirs = self.known_histogram(), other.known_histogram()
            histogram = None if mine is None or theirs is None else mine.merged(theirs)
        return Summary(self.count + other.count, self.total + other.total, least, most, histogram)

    def percentile(self, percent: float) -> float | None:
        """None where the values are not known one by one, or are negative."""
        histogram = self.known_histogram()
        if histogram is None:
            return None
        if percent == 0 or self.least == self.most:
            return self.least
        if percent == 100:
            return self.most
        return min(max(histogram.percentile(percent), self.least), self.most)

    def known_histogram(self) -> Histogram | None:
        if self.histogram is None and self.least == self.most and self.least >= 0:
            return Histogram.of(self.least, self.count)
        return self.histogram
