"""Storing data points and reading them back in periods of any length."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.local.cloudwatch.limits import RETENTION
from infra.local.cloudwatch.metric import Metric, number_for_data, number_of
from infra.local.cloudwatch.summary import Histogram, Summary
from infra.local.cloudwatch.units import NUMBERS, UNITS
from infra.local.request import Request

GET = """
SELECT count, total, least, most, histogram FROM cw_points
WHERE metric = ? AND resolution = ? AND at = ? AND unit = ?
"""
PUT = "INSERT OR REPLACE INTO cw_points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
READ = """
SELECT at, unit, count, total, least, most, histogram FROM cw_points
WHERE metric = ? AND resolution IN (1, 60, 300, 3600) AND at >= ? AND at < ?
"""

#: Where one row of data is: metric's number, resolution, moment, unit's number.
Place = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Datum:
    """Checked data of one metric, ready to be stored."""

    metric: Metric
    #: Epoch seconds.
    at: int
    unit: str
    summary: Summary
    #: Seconds: 1 or 60.
    resolution: int = 60


#: Period's beginning (epoch seconds) -> what was measured in it.
Series = dict[int, Summary]


def store(request: Request, data: Iterable[Datum]) -> None:
    """Merge data into what is there."""
    now = request.now // 1000
    merged: dict[Place, Summary] = {}
    for datum in data:
        fine = datum.resolution == 1 and datum.at > now - RETENTION[1]
        resolution = 1 if fine else 60
        at = datum.at - datum.at % resolution
        place = (number_for_data(request, datum.metric), resolution, at, NUMBERS[datum.unit])
        before = merged.get(place)
        merged[place] = datum.summary if before is None else before.merged(datum.summary)
    for place, summary in merged.items():
        merge(request, place, summary)


def merge(request: Request, place: Place, summary: Summary) -> None:
    row = request.db.execute(GET, place).fetchone()
    if row is not None:
        summary = summary_of(*row).merged(summary)
    histogram = None if summary.histogram is None else summary.histogram.pack()
    request.db.execute(PUT, (*place, summary.count, summary.total, summary.least, summary.most, histogram))


def summary_of(count: float, total: float, least: float, most: float, histogram: bytes | None) -> Summary:
    return Summary(count, total, least, most, None if histogram is None else Histogram.unpack(histogram))


def read(request: Request, metric: Metric, start: int, end: int, period: int) -> dict[str, Series]:
    """The metric's data from `start` up to `end` (epoch seconds), unit by unit, in periods counted from `start`."""
    number = number_of(request, metric)
    series: dict[str, Series] = {}
    if number is None:
        return series
    oldest = oldest_for(period, request.now // 1000)
    rows = request.db.execute(READ, (number, max(start, oldest), end)).fetchall()
    for at, unit, *values in rows:
        begins = at - (at - start) % period
        summary = summary_of(*values)
        own = series.setdefault(UNITS[unit], {})
        own[begins] = own[begins].merged(summary) if begins in own else summary
    return series


def oldest_for(period: int, now: int) -> int:
    """The earliest moment of which there is data fine enough for a period."""
    for resolution in (3_600, 300, 60):
        if period % resolution == 0:
            return now - RETENTION[resolution]
    return now - RETENTION[1]


def aligned(start: int, period: int, now: int) -> int:
    """A query's start, rounded down as AWS does: coarser the older it is, and to the period when that is short."""
    if period < 60:
        return start - start % period
    if start > now - RETENTION[60]:
        return start - start % 60
    return start - start % (300 if start > now - RETENTION[300] else 3_600)
