"""CloudWatch metrics, alarms and dashboards, on every target."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

Unique = Callable[[str], str]


async def refusal_of(call: Any) -> tuple[str, str, int]:
    """Code, message and HTTP status with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        await call
    error, metadata = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    return error["Code"], error.get("Message", ""), metadata["HTTPStatusCode"]


def now() -> datetime:
    return datetime.now(UTC)


def stat(namespace: str, name: str = "m", statistic: str = "Sum", **more: Any) -> dict[str, Any]:
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": more.pop("dimensions", [])}
    return {"Metric": metric, "Period": 60, "Stat": statistic, **more}


async def data_of(cloudwatch: Any, *queries: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    ask = {"StartTime": now() - timedelta(minutes=10), "EndTime": now() + timedelta(minutes=5), **more}
    reply = await cloudwatch.get_metric_data(MetricDataQueries=list(queries), **ask)
    results: list[dict[str, Any]] = reply["MetricDataResults"]
    return results


@pytest.mark.deviates(moto="puts the statistic into every label", ministack="labels a metric with the id of its query")
async def test_put_metric_data_adds_up_single_values(cloudwatch: Any, unique: Unique) -> None:
    """API_PutMetricData, API_GetMetricData"""
    namespace = unique("sums")
    for value in (23, 18):
        await cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "m", "Value": value}])
    (result,) = await data_of(cloudwatch, {"Id": "q", "MetricStat": stat(namespace)})
    assert (result["Id"], result["Label"], result["StatusCode"]) == ("q", "m", "Complete")
    assert sum(result["Values"]) == 41
    assert all(isinstance(at, datetime) and at.tzinfo is not None for at in result["Timestamps"])


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [("Sum", 66.0), ("SampleCount", 11.0), ("Minimum", 1.0), ("Average", 6.0), ("Maximum", 11.0)],
)
async def test_statistic_sets_and_values_add_up(
    cloudwatch: Any, unique: Unique, statistic: str, expected: float
) -> None:
    """API_StatisticSet"""
    namespace, at = unique("sets"), now()
    sets = {"SampleCount": 10, "Sum": 55, "Minimum": 1, "Maximum": 10}
    for more in ({"Value": 11}, {"StatisticValues": sets}):
        await cloudwatch.put_metric_data(
            Namespace=namespace, MetricData=[{"MetricName": "m", "Timestamp": at, "Unit": "Seconds", **more}]
        )
    (result,) = await data_of(cloudwatch, {"Id": "q", "MetricStat": stat(namespace, statistic=statistic)})
    assert result["Values"] == [expected]


async def test_values_with_counts_are_counted(cloudwatch: Any, unique: Unique) -> None:
    """API_MetricDatum: Values and Counts"""
    namespace, at = unique("counts"), now()
    datum = {"MetricName": "m", "Timestamp": at, "Values": [1.0, 10.0], "Counts": [2, 4], "Unit": "Count"}
    await cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])
    reply = await cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName="m",
        StartTime=at - timedelta(minutes=1),
        EndTime=at + timedelta(minutes=1),
        Period=60,
        Statistics=["SampleCount", "Sum", "Maximum"],
    )
    assert reply["Label"] == "m"
    (point,) = reply["Datapoints"]
    assert {key: point[key] for key in ("SampleCount", "Sum", "Maximum", "Unit")} == {
        "SampleCount": 6.0,
        "Sum": 42.0,
        "Maximum": 10.0,
        "Unit": "Count",
    }


@pytest.mark.deviates(moto="gives it the code InvalidParameterValue", ministack="does not check data")
async def test_a_value_and_values_exclude_each_other(cloudwatch: Any, unique: Unique) -> None:
    """API_MetricDatum; the words are AWS's"""
    datum = {"MetricName": "m", "Value": 1.5, "Values": [1.0, 10.0]}
    assert await refusal_of(cloudwatch.put_metric_data(Namespace=unique("both"), MetricData=[datum])) == (
        "InvalidParameterCombination",
        "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have "
        "specified both.",
        400,
    )


