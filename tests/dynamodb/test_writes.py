"""PutItem, DeleteItem and BatchWriteItem: what they store, return and refuse."""

from typing import Any

import pytest

from tests.dynamodb.conftest import World

#: What PutItem, UpdateItem and DeleteItem put before the complaint about a request.
ENVELOPE = "1 validation error detected: "
MISFIT = "The provided key element does not match the schema"
KEY = {"pk": {"S": "1"}}
ORDER = {"pk": {"S": "1"}, "sk": {"S": "a"}}


def test_put_replaces_the_whole_item(world: World) -> None:
    world.call("PutItem", TableName="things", Item={**KEY, "a": {"N": "1"}})
    reply = world.call("PutItem", TableName="things", Item={**KEY, "b": {"N": "2"}}, ReturnValues="ALL_OLD")
    assert reply == {"Attributes": {**KEY, "a": {"N": "1"}}}
    assert world.items("things") == [{**KEY, "b": {"N": "2"}}]


def test_put_if_absent_succeeds_once(world: World) -> None:
    params: dict[str, Any] = {"TableName": "things", "ConditionExpression": "attribute_not_exists(pk)"}
    assert world.call("PutItem", Item=KEY, **params) == {}
    error = world.refusal("PutItem", Item={**KEY, "a": {"N": "1"}}, **params)
    assert (error.code, error.message) == ("ConditionalCheckFailedException", "The conditional request failed")
    assert error.fields == {}
    assert world.items("things") == [KEY]


def test_the_loser_of_a_condition_is_told_what_is_there(world: World) -> None:
    world.call("PutItem", TableName="things", Item={**KEY, "a": {"N": "1"}})
    for operation, params in (
        ("PutItem", {"Item": KEY}),
        ("DeleteItem", {"Key": KEY}),
        ("UpdateItem", {"Key": KEY, "UpdateExpression": "REMOVE a"}),
    ):
        error = world.refusal(
            operation,
            TableName="things",
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **params,
        )
        assert error.fields == {"Item": {**KEY, "a": {"N": "1"}}}


def test_a_condition_may_hold_for_an_old_item_only(world: World) -> None:
    params: dict[str, Any] = {
        "TableName": "things",
        "Item": {**KEY, "a": {"N": "2"}},
        "ConditionExpression": "a = :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    assert world.refusal("PutItem", **params).code == "ConditionalCheckFailedException"
    world.call("PutItem", TableName="things", Item={**KEY, "a": {"N": "1.0"}})
    world.call("PutItem", **params)
    assert world.items("things") == [{**KEY, "a": {"N": "2"}}]


def test_delete_returns_what_it_deleted_and_nothing_the_second_time(world: World) -> None:
    world.call("PutItem", TableName="things", Item=KEY)
    assert world.call("DeleteItem", TableName="things", Key=KEY, ReturnValues="ALL_OLD") == {"Attributes": KEY}
    assert world.call("DeleteItem", TableName="things", Key=KEY, ReturnValues="ALL_OLD") == {}
    assert world.items("things") == []


def test_stored_items_are_apart_from_the_callers(world: World) -> None:
    item: dict[str, Any] = {**KEY, "list_": {"L": [{"S": "x"}]}}
    world.call("PutItem", TableName="things", Item=item)
    item["list_"]["L"].clear()
    first = world.call("GetItem", TableName="things", Key=KEY)["Item"]
    first["list_"]["L"].clear()
    assert world.call("GetItem", TableName="things", Key=KEY)["Item"]["list_"] == {"L": [{"S": "x"}]}


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ({"sk": {"S": "a"}}, "One or more parameter values were invalid: Missing the key pk in the item"),
        ({"pk": {"S": "1"}}, "One or more parameter values were invalid: Missing the key sk in the item"),
        (
            {**ORDER, "sk": {"N": "1"}},
            "One or more parameter values were invalid: Type mismatch for key sk expected: S actual: N",
        ),
        (
            {**ORDER, "pk": {"S": ""}},
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string value. Key: pk",
        ),
        (
            {**ORDER, "pk": {"S": "x" * 2049}},
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 "
            "bytes",
        ),
        (
            {**ORDER, "sk": {"S": "é" * 513}},
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit "
            "of 1024 bytes",
        ),
        (
            {**ORDER, "due": {"S": "1"}},
            "One or more parameter values were invalid: Type mismatch for Index Key due Expected: N Actual: S "
            "IndexName: by-state",
        ),
        (
            {**ORDER, "state": {"S": ""}},
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
            "The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-state, "
            "IndexKey: state",
        ),
        ({**ORDER, "a": {"S": "x" * 409_600}}, "Item size has exceeded the maximum allowed size"),
    ],
)
def test_items_that_cannot_be_stored(world: World, item: dict[str, Any], complaint: str) -> None:
    assert world.message("PutItem", TableName="orders", Item=item) == complaint
    batch = {"orders": [{"PutRequest": {"Item": item}}]}
    misfit = "Missing the key" in complaint or "Type mismatch for key" in complaint
    assert world.message("BatchWriteItem", RequestItems=batch) == (MISFIT if misfit else complaint)
    assert world.items("orders") == []


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"N": "x"}, "The parameter cannot be converted to a numeric value: x"),
        ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
    ],
)
def test_values_that_are_none(world: World, value: dict[str, Any], complaint: str) -> None:
    item = {**ORDER, "a": value}
    assert world.message("PutItem", TableName="orders", Item=item) == ENVELOPE + complaint
    batch = {"orders": [{"PutRequest": {"Item": item}}]}
    assert world.message("BatchWriteItem", RequestItems=batch) == complaint
    assert world.items("orders") == []


