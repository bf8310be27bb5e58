"""Conditions on one item: every operator and function, types that do not fit, and what is not there."""

from typing import Any

import pytest

from infra.local.dynamodb.expressions import bind
from tests.dynamodb.conftest import World

ITEM: dict[str, Any] = {
    "word": {"S": "hello"},
    "count_": {"N": "10"},
    "bytes_": {"B": b"\x01\x02\x03"},
    "yes": {"BOOL": True},
    "emoji": {"S": "\U0001f600"},
    "nothing": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "binaries": {"BS": [b"x"]},
    "list_": {"L": [{"S": "first"}, {"N": "2"}, {"M": {"deep": {"N": "3"}}}]},
    "map_": {"M": {"part_": {"S": "x"}, "list_": {"L": [{"N": "7"}]}}},
    "low": {"N": "1"},
    "high": {"N": "100"},
}
VALUES: dict[str, Any] = {
    ":hello": {"S": "hello"},
    ":he": {"S": "he"},
    ":a": {"S": "a"},
    ":z": {"S": "z"},
    ":0": {"N": "0"},
    ":1": {"N": "1"},
    ":2": {"N": "2"},
    ":3": {"N": "3"},
    ":5": {"N": "5"},
    ":9.5": {"N": "9.5"},
    ":10": {"N": "10"},
    ":b": {"B": b"\x01\x02"},
    ":b2": {"B": b"\x02"},
    ":yes": {"BOOL": True},
    ":null": {"NULL": True},
    ":ba": {"SS": ["b", "a"]},
    ":x": {"B": b"x"},
    ":M": {"S": "M"},
    ":N": {"S": "N"},
    ":S": {"S": "S"},
    ":deep": {"M": {"deep": {"N": "3"}}},
}


def holds(expression: str, item: dict[str, Any] = ITEM) -> bool:
    renamed = expression.replace(":9.5", ":9_5")
    values = {key.replace(".", "_"): value for key, value in VALUES.items()}
    used = {key: value for key, value in values.items() if key in renamed.replace(",", " ").replace(")", " ").split()}
    params: dict[str, Any] = {"ConditionExpression": renamed}
    if used:
        params["ExpressionAttributeValues"] = used
    plan, bound = bind(params)
    assert plan.condition is not None
    return plan.condition(item, bound)


@pytest.mark.parametrize(
    "expression",
    [
        "word = :hello",
        "count_ = :10",
        "count_ <> :hello",
        "count_ > :9.5",
        "count_ >= :10",
        "count_ <= :10",
        "count_ < high",
        "low < count_ AND count_ < high",
        ":5 < count_",
        "word > :he",
        "word < :z",
        "bytes_ > :b",
        "yes = :yes",
        "nothing = :null",
        "texts = :ba",
        "list_[2] = :deep",
        "list_[2].deep = :3",
        "map_.list_[0] > :5",
        "count_ BETWEEN :5 AND :10",
        "count_ BETWEEN low AND high",
        "count_ IN ( :1 , :10 )",
        "word IN ( :10 , :hello )",
        "attribute_exists(word)",
        "attribute_exists(map_.part_)",
        "attribute_not_exists(absent)",
        "attribute_not_exists(map_.absent)",
        "attribute_not_exists(list_[9])",
        "attribute_not_exists(word.part_)",
        "attribute_type(map_, :M )",
        "attribute_type(count_, :N )",
        "begins_with(word, :he )",
        "begins_with(bytes_, :b )",
        "contains(word, :he )",
        "contains(bytes_, :b2 )",
        "contains(texts, :a )",
        "contains(numbers, :2 )",
        "contains(binaries, :x )",
        "contains(list_, :2 )",
        "contains(list_, :deep )",
        "size(word) = :5",
        "size(emoji) = :2",
        "size(bytes_) = :3",
        "size(texts) = :2",
        "size(list_) = :3",
        "size(map_) = :2",
        "absent <> :1",
        "NOT absent = :1",
        "NOT attribute_exists(absent)",
        "word = :z OR count_ = :10",
        "NOT (word = :z AND count_ = :10 )",
    ],
)
def test_what_holds(expression: str) -> None:
    assert holds(expression)
    assert not holds(f"NOT ( {expression} )")


@pytest.mark.parametrize(
    "expression",
    [
        "word = :z",
        "count_ = :hello",
        "absent = :1",
        "absent < :1",
        "absent BETWEEN :1 AND :2",
        "absent IN ( :1 , :2 )",
        "count_ < :hello",
        "word BETWEEN :1 AND :2",
        "yes < :1",
        "count_ BETWEEN word AND high",
        "attribute_exists(absent)",
        "attribute_type(word, :N )",
        "attribute_type(absent, :S )",
        "begins_with(count_, :he )",
        "begins_with(absent, :he )",
        "contains(word, :1 )",
        "contains(numbers, :a )",
        "contains(count_, :1 )",
        "contains(absent, :a )",
        "size(count_) = :2",
        "size(absent) = :0",
        "word <> :hello",
    ],
)
def test_what_does_not_hold(expression: str) -> None:
    assert not holds(expression)


def test_a_condition_is_false_on_no_item_at_all() -> None:
    assert not holds("word = :hello", {})
    assert holds("attribute_not_exists(word)", {})


@pytest.mark.parametrize(
    ("expression", "values", "complaint"),
    [
        ("a < :v", {"BOOL": True}, "operator or function: <, operand type: BOOL"),
        ("a >= :v", {"L": []}, "operator or function: >=, operand type: L"),
        ("begins_with(a, :v)", {"N": "1"}, "operator or function: begins_with, operand type: N"),
        ("attribute_type(a, :v)", {"N": "1"}, "operator or function: attribute_type, operand type: N"),
        (
            "attribute_type(a, :v)",
            {"S": "X"},
            "Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
        ),
        ("size(:v) > a", {"N": "1"}, "operator or function: size, operand type: N"),
        ("a BETWEEN :v AND b", {"NULL": True}, "operator or function: BETWEEN, operand type: NULL"),
    ],
)
def test_operand_types_are_checked_before_any_item_is_read(
    world: World, expression: str, values: dict[str, Any], complaint: str
) -> None:
    message = world.message(
        "DeleteItem",
        TableName="things",
        Key={"pk": {"S": "none"}},
        ConditionExpression=f"attribute_exists(pk) AND {expression}",
        ExpressionAttributeValues={":v": values},
    )
    assert message.startswith("1 validation error detected: Invalid ConditionExpression: ")
    assert message.endswith(complaint)


@pytest.mark.parametrize(
    ("low", "high", "rule"),
    [
        ({"N": "2"}, {"N": "1"}, "upper bound to be greater than or equal to lower bound"),
        ({"N": "2"}, {"S": "1"}, "same data type for lower and upper bounds"),
    ],
)
def test_bounds_are_checked(world: World, low: dict[str, str], high: dict[str, str], rule: str) -> None:
    message = world.message(
        "Scan",
        TableName="things",
        FilterExpression="a BETWEEN :l AND :h",
        ExpressionAttributeValues={":l": low, ":h": high},
    )
    assert f"Invalid FilterExpression: The BETWEEN operator requires {rule}; lower bound operand:" in message


@pytest.mark.parametrize("expression", ["a = a", "a.b < a.b", "contains(a, a)", "a IN (b, a)", "a BETWEEN b AND a"])
def test_an_operand_cannot_be_compared_with_itself(world: World, expression: str) -> None:
    message = world.message("Scan", TableName="things", FilterExpression=expression)
    assert "The first operand must be distinct from the remaining operands" in message