@pytest.mark.deviates(ministack="does not check data")
async def test_values_and_counts_are_of_the_same_size(cloudwatch: Any, unique: Unique) -> None:
    """API_MetricDatum"""
    datum = {"MetricName": "m", "Values": [1.0, 10.0], "Counts": [2, 4, 5]}
    assert await refusal_of(cloudwatch.put_metric_data(Namespace=unique("sizes"), MetricData=[datum])) == (
        "InvalidParameterValue",
        "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
        400,
    )


@pytest.mark.deviates(ministack="does not check data")
async def test_no_number_is_no_value(cloudwatch: Any, unique: Unique) -> None:
    """API_MetricDatum: "Special values (for example, NaN, +Infinity, -Infinity) are not supported" """
    datum = {"MetricName": "m", "Value": math.nan}
    call = cloudwatch.put_metric_data(Namespace=unique("nan"), MetricData=[datum])
    assert await refusal_of(call) == (
        "InvalidParameterValue",
        "The value NaN for parameter MetricData.member.1.Value is invalid.",
        400,
    )


@pytest.mark.deviates(moto="takes data of any time", ministack="does not check data")
async def test_data_is_refused_from_more_than_two_weeks_ago(cloudwatch: Any, unique: Unique) -> None:
    """API_PutMetricData: "up to two weeks before the current date, and as much as 2 hours after" """
    for at in (now() - timedelta(days=14, minutes=1), now() + timedelta(hours=2, minutes=1)):
        datum = {"MetricName": "m", "Value": 1, "Timestamp": at}
        call = cloudwatch.put_metric_data(Namespace=unique("old"), MetricData=[datum])
        assert (await refusal_of(call))[0] == "InvalidParameterValue"


@pytest.mark.deviates(
    moto="finds data with dimensions without them", ministack="finds data with dimensions without them"
)
async def test_dimensions_are_part_of_a_metric(cloudwatch: Any, unique: Unique) -> None:
    """API_Dimension"""
    namespace, dimensions = unique("dimensions"), [{"Name": "InstanceId", "Value": "one"}]
    datum = {"MetricName": "m", "Value": 11, "Dimensions": dimensions}
    await cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])
    with_them, without = await data_of(
        cloudwatch,
        {"Id": "with", "MetricStat": stat(namespace, dimensions=dimensions)},
        {"Id": "without", "MetricStat": stat(namespace)},
    )
    assert (with_them["Values"], without["Values"]) == ([11.0], [])


@pytest.mark.deviates(moto="mixes units", ministack="mixes units")
async def test_units_are_kept_apart(cloudwatch: Any, unique: Unique) -> None:
    """API_GetMetricStatistics: Unit"""
    namespace, at = unique("units"), now()
    data = [
        {"MetricName": "m", "Timestamp": at, "Value": value, **unit}
        for value, unit in ((1, {"Unit": "Seconds"}), (5, {"Unit": "Count"}), (10, {}))
    ]
    await cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    reply = await cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName="m",
        StartTime=at - timedelta(minutes=1),
        EndTime=at + timedelta(minutes=1),
        Period=60,
        Statistics=["Average"],
    )
    found = sorted((point["Average"], point["Unit"]) for point in reply["Datapoints"])
    assert found == [(1.0, "Seconds"), (5.0, "Count"), (10.0, "None")]


@pytest.mark.deviates(ministack="gives the oldest first")
async def test_data_is_given_latest_first_unless_asked_otherwise(cloudwatch: Any, unique: Unique) -> None:
    """API_GetMetricData: ScanBy"""
    namespace, at = unique("order"), now()
    for minute in range(3):
        datum = {"MetricName": "m", "Value": minute, "Timestamp": at - timedelta(minutes=3 - minute)}
        await cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])
    query = {"Id": "q", "MetricStat": stat(namespace)}
    # moto's periods begin where a query does.
    start = at - timedelta(minutes=10)
    (latest_first,) = await data_of(cloudwatch, query, StartTime=start)
    (ascending,) = await data_of(cloudwatch, query, StartTime=start, ScanBy="TimestampAscending")
    assert latest_first["Values"] == [2.0, 1.0, 0.0]
    assert ascending["Timestamps"] == latest_first["Timestamps"][::-1]


