"""The parameters from before expressions: what they find and change, beside the expressions that say the same."""

from typing import Any

import pytest

from tests.dynamodb.conftest import World

KEY = {"pk": {"S": "1"}}
ENVELOPE = "1 validation error detected: "
PREFIX = "One or more parameter values were invalid: "
ITEM: dict[str, Any] = {
    **KEY,
    "word": {"S": "hello"},
    "count_": {"N": "5"},
    "bytes_": {"B": b"ab"},
    "texts": {"SS": ["a", "b"]},
    "list_": {"L": [{"N": "1"}, {"S": "x"}]},
    "yes": {"BOOL": True},
}


def compared(operator: str, *values: Any) -> dict[str, Any]:
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


def s(text: str) -> dict[str, str]:
    return {"S": text}


def n(number: object) -> dict[str, str]:
    return {"N": str(number)}


@pytest.mark.parametrize(
    ("name", "condition", "holds"),
    [
        ("word", compared("EQ", s("hello")), True),
        ("count_", compared("EQ", n("5.0")), True),
        ("texts", compared("EQ", {"SS": ["b", "a"]}), True),
        ("list_", compared("EQ", ITEM["list_"]), True),
        ("none", compared("EQ", s("x")), False),
        ("word", compared("NE", s("x")), True),
        ("none", compared("NE", s("x")), True),
        ("count_", compared("GT", n(4)), True),
        ("count_", compared("GT", s("4")), False),
        ("count_", compared("LE", n(5)), True),
        ("count_", compared("LT", n(5)), False),
        ("count_", compared("BETWEEN", n(5), n(6)), True),
        ("word", compared("BEGINS_WITH", s("he")), True),
        ("bytes_", compared("BEGINS_WITH", {"B": b"b"}), False),
        ("word", compared("CONTAINS", s("ell")), True),
        ("texts", compared("CONTAINS", s("a")), True),
        ("list_", compared("CONTAINS", s("x")), True),
        ("texts", compared("NOT_CONTAINS", s("a")), False),
        ("texts", compared("NOT_CONTAINS", s("z")), True),
        ("none", compared("NOT_CONTAINS", s("z")), False),
        ("count_", compared("IN", n(4), n(5)), True),
        ("word", compared("IN", s("x")), False),
        ("word", {"ComparisonOperator": "NOT_NULL"}, True),
        ("none", {"ComparisonOperator": "NULL"}, True),
        ("word", compared("NULL"), False),
    ],
)
def test_one_condition_in_all_its_places(world: World, name: str, condition: dict[str, Any], holds: bool) -> None:
    world.call("PutItem", TableName="things", Item=ITEM)
    assert world.call("Scan", TableName="things", ScanFilter={name: condition})["Count"] == holds
    key: dict[str, Any] = {"KeyConditions": {"pk": compared("EQ", s("1"))}}
    assert world.call("Query", TableName="things", **key, QueryFilter={name: condition})["Count"] == holds
    for operation, params in (("PutItem", {"Item": ITEM}), ("UpdateItem", {"Key": KEY}), ("DeleteItem", {"Key": KEY})):
        call: dict[str, Any] = {"TableName": "things", **params, "Expected": {name: condition}}
        if holds:
            world.call(operation, **call)
        else:
            assert world.refusal(operation, **call).code == "ConditionalCheckFailedException"


def test_expected_may_name_a_value_or_its_absence(world: World) -> None:
    put: dict[str, Any] = {"TableName": "things", "Item": ITEM}
    world.call("PutItem", **put, Expected={"pk": {"Exists": False}})
    assert world.refusal("PutItem", **put, Expected={"pk": {"Exists": False}}).code == "ConditionalCheckFailedException"
    world.call("PutItem", **put, Expected={"word": {"Value": s("hello")}})
    world.call("PutItem", **put, Expected={"word": {"Exists": True, "Value": s("hello")}, "none": {"Exists": False}})
    failed = world.refusal("PutItem", **put, Expected={"word": {"Value": s("x")}, "none": {"Exists": False}})
    assert failed.code == "ConditionalCheckFailedException"