def test_an_item_may_have_exactly_400_kb(world: World) -> None:
    def item(size: int) -> dict[str, Any]:
        return {"pk": {"S": "1"}, "a": {"S": "x" * (size - len("pk1a"))}}

    world.call("PutItem", TableName="things", Item=item(409_600))
    assert "exceeded the maximum allowed size" in world.message("PutItem", TableName="things", Item=item(409_601))
    message = world.message(
        "UpdateItem",
        TableName="things",
        Key=KEY,
        UpdateExpression="SET b = :v",
        ExpressionAttributeValues={":v": {"S": ""}},
    )
    assert message == "Item size to update has exceeded the maximum allowed size"


@pytest.mark.parametrize("operation", ["GetItem", "DeleteItem", "UpdateItem"])
@pytest.mark.parametrize(
    "key",
    [
        {},
        {"pk": {"S": "1"}},
        {"pk": {"S": "1"}, "other": {"S": "a"}},
        {**ORDER, "x": {"S": "1"}},
        {"pk": {"N": "1"}, "sk": {"S": "a"}},
    ],
)
def test_keys_that_do_not_fit(world: World, operation: str, key: dict[str, Any]) -> None:
    assert world.message(operation, TableName="orders", Key=key) == (
        "The provided key element does not match the schema"
    )


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("PutItem", {"Item": KEY}),
        ("GetItem", {"Key": KEY}),
        ("UpdateItem", {"Key": KEY}),
        ("DeleteItem", {"Key": KEY}),
        ("Scan", {}),
        ("Query", {"KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "1"}}}),
    ],
)
def test_a_table_that_is_not_there(world: World, operation: str, params: dict[str, Any]) -> None:
    error = world.refusal(operation, TableName="nowhere", **params)
    assert (error.code, error.message) == ("ResourceNotFoundException", "Requested resource not found")


