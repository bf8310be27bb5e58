"""Lines in CloudWatch's Embedded Metric Format become metrics; others cost nothing and do nothing."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.cloudwatch import emf_metrics, record
from tests.engine.watch import DAY, HOUR, Watch


@pytest.fixture
def watch() -> Iterator[Watch]:
    with closing(Watch()) as made:
        yield made


def line(*directives: dict[str, Any], at: int = HOUR, **members: Any) -> str:
    return json.dumps({"_aws": {"Timestamp": at * 1000, "CloudWatchMetrics": list(directives)}, **members})


DIRECTIVE = {
    "Namespace": "app",
    "Dimensions": [["service"], ["service", "operation"], []],
    "Metrics": [{"Name": "latency", "Unit": "Milliseconds", "StorageResolution": 1}, {"Name": "jobs"}],
}


def found(text: str) -> set[tuple[str, str, tuple[tuple[str, str], ...], str, int, float, float]]:
    return {
        (
            datum.metric.namespace,
            datum.metric.name,
            datum.metric.dimensions,
            datum.unit,
            datum.resolution,
            datum.summary.count,
            datum.summary.total,
        )
        for datum in emf_metrics(text)
    }


def test_each_metric_is_found_for_each_set_of_dimensions() -> None:
    text = line(DIRECTIVE, service="mesh", operation="load", latency=[10, 20.5], jobs=3, job_id="a property")
    one, two = (("service", "mesh"),), (("operation", "load"), ("service", "mesh"))
    assert found(text) == {
        ("app", name, dimensions, unit, resolution, count, total)
        for dimensions in (one, two, ())
        for name, unit, resolution, count, total in (
            ("latency", "Milliseconds", 1, 2.0, 30.5),
            ("jobs", "None", 60, 1.0, 3.0),
        )
    }


def test_several_directives_and_no_dimensions_are_understood() -> None:
    text = line(
        {"Namespace": "one", "Metrics": [{"Name": "x"}]},
        {"Namespace": "two", "Dimensions": [["d"]], "Metrics": [{"Name": "x"}]},
        x=1,
        d="v",
    )
    assert {(each[0], each[2]) for each in found(text)} == {("one", ()), ("two", (("d", "v"),))}


NOTHING = [
    "",
    'plain text with "_aws" in it',
    '{"_aws": broken',
    '{"message": "no metadata"}',
    '{"_aws": 1}',
    json.dumps({"_aws": {"CloudWatchMetrics": [DIRECTIVE]}, "latency": 1}),
    line(DIRECTIVE, service="s", operation="o"),
    line(DIRECTIVE, service="s", operation="o", latency="fast", jobs=[1, "two"]),
    line(DIRECTIVE, service="s", operation="o", jobs=[]),
    line({"Namespace": "", "Metrics": [{"Name": "x"}]}, x=1),
    line({"Namespace": "n", "Dimensions": [["missing"]], "Metrics": [{"Name": "x"}]}, x=1),
    line({"Namespace": "n", "Dimensions": [["d"]], "Metrics": [{"Name": "x"}]}, x=1, d=5),
    line({"Namespace": "n", "Metrics": [{"Name": "x"}]}, x=True),
    line({"Namespace": "n", "Metrics": [{"Name": "x"}]}, x=list(range(101))),
]


@pytest.mark.parametrize("text", NOTHING)
def test_what_breaks_the_specification_is_left_out(text: str) -> None:
    assert emf_metrics(text) == []


def test_a_set_that_does_not_hold_leaves_the_others() -> None:
    assert {each[2] for each in found(line(DIRECTIVE, service="s", jobs=1))} == {(("service", "s"),), ()}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from([["d"], "x", 1.5]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["_aws", "Timestamp", "CloudWatchMetrics", "Namespace", "Dimensions", "Metrics", "Name", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_without_an_error(value: Any) -> None:
    emf_metrics(json.dumps({"_aws": value, "x": 1, "d": "v"}))
    emf_metrics(json.dumps({"_aws": {"Timestamp": 1, "CloudWatchMetrics": value}, "x": 1, "d": "v"}))


def test_recorded_data_is_a_metric_of_the_region(watch: Watch) -> None:
    assert record(watch.request(), "eu-west-1", emf_metrics(line(DIRECTIVE, service="s", jobs=4))) == 2
    assert record(watch.request(), "eu-west-1", emf_metrics(line(DIRECTIVE, at=HOUR - 15 * DAY, jobs=4))) == 0
    assert watch.call("ListMetrics") == {"Metrics": []}
    watch.region = "eu-west-1"
    assert len(watch.call("ListMetrics", Namespace="app")["Metrics"]) == 2
    assert watch.points("jobs", HOUR, HOUR + 60, Namespace="app") == [(0, 4.0)]