def test_conditions_are_joined_by_and_or_or(world: World) -> None:
    world.call("PutItem", TableName="things", Item=ITEM)
    both = {"word": compared("EQ", s("hello")), "count_": compared("EQ", n(6))}
    assert world.call("Scan", TableName="things", ScanFilter=both)["Count"] == 0
    assert world.call("Scan", TableName="things", ScanFilter=both, ConditionalOperator="AND")["Count"] == 0
    assert world.call("Scan", TableName="things", ScanFilter=both, ConditionalOperator="OR")["Count"] == 1


def test_key_conditions_search_as_expressions_do(world: World) -> None:
    for number in range(6):
        world.call("PutItem", TableName="orders", Item={"pk": s("p"), "sk": s(f"{number}a")})

    def found(*sort: Any, **params: Any) -> list[str]:
        conditions = {"pk": compared("EQ", s("p"))}
        if sort:
            conditions["sk"] = compared(*sort)
        page = world.call("Query", TableName="orders", KeyConditions=conditions, **params)
        return [item["sk"]["S"] for item in page["Items"]]

    assert found() == ["0a", "1a", "2a", "3a", "4a", "5a"]
    assert found("EQ", s("3a")) == ["3a"]
    assert found("GE", s("4a"), ScanIndexForward=False) == ["5a", "4a"]
    assert found("BETWEEN", s("1"), s("3")) == ["1a", "2a"]
    assert found("BEGINS_WITH", s("2")) == ["2a"]
    filtered = found(
        "LT", s("3a"), FilterExpression="sk_ = :x OR attribute_not_exists(sk_)", ExpressionAttributeValues={":x": s("")}
    )
    assert filtered == ["0a", "1a", "2a"]


def test_attributes_to_get_show_whole_attributes(world: World) -> None:
    world.call("PutItem", TableName="things", Item={**ITEM, "a.b": s("dot")})
    names: dict[str, Any] = {"AttributesToGet": ["a.b", "word", "none"]}
    shown = {"a.b": s("dot"), "word": s("hello")}
    assert world.call("GetItem", TableName="things", Key=KEY, **names)["Item"] == shown
    assert world.call("Scan", TableName="things", **names)["Items"] == [shown]
    reply = world.call("BatchGetItem", RequestItems={"things": {"Keys": [KEY], **names}})
    assert reply["Responses"]["things"] == [shown]


@pytest.mark.parametrize(
    ("name", "update", "after"),
    [
        ("word", {"Value": s("x")}, s("x")),
        ("new", {"Value": s("x"), "Action": "PUT"}, s("x")),
        ("word", {"Action": "DELETE"}, None),
        ("none", {"Action": "DELETE"}, None),
        ("count_", {"Value": n(3), "Action": "ADD"}, n(8)),
        ("new", {"Value": n(3), "Action": "ADD"}, n(3)),
        ("texts", {"Value": {"SS": ["c"]}, "Action": "ADD"}, {"SS": ["a", "b", "c"]}),
        ("texts", {"Value": {"SS": ["a"]}, "Action": "DELETE"}, {"SS": ["b"]}),
        ("texts", {"Value": {"SS": ["a", "b"]}, "Action": "DELETE"}, None),
        ("list_", {"Value": {"L": [n(9)]}, "Action": "ADD"}, {"L": [*ITEM["list_"]["L"], n(9)]}),
    ],
)
def test_attribute_updates(world: World, name: str, update: dict[str, Any], after: dict[str, Any] | None) -> None:
    world.call("PutItem", TableName="things", Item=ITEM)
    updates = {name: update}
    reply = world.call("UpdateItem", TableName="things", Key=KEY, AttributeUpdates=updates, ReturnValues="ALL_NEW")
    item = {key: value for key, value in ITEM.items() if key != name}
    if after is not None:
        item[name] = after
    assert reply["Attributes"] == item
    assert world.items("things") == [item]


def test_deleting_attributes_of_nothing_makes_nothing(world: World) -> None:
    updates = {"a": {"Action": "DELETE"}}
    world.call("UpdateItem", TableName="things", Key=KEY, AttributeUpdates=updates)
    assert world.items("things") == []


