"""CloudWatch metrics as alarms name them. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric and what is made of a period's values."""

    namespace: str
    name: str
    #: Dimension -> value, which may be an intrinsic function.
    dimensions: dict[str, Any]
    statistic: str = "Sum"

    def to_template(self) -> dict[str, Any]:
        """Namespace, MetricName and Dimensions as CloudFormation takes them."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}


def of_function(name: str, metric: str, statistic: str = "Sum") -> Metric:
    """A metric of a Lambda function."""
    return Metric("AWS/Lambda", metric, {"FunctionName": name}, statistic)


def of_queue(name: str, metric: str, statistic: str) -> Metric:
    """A metric of a queue."""
    return Metric("AWS/SQS", metric, {"QueueName": name}, statistic)


def watched(metric: Metric, period: int) -> dict[str, Any]:
    """What an alarm on a metric looks at; `period` in seconds."""
    return {**metric.to_template(), "Statistic": metric.statistic, "Period": period}
