"""Arbitrary input to every operation that takes expressions: an answer or an AwsError, never anything else."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dynamodb.conftest import World, open_world, orders_definition, refusal_of
from tests.dynamodb.strategies import ITEMS, TEXTS, VALUES

FRAGMENTS = st.sampled_from(
    [
        "a",
        "m.x",
        "l[0]",
        "l[7]",
        "#a",
        "#b",
        ":v",
        ":w",
        "(",
        ")",
        ",",
        "=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "AND",
        "OR",
        "NOT",
        "BETWEEN",
        "IN",
        "SET",
        "REMOVE",
        "ADD",
        "DELETE",
        "size(a)",
        "contains(a,",
        "begins_with(a,",
        "attribute_exists(a)",
        "attribute_type(a,",
        "if_not_exists(a,",
        "list_append(l,",
        "pk",
        "sk",
        "state",
        "due",
        ":n",
        ":s",
        ":set",
    ]
)
EXPRESSIONS = st.one_of(
    st.lists(FRAGMENTS, max_size=12).map(" ".join),
    st.text(max_size=20),
    st.sampled_from(
        [
            "SET a = :v",
            "SET m.x = :v, l[1] = :w REMOVE l[0]",
            "ADD a :v DELETE m.x :w",
            "SET a = a + :v",
            "SET l = list_append(l, :v)",
            "a = :v AND m.x < :w",
            "contains(a, :v) OR size(l) > :w",
            "a BETWEEN :v AND :w",
            "pk = :v AND sk < :w",
            "pk = :v AND begins_with(sk, :w)",
            "#a = :v",
        ]
    ),
)
NAMES = st.none() | st.dictionaries(st.sampled_from(["#a", "#b", "x", ""]), TEXTS, max_size=2)
BOUND = st.none() | st.dictionaries(st.sampled_from([":v", ":w", ":n", ":s", ":set", "x"]), VALUES, max_size=3)
ITEM = {
    "pk": {"S": "1"},
    "sk": {"S": "1"},
    "a": {"N": "1"},
    "m": {"M": {"x": {"SS": ["a"]}}},
    "l": {"L": [{"N": "1"}, {"S": "b"}]},
}


def attempt(world: World, operation: str, params: dict[str, Any]) -> None:
    given_params = {name: value for name, value in params.items() if value is not None}
    error = refusal_of(lambda: world.call(operation, TableName="orders", **given_params))
    if error is not None:
        assert error.status == 400
        error.message.encode()


@settings(deadline=None)
@given(
    expression=EXPRESSIONS,
    condition=st.none() | EXPRESSIONS,
    names=NAMES,
    values=BOUND,
    item=ITEMS,
    projection=EXPRESSIONS,
)
def test_no_input_breaks_an_operation(
    expression: str,
    condition: str | None,
    names: dict[str, str] | None,
    values: dict[str, Any] | None,
    item: dict[str, Any],
    projection: str,
) -> None:
    world = open_world()
    try:
        world.call("CreateTable", TableName="orders", **orders_definition())
        world.call("PutItem", TableName="orders", Item=ITEM)
        key = {"pk": {"S": "1"}, "sk": {"S": "1"}}
        bound = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
        attempt(
            world,
            "UpdateItem",
            {"Key": key, "UpdateExpression": expression, "ConditionExpression": condition, **bound},
        )
        attempt(world, "Scan", {"FilterExpression": expression, **bound})
        attempt(world, "Query", {"KeyConditionExpression": expression, "FilterExpression": condition, **bound})
        attempt(world, "GetItem", {"Key": key, "ProjectionExpression": projection, "ExpressionAttributeNames": names})
        attempt(world, "PutItem", {"Item": {**item, **key}, "ConditionExpression": expression, **bound})
        attempt(world, "PutItem", {"Item": item})
        attempt(world, "DeleteItem", {"Key": item})
        attempt(world, "Scan", {"ExclusiveStartKey": item})
    finally:
        world.db.close()
