"""Putting data and getting it back: resolutions, periods, units, pages, and what is refused in which words."""

import math
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.engine.watch import DAY, HOUR, MINUTE, Watch, moment


@pytest.fixture
def watch() -> Iterator[Watch]:
    with closing(Watch()) as made:
        yield made


def datum(**more: Any) -> list[dict[str, Any]]:
    return [{"MetricName": "m", **more}]


REFUSED = [
    (
        datum(Value=math.nan),
        "InvalidParameterValue",
        "The value NaN for parameter MetricData.member.1.Value is invalid.",
    ),
    (datum(Value=math.inf), "InvalidParameterValue", "The value ∞ for parameter MetricData.member.1.Value is invalid."),
    (
        datum(Value=-math.inf),
        "InvalidParameterValue",
        "The value -∞ for parameter MetricData.member.1.Value is invalid.",
    ),
    (
        datum(Value=1e200),
        "InvalidParameterValue",
        "The value 1e+200 for parameter MetricData.member.1.Value is invalid.",
    ),
    (
        datum(Value=1.5, Values=[1.0]),
        "InvalidParameterCombination",
        "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have "
        "specified both.",
    ),
    (
        datum(Value=1.5, StatisticValues={"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}),
        "InvalidParameterCombination",
        "The parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually exclusive and "
        "you have specified both.",
    ),
    (
        datum(Values=[1.0, 2.0], Counts=[1.0]),
        "InvalidParameterValue",
        "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
    ),
    (
        datum(StatisticValues={"SampleCount": 0, "Sum": 0, "Minimum": 0, "Maximum": 0}),
        "InvalidParameterValue",
        "The parameter MetricData.member.1.StatisticValues.SampleCount must not equal 0.",
    ),
    (
        datum(StatisticValues={"SampleCount": 1, "Sum": 0, "Minimum": 2, "Maximum": 1}),
        "InvalidParameterValue",
        "The parameter MetricData.member.1.StatisticValues.Maximum must be greater than "
        "MetricData.member.1.StatisticValues.Minimum.",
    ),
    (
        datum(),
        "MissingParameter",
        "At least one of the parameters MetricData.member.1.Value, MetricData.member.1.Values or "
        "MetricData.member.1.StatisticValues must be specified.",
    ),
    (
        datum(Value=1, Timestamp=moment(HOUR - 14 * DAY - 1)),
        "InvalidParameterValue",
        "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.",
    ),
    (
        datum(Value=1, Timestamp=moment(HOUR + 2 * 3600 + 1)),
        "InvalidParameterValue",
        "The parameter MetricData.member.1.Timestamp must specify a time no more than two hours in the future.",
    ),
    (
        datum(Value=1, StorageResolution=5),
        "InvalidParameterValue",
        "The parameter MetricData.member.1.StorageResolution must be a value in the set [ 1, 60 ].",
    ),
    (
        datum(Value=1, Dimensions=[{"Name": str(number), "Value": "x"} for number in range(31)]),
        "InvalidParameterValue",
        "The collection MetricData.member.1.Dimensions must not have a size greater than 30.",
    ),
    (
        [{"MetricName": "m", "Value": 1.0}] * 1001,
        "InvalidParameterValue",
        "The collection MetricData must not have a size greater than 1000.",
    ),
    ([], "MissingParameter", "The parameter MetricData is required."),
]


@pytest.mark.parametrize(("data", "code", "message"), REFUSED)
def test_data_is_refused_in_the_words_of_aws(watch: Watch, data: list[Any], code: str, message: str) -> None:
    assert watch.refusal("PutMetricData", Namespace="n", MetricData=data) == (code, message)
    assert watch.call("ListMetrics") == {"Metrics": []}


def test_a_unit_that_does_not_exist_is_refused_with_those_that_do(watch: Watch) -> None:
    code, message = watch.refusal("PutMetricData", Namespace="n", MetricData=datum(Value=1, Unit="Furlongs"))
    assert code == "InvalidParameterValue"
    assert message.startswith("The parameter MetricData.member.1.Unit must be a value in the set [ Seconds, Micro")


def test_entities_are_refused_by_name(watch: Watch) -> None:
    _, message = watch.refusal("PutMetricData", Namespace="n", EntityMetricData=[{"MetricData": datum(Value=1)}])
    assert "EntityMetricData" in message


def test_more_than_a_mebibyte_of_data_is_too_large(watch: Watch) -> None:
    wide = [{"Name": f"{number:0255}", "Value": "v" * 1024} for number in range(30)]
    data = [{"MetricName": "m", "Value": 1.0, "Dimensions": wide}] * 30
    assert watch.refusal("PutMetricData", Namespace="n", MetricData=data)[0] == "RequestEntityTooLarge"


def test_one_bad_datum_keeps_all_of_its_request_out(watch: Watch) -> None:
    data = [{"MetricName": "good", "Value": 1.0}, {"MetricName": "bad", "Value": math.nan}]
    watch.refusal("PutMetricData", Namespace="n", MetricData=data)
    assert watch.call("ListMetrics") == {"Metrics": []}


def test_values_with_counts_statistic_sets_and_single_values_add_up(watch: Watch) -> None:
    watch.put("m", 11)
    statistics = {"SampleCount": 10, "Sum": 55, "Minimum": 1, "Maximum": 10}
    watch.call("PutMetricData", Namespace="n", MetricData=datum(StatisticValues=statistics))
    watch.call("PutMetricData", Namespace="n", MetricData=datum(Values=[1.0, 10.0], Counts=[2.0, 4.0]))
    found = {
        stat: watch.points("m", HOUR, HOUR + MINUTE, stat=stat)[0][1]
        for stat in ("Sum", "SampleCount", "Minimum", "Maximum", "Average")
    }
    assert found == {"Sum": 108.0, "SampleCount": 17.0, "Minimum": 1.0, "Maximum": 11.0, "Average": 108 / 17}


def test_data_is_kept_by_the_minute_unless_it_is_of_high_resolution(watch: Watch) -> None:
    for second in (0, 1, 9, 10, 30):
        watch.put("coarse", 1, HOUR + second)
        watch.put("fine", 1, HOUR + second, StorageResolution=1)
    assert watch.points("coarse", HOUR, HOUR + MINUTE, period=10) == [(0, 5.0)]
    assert watch.points("fine", HOUR, HOUR + MINUTE, period=10) == [(0, 3.0), (10, 1.0), (30, 1.0)]
    assert watch.points("fine", HOUR, HOUR + MINUTE, period=60) == [(0, 5.0)]


def test_the_start_is_inside_and_the_end_outside(watch: Watch) -> None:
    for minute in range(4):
        watch.put("m", minute, HOUR + minute * MINUTE)
    assert watch.points("m", HOUR + MINUTE, HOUR + 3 * MINUTE) == [(0, 1.0), (60, 2.0)]


def test_dimensions_name_another_metric_in_any_order(watch: Watch) -> None:
    pairs = [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}]
    watch.put("m", 5, Dimensions=pairs)
    assert watch.points("m", HOUR, HOUR + MINUTE) == []
    assert watch.points("m", HOUR, HOUR + MINUTE, Dimensions=pairs[::-1]) == [(0, 5.0)]
    assert watch.points("m", HOUR, HOUR + MINUTE, Dimensions=pairs[:1]) == []


def test_regions_are_kept_apart(watch: Watch) -> None:
    watch.put("m", 5)
    watch.region = "eu-west-1"
    assert watch.points("m", HOUR, HOUR + MINUTE) == []
    assert watch.call("ListMetrics") == {"Metrics": []}


def test_data_of_several_units_is_kept_apart_and_the_preferred_unit_is_said(watch: Watch) -> None:
    for unit, value in (("Seconds", 60), ("Milliseconds", 60_000), ("Count", 5)):
        watch.put("m", value, Unit=unit)
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "any", "MetricStat": stat}, {"Id": "one", "MetricStat": {**stat, "Unit": "Seconds"}}]
    first, second = watch.data(queries, HOUR, HOUR + MINUTE)
    assert first["Values"] == [5.0]
    assert first["Messages"] == [
        {"Code": "MultipleUnits", "Value": "Multiple units returned: '[Count, Milliseconds, Seconds]'"}
    ]
    assert second["Values"] == [60.0]
    assert "Messages" not in second


