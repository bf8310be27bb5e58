"""INSERT, UPDATE and DELETE by PartiQL: what is written, given back and refused."""

from typing import Any

import pytest
from hypothesis import given, settings

from tests.dynamodb.conftest import KEY_ONLY, World, open_world, refusal_of
from tests.dynamodb.strategies import ITEMS, VALUES

KEY = {"pk": {"S": "a"}}


def run(world: World, statement: str, *parameters: Any, **options: Any) -> list[dict[str, Any]]:
    if parameters:
        options["Parameters"] = list(parameters)
    items: list[dict[str, Any]] = world.call("ExecuteStatement", Statement=statement, **options)["Items"]
    return items


def put(world: World, **attributes: Any) -> None:
    world.call("PutItem", TableName="things", Item=KEY | attributes)


def stored(world: World) -> Any:
    return world.call("GetItem", TableName="things", Key=KEY).get("Item")


def test_an_insert_writes_literals_of_every_type(world: World) -> None:
    statement = (
        "INSERT INTO \"things\" VALUE {'pk': 'a', 'text': 'it''s', 'n': -1.50, 'yes': true, 'nothing': null,"
        " 'list': [1, ['x', {}]], 'map': {'in': {'deep': false}}, 'ss': <<'x', 'y'>>, 'ns': <<1, 2.0>>}"
    )
    assert run(world, statement) == []
    assert stored(world) == {
        "pk": {"S": "a"},
        "text": {"S": "it's"},
        "n": {"N": "-1.5"},
        "yes": {"BOOL": True},
        "nothing": {"NULL": True},
        "list": {"L": [{"N": "1"}, {"L": [{"S": "x"}, {"M": {}}]}]},
        "map": {"M": {"in": {"M": {"deep": {"BOOL": False}}}}},
        "ss": {"SS": ["x", "y"]},
        "ns": {"NS": ["1", "2"]},
    }


def test_an_insert_takes_parameters_anywhere_in_its_value(world: World) -> None:
    statement = "INSERT INTO things VALUE {'pk': ?, 'm': {'l': [1, ?]}, 'n': ?}"
    run(world, statement, {"S": "a"}, {"B": b"x"}, {"N": "01"})
    assert stored(world) == KEY | {"m": {"M": {"l": {"L": [{"N": "1"}, {"B": b"x"}]}}}, "n": {"N": "1"}}


def test_an_insert_takes_a_whole_item_as_its_parameter(world: World) -> None:
    run(world, "INSERT INTO things VALUE ?", {"M": KEY | {"n": {"N": "1"}}})
    assert stored(world) == KEY | {"n": {"N": "1"}}


def test_an_insert_is_no_upsert(world: World) -> None:
    put(world, n={"N": "1"})
    error = world.refusal("ExecuteStatement", Statement="INSERT INTO things VALUE {'pk': 'a', 'n': 2}")
    assert (error.code, error.message) == ("DuplicateItemException", "Duplicate primary key exists in table")
    assert stored(world) == KEY | {"n": {"N": "1"}}


def test_an_insert_must_hold_the_key(world: World) -> None:
    message = world.message("ExecuteStatement", Statement="INSERT INTO things VALUE {'n': 2}")
    assert message == "One or more parameter values were invalid: Missing the key pk in the item"


