"""GetMetricData: many metrics and expressions at once, page by page."""

import re
from typing import Any

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.errors import validation
from infra.local.cloudwatch.lines import Line
from infra.local.cloudwatch.moments import at_seconds, milliseconds_of
from infra.local.cloudwatch.queries import Answer, Queries, answered, checked_queries
from infra.local.cloudwatch.tokens import number_after, token_for
from infra.local.request import Request

#: A dynamic part of a label, such as `${MAX}`.
DYNAMIC = re.compile(r"\$\{(LABEL|AVG|MIN|MAX|SUM|LAST|FIRST|DATAPOINT_COUNT)\}")


def get_metric_data(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The queries whose ReturnData is not false, in their order; a page holds MaxDatapoints of all together."""
    given = params["MetricDataQueries"]
    start, end = milliseconds_of(params["StartTime"]), milliseconds_of(params["EndTime"])
    most = params.get("MaxDatapoints", limits.MAX_DATAPOINTS)
    _check(given, start, end, most)
    queries = checked_queries(given, "MetricDataQueries", request.region, request.account)
    after = number_after(params.get("NextToken"))
    answers = answered(request, queries, start // 1000, -(-end // 1000))
    newest_first = params.get("ScanBy", "TimestampDescending") != "TimestampAscending"
    return _page(_results(given, queries, answers, newest_first), after, most)


def _check(given: list[dict[str, Any]], start: int, end: int, most: int) -> None:
    if not given:
        raise validation("The parameter MetricDataQueries is required.\n")
    if len(given) > limits.MAX_QUERIES:
        raise validation(f"The collection MetricDataQueries must not have a size greater than {limits.MAX_QUERIES}.\n")
    # As on AWS whole seconds are compared.
    if start // 1000 == end // 1000:
        raise validation("The parameter StartTime must not equal parameter EndTime.\n")
    if start > end:
        raise validation("The parameter EndTime must be greater than StartTime.\n")
    if not 1 <= most <= limits.MAX_DATAPOINTS:
        raise validation(f"The parameter MaxDatapoints must be between 1 and {limits.MAX_DATAPOINTS}.\n")


def _results(
    given: list[dict[str, Any]], queries: Queries, answers: dict[str, Answer], newest_first: bool
) -> list[dict[str, Any]]:
    labels = _labels(queries)
    results: list[dict[str, Any]] = []
    for query in given:
        if not query.get("ReturnData", True):
            continue
        answer = answers[query["Id"]]
        for line in answer.lines:
            moments = sorted(line.points, reverse=newest_first)
            default = labels.get(line.id if len(answer.lines) > 1 else query["Id"], query["Id"])
            result: dict[str, Any] = {
                "Id": query["Id"],
                "Label": _label(query.get("Label"), default, line),
                "Timestamps": [at_seconds(at) for at in moments],
                "Values": [line.points[at] for at in moments],
                "StatusCode": "Complete",
            }
            if answer.units:
                listed = ", ".join(answer.units)
                result["Messages"] = [{"Code": "MultipleUnits", "Value": f"Multiple units returned: '[{listed}]'"}]
            results.append(result)
    return results


def _labels(queries: Queries) -> dict[str, str]:
    """The labels of metrics: the name, and the statistic and the period where the queries differ in them."""
    statistics = len({query.statistic for query in queries.metrics}) > 1
    periods = len({query.period for query in queries.metrics}) > 1
    labels: dict[str, str] = {}
    for query in queries.metrics:
        parts = [query.metric.name]
        if _repeated(queries, query.metric.name):
            parts += [query.statistic] if statistics else []
            parts += [str(query.period)] if periods else []
        labels[query.id] = " ".join(parts)
    return labels


def _repeated(queries: Queries, name: str) -> bool:
    return sum(query.metric.name == name for query in queries.metrics) > 1


def _label(label: str | None, default: str, line: Line) -> str:
    if label is None:
        return default

    def replaced(match: re.Match[str]) -> str:
        if match[1] == "LABEL":
            return default
        values = [line.points[at] for at in sorted(line.points)]
        if match[1] == "DATAPOINT_COUNT":
            return str(len(values))
        if not values:
            return "--"
        parts = {"MIN": min(values), "MAX": max(values), "SUM": sum(values), "FIRST": values[0], "LAST": values[-1]}
        return f"{parts.get(match[1], sum(values) / len(values)):g}"

    return DYNAMIC.sub(replaced, label)


def _page(results: list[dict[str, Any]], after: int, most: int) -> dict[str, Any]:
    """The results without the first `after` data points, and `most` of the rest."""
    page: list[dict[str, Any]] = []
    begun = 0  # data points of the results before this one
    for result in results:
        count = len(result["Values"])
        first, last = max(after - begun, 0), min(after + most - begun, count)
        if (first < last) or (count == 0 and after <= begun < after + most):
            part = {**result, "Timestamps": result["Timestamps"][first:last], "Values": result["Values"][first:last]}
            if last < count:
                part["StatusCode"] = "PartialData"
            page.append(part)
        begun += count
    reply: dict[str, Any] = {"MetricDataResults": page, "Messages": []}
    if begun > after + most:
        reply["NextToken"] = token_for(after + most)
    return reply
