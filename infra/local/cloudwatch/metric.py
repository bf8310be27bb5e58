"""A metric is its region, its namespace, its name and its dimensions, whatever their order."""

from dataclasses import dataclass
from typing import Any

import orjson

from infra.local.request import Request

Dimensions = tuple[tuple[str, str], ...]

FIND = "SELECT id, seen_at FROM cw_metrics WHERE region = ? AND namespace = ? AND name = ? AND dimensions = ?"
INSERT = "INSERT INTO cw_metrics (region, namespace, name, dimensions, seen_at) VALUES (?, ?, ?, ?, ?) RETURNING id"
SEEN = "UPDATE cw_metrics SET seen_at = ? WHERE id = ?"

#: Metrics whose numbers are kept in memory.
CACHED = 10_000


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of one region; also its key in the cache of numbers."""

    region: str
    namespace: str
    name: str
    #: In the order of names.
    dimensions: Dimensions = ()


def dimensions_of(given: list[dict[str, Any]]) -> Dimensions:
    """botocore's list of Name and Value in its normal form."""
    return tuple(sorted((dimension["Name"], dimension["Value"]) for dimension in given))


def shown(dimensions: Dimensions) -> list[dict[str, str]]:
    """Dimensions as boto3 gives them."""
    return [{"Name": name, "Value": value} for name, value in dimensions]


def packed(dimensions: Dimensions) -> str:
    return orjson.dumps(dimensions).decode()


def number_of(request: Request, metric: Metric) -> int | None:
    """The number under which a metric's data is stored; None when there never was any."""
    known = _numbers(request).get(metric)
    if known is not None:
        return known[0]
    row = request.db.execute(FIND, _key(metric)).fetchone()
    return None if row is None else int(row[0])


def number_for_data(request: Request, metric: Metric) -> int:
    """The number of a metric that receives data now; a new one if it is new."""
    numbers = _numbers(request)
    minute = request.now // 60_000 * 60
    known = numbers.get(metric)
    if known is None:
        known = request.db.execute(FIND, _key(metric)).fetchone()
    if known is None:
        known = (request.db.execute(INSERT, (*_key(metric), minute)).fetchone()[0], minute)
    elif known[1] < minute:
        request.db.execute(SEEN, (minute, known[0]))
        known = (known[0], minute)
    if len(numbers) >= CACHED:
        numbers.clear()
    numbers[metric] = known
    return int(known[0])


def forget_numbers(request: Request) -> None:
    """After metrics were removed."""
    request.cache.pop("cloudwatch-metrics", None)


def _key(metric: Metric) -> tuple[str, str, str, str]:
    return metric.region, metric.namespace, metric.name, packed(metric.dimensions)


def _numbers(request: Request) -> dict[Metric, tuple[int, int]]:
    """Metric -> its number and when it was last known to have received data."""
    numbers: dict[Metric, tuple[int, int]] = request.cache.setdefault("cloudwatch-metrics", {})
    return numbers