@pytest.mark.deviates(moto="has no pages", ministack="has no pages")
async def test_a_page_holds_max_datapoints(cloudwatch: Any, unique: Unique) -> None:
    """API_GetMetricData: MaxDatapoints"""
    namespace = unique("pages")
    data = [{"MetricName": "m", "Value": minute, "Timestamp": now() - timedelta(minutes=minute)} for minute in range(6)]
    await cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    ask: dict[str, Any] = {
        "MetricDataQueries": [{"Id": "q", "MetricStat": stat(namespace)}],
        "StartTime": now() - timedelta(minutes=10),
        "EndTime": now() + timedelta(minutes=1),
        "MaxDatapoints": 4,
    }
    first = await cloudwatch.get_metric_data(**ask)
    assert len(first["MetricDataResults"][0]["Values"]) == 4
    second = await cloudwatch.get_metric_data(**ask, NextToken=first["NextToken"])
    assert len(second["MetricDataResults"][0]["Values"]) == 2


@pytest.mark.deviates(moto="knows only the ids of queries as expressions", ministack="calculates no expressions")
async def test_expressions_are_calculated(cloudwatch: Any, unique: Unique) -> None:
    """ "Using math expressions with CloudWatch metrics"."""
    namespace, at = unique("math"), now()
    data = [{"MetricName": name, "Value": value, "Timestamp": at} for name, value in (("errors", 3), ("calls", 60))]
    await cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    results = await data_of(
        cloudwatch,
        {"Id": "rate", "Expression": "100 * errors / calls", "Label": "Error rate"},
        {"Id": "all", "Expression": "SUM(METRICS())"},
        {"Id": "errors", "MetricStat": stat(namespace, "errors"), "ReturnData": False},
        {"Id": "calls", "MetricStat": stat(namespace, "calls"), "ReturnData": False},
    )
    assert [(result["Id"], result["Label"], result["Values"]) for result in results] == [
        ("rate", "Error rate", [5.0]),
        ("all", "all", [63.0]),
    ]


@pytest.mark.deviates(ministack="does not check queries")
async def test_a_query_for_neither_a_metric_nor_an_expression_is_refused(cloudwatch: Any) -> None:
    """API_MetricDataQuery; the words, and the line's end, are AWS's"""
    code, message, status = await refusal_of(data_of(cloudwatch, {"Id": "q"}))
    assert (code, status) == ("ValidationError", 400)
    assert message.strip() == "The parameter MetricDataQueries.member.1.MetricStat is required."


@pytest.mark.deviates(ministack="does not check times")
async def test_the_start_comes_before_the_end(cloudwatch: Any, unique: Unique) -> None:
    """API_GetMetricStatistics"""
    at = now()
    assert await refusal_of(
        cloudwatch.get_metric_statistics(
            Namespace=unique("times"), MetricName="m", StartTime=at, EndTime=at, Period=60, Statistics=["Sum"]
        )
    ) == ("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.", 400)


@pytest.mark.deviates(moto="has no such limit", ministack="has no such limit")
async def test_too_many_data_points_are_refused(cloudwatch: Any, unique: Unique) -> None:
    """API_GetMetricStatistics: "The maximum number of data points returned from a single call is 1,440" """
    end = now()
    code, message, _ = await refusal_of(
        cloudwatch.get_metric_statistics(
            Namespace=unique("many"),
            MetricName="m",
            StartTime=end - timedelta(days=2),
            EndTime=end,
            Period=60,
            Statistics=["Sum"],
        )
    )
    assert code == "InvalidParameterCombination"
    assert message.startswith("You have requested up to 2,880 datapoints, which exceeds the limit of 1,440.")


