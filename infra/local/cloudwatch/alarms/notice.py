"""What an alarm tells the world when its state changes: the message that SNS would carry, and Lambda's event."""

from typing import Any

from infra.local.cloudwatch.alarms.alarm import Alarm, arn_of
from infra.local.cloudwatch.moments import stamp
from infra.local.request import Request


def message(request: Request, alarm: Alarm, old: dict[str, Any]) -> dict[str, Any]:
    """As AWS sends it to an SNS topic, but that Region is the region's code; the body of a webhook's POST."""
    settings = alarm.settings
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": settings.get("AlarmDescription"),
        "AWSAccountId": request.account,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.configured_at),
        "NewStateValue": alarm.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": stamp(alarm.changed_at),
        "Region": alarm.region,
        "AlarmArn": arn_of(request, alarm.region, alarm.name),
        "OldStateValue": old["stateValue"],
        "OKActions": settings["OKActions"],
        "AlarmActions": settings["AlarmActions"],
        "InsufficientDataActions": settings["InsufficientDataActions"],
        "Trigger": _trigger(settings),
    }


def _trigger(settings: dict[str, Any]) -> dict[str, Any]:
    trigger: dict[str, Any] = {
        "Period": settings.get("Period"),
        "EvaluationPeriods": settings["EvaluationPeriods"],
        "ComparisonOperator": settings["ComparisonOperator"],
        "Threshold": settings["Threshold"],
        "TreatMissingData": settings.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": settings.get("EvaluateLowSampleCountPercentile", ""),
    }
    if "Metrics" in settings:
        return {**trigger, "Metrics": settings["Metrics"]}
    trigger |= {
        "MetricName": settings["MetricName"],
        "Namespace": settings["Namespace"],
        "Dimensions": [{"value": each["Value"], "name": each["Name"]} for each in settings["Dimensions"]],
        "Unit": settings.get("Unit"),
    }
    if "Statistic" in settings:
        return {**trigger, "StatisticType": "Statistic", "Statistic": _upper(settings["Statistic"])}
    return {**trigger, "StatisticType": "ExtendedStatistic", "ExtendedStatistic": settings["ExtendedStatistic"]}


def _upper(statistic: str) -> str:
    return "SAMPLE_COUNT" if statistic == "SampleCount" else statistic.upper()


def event(request: Request, alarm: Alarm, old: dict[str, Any]) -> dict[str, Any]:
    """As AWS invokes a Lambda function with it ("Invoke a Lambda function from an alarm")."""
    settings = alarm.settings
    configuration: dict[str, Any] = {"metrics": _metrics(request, settings)}
    if "AlarmDescription" in settings:
        configuration = {"description": settings["AlarmDescription"], **configuration}
    state = {"value": alarm.state, "reason": alarm.reason, "timestamp": stamp(alarm.changed_at)}
    if alarm.reason_data is not None:
        state["reasonData"] = alarm.reason_data
    return {
        "source": "aws.cloudwatch",
        "alarmArn": arn_of(request, alarm.region, alarm.name),
        "accountId": request.account,
        "time": stamp(alarm.changed_at),
        "region": alarm.region,
        "alarmData": {
            "alarmName": alarm.name,
            "state": state,
            "previousState": {
                "value": old["stateValue"],
                "reason": old["stateReason"],
                "timestamp": stamp(old["at"]),
            },
            "configuration": configuration,
        },
    }


def _metrics(request: Request, settings: dict[str, Any]) -> list[dict[str, Any]]:
    if "Metrics" not in settings:
        stat: dict[str, Any] = {name: settings[name] for name in ("Period", "Unit") if name in settings}
        stat["Stat"] = settings.get("Statistic") or settings["ExtendedStatistic"]
        stat["Metric"] = {name: settings[name] for name in ("Namespace", "MetricName", "Dimensions")}
        return [_query({"Id": request.new_id(), "MetricStat": stat})]
    return [_query(query) for query in settings["Metrics"]]


def _query(query: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query["Id"]}
    if "Expression" in query:
        shown["expression"] = query["Expression"]
    else:
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        shown["metricStat"] = {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])},
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
            **({"unit": stat["Unit"]} if "Unit" in stat else {}),
        }
    if "Label" in query:
        shown["label"] = query["Label"]
    return {**shown, "returnData": query.get("ReturnData", True)}
