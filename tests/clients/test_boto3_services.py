"""boto3 and the other services: schedules that fire, metrics, alarms, job types as functions, the caller's identity."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import boto3
import pytest

pytestmark = pytest.mark.usefixtures("aws")
Unique = Callable[[str], str]
ROLE = "arn:aws:iam::000000000000:role/any"


def test_a_schedule_fires_into_a_queue(unique: Unique) -> None:
    scheduler, name = boto3.client("scheduler"), unique("reminder")
    queue = boto3.resource("sqs").create_queue(QueueName=name)
    moment = datetime.now(UTC) + timedelta(seconds=1)
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": queue.attributes["QueueArn"], "RoleArn": ROLE, "Input": json.dumps({"remind": "Ada"})},
    )
    (message,) = queue.receive_messages(WaitTimeSeconds=10)
    assert json.loads(message.body) == {"remind": "Ada"}
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name=name)


def test_pages_of_schedules_in_a_group(unique: Unique) -> None:
    scheduler, group = boto3.client("scheduler"), unique("group")
    scheduler.create_schedule_group(Name=group)
    queue = boto3.resource("sqs").create_queue(QueueName=group)
    for n in range(3):
        scheduler.create_schedule(
            GroupName=group,
            Name=f"every-{n}",
            ScheduleExpression="cron(0 8 ? * MON-FRI *)",
            ScheduleExpressionTimezone="Europe/Berlin",
            State="DISABLED",
            FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
            Target={"Arn": queue.attributes["QueueArn"], "RoleArn": ROLE},
        )
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group, PaginationConfig={"PageSize": 2})
    assert [one["Name"] for page in pages for one in page["Schedules"]] == ["every-0", "every-1", "every-2"]
    found = scheduler.get_schedule(GroupName=group, Name="every-1")
    assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert found["CreationDate"].tzinfo is not None
    scheduler.delete_schedule_group(Name=group)


def test_metrics_are_put_and_read_in_every_way(unique: Unique) -> None:
    cloudwatch, namespace = boto3.client("cloudwatch"), unique("Shop")
    now = datetime.now(UTC)
    minute = now.replace(second=0, microsecond=0)
    dimensions = [{"Name": "Fruit", "Value": "apple"}]
    data = {"MetricName": "Sold", "Dimensions": dimensions, "Unit": "Count", "Timestamp": minute}
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{**data, "Value": value} for value in (1, 2, 6)])
    span = {"StartTime": minute - timedelta(minutes=5), "EndTime": minute + timedelta(minutes=5)}
    (point,) = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName="Sold",
        Dimensions=dimensions,
        Period=60,
        Statistics=["Sum", "Average", "Maximum", "SampleCount"],
        **span,
    )["Datapoints"]
    assert (point["Sum"], point["Average"], point["Maximum"], point["SampleCount"]) == (9, 3, 6, 3)
    assert (point["Timestamp"], point["Unit"]) == (minute, "Count")
    metric = {"Namespace": namespace, "MetricName": "Sold", "Dimensions": dimensions}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[
            {"Id": "sold", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "double", "Expression": "sold * 2"},
        ],
        **span,
    )
    assert [(one["Id"], one["Values"]) for page in pages for one in page["MetricDataResults"]] == [("double", [18])]
    listed = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace).build_full_result()["Metrics"]
    assert listed == [{"Namespace": namespace, "MetricName": "Sold", "Dimensions": dimensions}]
    assert [one.name for one in boto3.resource("cloudwatch").metrics.filter(Namespace=namespace)] == ["Sold"]


def test_an_alarm_exists(unique: Unique) -> None:
    cloudwatch, name = boto3.client("cloudwatch"), unique("too-many")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=name,
        MetricName="Rotten",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    cloudwatch.get_waiter("alarm_exists").wait(AlarmNames=[name], WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=[name])
    (alarm,) = pages.build_full_result()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("INSUFFICIENT_DATA", 1)
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_a_job_type_is_a_function() -> None:
    functions = boto3.client("lambda")
    functions.get_waiter("function_active_v2").wait(FunctionName="jobyard-hello")
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
    names = [one["FunctionName"] for page in pages for one in page["Functions"]]
    assert names == ["jobyard-file-analysis", "jobyard-hello"]
    reply = functions.invoke(FunctionName="jobyard-hello", Payload=json.dumps({"name": "Ada"}), LogType="Tail")
    assert (reply["StatusCode"], json.load(reply["Payload"])) == (200, "Hello, Ada!")
    assert "LogResult" in reply
    failed = functions.invoke(FunctionName="jobyard-hello", Payload=json.dumps({"name": "Ada", "failures": 9}))
    assert failed["FunctionError"] == "Unhandled"
    assert json.load(failed["Payload"])["errorType"] == "ConnectionError"
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName="nothing")


def test_mappings_are_listed_by_page() -> None:
    pages = (
        boto3.client("lambda").get_paginator("list_event_source_mappings").paginate(PaginationConfig={"PageSize": 1})
    )
    mappings = [one for page in pages for one in page["EventSourceMappings"]]
    assert sorted(one["EventSourceArn"].rpartition(":")[2] for one in mappings) == [
        "jobyard-file-analysis",
        "jobyard-file-analysis_bulk",
        "jobyard-file-analysis_critical",
        "jobyard-hello",
    ]


def test_who_calls() -> None:
    identity = boto3.client("sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("000000000000", "arn:aws:iam::000000000000:root")