def test_labels_name_what_differs(watch: Watch) -> None:
    def labels(*pairs: tuple[str, int]) -> list[str]:
        queries = [
            {
                "Id": f"q{number}",
                "MetricStat": {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": period, "Stat": stat},
            }
            for number, (stat, period) in enumerate(pairs)
        ]
        return [result["Label"] for result in watch.data(queries, HOUR, HOUR + MINUTE)]

    assert labels(("Sum", 60), ("Minimum", 30)) == ["m Sum 60", "m Minimum 30"]
    assert labels(("Sum", 60), ("Minimum", 60)) == ["m Sum", "m Minimum"]
    assert labels(("Sum", 60), ("Sum", 30)) == ["m 60", "m 30"]
    assert labels(("Sum", 60), ("Sum", 60)) == ["m", "m"]


def test_data_comes_in_pages_of_as_many_points_as_asked_for(watch: Watch) -> None:
    for minute in range(5):
        watch.put("a", minute, HOUR + minute * MINUTE)
        watch.put("b", minute + 10, HOUR + minute * MINUTE)
    queries = [
        {
            "Id": name,
            "MetricStat": {"Metric": {"Namespace": "n", "MetricName": name}, "Period": 60, "Stat": "Sum"},
        }
        for name in ("a", "none", "b")
    ]
    ask = {"MetricDataQueries": queries, "StartTime": moment(HOUR), "EndTime": moment(HOUR + 3600), "MaxDatapoints": 4}
    pages, token = [], {}
    while True:
        reply = watch.call("GetMetricData", **ask, **token)
        pages.append([(each["Id"], each["Values"], each["StatusCode"]) for each in reply["MetricDataResults"]])
        if "NextToken" not in reply:
            break
        token = {"NextToken": reply["NextToken"]}
    assert pages == [
        [("a", [4.0, 3.0, 2.0, 1.0], "PartialData")],
        [("a", [0.0], "Complete"), ("none", [], "Complete"), ("b", [14.0, 13.0, 12.0], "PartialData")],
        [("b", [11.0, 10.0], "Complete")],
    ]
    assert watch.refusal("GetMetricData", **ask, NextToken="nonsense")[0] == "InvalidNextToken"


def test_queries_are_refused_with_a_line_for_each_mistake(watch: Watch) -> None:
    metric = {"Namespace": "n", "MetricName": "m"}
    queries = [
        {"Id": "Upper", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
        {"Id": "stat", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "None"}},
        {"Id": "neither"},
    ]
    times = {"StartTime": moment(HOUR), "EndTime": moment(HOUR + 60)}
    assert watch.refusal("GetMetricData", MetricDataQueries=queries, **times) == (
        "ValidationError",
        "The value Upper for parameter MetricDataQueries.member.1.Id is not matching the expected pattern "
        "^[a-z][a-zA-Z0-9_]*$.\n"
        "The value None for parameter MetricDataQueries.member.2.MetricStat.Stat is not a valid statistic.\n"
        "The parameter MetricDataQueries.member.3.MetricStat is required.\n",
    )
    for end, message in (
        (HOUR, "The parameter StartTime must not equal parameter EndTime.\n"),
        (HOUR + 0.9, "The parameter StartTime must not equal parameter EndTime.\n"),
        (HOUR - 1, "The parameter EndTime must be greater than StartTime.\n"),
    ):
        refusal = watch.refusal("GetMetricData", MetricDataQueries=queries, StartTime=moment(HOUR), EndTime=moment(end))
        assert refusal == ("ValidationError", message)


def statistics(**more: Any) -> dict[str, Any]:
    times = {"StartTime": moment(HOUR), "EndTime": moment(HOUR + 3600)}
    return {"Namespace": "n", "MetricName": "m", "Period": 60, "Statistics": ["Sum"], **times, **more}


def test_statistics_of_several_units_stand_beside_each_other(watch: Watch) -> None:
    for unit, value in (("Seconds", 1), ("Count", 5), ("None", 10)):
        watch.put("m", value, Unit=unit)
    found = watch.call("GetMetricStatistics", **statistics(Statistics=["Average"]))
    assert found["Label"] == "m"
    assert {(point["Unit"], point["Average"]) for point in found["Datapoints"]} == {
        ("Seconds", 1.0),
        ("Count", 5.0),
        ("None", 10.0),
    }
    only = watch.call("GetMetricStatistics", **statistics(Unit="Count"))
    assert [point["Sum"] for point in only["Datapoints"]] == [5.0]


def test_percentiles_are_extended_statistics(watch: Watch) -> None:
    values = [float(value) for value in range(1, 101)]
    watch.call("PutMetricData", Namespace="n", MetricData=datum(Values=values))
    wanted = {"Statistics": [], "ExtendedStatistics": ["p50", "p99", "p99.9", "p0.0", "p100"]}
    del wanted["Statistics"]
    asked = {name: value for name, value in statistics().items() if name != "Statistics"} | wanted
    (point,) = watch.call("GetMetricStatistics", **asked)["Datapoints"]
    assert point["ExtendedStatistics"] == {
        "p50": pytest.approx(50, rel=0.01),
        "p99": pytest.approx(99, rel=0.01),
        "p99.9": pytest.approx(100, rel=0.01),
        "p0.0": 1.0,
        "p100": 100.0,
    }


BAD_STATISTICS = [
    (
        {"StartTime": moment(HOUR + 3600), "EndTime": moment(HOUR + 3600.9)},
        "InvalidParameterValue",
        "The parameter StartTime must be less than the parameter EndTime.",
    ),
    (
        {"StartTime": moment(HOUR + 3600)},
        "InvalidParameterValue",
        "The parameter StartTime must be less than the parameter EndTime.",
    ),
    (
        {"StartTime": moment(HOUR - 2 * DAY + 3600)},
        "InvalidParameterCombination",
        "You have requested up to 2,880 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range.",
    ),
    ({"Statistics": ["Median"]}, "InvalidParameterValue", None),
    ({"ExtendedStatistics": ["p101"]}, "InvalidParameterValue", None),
    ({"ExtendedStatistics": ["tm90"]}, "InvalidParameterValue", None),
    ({"Period": 61}, "InvalidParameterValue", None),
]


@pytest.mark.parametrize(("more", "code", "message"), BAD_STATISTICS)
def test_statistics_are_refused_in_the_words_of_aws(
    watch: Watch, more: dict[str, Any], code: str, message: str | None
) -> None:
    found = watch.refusal("GetMetricStatistics", **statistics(**more))
    assert found[0] == code
    assert message is None or found[1] == message


def test_metrics_are_listed_by_namespace_name_and_dimensions(watch: Watch) -> None:
    watch.put("plain", 1)
    watch.put("one", 1, Dimensions=[{"Name": "id", "Value": "1"}])
    watch.put("two", 1, Dimensions=[{"Name": "id", "Value": "2"}, {"Name": "zone", "Value": "a"}])
    watch.put("plain", 1, namespace="other")

    def names(**filters: Any) -> list[str]:
        return [metric["MetricName"] for metric in watch.call("ListMetrics", **filters)["Metrics"]]

    assert names(Namespace="n") == ["plain", "one", "two"]
    assert names(MetricName="plain") == ["plain", "plain"]
    assert names(Dimensions=[{"Name": "id"}]) == ["one", "two"]
    assert names(Dimensions=[{"Name": "id", "Value": "2"}]) == ["two"]
    assert names(Dimensions=[{"Name": "id"}, {"Name": "zone"}]) == ["two"]


def test_metrics_are_listed_for_two_weeks_and_recently_active_for_three_hours(watch: Watch) -> None:
    watch.put("m", 1)
    watch.move(3 * 3600)
    assert len(watch.call("ListMetrics", RecentlyActive="PT3H")["Metrics"]) == 1
    watch.move(60)
    assert watch.call("ListMetrics", RecentlyActive="PT3H") == {"Metrics": []}
    watch.move(14 * DAY - 3 * 3600 - 60)
    assert len(watch.call("ListMetrics")["Metrics"]) == 1
    watch.move(60)
    assert watch.call("ListMetrics") == {"Metrics": []}


def test_five_hundred_metrics_are_a_page(watch: Watch) -> None:
    data = [{"MetricName": f"m{number}", "Value": 1.0} for number in range(501)]
    watch.call("PutMetricData", Namespace="n", MetricData=data)
    first = watch.call("ListMetrics")
    assert len(first["Metrics"]) == 500
    second = watch.call("ListMetrics", NextToken=first["NextToken"])
    assert [metric["MetricName"] for metric in second["Metrics"]] == ["m500"]
    assert "NextToken" not in second
    assert watch.refusal("ListMetrics", NextToken="?")[0] == "InvalidNextToken"
