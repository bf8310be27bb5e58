"""Evaluating alarms that are due: their data read, judged, and their state changed where it follows."""

import logging

from infra.local.cloudwatch.alarms.alarm import Alarm, list_due, next_due, save
from infra.local.cloudwatch.alarms.judgement import EXTRA, Rule, judge
from infra.local.cloudwatch.alarms.put_metric_alarm import next_step
from infra.local.cloudwatch.alarms.reasons import Datapoint, reason, reason_data
from infra.local.cloudwatch.alarms.state import change_state
from infra.local.cloudwatch.points import read
from infra.local.cloudwatch.queries import answered, checked_queries, in_one_unit
from infra.local.cloudwatch.statistics import PERCENTILE, statistic_named
from infra.local.errors import AwsError
from infra.local.request import Request

logger = logging.getLogger(__name__)

#: Alarms evaluated in one tick.
LIMIT = 100


def evaluate_due(request: Request) -> int | None:
    """Evaluate those alarms that are due, and answer when the next ones are (epoch milliseconds)."""
    for alarm in list_due(request, LIMIT):
        alarm.due_at = next_step(request.now, alarm.step)
        try:
            evaluate(request, alarm)
        except AwsError as error:
            logger.warning("the alarm %s in %s cannot be evaluated: %s", alarm.name, alarm.region, error.message)
        save(request, alarm)
    return next_due(request)


def evaluate(request: Request, alarm: Alarm) -> None:
    """Judge the periods that are over by now; the one under way does not count, as it is only half known."""
    settings = alarm.settings
    periods = settings["EvaluationPeriods"]
    rule = Rule(
        settings["ComparisonOperator"],
        settings["Threshold"],
        periods,
        settings.get("DatapointsToAlarm", periods),
        settings.get("TreatMissingData", "missing"),
    )
    now = request.now // 1000
    datapoints = _datapoints(request, alarm, now - now % alarm.step, periods + EXTRA)
    judgement = judge(rule, [datapoint.value for datapoint in datapoints])
    if judgement.state is None or judgement.state == alarm.state:
        return
    if _too_few_samples(alarm, [datapoints[number] for number in judgement.decisive]):
        return
    why = reason(rule, datapoints, judgement, "DatapointsToAlarm" in settings)
    data = reason_data(rule, datapoints, judgement, settings, alarm.period, request.now)
    change_state(request, alarm, judgement.state, why, data)


def _datapoints(request: Request, alarm: Alarm, end: int, count: int) -> list[Datapoint]:
    """The data points of the last `count` periods up to `end` (epoch seconds), the latest first."""
    period = alarm.period
    begin = end - count * period
    moments = range(end - period, begin - 1, -period)
    metric = alarm.metric
    settings = alarm.settings
    if metric is not None:
        statistic = statistic_named(settings.get("Statistic") or settings["ExtendedStatistic"])
        assert statistic is not None
        series, _ = in_one_unit(read(request, metric, begin, end, period), settings.get("Unit"))
        return [
            Datapoint(at, statistic(series[at]), series[at].count) if at in series else Datapoint(at) for at in moments
        ]
    queries = checked_queries(settings["Metrics"], "Metrics", alarm.region, request.account)
    returned = next(query["Id"] for query in settings["Metrics"] if query.get("ReturnData", True))
    lines = answered(request, queries, begin, end)[returned].lines
    points = lines[0].points if lines else {}
    return [Datapoint(at, points.get(at)) for at in moments]


def _too_few_samples(alarm: Alarm, datapoints: list[Datapoint]) -> bool:
    """Whether EvaluateLowSampleCountPercentile says to leave the state alone.

    A percentile means something from 10 / (1 - percentile) samples on, below the median from 10 / percentile
    ("Percentile-based CloudWatch alarms and low data samples").
    """
    match = PERCENTILE.fullmatch(alarm.settings.get("ExtendedStatistic", ""))
    if match is None or alarm.settings.get("EvaluateLowSampleCountPercentile") != "ignore":
        return False
    share = float(match[1]) / 100
    needed = round(10 / max(min(share, 1 - share), 1e-9), 6)
    return any(datapoint.samples is not None and datapoint.samples < needed for datapoint in datapoints)
