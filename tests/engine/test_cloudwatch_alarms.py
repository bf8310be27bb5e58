"""Alarms: the table of missing data, evaluation by the clock, reasons in AWS's words, histories, and refusals."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from infra.local.cloudwatch.alarms.judgement import Rule, judge
from tests.engine.watch import DAY, HOUR, MINUTE, Watch, moment


@pytest.fixture
def watch() -> Iterator[Watch]:
    with closing(Watch()) as made:
        yield made


#: Data points, the latest last ("0" fine, "X" breaching, "-" missing), and what follows for TreatMissingData missing,
#: ignore, breaching and notBreaching: the examples of "Configuring how CloudWatch alarms treat missing data".
THREE_OF_THREE = [
    ("0 - X - X", "OK", "OK", "OK", "OK"),
    ("- - - - 0", "OK", "OK", "OK", "OK"),
    ("- - - - -", "INSUFFICIENT_DATA", None, "ALARM", "OK"),
    ("0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - X - -", "ALARM", None, "ALARM", "OK"),
]
TWO_OF_THREE = [
    ("0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 - X - -", "OK", "OK", "ALARM", "OK"),
    ("- - - - 0", "OK", "OK", "ALARM", "OK"),
    ("- - - X -", "ALARM", None, "ALARM", "OK"),
]


@pytest.mark.parametrize(
    ("to_alarm", "picture", "states"),
    [(3, row[0], row[1:]) for row in THREE_OF_THREE] + [(2, row[0], row[1:]) for row in TWO_OF_THREE],
)
def test_missing_data_is_treated_as_in_the_examples_of_aws(
    to_alarm: int, picture: str, states: tuple[str | None, ...]
) -> None:
    values = [{"0": 0.0, "X": 9.0, "-": None}[sign] for sign in reversed(picture.split())]
    found = [
        judge(Rule("GreaterThanThreshold", 5.0, 3, to_alarm, missing), values).state
        for missing in ("missing", "ignore", "breaching", "notBreaching")
    ]
    assert tuple(found) == states


ALARM = {
    "AlarmName": "a",
    "Namespace": "n",
    "MetricName": "m",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 2,
    "ComparisonOperator": "GreaterThanThreshold",
}


def put(watch: Watch, **more: Any) -> None:
    watch.call("PutMetricAlarm", **{**ALARM, **more})


def alarm(watch: Watch, name: str = "a") -> dict[str, Any]:
    found: dict[str, Any] = watch.call("DescribeAlarms", AlarmNames=[name])["MetricAlarms"][0]
    return found


def run(watch: Watch, seconds: int) -> None:
    """Let time pass, ticking whenever something is due."""
    end = watch.milliseconds + seconds * 1000
    due = watch.tick()
    while due is not None and due <= end:
        watch.milliseconds = max(due, watch.milliseconds)
        due = watch.tick()
    watch.milliseconds = end


def test_a_new_alarm_has_insufficient_data_and_is_shown_as_on_aws(watch: Watch) -> None:
    put(watch)
    now = moment(HOUR)
    assert alarm(watch) == {
        "AlarmName": "a",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a",
        "ActionsEnabled": True,
        "AlarmActions": [],
        "OKActions": [],
        "InsufficientDataActions": [],
        "Dimensions": [],
        "AlarmConfigurationUpdatedTimestamp": now,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "MetricName": "m",
        "Namespace": "n",
        "Period": 60,
        "StateReason": "Unchecked: Initial alarm creation",
        "StateTransitionedTimestamp": now,
        "StateUpdatedTimestamp": now,
        "StateValue": "INSUFFICIENT_DATA",
        "Statistic": "Average",
        "Threshold": 2.0,
    }


def test_an_alarm_goes_off_once_the_period_is_over_and_returns(watch: Watch) -> None:
    put(watch, Unit="Seconds", TreatMissingData="notBreaching")
    watch.put("m", 21, Unit="Seconds")
    watch.put("m", 22, Unit="Seconds")
    run(watch, 59)
    assert alarm(watch)["StateValue"] == "INSUFFICIENT_DATA"
    run(watch, 1)
    found = alarm(watch)
    assert (found["StateValue"], found["StateReason"]) == (
        "ALARM",
        "Threshold Crossed: 1 datapoint [21.5 (21/09/26 15:00:00)] was greater than the threshold (2.0).",
    )
    assert json.loads(found["StateReasonData"]) == {
        "version": "1.0",
        "queryDate": "2026-09-21T15:01:00.000+0000",
        "startDate": "2026-09-21T15:00:00.000+0000",
        "unit": "Seconds",
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [21.5],
        "threshold": 2.0,
        "evaluatedDatapoints": [{"timestamp": "2026-09-21T15:00:00.000+0000", "sampleCount": 2.0, "value": 21.5}],
    }
    assert found["StateTransitionedTimestamp"] == moment(HOUR + MINUTE)
    run(watch, 3 * MINUTE)
    found = alarm(watch)
    assert (found["StateValue"], found["StateReason"]) == (
        "OK",
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching].",
    )


def test_missing_data_can_breach(watch: Watch) -> None:
    put(watch, Period=10, EvaluationPeriods=2, TreatMissingData="breaching")
    run(watch, 10)
    assert alarm(watch)["StateReason"] == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
        "[Breaching]."
    )


def test_m_out_of_n_is_told_with_what_changes_it_back(watch: Watch) -> None:
    put(watch, EvaluationPeriods=3, DatapointsToAlarm=2)
    for minute, value in enumerate((9, 1, 8)):
        watch.put("m", value, HOUR + minute * MINUTE)
    run(watch, 3 * MINUTE)
    assert alarm(watch)["StateReason"] == (
        "Threshold Crossed: 2 out of the last 3 datapoints [8.0 (21/09/26 15:02:00), 9.0 (21/09/26 15:00:00)] were "
        "greater than the threshold (2.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )
    watch.put("m", 0, HOUR + 3 * MINUTE)
    watch.put("m", 0, HOUR + 4 * MINUTE)
    run(watch, 2 * MINUTE)
    assert alarm(watch)["StateReason"].endswith(
        "were not greater than the threshold (2.0) (minimum 2 datapoints for ALARM -> OK transition)."
    )


def test_data_that_stays_away_leaves_an_alarm_without(watch: Watch) -> None:
    put(watch)
    watch.put("m", 1)
    run(watch, MINUTE)
    assert alarm(watch)["StateValue"] == "OK"
    run(watch, 5 * MINUTE)
    found = alarm(watch)
    assert (found["StateValue"], found["StateReason"]) == (
        "INSUFFICIENT_DATA",
        "Insufficient Data: 1 datapoint was unknown.",
    )


def metrics(expression: str) -> list[dict[str, Any]]:
    query = [
        {
            "Id": name,
            "MetricStat": {"Metric": {"Namespace": "n", "MetricName": name}, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }
        for name in ("errors", "calls")
    ]
    return [*query, {"Id": "rate", "Expression": expression}]


MATH = {
    "AlarmName": "a",
    "Metrics": metrics("100 * errors / calls"),
    "EvaluationPeriods": 1,
    "Threshold": 5,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}


def test_an_alarm_watches_an_expression(watch: Watch) -> None:
    watch.call("PutMetricAlarm", **MATH)
    watch.put("errors", 1)
    watch.put("calls", 20)
    run(watch, MINUTE)
    found = alarm(watch)
    assert found["StateReason"] == (
        "Threshold Crossed: 1 datapoint [5.0 (21/09/26 15:00:00)] was greater than or equal to the threshold (5.0)."
    )
    assert found["Metrics"] == MATH["Metrics"]
    assert json.loads(found["StateReasonData"])["evaluatedDatapoints"] == [
        {"timestamp": "2026-09-21T15:00:00.000+0000", "value": 5.0}
    ]


def test_a_percentile_of_few_samples_can_be_left_alone(watch: Watch) -> None:
    few = {**ALARM, "ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": "ignore"}
    del few["Statistic"]
    watch.call("PutMetricAlarm", **few)
    watch.put("m", 50)
    run(watch, MINUTE)
    assert alarm(watch)["StateValue"] == "INSUFFICIENT_DATA"
    watch.call("PutMetricData", Namespace="n", MetricData=[{"MetricName": "m", "Values": [50.0], "Counts": [100.0]}])
    run(watch, MINUTE)
    assert alarm(watch)["StateValue"] == "ALARM"


def test_a_state_set_by_hand_lasts_until_the_next_evaluation(watch: Watch) -> None:
    put(watch, TreatMissingData="notBreaching")
    watch.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="testing", StateReasonData='{"x":1}')
    found = alarm(watch)
    assert (found["StateValue"], found["StateReason"], found["StateReasonData"]) == ("ALARM", "testing", '{"x":1}')
    run(watch, MINUTE)
    assert alarm(watch)["StateValue"] == "OK"


def test_the_history_tells_what_happened_latest_first(watch: Watch) -> None:
    put(watch)
    watch.move(1)
    watch.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="why", StateReasonData='{"x":1}')
    watch.move(1)
    watch.call("DeleteAlarms", AlarmNames=["a"])
    items = watch.call("DescribeAlarmHistory", AlarmName="a")["AlarmHistoryItems"]
    assert [(item["HistoryItemType"], item["HistorySummary"]) for item in items] == [
        ("ConfigurationUpdate", 'Alarm "a" deleted'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("ConfigurationUpdate", 'Alarm "a" created'),
    ]
    assert json.loads(items[1]["HistoryData"]) == {
        "version": "1.0",
        "oldState": {"stateValue": "INSUFFICIENT_DATA", "stateReason": "Unchecked: Initial alarm creation"},
        "newState": {"stateValue": "ALARM", "stateReason": "why", "stateReasonData": {"x": 1}},
    }
    page = watch.call("DescribeAlarmHistory", MaxRecords=1, ScanBy="TimestampAscending")
    assert page["AlarmHistoryItems"] == [items[2]]
    rest = watch.call("DescribeAlarmHistory", NextToken=page["NextToken"], ScanBy="TimestampAscending")
    assert rest["AlarmHistoryItems"] == [items[1], items[0]]
    only = watch.call("DescribeAlarmHistory", HistoryItemType="StateUpdate", StartDate=moment(HOUR + 1))
    assert only["AlarmHistoryItems"] == [items[1]]


def test_histories_are_kept_for_thirty_days(watch: Watch) -> None:
    put(watch)
    watch.move(30 * DAY + 1)
    assert watch.call("DescribeAlarmHistory")["AlarmHistoryItems"] == []
    watch.sweep()
    assert watch.db.execute("SELECT count(*) FROM cw_history").fetchone() == (0,)


def test_other_settings_keep_the_state_and_the_tags(watch: Watch) -> None:
    put(watch, Tags=[{"Key": "team", "Value": "mesh"}], AlarmDescription="old")
    watch.call("SetAlarmState", AlarmName="a", StateValue="OK", StateReason="fine")
    put(watch, Threshold=7, Tags=[{"Key": "team", "Value": "other"}])
    found = alarm(watch)
    assert (found["StateValue"], found["Threshold"], "AlarmDescription" in found) == ("OK", 7.0, False)
    tags = watch.call("ListTagsForResource", ResourceARN=found["AlarmArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "mesh"}]


def test_alarms_are_found_by_name_prefix_state_action_and_metric(watch: Watch) -> None:
    put(watch, AlarmName="b-1", AlarmActions=["log"])
    put(watch, AlarmName="b-2", Dimensions=[{"Name": "d", "Value": "v"}])
    put(watch, AlarmName="a-1")
    watch.call("SetAlarmState", AlarmName="a-1", StateValue="OK", StateReason="fine")

    def names(operation: str = "DescribeAlarms", **filters: Any) -> list[str]:
        return [found["AlarmName"] for found in watch.call(operation, **filters)["MetricAlarms"]]

    assert names() == ["a-1", "b-1", "b-2"]
    assert names(AlarmNamePrefix="b") == ["b-1", "b-2"]
    assert names(AlarmNames=["b-2", "none"]) == ["b-2"]
    assert names(StateValue="OK") == ["a-1"]
    assert names(ActionPrefix="lo") == ["b-1"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    metric = {"operation": "DescribeAlarmsForMetric", "Namespace": "n", "MetricName": "m"}
    assert names(**metric) == ["a-1", "b-1"]
    assert names(**metric, Dimensions=[{"Name": "d", "Value": "v"}]) == ["b-2"]
    assert names(**metric, Statistic="Sum") == []
    first = watch.call("DescribeAlarms", MaxRecords=2)
    assert len(first["MetricAlarms"]) == 2
    assert names(NextToken=first["NextToken"]) == ["b-2"]


def test_a_hundred_alarms_a_tick_are_evaluated(watch: Watch) -> None:
    for number in range(150):
        put(watch, AlarmName=f"a{number:03}", TreatMissingData="notBreaching")
    watch.move(60)
    assert watch.tick() == watch.milliseconds
    assert watch.tick() == watch.milliseconds + 60_000
    states = {row[0] for row in watch.db.execute("SELECT DISTINCT state FROM cw_alarms")}
    assert states == {"OK"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"ComparisonOperator": "Above"}, "1 validation error detected: Value 'Above' at 'comparisonOperator' failed"),
    ({"AlarmName": "x" * 256}, "1 validation error detected: Value 'xxx"),
    ({"AlarmActions": ["log"] * 6}, "1 validation error detected: Value '[log, log, log, log, log, log]' at 'alarm"),
    ({"Namespace": ":n"}, "1 validation error detected: Value ':n' at 'namespace' failed to satisfy constraint: Member "
     "must satisfy regular expression pattern: [^:].*"),
    ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
    ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
    ({"EvaluationPeriods": 1441}, "Metrics cannot be checked across more than a day"),
    ({"Period": 3600, "EvaluationPeriods": 169}, "Metrics cannot be checked across more than seven days"),
    ({"TreatMissingData": "maybe"}, "Option maybe is not supported. Supported options for parameter TreatMissingData "
     "are breaching, notBreaching, ignore and missing."),
    ({"EvaluateLowSampleCountPercentile": "x"}, "Option x is not supported. Supported options for parameter "
     "EvaluateLowSampleCountPercentile are evaluate and ignore."),
    ({"ExtendedStatistic": "p50"}, "Exactly one of Statistic and ExtendedStatistic must be set"),
    ({"MetricName": None}, "MetricName must not be null"),
    ({"Threshold": None}, "Threshold must not be null"),
    ({"EvaluationPeriods": None}, "1 validation error detected: Value null at 'evaluationPeriods' failed to satisfy "
     "constraint: Member must not be null"),
    ({"Metrics": metrics("errors")}, "MetricName should not be set if list of Metrics is set."),
    ({"AlarmActions": ["shout"]}, "Invalid arn syntax: shout"),
    ({"AlarmActions": ["http://a b"]}, "The action's URL cannot be used: "),
]  # fmt: skip


@pytest.mark.parametrize(("more", "message"), REFUSED, ids=[str(more)[:40] for more, _ in REFUSED])
def test_alarms_are_refused_in_the_words_of_aws(watch: Watch, more: dict[str, Any], message: str) -> None:
    params = {name: value for name, value in {**ALARM, **more}.items() if value is not None}
    code, found = watch.refusal("PutMetricAlarm", **params)
    assert code == "ValidationError"
    assert found.startswith(message)
    assert watch.call("DescribeAlarms")["MetricAlarms"] == []


BAD_MATH: list[tuple[Any, str]] = [
    (metrics("errors / nothing"), "Error in expression 'rate': Undefined identifier 'nothing'"),
    (metrics("METRICS()"), "Metrics expression that return multi time series are only allowed for MetricsInsights"),
    (metrics("errors")[:2], "Exactly one element of the metrics list should return data."),
    (metrics("1")[2:], "Invalid metrics list"),
    ([*metrics("errors"), {"Id": "more", "Expression": "1"}], "Exactly one element of the metrics list should return"),
    (metrics("ANOMALY_DETECTION_BAND(errors)"), "Error in expression 'rate': Function 'ANOMALY_DETECTION_BAND' is not"),
]


@pytest.mark.parametrize(("given", "message"), BAD_MATH, ids=[message for _, message in BAD_MATH])
def test_alarms_on_bad_expressions_are_refused(watch: Watch, given: Any, message: str) -> None:
    code, found = watch.refusal("PutMetricAlarm", **{**MATH, "Metrics": given})
    assert (code, found[: len(message)]) == ("ValidationError", message)


UNSUPPORTED = [
    {"ComparisonOperator": "GreaterThanUpperThreshold"},
    {"ThresholdMetricId": "x"},
    {"EvaluationWindow": {"WallClockWindow": {"Timezone": "UTC"}}},
    {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5}},
    {"EvaluationCriteria": {"PromQLCriteria": {"Query": "up"}}},
    {"Statistic": None, "ExtendedStatistic": "tm99"},
]


@pytest.mark.parametrize("more", UNSUPPORTED, ids=str)
def test_what_is_not_supported_is_refused_by_name(watch: Watch, more: dict[str, Any]) -> None:
    params = {name: value for name, value in {**ALARM, **more}.items() if value is not None}
    code, message = watch.refusal("PutMetricAlarm", **params)
    assert code == "InvalidParameterValue"
    assert "The embedded CloudWatch does not support" in message


def test_states_that_do_not_exist_and_alarms_that_do_not_are_refused(watch: Watch) -> None:
    put(watch)
    reason = {"StateReason": "r"}
    assert watch.refusal("SetAlarmState", AlarmName="a", StateValue="INVALID", **reason) == (
        "ValidationError",
        "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must "
        "satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]",
    )
    assert watch.refusal("SetAlarmState", AlarmName="b", StateValue="OK", **reason)[0] == "ResourceNotFound"
    bad = watch.refusal("SetAlarmState", AlarmName="a", StateValue="OK", StateReasonData="{", **reason)
    assert bad == ("InvalidFormat", "StateReasonData was not syntactically valid JSON")


def test_an_alarm_and_a_dashboard_are_tagged_by_their_arns(watch: Watch) -> None:
    put(watch)
    watch.call("PutDashboard", DashboardName="d", DashboardBody="{}")
    for arn in (alarm(watch)["AlarmArn"], "arn:aws:cloudwatch::000000000000:dashboard/d"):
        tags = [{"Key": "one", "Value": "1"}, {"Key": "two", "Value": "2"}]
        watch.call("TagResource", ResourceARN=arn, Tags=tags)
        watch.call("UntagResource", ResourceARN=arn, TagKeys=["one", "none"])
        assert watch.call("ListTagsForResource", ResourceARN=arn) == {"Tags": tags[1:]}
        assert watch.refusal("ListTagsForResource", ResourceARN=arn + "x")[0] == "ResourceNotFoundException"
