"""PutMetricData, and the same for data that comes from inside: EMF lines and the services' own metrics."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.checks import check_namespace, check_size
from infra.local.cloudwatch.datum import checked_datum
from infra.local.cloudwatch.errors import missing, unsupported
from infra.local.cloudwatch.points import Datum, store
from infra.local.errors import AwsError
from infra.local.request import Request


def put_metric_data(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Store the data, all of it or, when any of it is refused, none."""
    check_namespace(params["Namespace"])
    for name in ("EntityMetricData", "StrictEntityValidation"):
        if params.get(name):
            raise unsupported(f"entities (the parameter {name})")
    given = params.get("MetricData", [])
    if not given:
        raise missing("The parameter MetricData is required.")
    check_size(given, "MetricData", limits.MAX_DATA)
    _check_bytes(given)
    now = request.now // 1000
    data = [
        checked_datum(datum, f"MetricData.member.{number}", request.region, params["Namespace"], now)
        for number, datum in enumerate(given, 1)
    ]
    store(request, data)
    return {}


def record(request: Request, region: str, data: Iterable[Datum]) -> int:
    """Store data that comes from inside, such as that of `emf_metrics`, as metrics of a region; how much was stored.

    Data from more than two weeks back or two hours ahead is left out, as AWS would refuse it.
    """
    now = request.now // 1000
    timely = [
        replace(datum, metric=replace(datum.metric, region=region))
        for datum in data
        if -limits.MAX_AGE <= datum.at - now <= limits.MAX_AHEAD
    ]
    store(request, timely)
    return len(timely)


def _check_bytes(given: list[dict[str, Any]]) -> None:
    """Refuse what could not have come in one request: names, dimensions and numbers together over 1 MiB."""
    size = 0
    for datum in given:
        size += len(datum["MetricName"]) + 8 * (2 + len(datum.get("Values", ())) + len(datum.get("Counts", ())))
        for dimension in datum.get("Dimensions", ()):
            size += len(dimension["Name"]) + len(dimension["Value"])
    if size > limits.MAX_DATA_BYTES:
        raise AwsError(
            "RequestEntityTooLarge",
            f"The request's data is larger than {limits.MAX_DATA_BYTES} bytes.",
            status=413,
        )