@pytest.mark.parametrize(
    ("operation", "params", "complaint"),
    [
        (
            "PutItem",
            {"Item": KEY, "ReturnValues": "ALL_NEW"},
            "ReturnValues can only be ALL_OLD or NONE",
        ),
        (
            "UpdateItem",
            {"Key": KEY, "ReturnValues": "SOME"},
            "1 validation error detected: Value 'SOME' at 'returnValues' failed to satisfy constraint: Member must "
            "satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]",
        ),
        (
            "PutItem",
            {"Item": KEY, "ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            "PutItem",
            {"Item": KEY, "ExpressionAttributeValues": {":a": {"S": "a"}}},
            "ExpressionAttributeValues can only be specified when using expressions",
        ),
        (
            "PutItem",
            {"Item": KEY, "ConditionExpression": "a = :a", "ExpressionAttributeValues": {}},
            "ExpressionAttributeValues must not be empty",
        ),
        (
            "PutItem",
            {"Item": KEY, "ConditionExpression": "attribute_exists(a)", "ExpressionAttributeNames": {}},
            "ExpressionAttributeNames must not be empty",
        ),
        (
            "PutItem",
            {
                "Item": KEY,
                "ConditionExpression": "attribute_exists(a)",
                "ExpressionAttributeValues": {":z": {"S": "a"}, ":y": {"S": "a"}},
            },
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:y, :z}",
        ),
        (
            "PutItem",
            {"Item": KEY, "ConditionExpression": "attribute_exists(a)", "ExpressionAttributeNames": {"#z": "a"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#z}",
        ),
        (
            "PutItem",
            {"Item": KEY, "ConditionExpression": "a = :a"},
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; "
            "attribute value: :a",
        ),
        (
            "PutItem",
            {"Item": KEY, "ConditionExpression": "attribute_exists(#a)"},
            "Invalid ConditionExpression: An expression attribute name used in the document path is not defined; "
            "attribute name: #a",
        ),
        (
            "PutItem",
            {"Item": KEY, "ConditionExpression": "a = :a", "ExpressionAttributeValues": {"a": {"S": "a"}}},
            'ExpressionAttributeValues contains invalid key: Syntax error; key: "a"',
        ),
        (
            "PutItem",
            {"Item": KEY, "ConditionExpression": "attribute_exists(#a)", "ExpressionAttributeNames": {"a": "a"}},
            'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"',
        ),
        (
            "PutItem",
            {"Item": KEY, "ConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"N": "x"}}},
            "The parameter cannot be converted to a numeric value: x",
        ),
    ],
)
def test_parameters_that_are_refused(world: World, operation: str, params: dict[str, Any], complaint: str) -> None:
    message = world.message(operation, TableName="things", **params)
    assert message == ENVELOPE + complaint.removeprefix(ENVELOPE)


def test_a_batch_writes_and_deletes_in_several_tables(world: World) -> None:
    world.call("PutItem", TableName="things", Item={"pk": {"S": "old"}})
    reply = world.call(
        "BatchWriteItem",
        RequestItems={
            "things": [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": {"pk": {"S": "old"}}}}],
            "orders": [{"PutRequest": {"Item": {**ORDER, "b": {"B": b"\x00\xff"}}}}],
        },
    )
    assert reply == {"UnprocessedItems": {}}
    assert world.items("things") == [KEY]
    assert world.items("orders") == [{**ORDER, "b": {"B": b"\x00\xff"}}]


def test_a_batch_is_refused_whole(world: World) -> None:
    def puts(*names: str) -> dict[str, Any]:
        return {"things": [{"PutRequest": {"Item": {"pk": {"S": name}}}} for name in names]}

    assert world.message("BatchWriteItem", RequestItems=puts("1", "1")) == (
        "Provided list of item keys contains duplicates"
    )
    assert "length less than or equal to 25" in world.message("BatchWriteItem", RequestItems=puts(*map(str, range(26))))
    spread = {**puts(*map(str, range(20))), "orders": puts(*map(str, range(6)))["things"]}
    assert world.message("BatchWriteItem", RequestItems=spread) == (
        "Too many items requested for the BatchWriteItem call"
    )
    assert "length greater than or equal to 1" in world.message("BatchWriteItem", RequestItems={})
    assert "length greater than or equal to 1" in world.message("BatchWriteItem", RequestItems={"things": []})
    missing = {**puts("1"), "nowhere": puts("1")["things"]}
    assert world.refusal("BatchWriteItem", RequestItems=missing).code == "ResourceNotFoundException"
    assert world.items("things") == []


def test_a_batch_get_answers_what_it_finds(world: World) -> None:
    for name in "abc":
        world.call("PutItem", TableName="things", Item={"pk": {"S": name}, "n": {"S": name}})
    keys = [{"pk": {"S": name}} for name in "cax"]
    reply = world.call("BatchGetItem", RequestItems={"things": {"Keys": keys, "ProjectionExpression": "n"}})
    assert reply == {"Responses": {"things": [{"n": {"S": "c"}}, {"n": {"S": "a"}}]}, "UnprocessedKeys": {}}
    twice = {"things": {"Keys": [keys[0], keys[0]]}}
    assert world.message("BatchGetItem", RequestItems=twice) == "Provided list of item keys contains duplicates"
    many = {"things": {"Keys": [{"pk": {"S": str(number)}} for number in range(101)]}}
    assert "Member must have length less than or equal to 100" in world.message("BatchGetItem", RequestItems=many)
    keys = [{"pk": {"S": str(number)}, "sk": {"S": "a"}} for number in range(60)]
    spread = {"things": {"Keys": many["things"]["Keys"][:60]}, "orders": {"Keys": keys}}
    assert world.message("BatchGetItem", RequestItems=spread) == "Too many items requested for the BatchGetItem call"


def test_a_batch_get_stops_at_16_mb_and_says_what_is_left(world: World) -> None:
    for number in range(45):
        item = {"pk": {"S": f"{number:02}"}, "a": {"S": "x" * 400_000}}
        world.call("PutItem", TableName="things", Item=item)
    keys = [{"pk": {"S": f"{number:02}"}} for number in range(45)]
    reply = world.call("BatchGetItem", RequestItems={"things": {"Keys": keys}})
    got, left = reply["Responses"]["things"], reply["UnprocessedKeys"]["things"]["Keys"]
    assert len(got) == 16 * 1024 * 1024 // 400_003
    assert left == keys[len(got) :]
