"""DescribeAlarms and DescribeAlarmsForMetric."""

from typing import Any

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.alarms.alarm import ACTIONS, Alarm, described, list_after
from infra.local.cloudwatch.checks import check_constraints
from infra.local.cloudwatch.errors import invalid_combination, unsupported
from infra.local.cloudwatch.metric import Metric, dimensions_of
from infra.local.cloudwatch.tokens import text_after, token_for
from infra.local.request import Request


def describe_alarms(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """A page of the caller's alarms in the order of names. There are no composite alarms."""
    check_constraints("DescribeAlarms", params)
    if "AlarmNames" in params and "AlarmNamePrefix" in params:
        raise invalid_combination("AlarmNamePrefix and AlarmNames.member are mutually exclusive")
    for name in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if name in params:
            raise unsupported(f"composite alarms ({name})")
    limit = params.get("MaxRecords", limits.DEFAULT_PAGE)
    after = text_after(params.get("NextToken"))
    reply: dict[str, Any] = {"CompositeAlarms": [], "MetricAlarms": []}
    if "MetricAlarm" not in params.get("AlarmTypes", ["MetricAlarm"]):
        return reply
    page: list[Alarm] = []
    for alarm in list_after(request, after):
        if _wanted(alarm, params):
            if len(page) == limit:
                reply["NextToken"] = token_for(page[-1].name)
                break
            page.append(alarm)
    reply["MetricAlarms"] = [described(request, alarm) for alarm in page]
    return reply


def _wanted(alarm: Alarm, params: dict[str, Any]) -> bool:
    if params.get("AlarmNames") and alarm.name not in params["AlarmNames"]:
        return False
    if not alarm.name.startswith(params.get("AlarmNamePrefix", "")):
        return False
    if alarm.state != params.get("StateValue", alarm.state):
        return False
    prefix = params.get("ActionPrefix")
    actions = (action for name in ACTIONS.values() for action in alarm.settings[name])
    return prefix is None or any(action.startswith(prefix) for action in actions)


def describe_alarms_for_metric(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The alarms on that one metric, its dimensions being exactly those given."""
    check_constraints("DescribeAlarmsForMetric", params)
    metric = Metric(
        request.region, params["Namespace"], params["MetricName"], dimensions_of(params.get("Dimensions", []))
    )
    filters = [name for name in ("Statistic", "ExtendedStatistic", "Period", "Unit") if name in params]
    return {
        "MetricAlarms": [
            described(request, alarm)
            for alarm in list_after(request, "")
            if alarm.metric == metric and all(alarm.settings.get(name) == params[name] for name in filters)
        ]
    }
