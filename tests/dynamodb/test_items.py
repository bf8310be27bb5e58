"""Items as bytes and sizes, and the rules for values."""

from typing import Any

import pytest
from hypothesis import given

from infra.local.dynamodb.attributes import Item, canonical_attributes, canonical_value, compare, copied, equal
from infra.local.dynamodb.items import decode, encode, item_size, value_size
from infra.local.errors import AwsError
from tests.dynamodb.strategies import ITEMS


@given(ITEMS)
def test_what_is_stored_is_what_is_read(item: Item) -> None:
    kept = canonical_attributes(item)
    assert decode(encode(kept)) == kept


@given(ITEMS)
def test_the_stored_form_is_never_shorter_than_the_item(item: Item) -> None:
    kept = canonical_attributes(item)
    assert len(encode(kept)) >= item_size(kept)


@given(ITEMS)
def test_canonical_values_stay_themselves(item: Item) -> None:
    kept = canonical_attributes(item)
    again = canonical_attributes(kept)
    assert again == kept
    assert all(equal(value, copied(value)) for value in kept.values())


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "é"}, 2),
        ({"N": "123"}, 3),
        ({"B": b"abcd"}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + (1 + 2) + (1 + 2)),
        ({"M": {}}, 3),
        ({"M": {"key": {"S": "ab"}}}, 3 + 1 + 3 + 2),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"BS": [b"a", b"bcd"]}, 4),
    ],
)
def test_sizes_follow_the_published_rules(value: dict[str, Any], size: int) -> None:
    assert value_size(value) == size
    assert item_size({"name": value}) == 4 + size


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({}, "Supplied AttributeValue is empty"),
        ({"S": "a", "N": "1"}, "more than one datatypes set"),
        ({"N": "x"}, "cannot be converted to a numeric value: x"),
        ({"NULL": False}, "Null attribute value types must have the value of true"),
        ({"SS": []}, "An string set  may not be empty"),
        ({"NS": []}, "An number set  may not be empty"),
        ({"BS": []}, "Binary sets should not be empty"),
        ({"SS": ["a", "b", "a"]}, r"Input collection \[\"a\", \"b\", \"a\"\] contains duplicates."),
        ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        ({"BS": [b"a", b"a"]}, "of type BS contains duplicates"),
        ({"L": [{"M": {"deep": {"N": "1e999"}}}]}, "Number overflow"),
    ],
)
def test_illegal_values_are_refused(value: dict[str, Any], complaint: str) -> None:
    with pytest.raises(AwsError, match=complaint):
        canonical_value(value)


def test_numbers_become_canonical_at_any_depth_without_touching_the_callers_value() -> None:
    given_value = {"M": {"list": {"L": [{"N": "01.50"}]}, "set": {"NS": ["1e2"]}}}
    assert canonical_value(given_value) == {"M": {"list": {"L": [{"N": "1.5"}]}, "set": {"NS": ["100"]}}}
    assert given_value == {"M": {"list": {"L": [{"N": "01.50"}]}, "set": {"NS": ["1e2"]}}}


def test_values_may_be_31_levels_deep_and_no_more() -> None:
    def nested(levels: int) -> dict[str, Any]:
        value: dict[str, Any] = {"S": "x"}
        for _ in range(levels):
            value = {"L": [value]}
        return value

    canonical_value(nested(31))
    with pytest.raises(AwsError, match="Nesting Levels have exceeded supported limits"):
        canonical_value(nested(32))


@pytest.mark.parametrize("binary", [b"ab", bytearray(b"ab"), memoryview(b"ab"), "ab"])
def test_binary_may_come_in_any_form_that_botocore_takes(binary: Any) -> None:
    assert canonical_value({"B": binary}) == {"B": b"ab"}


def test_a_lone_surrogate_is_refused_wherever_it_is() -> None:
    for item in ({"a": {"S": "\ud800"}}, {"a": {"L": [{"S": "\udfff"}]}}, {"\ud800": {"B": b"x"}}):
        with pytest.raises(AwsError, match="lone surrogate"):
            encode(item)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ({"N": "1"}, {"N": "1"}, True),
        ({"N": "1"}, {"S": "1"}, False),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}, True),
        ({"L": [{"SS": ["a", "b"]}]}, {"L": [{"SS": ["b", "a"]}]}, True),
        ({"M": {"k": {"NS": ["1", "2"]}}}, {"M": {"k": {"NS": ["2", "1"]}}}, True),
        ({"M": {"k": {"N": "1"}}}, {"M": {"j": {"N": "1"}}}, False),
        ({"L": [{"N": "1"}, {"N": "2"}]}, {"L": [{"N": "2"}, {"N": "1"}]}, False),
        ({"SS": ["a"]}, {"SS": ["a", "b"]}, False),
        ({"BOOL": True}, {"BOOL": False}, False),
        ({"BOOL": False}, {"BOOL": False}, True),
    ],
)
def test_equality(one: dict[str, Any], two: dict[str, Any], same: bool) -> None:
    assert equal(one, two) is same
    assert equal(two, one) is same


@pytest.mark.parametrize(
    ("one", "two", "order"),
    [
        ({"N": "2"}, {"N": "10"}, -1),
        ({"N": "-1.5"}, {"N": "-1.25"}, -1),
        ({"N": "0.1"}, {"N": "0.1"}, 0),
        ({"S": "Z"}, {"S": "a"}, -1),
        ({"S": "\uffff"}, {"S": "\U00010000"}, -1),
        ({"B": b"\xff"}, {"B": b"\x00\xff"}, 1),
        ({"N": "1"}, {"S": "2"}, None),
        ({"BOOL": True}, {"BOOL": False}, None),
    ],
)
def test_order(one: dict[str, Any], two: dict[str, Any], order: int | None) -> None:
    assert compare(one, two) == order
