"""A MetricDatum as PutMetricData is given it: checked in AWS's words, then summed up."""

import math
from functools import reduce
from typing import Any

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.checks import check_dimensions, check_member, check_name, check_size, check_unit
from infra.local.cloudwatch.errors import invalid_combination, invalid_value, missing
from infra.local.cloudwatch.metric import Metric, dimensions_of
from infra.local.cloudwatch.moments import seconds_of
from infra.local.cloudwatch.points import Datum
from infra.local.cloudwatch.summary import Histogram, Summary
from infra.local.cloudwatch.units import DEFAULT_UNIT


def checked_datum(given: dict[str, Any], path: str, region: str, namespace: str, now: int) -> Datum:
    """The datum; `now` in epoch seconds. Raises InvalidParameterValue and its kin, naming `path`."""
    check_name(given["MetricName"], f"{path}.MetricName")
    dimensions = given.get("Dimensions", [])
    check_dimensions(dimensions, f"{path}.Dimensions")
    unit = given.get("Unit", DEFAULT_UNIT)
    check_unit(unit, f"{path}.Unit")
    resolution = given.get("StorageResolution", 60)
    check_member(resolution, f"{path}.StorageResolution", (1, 60))
    return Datum(
        Metric(region, namespace, given["MetricName"], dimensions_of(dimensions)),
        _checked_moment(given.get("Timestamp"), path, now),
        unit,
        _summary(given, path),
        resolution,
    )


def _checked_moment(given: Any, path: str, now: int) -> int:
    if given is None:
        return now
    at = seconds_of(given)
    if at < now - limits.MAX_AGE:
        raise invalid_value(f"The parameter {path}.Timestamp must specify a time within the past two weeks.")
    if at > now + limits.MAX_AHEAD:
        raise invalid_value(f"The parameter {path}.Timestamp must specify a time no more than two hours in the future.")
    return at


def _summary(given: dict[str, Any], path: str) -> Summary:
    for other in ("Values", "StatisticValues"):
        if "Value" in given and other in given:
            raise invalid_combination(
                f"The parameters {path}.Value and {path}.{other} are mutually exclusive and you have specified both."
            )
    parts: list[Summary] = []
    if "Value" in given:
        parts.append(Summary.of(_checked_value(given["Value"], f"{path}.Value")))
    if "StatisticValues" in given:
        parts.append(_statistic_set(given["StatisticValues"], f"{path}.StatisticValues"))
    if given.get("Values"):
        parts.append(_array(given, path))
    if not parts:
        raise missing(
            f"At least one of the parameters {path}.Value, {path}.Values or {path}.StatisticValues must be specified."
        )
    return reduce(Summary.merged, parts)


def _checked_value(given: Any, path: str) -> float:
    value = float(given)
    if not -limits.MAX_VALUE <= value <= limits.MAX_VALUE:  # false for NaN too
        shown = "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}∞" if math.isinf(value) else repr(value)
        raise invalid_value(f"The value {shown} for parameter {path} is invalid.")
    return value


def _statistic_set(given: dict[str, Any], path: str) -> Summary:
    count, total, least, most = (
        _checked_value(given[name], f"{path}.{name}") for name in ("SampleCount", "Sum", "Minimum", "Maximum")
    )
    if most < least:
        raise invalid_value(f"The parameter {path}.Maximum must be greater than {path}.Minimum.")
    if count < 0:
        raise invalid_value(f"The parameter {path}.SampleCount must be greater than 0.")
    if count == 0:
        raise invalid_value(f"The parameter {path}.SampleCount must not equal 0.")
    return Summary(count, total, least, most)


def _array(given: dict[str, Any], path: str) -> Summary:
    values = given["Values"]
    check_size(values, f"{path}.Values", limits.MAX_VALUES)
    counts = given.get("Counts", [1.0] * len(values))
    if len(counts) != len(values):
        raise invalid_value(f"The parameters {path}.Values and {path}.Counts must be of the same size.")
    pairs: list[tuple[float, float]] = []
    for number, (value, count) in enumerate(zip(values, counts, strict=True), 1):
        pairs.append((_checked_value(value, f"{path}.Values.member.{number}"), _checked_count(count, path, number)))
    return summed(pairs)


def _checked_count(count: float, path: str, number: int) -> float:
    at = f"{path}.Counts.member.{number}"
    if _checked_value(count, at) <= 0:
        raise invalid_value(f"The parameter {at} must be greater than 0.")
    return float(count)


def summed(pairs: list[tuple[float, float]]) -> Summary:
    """The summary of (value, how often) pairs, of which there is at least one."""
    values = [value for value, _ in pairs]
    least, most = min(values), max(values)
    histogram = None
    if least != most and least >= 0:
        histogram = reduce(Histogram.merged, (Histogram.of(value, count) for value, count in pairs))
    count = sum(count for _, count in pairs)
    return Summary(count, math.fsum(value * count for value, count in pairs), least, most, histogram)
