"""Summaries keep what is promised of many values: exact sums, percentiles within two percent, a bounded size."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.cloudwatch.datum import summed
from infra.local.cloudwatch.summary import MAX_BUCKETS, Histogram, Summary

VALUES = st.floats(min_value=0, max_value=1e12) | st.integers(min_value=0, max_value=10**6).map(float)


def true_percentile(values: list[float], percent: float) -> float:
    """The least value that at least `percent` of 100 values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(percent / 100 * len(ordered) - 1e-9) - 1, 0)]


@given(st.lists(VALUES, min_size=1, max_size=60), st.sampled_from([0, 1, 25, 50, 90, 99, 99.9, 100]))
def test_a_percentile_is_within_one_percent_of_a_true_value(values: list[float], percent: float) -> None:
    found = summed([(value, 1.0) for value in values]).percentile(percent)
    assert found is not None
    assert found == pytest.approx(true_percentile(values, percent), rel=0.0101, abs=1e-100)


@given(st.lists(VALUES, min_size=1, max_size=30), st.lists(VALUES, min_size=1, max_size=30))
def test_merging_summaries_is_the_same_as_summing_all_values(left: list[float], right: list[float]) -> None:
    merged = summed([(value, 1.0) for value in left]).merged(summed([(value, 1.0) for value in right]))
    together = summed([(value, 1.0) for value in left + right])
    assert (merged.count, merged.least, merged.most) == (together.count, together.least, together.most)
    assert merged.total == pytest.approx(together.total)
    assert merged.known_histogram() == together.known_histogram()


@given(st.lists(VALUES, min_size=1, max_size=60))
def test_a_histogram_comes_back_as_it_was_packed(values: list[float]) -> None:
    histogram = summed([(value, 1.5) for value in values]).known_histogram()
    assert histogram is not None
    assert Histogram.unpack(histogram.pack()) == histogram


def test_a_histogram_of_very_different_values_stays_small_and_right() -> None:
    draw = random.Random(7)
    values = [10 ** draw.uniform(-2, 2) for _ in range(5_000)]
    summary = Summary.of(values[0])
    for value in values[1:]:
        summary = summary.merged(Summary.of(value))
    histogram = summary.known_histogram()
    assert histogram is not None
    assert len(histogram.buckets) <= MAX_BUCKETS
    assert len(histogram.pack()) < 2_000
    for percent in (50, 90, 99, 99.9):
        assert summary.percentile(percent) == pytest.approx(true_percentile(values, percent), rel=0.05)


def test_percentiles_are_unknown_for_statistic_sets_and_negative_values_as_on_aws() -> None:
    assert Summary(10, 55, 1, 10).percentile(50) is None
    assert Summary(3, 15, 5, 5).percentile(50) == 5
    assert Summary.of(-1).percentile(50) is None
    assert Summary.of(-1).merged(Summary.of(5)).percentile(50) is None
    assert Summary(10, 55, 1, 10).merged(Summary.of(5)).percentile(50) is None
