"""What PutMetricAlarm may say, checked in AWS's words."""

from typing import Any

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.checks import check_constraints
from infra.local.cloudwatch.errors import invalid_value, unsupported, validation
from infra.local.cloudwatch.queries import answered, checked_queries
from infra.local.cloudwatch.statistics import is_trimmed, percentile_named
from infra.local.request import Request
from queues.fetch import FetchRefused
from queues.fetch.source import parse

#: The parameters that describe one metric, for which Metrics is the alternative.
OF_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
#: Parameters that ask for what the embedded CloudWatch does not do.
UNSUPPORTED = (
    "ThresholdMetricId",
    "EvaluationCriteria",
    "EvaluationInterval",
    "WarmUpConfiguration",
    "ActionConfiguration",
)
COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")


def checked_settings(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The settings to keep; raises ValidationError and InvalidParameterValue."""
    check_constraints("PutMetricAlarm", params)
    for name in UNSUPPORTED:
        if name in params:
            raise unsupported(f"alarms with {name}")
    if "WallClockWindow" in params.get("EvaluationWindow", {}):
        raise unsupported("alarms with a WallClockWindow")
    for name in ("EvaluationPeriods", "ComparisonOperator"):
        if name not in params:
            raise validation(
                f"1 validation error detected: Value null at '{name[0].lower()}{name[1:]}' failed to satisfy "
                "constraint: Member must not be null"
            )
    if params["ComparisonOperator"] not in COMPARISONS:
        raise unsupported(f"anomaly detection (ComparisonOperator {params['ComparisonOperator']})")
    if "Threshold" not in params:
        raise validation("Threshold must not be null")
    if params.get("DatapointsToAlarm", 1) > params["EvaluationPeriods"]:
        raise validation("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    _check_option(params, "TreatMissingData", TREATMENTS)
    _check_option(params, "EvaluateLowSampleCountPercentile", ("evaluate", "ignore"))
    periods = _check_metrics(request, params) if "Metrics" in params else _check_metric(params)
    _check_range(max(periods), params["EvaluationPeriods"])
    for name in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        for action in params.get(name, []):
            _check_action(action)
    settings = {name: value for name, value in params.items() if name not in ("AlarmName", "Tags")}
    empty: dict[str, Any] = {"OKActions": [], "AlarmActions": [], "InsufficientDataActions": [], "Dimensions": []}
    return {"ActionsEnabled": True, **empty, **settings, "Threshold": float(params["Threshold"])}


def _check_option(params: dict[str, Any], name: str, options: tuple[str, ...]) -> None:
    if params.get(name, options[0]) not in options:
        listed = f"{', '.join(options[:-1])} and {options[-1]}"
        raise validation(
            f"Option {params[name]} is not supported. Supported options for parameter {name} are {listed}."
        )


def _check_metric(params: dict[str, Any]) -> list[int]:
    for name in ("MetricName", "Namespace", "Period"):
        if name not in params:
            raise validation(f"{name} must not be null")
    if ("Statistic" in params) == ("ExtendedStatistic" in params):
        raise validation("Exactly one of Statistic and ExtendedStatistic must be set")
    extended = params.get("ExtendedStatistic", "p50")
    if is_trimmed(extended):
        raise unsupported(f"the statistic {extended}, only percentiles (p0 to p100)")
    if percentile_named(extended) is None:
        raise invalid_value(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    _check_period(params["Period"])
    return [params["Period"]]


def _check_metrics(request: Request, params: dict[str, Any]) -> list[int]:
    for name in OF_ONE_METRIC:
        if name in params:
            raise validation(f"{name} should not be set if list of Metrics is set.")
    given = params["Metrics"]
    if not 1 <= len(given) <= limits.MAX_ALARM_QUERIES:
        raise validation(f"Invalid metrics list: it must have 1 to {limits.MAX_ALARM_QUERIES} elements")
    queries = checked_queries(given, "Metrics", request.region, request.account)
    if not queries.metrics:
        raise validation("Invalid metrics list: it must have an element with MetricStat")
    returning = [query["Id"] for query in given if query.get("ReturnData", True)]
    if len(returning) != 1:
        raise validation("Exactly one element of the metrics list should return data.")
    for query in queries.metrics:
        _check_period(query.period)
    # Whatever else is wrong with an expression shows when it is calculated, on whatever data there is.
    period = max(query.period for query in queries.metrics)
    now = request.now // 1000
    if len(answered(request, queries, now - period, now)[returning[0]].lines) != 1:
        raise validation(
            "Metrics expression that return multi time series are only allowed for MetricsInsights expression with an "
            "ORDER BY clause"
        )
    return [query.period for query in queries.metrics]


def _check_period(period: int) -> None:
    if period not in limits.SHORT_ALARM_PERIODS and period % 60:
        raise validation("Period must be 10, 20, 30 or a multiple of 60")


def _check_range(period: int, periods: int) -> None:
    if period < 3_600 and period * periods > limits.MAX_ALARM_RANGE:
        raise validation(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= "
            f"{limits.MAX_ALARM_RANGE})."
        )
    if period * periods > limits.MAX_LONG_ALARM_RANGE:
        raise validation(
            "Metrics cannot be checked across more than seven days (EvaluationPeriods * Period must be <= "
            f"{limits.MAX_LONG_ALARM_RANGE})."
        )


def _check_action(action: str) -> None:
    """An action is an ARN, or what only the embedded CloudWatch knows: `log`, or the URL of a webhook."""
    if action == "log" or (action.startswith("arn:") and action.count(":") >= 5):
        return
    if not action.startswith(("http://", "https://")):
        raise validation(f"Invalid arn syntax: {action}")
    try:
        parse(action)
    except FetchRefused as error:
        raise validation(f"The action's URL cannot be used: {error}") from None