@pytest.mark.parametrize(
    ("operation", "params", "complaint"),
    [
        (
            "UpdateItem",
            {"Key": KEY, "AttributeUpdates": {"a": {"Action": "PUT"}}},
            PREFIX + "Only DELETE action is allowed when no attribute value is specified",
        ),
        (
            "UpdateItem",
            {"Key": KEY, "AttributeUpdates": {"a": {"Action": "ADD", "Value": s("x")}}},
            PREFIX + "ADD action is not supported for the type S",
        ),
        (
            "UpdateItem",
            {"Key": KEY, "AttributeUpdates": {"a": {"Action": "DELETE", "Value": s("x")}}},
            PREFIX + "DELETE action with value is not supported for the type S",
        ),
        (
            "UpdateItem",
            {"Key": KEY, "AttributeUpdates": {"a": {"Value": s("x")}}, "ConditionExpression": "a = b"},
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
            "{AttributeUpdates} Expression parameters: {ConditionExpression}",
        ),
        (
            "PutItem",
            {"Item": KEY, "Expected": {"a": {"Value": s("x"), "Exists": False}}},
            PREFIX + "Value cannot be used when Exists is false for Attribute: a",
        ),
        (
            "PutItem",
            {"Item": KEY, "Expected": {"a": {"Exists": True}}},
            PREFIX + "Value must be provided when Exists is true for Attribute: a",
        ),
        (
            "PutItem",
            {"Item": KEY, "Expected": {"a": {}}},
            PREFIX + "Value must be provided when Exists is null for Attribute: a",
        ),
        (
            "PutItem",
            {"Item": KEY, "Expected": {"a": {"ComparisonOperator": "EQ"}}},
            PREFIX + "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a",
        ),
        (
            "PutItem",
            {"Item": KEY, "Expected": {"a": compared("EQ", s("x"), s("y"))}},
            PREFIX + "Invalid number of argument(s) for the EQ ComparisonOperator",
        ),
        (
            "PutItem",
            {"Item": KEY, "Expected": {"a": compared("IN", s("x"), n(1))}},
            PREFIX + "AttributeValues inside AttributeValueList must be of same type",
        ),
        (
            "PutItem",
            {"Item": KEY, "Expected": {"a": compared("GT", {"BOOL": True})}},
            PREFIX + "ComparisonOperator GT is not valid for BOOL AttributeValue type",
        ),
        (
            "PutItem",
            {"Item": KEY, "Expected": {"a": compared("BETWEEN", n(2), n(1))}},
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
        ),
        (
            "PutItem",
            {"Item": KEY, "Expected": {}, "ConditionalOperator": "OR"},
            "ConditionalOperator cannot be used without Filter or Expected",
        ),
    ],
)
def test_writes_that_are_refused(world: World, operation: str, params: dict[str, Any], complaint: str) -> None:
    assert world.message(operation, TableName="things", **params) == ENVELOPE + complaint


@pytest.mark.parametrize(
    ("operation", "params", "complaint"),
    [
        ("GetItem", {"Key": KEY, "AttributesToGet": ["a", "a"]}, PREFIX + "Duplicate value in attribute name: a"),
        ("Query", {"KeyConditions": {}}, "Conditions can be of length 1 or 2 only"),
        (
            "Query",
            {"KeyConditions": {"pk": compared("NE", s("1"))}},
            "Attempted conditional constraint is not an indexable operation",
        ),
        ("Query", {"KeyConditions": {"pk": compared("GT", s("1"))}}, "Query key condition not supported"),
        (
            "Query",
            {"KeyConditions": {"other": compared("EQ", s("1"))}},
            "Query condition missed key schema element: pk",
        ),
        (
            "Query",
            {"KeyConditions": {"pk": compared("EQ", s("1"))}, "QueryFilter": {"pk": compared("EQ", s("1"))}},
            "QueryFilter can only contain non-primary key attributes: Primary key attribute: pk",
        ),
        (
            "Scan",
            {"ScanFilter": {"a": compared("EQ", s("1"))}, "FilterExpression": "a = b"},
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
            "{ScanFilter} Expression parameters: {FilterExpression}",
        ),
    ],
)
def test_reads_that_are_refused(world: World, operation: str, params: dict[str, Any], complaint: str) -> None:
    assert world.message(operation, TableName="things", **params) == complaint
