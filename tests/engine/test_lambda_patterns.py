"""Event filtering: which records a pattern lets through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.errors import AwsError
from infra.local.lambda_.patterns import filter_of


def passes(pattern: Any, body: Any, **members: Any) -> bool:
    matches = filter_of({"Filters": [{"Pattern": json.dumps(pattern)}]})
    assert matches is not None
    text = body if isinstance(body, str) else json.dumps(body)
    return matches({"body": text, "attributes": {}, "messageAttributes": {}, **members})


@pytest.mark.parametrize(
    ("wanted", "fits", "unfit"),
    [
        ([1, "a"], [1, 1.0, "a", ["x", "a"]], [2, "b", True, None, [], {}]),
        ([None], [None], ["", 0, False]),
        ([True], [True], [1, "true", False]),
        ([""], [""], [None, "a"]),
        ([{"prefix": "us-"}], ["us-", "us-east-1"], ["eu-west-1", 1, None]),
        ([{"suffix": ".png"}], ["a.png"], ["a.jpg", ".PNG"]),
        ([{"equals-ignore-case": "Red"}], ["red", "RED"], ["reds", 1]),
        ([{"exists": True}], ["", 0, None, False], []),
        ([{"anything-but": ["a", 1]}], ["b", 2, None], ["a", 1]),
        ([{"anything-but": "a"}], ["b"], ["a"]),
        ([{"anything-but": {"prefix": "a"}}], ["b", 1], ["ab"]),
        ([{"numeric": [">", 100]}], [105, 100.5], [100, "105", True, None]),
        ([{"numeric": ["=", 100]}], [100, 100.0], [101]),
        ([{"numeric": [">=", 100, "<", 200]}], [100, 199.9], [99, 200]),
        ([{"prefix": "a"}, {"numeric": ["<", 0]}], ["ab", -1], ["b", 1]),
    ],
    ids=str,
)
def test_rules_for_a_value(wanted: list[Any], fits: list[Any], unfit: list[Any]) -> None:
    pattern = {"body": {"it": wanted}}
    assert [value for value in fits if not passes(pattern, {"it": value})] == []
    assert [value for value in unfit if passes(pattern, {"it": value})] == []


def test_a_member_that_is_not_there() -> None:
    assert not passes({"body": {"it": [{"exists": True}]}}, {})
    assert passes({"body": {"it": [{"exists": False}]}}, {})
    assert not passes({"body": {"it": [{"anything-but": ["a"]}]}}, {})
    assert not passes({"body": {"it": [None]}}, {})


def test_members_must_all_match_and_filters_need_not() -> None:
    both = {"body": {"kind": ["a", "b"], "deep": {"level": [2]}}}
    assert passes(both, {"kind": "b", "deep": {"level": 2}, "more": 1})
    assert not passes(both, {"kind": "b", "deep": {"level": 3}})
    assert not passes(both, {"kind": "b", "deep": 2})
    either = filter_of({"Filters": [{"Pattern": '{"body": {"a": [1]}}'}, {"Pattern": '{"body": {"b": [1]}}'}]})
    assert either is not None
    assert either({"body": '{"b": 1}'})
    assert not either({"body": '{"c": 1}'})


def test_one_of_several() -> None:
    pattern = {"body": {"$or": [{"a": [1]}, {"b": [{"exists": True}]}], "c": [1]}}
    assert passes(pattern, {"a": 1, "c": 1})
    assert passes(pattern, {"b": 0, "c": 1})
    assert not passes(pattern, {"a": 2, "c": 1})
    assert not passes(pattern, {"a": 1, "c": 2})


def test_a_pattern_of_an_object_asks_for_a_body_of_json_and_a_list_for_plain_text() -> None:
    """Using event filtering with an Amazon SQS event source, "Properly filtering Amazon SQS messages"."""
    assert not passes({"body": {"a": [1]}}, "plain")
    assert not passes({"body": {"a": [1]}}, "[1]")
    assert passes({"body": ["plain", "other"]}, "plain")
    assert not passes({"body": ["plain"]}, "text")
    assert not passes({"body": [{"prefix": "{"}]}, '{"a": 1}')


def test_other_members_of_a_record_can_be_asked_for() -> None:
    pattern = {"messageAttributes": {"kind": {"stringValue": ["a"]}}, "eventSource": ["aws:sqs"]}
    record = {"messageAttributes": {"kind": {"stringValue": "a"}}, "eventSource": "aws:sqs"}
    assert passes(pattern, "anything", **record)
    assert not passes(pattern, "anything", eventSource="aws:sqs")


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "simple string",
        "[]",
        "{}",
        "null",
        '{"body": "a"}',
        '{"body": []}',
        '{"body": {}}',
        '{"body": {"a": 1}}',
        '{"body": {"a": [[1]]}}',
        '{"body": {"a": [{"numeric": [">"]}]}}',
        '{"body": {"a": [{"numeric": ["~", 1]}]}}',
        '{"body": {"a": [{"numeric": ["<", "1"]}]}}',
        '{"body": {"a": [{"prefix": 1}]}}',
        '{"body": {"a": [{"exists": "yes"}]}}',
        '{"body": {"a": [{"anything-but": []}]}}',
        '{"body": {"a": [{"like": "x"}]}}',
        '{"body": {"a": [{"prefix": "a", "suffix": "b"}]}}',
    ],
)
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(AwsError, match="Invalid filter pattern definition"):
        filter_of({"Filters": [{"Pattern": pattern}]})


def test_no_filters_ask_nothing_and_there_are_five_at_the_most() -> None:
    assert filter_of(None) is None
    assert filter_of({}) is None
    assert filter_of({"Filters": []}) is None
    with pytest.raises(AwsError, match="5 filters"):
        filter_of({"Filters": [{"Pattern": '{"body": ["a"]}'}] * 6})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "ab", "us-east-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "$or"]), inner, max_size=3),
    max_leaves=12,
)


@given(pattern=VALUES, body=VALUES)
def test_any_pattern_is_refused_or_decides(pattern: Any, body: Any) -> None:
    try:
        matches = filter_of({"Filters": [{"Pattern": json.dumps({"body": pattern})}]})
    except AwsError:
        return
    assert matches is not None
    assert matches({"body": json.dumps(body)}) in (True, False)


@given(st.lists(st.text(max_size=3) | st.integers(), min_size=1, max_size=4), st.text(max_size=3) | st.integers())
def test_anything_but_is_the_opposite_of_one_of(choices: list[Any], value: Any) -> None:
    is_one = passes({"body": {"it": choices}}, {"it": value})
    assert passes({"body": {"it": [{"anything-but": choices}]}}, {"it": value}) is not is_one
