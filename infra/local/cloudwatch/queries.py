"""MetricDataQueries, of GetMetricData and of alarms: checked, then read and calculated.

AWS finds all mistakes of a list of queries and names each in a line of its own.
"""

import re
from dataclasses import dataclass
from typing import Any

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.calculation import Calculation
from infra.local.cloudwatch.errors import validation
from infra.local.cloudwatch.expression import ExpressionError, Tree, parse
from infra.local.cloudwatch.lines import Line, Lines
from infra.local.cloudwatch.metric import Metric, dimensions_of
from infra.local.cloudwatch.points import Series, aligned, read
from infra.local.cloudwatch.statistics import is_trimmed, statistic_named
from infra.local.cloudwatch.units import NUMBERS, UNITS
from infra.local.request import Request

ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One metric's statistic."""

    id: str
    metric: Metric
    period: int
    statistic: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Queries:
    """A checked list of queries."""

    metrics: tuple[MetricQuery, ...]
    #: id -> expression.
    trees: dict[str, Tree]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found."""

    lines: Lines
    #: Units that there was data of, where the query named none and there were several.
    units: tuple[str, ...] = ()


def checked_queries(given: list[dict[str, Any]], name: str, region: str, account: str) -> Queries:
    """The queries of the parameter `name`; raises ValidationError with a line for each mistake."""
    complaints: list[str] = []
    metrics: list[MetricQuery] = []
    trees: dict[str, Tree] = {}
    for number, query in enumerate(given, 1):
        path = f"{name}.member.{number}"
        found = len(complaints)
        if not ID.fullmatch(query["Id"]):
            complaints.append(
                f"The value {query['Id']} for parameter {path}.Id is not matching the expected pattern ^{ID.pattern}$."
            )
        if query.get("AccountId", account) != account:
            complaints.append(f"The embedded CloudWatch does not support metrics of other accounts ({path}.AccountId).")
        if "MetricStat" in query and "Expression" in query:
            complaints.append(
                f"The parameters {path}.MetricStat and {path}.Expression are mutually exclusive and you have specified "
                "both."
            )
        elif "MetricStat" in query:
            complaints += _complaints(query["MetricStat"], f"{path}.MetricStat")
            if len(complaints) == found:
                metrics.append(_metric_query(query, region))
        elif "Expression" in query:
            try:
                trees[query["Id"]] = _parsed(query["Expression"])
            except ExpressionError as error:
                complaints.append(f"Error in expression '{query['Id']}': {error}")
        else:
            complaints.append(f"The parameter {path}.MetricStat is required.")
    if len({query["Id"] for query in given}) < len(given):
        complaints.append(f"The values for parameter id in {name} are not unique.")
    if complaints:
        raise validation("".join(f"{complaint}\n" for complaint in complaints))
    return Queries(tuple(metrics), trees)


def _parsed(text: str) -> Tree:
    if text.lstrip()[:7].upper() == "SELECT ":
        raise ExpressionError("Metrics Insights queries are not supported by the embedded CloudWatch")
    return parse(text)


def _complaints(given: dict[str, Any], path: str) -> list[str]:
    complaints = [
        f"The parameter {path}.Metric.{name} is required."
        for name in ("MetricName", "Namespace")
        if not given["Metric"].get(name)
    ]
    period, statistic = given["Period"], given["Stat"]
    if period < 1 or (period not in limits.SHORT_PERIODS and period % 60):
        complaints.append(
            f"The parameter {path}.Period must be a value in the set {list(limits.SHORT_PERIODS)} or a multiple of 60."
        )
    if is_trimmed(statistic):
        complaints.append(f"The embedded CloudWatch does not support the statistic {statistic} ({path}.Stat).")
    elif statistic_named(statistic) is None:
        complaints.append(f"The value {statistic} for parameter {path}.Stat is not a valid statistic.")
    if given.get("Unit", "None") not in NUMBERS:
        complaints.append(f"The value {given['Unit']} for parameter {path}.Unit is not a valid unit.")
    return complaints


def _metric_query(query: dict[str, Any], region: str) -> MetricQuery:
    stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
    return MetricQuery(
        query["Id"],
        Metric(region, metric["Namespace"], metric["MetricName"], dimensions_of(metric.get("Dimensions", []))),
        stat["Period"],
        stat["Stat"],
        stat.get("Unit"),
    )


def answered(request: Request, queries: Queries, start: int, end: int) -> dict[str, Answer]:
    """Each query's answer for the time from `start` up to `end` (epoch seconds); raises ValidationError."""
    now = request.now // 1000
    lines: dict[str, Line] = {}
    answers: dict[str, Answer] = {}
    for query in queries.metrics:
        begin = aligned(start, query.period, now)
        series, units = in_one_unit(read(request, query.metric, begin, end, query.period), query.unit)
        lines[query.id] = line_from(series, query)
        answers[query.id] = Answer((lines[query.id],), units)

    def moments(period: int) -> range:
        return range(aligned(start, period, now), end, period)

    calculation = Calculation(lines, queries.trees, moments)
    for id in queries.trees:
        try:
            answers[id] = Answer(calculation.lines_of(id))
        except ExpressionError as error:
            raise validation(f"Error in expression '{id}': {error}") from None
    return answers


def in_one_unit(found: dict[str, Series], unit: str | None) -> tuple[Series, tuple[str, ...]]:
    """The data of the unit asked for, or of the one that AWS prefers; and the units, when there were several."""
    if unit is not None:
        return found.get(unit, {}), ()
    units = tuple(unit for unit in UNITS if unit in found)
    return (found[units[0]] if units else {}), (units if len(units) > 1 else ())


def line_from(series: Series, query: MetricQuery) -> Line:
    statistic = statistic_named(query.statistic)
    assert statistic is not None
    points = {at: value for at, summary in series.items() if (value := statistic(summary)) is not None}
    return Line(points, query.period, query.id)
