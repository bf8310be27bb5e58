"""TransactWriteItems and TransactGetItems: all or nothing, reasons, and repeated requests."""

from typing import Any

import pytest

from tests.dynamodb.conftest import World


def key(name: str) -> dict[str, Any]:
    return {"TableName": "things", "Key": {"pk": {"S": name}}}


def put(name: str, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "things", "Item": {"pk": {"S": name}}, **more}}


ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}


def test_all_parts_are_written_together(world: World) -> None:
    world.call("PutItem", TableName="things", Item={"pk": {"S": "old"}, "n": {"N": "1"}})
    world.call("PutItem", TableName="things", Item={"pk": {"S": "gone"}})
    reply = world.call(
        "TransactWriteItems",
        TransactItems=[
            put("new", **ABSENT),
            {
                "Update": {
                    **key("old"),
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
            {"Delete": key("gone")},
            {"ConditionCheck": {**key("none"), **ABSENT}},
        ],
    )
    assert reply == {}
    assert world.items("things") == [{"pk": {"S": "new"}}, {"pk": {"S": "old"}, "n": {"N": "2"}}]


def test_one_refusal_cancels_all_and_each_part_gets_a_reason(world: World) -> None:
    there = {"pk": {"S": "there"}, "n": {"S": "x"}}
    world.call("PutItem", TableName="things", Item=there)
    error = world.refusal(
        "TransactWriteItems",
        TransactItems=[
            put("new"),
            put("there", **ABSENT, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            {"ConditionCheck": {**key("none"), "ConditionExpression": "attribute_exists(pk)"}},
            {"Update": {**key("other"), "UpdateExpression": "SET a = b"}},
        ],
    )
    assert error.code == "TransactionCanceledException"
    assert error.message == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, ConditionalCheckFailed, ValidationError]"
    )
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert error.fields["CancellationReasons"] == [
        {"Code": "None"},
        {**failed, "Item": there},
        failed,
        {
            "Code": "ValidationError",
            "Message": "The provided expression refers to an attribute that does not exist in the item",
        },
    ]
    assert world.items("things") == [there]


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ([], "Member must have length greater than or equal to 1"),
        ([put(str(number)) for number in range(101)], "Member must have length less than or equal to 100"),
        ([put("a"), {"Delete": key("a")}], "Transaction request cannot include multiple operations on one item"),
        ([{**put("a"), "Delete": key("b")}], "TransactItems can only contain one of Check, Put, Update or Delete"),
        ([{}], "TransactItems can only contain one of Check, Put, Update or Delete"),
        ([put("a", ConditionExpression="a = ")], "Invalid ConditionExpression: Syntax error"),
        (
            [
                {"Put": {"TableName": "things", "Item": {"pk": {"S": str(number)}, "a": {"S": "x" * 400_000}}}}
                for number in range(11)
            ],
            "4 MB",
        ),
    ],
)
def test_transactions_that_are_refused(world: World, parts: list[dict[str, Any]], complaint: str) -> None:
    assert complaint in world.message("TransactWriteItems", TransactItems=parts)
    assert world.items("things") == []


def test_a_repeated_request_writes_once(world: World) -> None:
    params: dict[str, Any] = {
        "TransactItems": [
            {
                "Update": {
                    **key("counter"),
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            }
        ],
        "ClientRequestToken": "once",
    }
    world.call("TransactWriteItems", **params)
    reply = world.call("TransactWriteItems", **params, ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]
    assert world.items("things")[0]["n"] == {"N": "1"}
    error = world.refusal("TransactWriteItems", TransactItems=[put("a")], ClientRequestToken="once")
    assert error.code == "IdempotentParameterMismatchException"
    world.now += 10 * 60 * 1000
    world.call("TransactWriteItems", **params)
    assert world.items("things")[0]["n"] == {"N": "2"}
    assert "'clientRequestToken'" in world.message(
        "TransactWriteItems", TransactItems=[put("a")], ClientRequestToken="x" * 37
    )


def test_a_cancelled_request_may_be_repeated(world: World) -> None:
    world.call("PutItem", TableName="things", Item={"pk": {"S": "a"}})
    params: dict[str, Any] = {"TransactItems": [put("a", **ABSENT)], "ClientRequestToken": "retry"}
    assert world.refusal("TransactWriteItems", **params).code == "TransactionCanceledException"
    world.call("DeleteItem", **key("a"))
    assert world.call("TransactWriteItems", **params) == {}


def test_reads_together(world: World) -> None:
    world.call("PutItem", TableName="things", Item={"pk": {"S": "a"}, "n": {"N": "1"}, "m": {"N": "2"}})
    reply = world.call(
        "TransactGetItems",
        TransactItems=[
            {"Get": {**key("a"), "ProjectionExpression": "n"}},
            {"Get": key("none")},
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert reply["Responses"] == [{"Item": {"n": {"N": "1"}}}, {}]
    assert reply["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]
    twice = [{"Get": key("a")}, {"Get": key("a")}]
    assert "multiple operations on one item" in world.message("TransactGetItems", TransactItems=twice)
    many = [{"Get": key(str(number))} for number in range(101)]
    assert "less than or equal to 100" in world.message("TransactGetItems", TransactItems=many)