@pytest.mark.parametrize(
    ("before", "actions", "parameters", "after"),
    [
        ({}, "SET a = 1", [], {"a": {"N": "1"}}),
        ({}, "SET a = 1, b = 2", [], {"a": {"N": "1"}, "b": {"N": "2"}}),
        ({}, "SET a = ? SET b = ?", [{"S": "x"}, {"S": "y"}], {"a": {"S": "x"}, "b": {"S": "y"}}),
        ({"a": {"N": "1"}}, "SET a = a + 1", [], {"a": {"N": "2"}}),
        ({"a": {"N": "1"}}, "SET a = ? - a", [{"N": "5"}], {"a": {"N": "4"}}),
        ({"a": {"N": "1"}, "b": {"N": "2"}}, "REMOVE a REMOVE b", [], {}),
        ({"a": {"N": "1"}}, "SET b = a REMOVE a", [], {"b": {"N": "1"}}),
        ({"a": {"L": [{"N": "1"}]}}, "SET a = list_append(a, [2, ?])", [{"N": "3"}], None),
        ({"a": {"L": [{"N": "1"}]}}, "SET a[0] = 5 SET a[3] = 6", [], {"a": {"L": [{"N": "5"}, {"N": "6"}]}}),
        ({"m": {"M": {}}}, 'SET m."x y" = 1', [], {"m": {"M": {"x y": {"N": "1"}}}}),
        ({"m": {"M": {"x": {"N": "1"}}}}, "REMOVE m.x", [], {"m": {"M": {}}}),
        ({}, "SET s = set_add(s, <<'x'>>)", [], {"s": {"SS": ["x"]}}),
        ({"s": {"NS": ["1"]}}, "SET s = SET_ADD(s, ?)", [{"NS": ["1", "2"]}], {"s": {"NS": ["1", "2"]}}),
        ({"s": {"SS": ["x", "y"]}}, "SET s = set_delete(s, <<'x', 'z'>>)", [], {"s": {"SS": ["y"]}}),
        ({"s": {"SS": ["x"]}}, "SET s = set_delete(s, <<'x'>>)", [], {}),
        ({"#a": {"N": "1"}}, 'SET "#a" = "#a" + 1', [], {"#a": {"N": "2"}}),
    ],
)
def test_an_update_changes_the_item(
    world: World, before: dict[str, Any], actions: str, parameters: list[Any], after: dict[str, Any] | None
) -> None:
    put(world, **before)
    after = {"a": {"L": [{"N": "1"}, {"N": "2"}, {"N": "3"}]}} if after is None else after
    for statement in (f"UPDATE things {actions} WHERE pk = 'a'", f"FROM things WHERE pk = 'a' {actions}"):
        put(world, **before)
        assert run(world, f"{statement} RETURNING ALL NEW *", *parameters) == [KEY | after]
        assert stored(world) == KEY | after


@pytest.mark.parametrize(
    ("returning", "item"),
    [
        ("ALL OLD", KEY | {"n": {"N": "1"}, "keep": {"S": "k"}}),
        ("ALL NEW", KEY | {"n": {"N": "2"}, "keep": {"S": "k"}}),
        ("MODIFIED OLD", {"n": {"N": "1"}}),
        ("MODIFIED NEW", {"n": {"N": "2"}}),
    ],
)
def test_an_update_returns_the_side_that_it_is_asked_for(world: World, returning: str, item: dict[str, Any]) -> None:
    put(world, n={"N": "1"}, keep={"S": "k"})
    assert run(world, f"UPDATE things SET n = 2 WHERE pk = 'a' RETURNING {returning} *") == [item]


def test_an_update_that_leaves_nothing_modified_returns_nothing(world: World) -> None:
    put(world, n={"N": "1"})
    assert run(world, "UPDATE things REMOVE n WHERE pk = 'a' RETURNING MODIFIED NEW *") == []


def test_an_update_of_a_missing_item_fails_its_condition(world: World) -> None:
    for statement in (
        "UPDATE things SET n = 2 WHERE pk = 'a'",
        "UPDATE things SET n = 2 WHERE pk = 'a' AND attribute_not_exists(pk)",
    ):
        error = world.refusal("ExecuteStatement", Statement=statement)
        assert error.code == "ConditionalCheckFailedException"
    assert stored(world) is None


