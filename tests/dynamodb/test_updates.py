"""Update expressions: what each action does to an item, and what it refuses."""

from typing import Any

import pytest

from tests.dynamodb.conftest import World

KEY = {"pk": {"S": "1"}}

ENVELOPE = "1 validation error detected: "


def updated(world: World, before: dict[str, Any], expression: str, values: dict[str, Any] | None = None) -> Any:
    """The other attributes of an item after an update."""
    world.call("PutItem", TableName="things", Item={**KEY, **before})
    params: dict[str, Any] = {"UpdateExpression": expression, "ReturnValues": "ALL_NEW"}
    if values:
        params["ExpressionAttributeValues"] = values
    returned = world.call("UpdateItem", TableName="things", Key=KEY, **params)["Attributes"]
    stored = world.call("GetItem", TableName="things", Key=KEY)["Item"]
    assert returned == stored
    return {name: value for name, value in stored.items() if name != "pk"}


def n(number: int) -> dict[str, str]:
    return {"N": str(number)}


def numbers(*of: int) -> dict[str, Any]:
    return {"L": [n(number) for number in of]}


@pytest.mark.parametrize(
    ("before", "expression", "values", "after"),
    [
        ({}, "SET a = :v", {":v": n(1)}, {"a": n(1)}),
        ({"a": n(1)}, "SET a = a + :v", {":v": n(2)}, {"a": n(3)}),
        ({"a": n(1)}, "SET a = :v - a", {":v": n(5)}, {"a": n(4)}),
        ({"a": {"N": "0.1"}}, "SET a = a + :v", {":v": {"N": "0.2"}}, {"a": {"N": "0.3"}}),
        ({"a": n(1)}, "SET b = a", None, {"a": n(1), "b": n(1)}),
        ({"a": n(1), "b": n(2)}, "SET a = b, b = a", None, {"a": n(2), "b": n(1)}),
        ({"a": n(1)}, "SET b = a REMOVE a", None, {"b": n(1)}),
        ({}, "SET a = if_not_exists(a, :v)", {":v": n(1)}, {"a": n(1)}),
        ({"a": n(7)}, "SET a = if_not_exists(a, :v) + :v", {":v": n(1)}, {"a": n(8)}),
        ({"a": numbers(1)}, "SET a = list_append(a, :v)", {":v": numbers(2)}, {"a": numbers(1, 2)}),
        ({"a": numbers(1)}, "SET a = list_append(:v, a)", {":v": numbers(2)}, {"a": numbers(2, 1)}),
        ({"a": numbers(1, 2)}, "SET a[1] = :v", {":v": n(9)}, {"a": numbers(1, 9)}),
        ({"a": numbers(1)}, "SET a[7] = :v", {":v": n(9)}, {"a": numbers(1, 9)}),
        (
            {"a": numbers(1)},
            "SET a[9] = :x, a[5] = :y, a[0] = :z",
            {":x": n(9), ":y": n(5), ":z": n(0)},
            {"a": numbers(0, 5, 9)},
        ),
        ({"a": numbers(0, 1, 2, 3)}, "REMOVE a[0], a[2]", None, {"a": numbers(1, 3)}),
        ({"a": numbers(0, 1, 2)}, "REMOVE a[1] SET a[2] = :v", {":v": n(9)}, {"a": numbers(0, 9)}),
        ({"a": numbers(0)}, "REMOVE a[5]", None, {"a": numbers(0)}),
        ({"a": {"M": {}}}, "SET a.b = :v", {":v": n(1)}, {"a": {"M": {"b": n(1)}}}),
        (
            {"a": {"M": {"b": numbers(1, 2), "c": n(3)}}},
            "SET a.b[0] = :v, a.c = a.b[1]",
            {":v": n(9)},
            {"a": {"M": {"b": numbers(9, 2), "c": n(2)}}},
        ),
        ({"a": {"M": {"b": n(1), "c": n(2)}}}, "REMOVE a.b", None, {"a": {"M": {"c": n(2)}}}),
        ({"a": {"M": {"b": n(1)}}}, "SET b = a, a.b = :v", {":v": n(2)}, None),
        ({}, "REMOVE a", None, {}),
        ({"a": n(1)}, "ADD a :v", {":v": n(-3)}, {"a": n(-2)}),
        ({}, "ADD a :v", {":v": n(5)}, {"a": n(5)}),
        ({"a": {"M": {"b": n(1)}}}, "ADD a.b :v", {":v": n(1)}, {"a": {"M": {"b": n(2)}}}),
        ({}, "ADD a :v", {":v": {"SS": ["x"]}}, {"a": {"SS": ["x"]}}),
        ({"a": {"SS": ["x"]}}, "ADD a :v", {":v": {"SS": ["x", "y"]}}, {"a": {"SS": ["x", "y"]}}),
        ({"a": {"SS": ["x", "y"]}}, "DELETE a :v", {":v": {"SS": ["x", "z"]}}, {"a": {"SS": ["y"]}}),
        ({"a": {"NS": ["1"]}}, "DELETE a :v", {":v": {"NS": ["1.0"]}}, {}),
        ({"a": {"BS": [b"1", b"2"]}}, "DELETE a :v", {":v": {"BS": [b"1"]}}, {"a": {"BS": [b"2"]}}),
        ({}, "DELETE a :v", {":v": {"SS": ["x"]}}, {}),
        (
            {"m": {"M": {"s": {"SS": ["x"]}}}},
            "DELETE m.s :v",
            {":v": {"SS": ["x"]}},
            {"m": {"M": {}}},
        ),
        ({"b": {"B": b"\x00"}}, "SET c = b", None, {"b": {"B": b"\x00"}, "c": {"B": b"\x00"}}),
    ],
)
def test_actions(
    world: World, before: dict[str, Any], expression: str, values: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    result = updated(world, before, expression, values)
    if after is None:  # a copied container and its original are changed apart
        after = {"a": {"M": {"b": n(2)}}, "b": {"M": {"b": n(1)}}}
    assert result == after


WRONG_TYPE = "An operand in the update expression has an incorrect data type"
WRONG_PATH = "The document path provided in the update expression is invalid for update"
NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"


@pytest.mark.parametrize(
    ("before", "expression", "values", "complaint"),
    [
        ({}, "SET a = b", None, NO_ATTRIBUTE),
        ({}, "SET a = b + :v", {":v": n(1)}, NO_ATTRIBUTE),
        ({}, "SET a = list_append(a, :v)", {":v": numbers(1)}, NO_ATTRIBUTE),
        ({"a": {"S": "x"}}, "SET a = a + :v", {":v": n(1)}, WRONG_TYPE),
        ({"a": {"S": "x"}}, "SET a = list_append(a, :v)", {":v": numbers(1)}, WRONG_TYPE),
        ({"a": {"S": "x"}}, "ADD a :v", {":v": n(1)}, WRONG_TYPE),
        ({"a": {"SS": ["x"]}}, "ADD a :v", {":v": {"NS": ["1"]}}, WRONG_TYPE),
        ({"a": {"S": "x"}}, "DELETE a :v", {":v": {"SS": ["x"]}}, WRONG_TYPE),
        ({}, "SET a.b = :v", {":v": n(1)}, WRONG_PATH),
        ({"a": n(1)}, "SET a.b = :v", {":v": n(1)}, WRONG_PATH),
        ({"a": {"M": {}}}, "SET a[0] = :v", {":v": n(1)}, WRONG_PATH),
        ({"a": numbers()}, "SET a.b = :v", {":v": n(1)}, WRONG_PATH),
        ({}, "REMOVE a.b", None, WRONG_PATH),
        ({"a": {"N": "1e125"}}, "SET a = a + a", None, None),
        ({"a": {"N": "9e125"}}, "ADD a :v", {":v": {"N": "9e125"}}, "Number overflow."),
        ({"a": {"N": "1e40"}}, "ADD a :v", {":v": n(1)}, "Attempting to store more than 38 significant digits"),
    ],
)
def test_refusals_that_depend_on_the_item(
    world: World, before: dict[str, Any], expression: str, values: dict[str, Any] | None, complaint: str | None
) -> None:
    if complaint is None:
        assert updated(world, before, expression)["a"] == {"N": "2" + "0" * 125}
        return
    world.call("PutItem", TableName="things", Item={**KEY, **before})
    stored = world.items("things")
    params: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
    message = world.message("UpdateItem", TableName="things", Key=KEY, UpdateExpression=expression, **params)
    assert message.startswith(complaint)
    assert world.items("things") == stored


@pytest.mark.parametrize(
    ("expression", "values", "complaint"),
    [
        ("SET a = :v, a = :v", {":v": n(1)}, "Two document paths overlap with each other"),
        ("SET a = :v REMOVE a.b", {":v": n(1)}, "Two document paths overlap with each other"),
        ("SET a.b = :v, a[0] = :v", {":v": n(1)}, "Two document paths conflict with each other"),
        ("REMOVE a.b, a.b.c", None, "path one: [a, b], path two: [a, b, c]"),
        ("ADD a :v", {":v": {"S": "x"}}, "operator: ADD, operand type: STRING"),
        ("DELETE a :v", {":v": n(1)}, "operator: DELETE, operand type: NUMBER"),
        ("SET a = a + :v", {":v": {"S": "x"}}, "operator or function: +, operand type: S"),
        ("SET a = list_append(a, :v)", {":v": n(1)}, "operator or function: list_append, operand type: N"),
        ("SET a = if_not_exists(b, b)", None, "operator: if_not_exists, first operand: [b]"),
        ("SET a = :missing", None, "An expression attribute value used in expression is not defined"),
        ("SET #a = :v", {":v": n(1)}, "An expression attribute name used in the document path is not defined"),
    ],
)
def test_refusals_that_do_not(world: World, expression: str, values: dict[str, Any] | None, complaint: str) -> None:
    params: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
    message = world.message("UpdateItem", TableName="things", Key=KEY, UpdateExpression=expression, **params)
    assert message.startswith("1 validation error detected: Invalid UpdateExpression: ")
    assert complaint in message


def test_key_attributes_cannot_be_updated(world: World) -> None:
    message = world.message(
        "UpdateItem",
        TableName="things",
        Key=KEY,
        UpdateExpression="SET pk = :v",
        ExpressionAttributeValues={":v": {"S": "2"}},
    )
    assert message == (
        "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"
    )


def test_an_update_makes_the_item_that_is_not_there(world: World) -> None:
    world.call("UpdateItem", TableName="things", Key=KEY)
    assert world.items("things") == [KEY]


@pytest.mark.parametrize(
    ("returns", "attributes"),
    [
        ("NONE", None),
        ("ALL_OLD", {"pk": {"S": "1"}, "a": n(1), "b": n(2), "m": {"M": {"x": n(1), "y": n(2)}}}),
        ("ALL_NEW", {"pk": {"S": "1"}, "a": n(5), "c": n(6), "m": {"M": {"x": n(7), "y": n(2)}}}),
        ("UPDATED_OLD", {"a": n(1), "b": n(2), "m": {"M": {"x": n(1)}}}),
        ("UPDATED_NEW", {"a": n(5), "c": n(6), "m": {"M": {"x": n(7)}}}),
    ],
)
def test_return_values(world: World, returns: str, attributes: dict[str, Any] | None) -> None:
    world.call("PutItem", TableName="things", Item={**KEY, "a": n(1), "b": n(2), "m": {"M": {"x": n(1), "y": n(2)}}})
    reply = world.call(
        "UpdateItem",
        TableName="things",
        Key=KEY,
        UpdateExpression="SET a = :5, c = :6, m.x = :7 REMOVE b",
        ExpressionAttributeValues={":5": n(5), ":6": n(6), ":7": n(7)},
        ReturnValues=returns,
    )
    assert reply.get("Attributes") == attributes


@pytest.mark.parametrize("returns", ["ALL_OLD", "UPDATED_OLD"])
def test_there_are_no_old_values_of_a_new_item(world: World, returns: str) -> None:
    reply = world.call(
        "UpdateItem",
        TableName="things",
        Key=KEY,
        UpdateExpression="SET a = :v",
        ExpressionAttributeValues={":v": n(1)},
        ReturnValues=returns,
    )
    assert reply == {}


def test_a_reply_shares_nothing_with_the_request_or_the_table(world: World) -> None:
    values = {":s": {"S": "x"}, ":l": {"L": [{"S": "y"}]}, ":set": {"SS": ["z"]}}
    params: dict[str, Any] = {
        "TableName": "things",
        "Key": {"pk": {"S": "1"}},
        "UpdateExpression": "SET a = :s, b = :s, c = :l, d = :set",
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_NEW",
    }
    reply = world.call("UpdateItem", **params)["Attributes"]
    for attribute in reply.values():
        for content in attribute.values():
            if isinstance(content, list):
                content.clear()
        attribute.clear()
    assert values == {":s": {"S": "x"}, ":l": {"L": [{"S": "y"}]}, ":set": {"SS": ["z"]}}
    assert params["Key"] == {"pk": {"S": "1"}}
    assert world.items("things")[0]["c"] == {"L": [{"S": "y"}]}


def test_nesting_is_limited_for_nested_updates_too(world: World) -> None:
    deep: dict[str, Any] = {"M": {}}
    for _ in range(31):
        deep = {"M": {"m": deep}}
    world.call("PutItem", TableName="things", Item={**KEY, "m": deep})
    message = world.message(
        "UpdateItem",
        TableName="things",
        Key=KEY,
        UpdateExpression="SET " + ".".join(["m"] * 33) + " = :v",
        ExpressionAttributeValues={":v": {"M": {}}},
    )
    assert message.startswith("Nesting Levels have exceeded supported limits")


def test_an_index_key_cannot_get_another_type(world: World) -> None:
    key = {"pk": {"S": "1"}, "sk": {"S": "1"}}
    message = world.message(
        "UpdateItem",
        TableName="orders",
        Key=key,
        UpdateExpression="SET due = :v",
        ExpressionAttributeValues={":v": {"S": "x"}},
    )
    assert message == (
        "One or more parameter values were invalid: Type mismatch for Index Key due Expected: N Actual: S IndexName: "
        "by-state"
    )
    assert world.items("orders") == []


@pytest.mark.parametrize(
    "value",
    ["list_append(list_append(:l, :l), :l)", "if_not_exists(a, list_append(:l, :l))", "list_append(:l, :l) + :l"],
)
def test_joined_lists_are_no_part_of_another_value(world: World, value: str) -> None:
    message = world.message(
        "UpdateItem",
        TableName="things",
        Key={"pk": {"S": "1"}},
        UpdateExpression=f"SET b = {value}",
        ExpressionAttributeValues={":l": {"L": []}},
    )
    assert message == ENVELOPE + (
        "Invalid UpdateExpression: The function is not allowed to be used this way in an expression; "
        "function: list_append"
    )


def test_an_expression_is_looked_at_with_its_values_before_the_next_one(world: World) -> None:
    """An operand of the wrong type, then an expression that is none, then names that nothing uses."""
    params: dict[str, Any] = {
        "TableName": "things",
        "Key": {"pk": {"S": "1"}},
        "UpdateExpression": "ADD a :t",
        "ConditionExpression": "b = =",
        "ExpressionAttributeNames": {"#unused": "x"},
        "ExpressionAttributeValues": {":t": {"BOOL": True}},
    }
    assert "operator: ADD, operand type: BOOLEAN" in world.message("UpdateItem", **params)
    params["ExpressionAttributeValues"] = {":t": {"N": "1"}}
    assert 'Syntax error; token: "="' in world.message("UpdateItem", **params)
    params["ConditionExpression"] = "attribute_exists(b)"
    assert world.message("UpdateItem", **params) == ENVELOPE + (
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}"
    )
    params["ExpressionAttributeValues"] = {"t": {"BOOL": True}}
    params["ConditionExpression"] = "b = ="
    assert "ExpressionAttributeValues contains invalid key" in world.message("UpdateItem", **params)
