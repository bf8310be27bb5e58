"""IO: a Lambda function's counts as lines in the Embedded Metric Format, which CloudWatch makes metrics of.

By Powertools, whose format it is to keep up with. A metric's values go one by one, a hundred a line: Powertools prints
a line as soon as it is full.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from queues.observe.cloudwatch import NAMESPACE, Figure, figures
from queues.observe.meter import Counts, Subject


def print_metrics(service: str, counts: Mapping[Subject, Counts]) -> None:
    """Prints what was counted, a line or more for each subject; nothing if there is nothing."""
    by_dimensions: dict[tuple[tuple[str, str], ...], list[Figure]] = {}
    for figure in figures(counts, service):
        by_dimensions.setdefault(tuple(figure.dimensions.items()), []).append(figure)
    for dimensions, group in by_dimensions.items():
        provider = AmazonCloudWatchEMFProvider(
            namespace=NAMESPACE, service=service, default_dimensions=dict(dimensions)
        )
        for figure in group:
            for value, count in figure.values.items():
                for _ in range(count):
                    provider.add_metric(figure.name, figure.unit, value)
        if provider.metric_set:
            provider.flush_metrics()