async def test_metrics_are_listed_once_and_filtered_by_dimensions(cloudwatch: Any, unique: Unique) -> None:
    """API_ListMetrics"""
    namespace = unique("list")
    for name, dimensions in (("plain", {}), ("one", {"id": "1"}), ("two", {"id": "2"}), ("two", {"id": "2"})):
        pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        datum = {"MetricName": name, "Value": 1, "Dimensions": pairs}
        await cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])

    async def names(**filters: Any) -> list[str]:
        reply = await cloudwatch.list_metrics(Namespace=namespace, **filters)
        return sorted(metric["MetricName"] for metric in reply["Metrics"])

    assert await names() == ["one", "plain", "two"]
    assert await names(MetricName="plain") == ["plain"]
    assert await names(Dimensions=[{"Name": "id"}]) == ["one", "two"]
    assert await names(Dimensions=[{"Name": "id", "Value": "2"}]) == ["two"]


async def put_alarm(cloudwatch: Any, name: str, **more: Any) -> dict[str, Any]:
    settings = {
        "Namespace": "contract",
        "MetricName": name,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 30,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }
    await cloudwatch.put_metric_alarm(AlarmName=name, **settings)
    return await described(cloudwatch, name)


async def described(cloudwatch: Any, name: str) -> dict[str, Any]:
    (alarm,) = (await cloudwatch.describe_alarms(AlarmNames=[name]))["MetricAlarms"]
    found: dict[str, Any] = alarm
    return found


@pytest.mark.deviates(moto="has no reason for the first state", ministack="describes alarms that have no description")
async def test_a_new_alarm_has_insufficient_data(cloudwatch: Any, unique: Unique) -> None:
    """API_PutMetricAlarm, API_MetricAlarm"""
    name = unique("new")
    alarm = await put_alarm(cloudwatch, name)
    assert alarm["AlarmArn"].startswith("arn:aws:cloudwatch:us-east-1:")
    assert alarm["AlarmArn"].endswith(f":alarm:{name}")
    expected = {
        "ActionsEnabled": True,
        "AlarmActions": [],
        "OKActions": [],
        "InsufficientDataActions": [],
        "Dimensions": [],
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "Threshold": 30.0,
    }
    assert {key: alarm.get(key) for key in expected} == expected
    assert "AlarmDescription" not in alarm
    for moment in ("AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp"):
        assert isinstance(alarm[moment], datetime)


@pytest.mark.deviates(moto="fails on DescribeAlarmHistory", ministack="tells of other updates too")
async def test_a_state_is_set_and_told_in_the_history(cloudwatch: Any, unique: Unique) -> None:
    """API_SetAlarmState, API_DescribeAlarmHistory"""
    name = unique("state")
    await put_alarm(cloudwatch, name)
    await cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="testing")
    alarm = await described(cloudwatch, name)
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "testing")
    reply = await cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    (item,) = reply["AlarmHistoryItems"]
    assert item["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    assert json.loads(item["HistoryData"])["newState"]["stateReason"] == "testing"


@pytest.mark.deviates(ministack="takes any state")
async def test_a_state_that_does_not_exist_is_refused(cloudwatch: Any, unique: Unique) -> None:
    """API_SetAlarmState; the words are AWS's"""
    name = unique("bad")
    await put_alarm(cloudwatch, name)
    assert await refusal_of(
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="INVALID", StateReason="testing")
    ) == (
        "ValidationError",
        "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must "
        "satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]",
        400,
    )


async def test_the_state_of_an_alarm_that_does_not_exist_is_not_set(cloudwatch: Any, unique: Unique) -> None:
    """API_SetAlarmState: ResourceNotFound"""
    call = cloudwatch.set_alarm_state(AlarmName=unique("none"), StateValue="OK", StateReason="testing")
    code, _, status = await refusal_of(call)
    assert (code, status) == ("ResourceNotFound", 404)


