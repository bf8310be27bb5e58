"""The CloudWatch dashboard: a row of graphs for the API and the table, and one for each job type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from infra.deploy.levels import queues_of
from infra.deploy.metrics import Metric, of_function, of_queue
from infra.deploy.names import API, FIXED, PREFIX, REAPER
from queues.jobtype import JobType

#: The dashboard's grid is so many columns wide; a graph takes a third, and so many rows. (Dashboard body structure)
COLUMNS, HEIGHT = 24, 6
#: Seconds of a point.
PERIOD = 60

Line = tuple[str, Metric]


def dashboard(types: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    """Logical id -> resource."""
    rows = [_service(), _rounds()]
    rows += [_type(job_type) for job_type in types]
    widgets = [
        {
            "type": "metric",
            "x": column * COLUMNS // 3,
            "y": row * HEIGHT,
            "width": COLUMNS // 3,
            "height": HEIGHT,
            **graph,
        }
        for row, graphs in enumerate(rows)
        for column, graph in enumerate(graphs)
    ]
    # One line a widget: a change shows as one.
    lines = ",\n".join(json.dumps({"properties": widget.pop("properties"), **widget}) for widget in widgets)
    body = f'{{"widgets": [\n{lines}\n]}}'
    return {
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": PREFIX, "DashboardBody": {"Fn::Sub": body}},
        }
    }


def _service() -> list[dict[str, Any]]:
    api, table = {"ApiId": "${HttpApi}"}, {"TableName": PREFIX}
    return [
        _graph(
            "API: requests",
            ("requests", Metric("AWS/ApiGateway", "Count", api)),
            ("refused", Metric("AWS/ApiGateway", "4xx", api)),
            ("faults", Metric("AWS/ApiGateway", "5xx", api)),
        ),
        _graph(
            "API: milliseconds",
            ("median", Metric("AWS/ApiGateway", "Latency", api, "p50")),
            ("99 %", Metric("AWS/ApiGateway", "Latency", api, "p99")),
        ),
        _graph(
            "Table",
            ("write units", Metric("AWS/DynamoDB", "ConsumedWriteCapacityUnits", table)),
            ("read units", Metric("AWS/DynamoDB", "ConsumedReadCapacityUnits", table)),
            ("throttled writes", Metric("AWS/DynamoDB", "WriteThrottleEvents", table)),
        ),
    ]


def _rounds() -> list[dict[str, Any]]:
    api, reaper = f"{PREFIX}-{FIXED[API]}", f"{PREFIX}-{FIXED[REAPER]}"
    return [
        _invocations("API: function", api),
        _graph("API: environments at once", ("API", of_function(api, "ConcurrentExecutions", "Maximum"))),
        _invocations("Reaper", reaper),
    ]


def _type(job_type: JobType[Any, Any]) -> list[dict[str, Any]]:
    name = job_type.name
    queue, letters = f"{PREFIX}-{name}", f"{PREFIX}-{name}-dlq"
    age = _of_each(job_type, "oldest message, s", "ApproximateAgeOfOldestMessage")
    messages = [
        _graph(
            f"{name}: messages",
            *_of_each(job_type, "waiting", "ApproximateNumberOfMessagesVisible"),
            *_of_each(job_type, "being worked on", "ApproximateNumberOfMessagesNotVisible"),
            ("dead letters", of_queue(letters, "ApproximateNumberOfMessagesVisible", "Maximum")),
        ),
    ]
    if not job_type.options.on_lambda:
        return [*messages, _graph(f"{name}: age", *age)]
    return [
        *messages,
        _graph(
            f"{name}: age and time",
            *age,
            ("invocation, median, ms", of_function(queue, "Duration", "p50")),
            ("invocation, 99 %, ms", of_function(queue, "Duration", "p99")),
        ),
        _invocations(f"{name}: function", queue),
    ]


def _of_each(job_type: JobType[Any, Any], label: str, metric: str) -> list[Line]:
    """A line for each of a type's queues; those of levels say which."""
    queues = queues_of(job_type)
    return [
        (
            label if len(queues) == 1 else f"{queue.name}: {label}",
            of_queue(f"{PREFIX}-{queue.name}", metric, "Maximum"),
        )
        for queue in queues
    ]


def _invocations(title: str, function: str) -> dict[str, Any]:
    return _graph(
        title,
        ("invocations", of_function(function, "Invocations")),
        ("errors", of_function(function, "Errors")),
        ("throttles", of_function(function, "Throttles")),
    )


def _graph(title: str, *lines: Line) -> dict[str, Any]:
    metrics = []
    for label, metric in lines:
        dimensions = [part for pair in metric.dimensions.items() for part in pair]
        metrics.append([metric.namespace, metric.name, *dimensions, {"label": label, "stat": metric.statistic}])
    return {
        "properties": {
            "title": title,
            "region": "${AWS::Region}",
            "view": "timeSeries",
            "period": PERIOD,
            "metrics": metrics,
        }
    }


def url() -> dict[str, str]:
    """Where the console shows it."""
    console = "https://console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
    return {"Fn::Sub": f"{console}#dashboards:name={PREFIX}"}
