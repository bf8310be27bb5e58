"""GetMetricStatistics: one metric, several statistics."""

from typing import Any

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.checks import (
    check_dimensions,
    check_member,
    check_name,
    check_namespace,
    check_period,
    check_size,
    check_unit,
)
from infra.local.cloudwatch.errors import invalid_combination, invalid_value, unsupported
from infra.local.cloudwatch.metric import Metric, dimensions_of
from infra.local.cloudwatch.moments import at_seconds, milliseconds_of
from infra.local.cloudwatch.points import aligned, read
from infra.local.cloudwatch.statistics import SIMPLE, Statistic, is_trimmed, percentile_named
from infra.local.request import Request


def get_metric_statistics(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The data points in the order of time, those of several units beside each other."""
    namespace, name, period = params["Namespace"], params["MetricName"], params["Period"]
    check_namespace(namespace)
    check_name(name, "MetricName")
    dimensions = params.get("Dimensions", [])
    check_dimensions(dimensions, "Dimensions")
    check_period(period)
    if "Unit" in params:
        check_unit(params["Unit"], "Unit")
    start, end = milliseconds_of(params["StartTime"]), milliseconds_of(params["EndTime"])
    # As on AWS whole seconds are compared.
    if start // 1000 >= end // 1000:
        raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
    simple, extended = _checked_statistics(params)
    count = (end - start) // (period * 1000)
    if count > limits.MAX_STATISTICS_DATAPOINTS:
        raise invalid_combination(
            f"You have requested up to {count:,} datapoints, which exceeds the limit of "
            f"{limits.MAX_STATISTICS_DATAPOINTS:,}. You may reduce the datapoints requested by increasing Period, or "
            "decreasing the time range."
        )
    metric = Metric(request.region, namespace, name, dimensions_of(dimensions))
    begin = aligned(start // 1000, period, request.now // 1000)
    points = []
    for unit, series in read(request, metric, begin, -(-end // 1000), period).items():
        if unit != params.get("Unit", unit):
            continue
        for at, summary in series.items():
            point: dict[str, Any] = {"Timestamp": at_seconds(at), "Unit": unit}
            point |= {statistic: value for statistic, of in simple.items() if (value := of(summary)) is not None}
            known = {statistic: value for statistic, of in extended.items() if (value := of(summary)) is not None}
            if known:
                point["ExtendedStatistics"] = known
            if len(point) > 2:
                points.append(point)
    points.sort(key=lambda point: point["Timestamp"])
    return {"Label": name, "Datapoints": points}


def _checked_statistics(params: dict[str, Any]) -> tuple[dict[str, Statistic], dict[str, Statistic]]:
    names, extended = params.get("Statistics", []), params.get("ExtendedStatistics", [])
    if not names and not extended:
        raise invalid_combination("Must specify either Statistics or ExtendedStatistics")
    check_size(names, "Statistics", 5)
    for number, name in enumerate(names, 1):
        check_member(name, f"Statistics.member.{number}", tuple(SIMPLE))
    check_size(extended, "ExtendedStatistics", 10)
    percentiles: dict[str, Statistic] = {}
    for name in extended:
        if is_trimmed(name):
            raise unsupported(f"the statistic {name}, only percentiles (p0 to p100)")
        percentile = percentile_named(name)
        if percentile is None:
            raise invalid_value(f"The value {name} for parameter ExtendedStatistics is not supported.")
        percentiles[name] = percentile
    return {name: SIMPLE[name] for name in names}, percentiles