async def test_actions_are_turned_off_and_on(cloudwatch: Any, unique: Unique) -> None:
    """API_DisableAlarmActions, API_EnableAlarmActions"""
    name = unique("actions")
    await put_alarm(cloudwatch, name)
    await cloudwatch.disable_alarm_actions(AlarmNames=[name])
    assert (await described(cloudwatch, name))["ActionsEnabled"] is False
    await cloudwatch.enable_alarm_actions(AlarmNames=[name])
    assert (await described(cloudwatch, name))["ActionsEnabled"] is True


async def test_deleting_an_alarm_twice_is_no_error(cloudwatch: Any, unique: Unique) -> None:
    """API_DeleteAlarms"""
    name = unique("delete")
    await put_alarm(cloudwatch, name)
    for _ in range(2):
        await cloudwatch.delete_alarms(AlarmNames=[name])
    assert (await cloudwatch.describe_alarms(AlarmNames=[name]))["MetricAlarms"] == []


@pytest.mark.deviates(moto="does not compare them", ministack="does not compare them")
async def test_more_datapoints_to_alarm_than_periods_are_refused(cloudwatch: Any, unique: Unique) -> None:
    """API_PutMetricAlarm; the words are AWS's"""
    code, message, _ = await refusal_of(put_alarm(cloudwatch, unique("m-of-n"), DatapointsToAlarm=2))
    assert (code, message) == (
        "ValidationError",
        "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
    )


async def test_an_alarm_is_tagged(cloudwatch: Any, unique: Unique) -> None:
    """API_TagResource, API_UntagResource, API_ListTagsForResource"""
    arn = (await put_alarm(cloudwatch, unique("tags")))["AlarmArn"]
    await cloudwatch.tag_resource(
        ResourceARN=arn, Tags=[{"Key": "tag1", "Value": "foo"}, {"Key": "tag2", "Value": "bar"}]
    )
    await cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["tag1"])
    reply = await cloudwatch.list_tags_for_resource(ResourceARN=arn)
    assert reply["Tags"] == [{"Key": "tag2", "Value": "bar"}]


BODY = '{"widgets":[]}'


async def test_a_dashboard_is_kept_and_given_back(cloudwatch: Any, unique: Unique) -> None:
    """API_PutDashboard, API_GetDashboard, API_ListDashboards, API_DeleteDashboards"""
    name = unique("board")
    await cloudwatch.put_dashboard(DashboardName=name, DashboardBody=BODY)
    found = await cloudwatch.get_dashboard(DashboardName=name)
    assert (found["DashboardName"], found["DashboardBody"]) == (name, BODY)
    assert found["DashboardArn"].startswith("arn:aws:cloudwatch::")
    (entry,) = (await cloudwatch.list_dashboards(DashboardNamePrefix=name))["DashboardEntries"]
    assert (entry["DashboardName"], entry["Size"]) == (name, len(BODY))
    await cloudwatch.delete_dashboards(DashboardNames=[name])
    assert (await cloudwatch.list_dashboards(DashboardNamePrefix=name))["DashboardEntries"] == []
    code, _, status = await refusal_of(cloudwatch.get_dashboard(DashboardName=name))
    assert (code, status) == ("ResourceNotFound", 404)


@pytest.mark.deviates(moto="takes any name", ministack="takes any name")
async def test_a_dashboard_name_has_letters_digits_dashes_and_underscores(cloudwatch: Any) -> None:
    """API_PutDashboard"""
    code, message, _ = await refusal_of(cloudwatch.put_dashboard(DashboardName="not:valid", DashboardBody=BODY))
    assert code == "InvalidParameterValue"
    assert message.startswith("The value for field DashboardName contains invalid characters.")


@pytest.mark.deviates(ministack="takes any body")
async def test_a_dashboard_is_json(cloudwatch: Any, unique: Unique) -> None:
    """API_PutDashboard"""
    call = cloudwatch.put_dashboard(DashboardName=unique("board"), DashboardBody="not JSON")
    assert (await refusal_of(call))[0] == "InvalidParameterInput"