@pytest.mark.parametrize("statement", ["UPDATE things SET n = 2", "DELETE FROM things"])
def test_what_a_write_asks_beyond_the_key_is_its_condition(world: World, statement: str) -> None:
    put(world, n={"N": "1"})
    params = {"Statement": f"{statement} WHERE n = ? AND pk = 'a'", "Parameters": [{"N": "5"}]}
    error = world.refusal("ExecuteStatement", **params)
    assert error.code == "ConditionalCheckFailedException"
    assert error.fields == {}
    error = world.refusal("ExecuteStatement", **params, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert error.fields == {"Item": KEY | {"n": {"N": "1"}}}
    assert stored(world) == KEY | {"n": {"N": "1"}}
    assert run(world, f"{statement} WHERE pk = 'a' AND n = 1") == []
    assert stored(world) != KEY | {"n": {"N": "1"}}


def test_the_key_cannot_be_updated(world: World) -> None:
    put(world)
    message = world.message("ExecuteStatement", Statement="UPDATE things SET pk = 'b' WHERE pk = 'a'")
    assert message.endswith("Cannot update attribute pk. This attribute is part of the key")


def test_a_delete_returns_what_it_deleted(world: World) -> None:
    put(world, n={"N": "1"})
    assert run(world, "DELETE FROM things WHERE pk = 'a' RETURNING ALL OLD *") == [KEY | {"n": {"N": "1"}}]
    assert stored(world) is None


def test_a_delete_without_an_item_does_nothing(world: World) -> None:
    assert run(world, "DELETE FROM things WHERE pk = 'a' AND n = 1 RETURNING ALL OLD *") == []


def test_a_plan_follows_the_table_that_now_has_the_name(world: World) -> None:
    statement = "UPDATE things SET n = 1 WHERE pk = 'a'"
    put(world)
    run(world, statement)
    world.call("DeleteTable", TableName="things")
    key = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
    world.call(
        "CreateTable",
        TableName="things",
        **KEY_ONLY | key | {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]},
    )
    assert world.message("ExecuteStatement", Statement=statement).startswith("Where clause does not contain")


def test_writes_count_their_capacity(world: World) -> None:
    statement = "INSERT INTO things VALUE {'pk': 'a', 's': ?}"
    reply = world.call(
        "ExecuteStatement", Statement=statement, Parameters=[{"S": "x" * 1100}], ReturnConsumedCapacity="TOTAL"
    )
    assert reply["ConsumedCapacity"] == {"TableName": "things", "CapacityUnits": 2.0}


@settings(deadline=None)
@given(item=ITEMS, value=VALUES)
def test_an_insert_and_a_put_store_the_same(item: dict[str, Any], value: dict[str, Any]) -> None:
    world = open_world()
    for name in ("put", "ins"):
        world.call("CreateTable", TableName=f"{name}-it", **KEY_ONLY)
    whole = item | {"pk": {"S": "a"}, "value": value}
    world.call("PutItem", TableName="put-it", Item=whole)
    world.call("ExecuteStatement", Statement='INSERT INTO "ins-it" VALUE ?', Parameters=[{"M": whole}])
    assert world.items("ins-it") == world.items("put-it")
    world.db.close()


@settings(deadline=None)
@given(old=VALUES, new=VALUES, expected=VALUES)
def test_an_update_by_partiql_is_an_update(old: dict[str, Any], new: dict[str, Any], expected: dict[str, Any]) -> None:
    """The same condition and the same update, by expression and by statement, come to the same."""
    world = open_world()
    for name in ("by-item", "by-text"):
        world.call("CreateTable", TableName=name, **KEY_ONLY)
        world.call("PutItem", TableName=name, Item=KEY | {"v": old})
    update: dict[str, Any] = {
        "UpdateExpression": "SET w = :n, v = :n",
        "ConditionExpression": "v = :e OR size(v) > :two",
        "ExpressionAttributeValues": {":n": new, ":e": expected, ":two": {"N": "2"}},
    }
    statement = "UPDATE \"by-text\" SET w = ?, v = ? WHERE (v = ? OR size(v) > 2) AND pk = 'a'"
    refusals = [
        refusal_of(lambda: world.call("UpdateItem", TableName="by-item", Key=KEY, **update)),
        refusal_of(lambda: world.call("ExecuteStatement", Statement=statement, Parameters=[new, new, expected])),
    ]
    assert str(refusals[0]) == str(refusals[1])
    assert world.items("by-item") == world.items("by-text")
    world.db.close()
