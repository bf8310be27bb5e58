"""Single items of DynamoDB: what is stored, conditions, updates and their errors.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

KEY = {"pk": {"S": "job#1"}}


@pytest.fixture
async def table(dynamodb: Any, unique: Callable[[str], str]) -> str:
    name = unique("items")
    await dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


async def error_of(call: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        await call
    response: dict[str, Any] = refused.value.response
    return response


async def test_every_type_is_read_as_it_was_written(dynamodb: Any, table: str) -> None:
    item = {
        **KEY,
        "text": {"S": "héllo"},
        "empty": {"S": ""},
        "number": {"N": "-12.5"},
        "binary": {"B": b"\x00\xff"},
        "yes": {"BOOL": True},
        "nothing": {"NULL": True},
        "list": {"L": [{"S": "a"}, {"L": []}]},
        "map": {"M": {"inner": {"M": {"deep": {"N": "1"}}}}},
        "texts": {"SS": ["a"]},
        "numbers": {"NS": ["1"]},
        "binaries": {"BS": [b"x"]},
    }
    await dynamodb.put_item(TableName=table, Item=item)
    assert (await dynamodb.get_item(TableName=table, Key=KEY, ConsistentRead=True))["Item"] == item


async def test_an_item_that_is_not_there_is_no_error(dynamodb: Any, table: str) -> None:
    assert "Item" not in await dynamodb.get_item(TableName=table, Key=KEY)


@pytest.mark.deviates(moto="gives numbers back as written")
async def test_numbers_come_back_in_canonical_form(dynamodb: Any, table: str) -> None:
    await dynamodb.put_item(TableName=table, Item={**KEY, "n": {"N": "0010.500"}})
    assert (await dynamodb.get_item(TableName=table, Key=KEY))["Item"]["n"] == {"N": "10.5"}


async def test_put_if_absent_tells_the_loser_what_is_there(dynamodb: Any, table: str) -> None:
    params = {"TableName": table, "ConditionExpression": "attribute_not_exists(pk)"}
    await dynamodb.put_item(Item={**KEY, "a": {"N": "1"}}, **params)
    response = await error_of(dynamodb.put_item(Item=KEY, ReturnValuesOnConditionCheckFailure="ALL_OLD", **params))
    assert response["Error"] == {
        "Code": "ConditionalCheckFailedException",
        "Message": "The conditional request failed",
    }
    assert response["Item"] == {**KEY, "a": {"N": "1"}}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


async def test_a_claim_is_one_conditional_update(dynamodb: Any, table: str) -> None:
    await dynamodb.put_item(
        TableName=table, Item={**KEY, "status": {"S": "waiting"}, "attempt": {"N": "0"}, "note": {"S": "x"}}
    )
    claim = {
        "TableName": table,
        "Key": KEY,
        "UpdateExpression": "SET #s = :active, lease = :lease ADD attempt :one REMOVE note",
        "ConditionExpression": "attribute_exists(pk) AND (#s = :waiting OR (#s = :active AND lease < :now))",
        "ExpressionAttributeNames": {"#s": "status"},
        "ReturnValues": "ALL_NEW",
    }

    def values(now: int) -> dict[str, dict[str, str]]:
        return {
            ":active": {"S": "active"},
            ":waiting": {"S": "waiting"},
            ":one": {"N": "1"},
            ":now": {"N": str(now)},
            ":lease": {"N": str(now + 100)},
        }

    first = await dynamodb.update_item(ExpressionAttributeValues=values(1000), **claim)
    assert first["Attributes"] == {
        **KEY,
        "status": {"S": "active"},
        "attempt": {"N": "1"},
        "lease": {"N": "1100"},
    }
    lost = await error_of(dynamodb.update_item(ExpressionAttributeValues=values(1050), **claim))
    assert lost["Error"]["Code"] == "ConditionalCheckFailedException"
    again = await dynamodb.update_item(ExpressionAttributeValues=values(2000), **claim)
    assert again["Attributes"]["attempt"] == {"N": "2"}


@pytest.mark.deviates(moto="returns the key among UPDATED_NEW of a new item")
async def test_an_update_makes_a_missing_item(dynamodb: Any, table: str) -> None:
    reply = await dynamodb.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="SET a = if_not_exists(a, :zero) + :one, l = list_append(if_not_exists(l, :none), :l)",
        ExpressionAttributeValues={
            ":zero": {"N": "0"},
            ":one": {"N": "1"},
            ":none": {"L": []},
            ":l": {"L": [{"S": "x"}]},
        },
        ReturnValues="UPDATED_NEW",
    )
    assert reply["Attributes"] == {"a": {"N": "1"}, "l": {"L": [{"S": "x"}]}}


async def test_right_hand_sides_see_the_item_as_it_was(dynamodb: Any, table: str) -> None:
    await dynamodb.put_item(TableName=table, Item={**KEY, "a": {"N": "1"}, "b": {"N": "2"}})
    reply = await dynamodb.update_item(
        TableName=table, Key=KEY, UpdateExpression="SET a = b, b = a", ReturnValues="ALL_NEW"
    )
    assert reply["Attributes"] == {**KEY, "a": {"N": "2"}, "b": {"N": "1"}}


async def test_sets_grow_and_vanish_when_empty(dynamodb: Any, table: str) -> None:
    update = {"TableName": table, "Key": KEY, "ReturnValues": "ALL_NEW"}
    added = await dynamodb.update_item(
        UpdateExpression="ADD tags :t", ExpressionAttributeValues={":t": {"SS": ["a", "b"]}}, **update
    )
    assert sorted(added["Attributes"]["tags"]["SS"]) == ["a", "b"]
    emptied = await dynamodb.update_item(
        UpdateExpression="DELETE tags :t", ExpressionAttributeValues={":t": {"SS": ["b", "a"]}}, **update
    )
    assert emptied["Attributes"] == KEY


async def test_arithmetic_is_exact_to_38_digits(dynamodb: Any, table: str) -> None:
    await dynamodb.put_item(TableName=table, Item={**KEY, "n": {"N": "12345678901234567890123456789012345678"}})
    reply = await dynamodb.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="SET n = n - :d",
        ExpressionAttributeValues={":d": {"N": "12345678901234567890123456789012345677"}},
        ReturnValues="ALL_NEW",
    )
    assert reply["Attributes"]["n"] == {"N": "1"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param(
            {"ConditionExpression": "status = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
            "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: status",
            marks=pytest.mark.deviates(ministack="blames the UpdateExpression"),
            id="reserved",
        ),
        pytest.param(
            {"UpdateExpression": "SET pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
            id="key",
        ),
        pytest.param(
            {
                "UpdateExpression": "SET a = :v",
                "ExpressionAttributeValues": {":v": {"S": "x"}, ":unused": {"S": "x"}},
            },
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}",
            id="unused",
        ),
        pytest.param(
            {"UpdateExpression": "SET a = b"},
            "The provided expression refers to an attribute that does not exist in the item",
            id="missing",
        ),
        pytest.param(
            {"UpdateExpression": "SET a.b = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
            "The document path provided in the update expression is invalid for update",
            marks=pytest.mark.deviates(ministack="adds the path"),
            id="path",
        ),
        pytest.param(
            {"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": {"SS": []}}},
            "One or more parameter values were invalid: An string set  may not be empty",
            marks=pytest.mark.deviates(moto="takes an empty set", dynamodb_local="has the older words"),
            id="empty-set",
        ),
        pytest.param(
            {"UpdateExpression": "SET _a = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
            'Invalid UpdateExpression: Syntax error; token: "_", near: "SET _a"',
            marks=pytest.mark.deviates(ministack="takes the name"),
            id="underscore-first",
        ),
        pytest.param(
            {
                "UpdateExpression": "SET a = list_append(list_append(:v, :v), :v)",
                "ExpressionAttributeValues": {":v": {"L": []}},
            },
            "Invalid UpdateExpression: The function is not allowed to be used this way in an expression; function: "
            "list_append",
            marks=pytest.mark.deviates(moto="nests lists", ministack="nests lists"),
            id="nested-lists",
        ),
        pytest.param(
            {
                "UpdateExpression": "SET #n = :v",
                "ExpressionAttributeNames": {"#n": "n" * 65_536},
                "ExpressionAttributeValues": {":v": {"S": "x"}},
            },
            "ExpressionAttributeNames contains invalid value: Attribute name is too large, must be less than 65536 "
            "bytes for key #n",
            marks=pytest.mark.deviates(moto="takes any name", ministack="takes any name"),
            id="long-name",
        ),
    ],
)
async def test_what_an_update_refuses(dynamodb: Any, table: str, params: dict[str, Any], message: str) -> None:
    """AWS began to put "1 validation error detected: " before complaints about the request in 2026; not all have it."""
    error = (await error_of(dynamodb.update_item(TableName=table, Key=KEY, **params)))["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"].removeprefix("1 validation error detected: ") == message


@pytest.mark.deviates(dynamodb_local="has words of its own")
async def test_a_missing_key_is_refused(dynamodb: Any, table: str) -> None:
    response = await error_of(dynamodb.put_item(TableName=table, Item={"a": {"S": "x"}}))
    assert response["Error"] == {
        "Code": "ValidationException",
        "Message": "One or more parameter values were invalid: Missing the key pk in the item",
    }
    response = await error_of(dynamodb.get_item(TableName=table, Key={"other": {"S": "x"}}))
    assert response["Error"] == {
        "Code": "ValidationException",
        "Message": "The provided key element does not match the schema",
    }


async def test_an_item_above_400_kb_is_refused(dynamodb: Any, table: str) -> None:
    response = await error_of(dynamodb.put_item(TableName=table, Item={**KEY, "a": {"S": "x" * 409_600}}))
    assert response["Error"] == {
        "Code": "ValidationException",
        "Message": "Item size has exceeded the maximum allowed size",
    }


@pytest.mark.deviates(moto="takes any name", ministack="takes any name")
async def test_a_name_of_64_kb_is_refused(dynamodb: Any, table: str) -> None:
    """ServiceQuotas: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"""
    await dynamodb.put_item(TableName=table, Item={**KEY, "n" * 65_535: {"S": "x"}})
    response = await error_of(dynamodb.put_item(TableName=table, Item={**KEY, "n" * 65_536: {"S": "x"}}))
    assert response["Error"]["Code"] == "ValidationException"
    assert "Attribute name is too large, must be less than 65536 bytes" in response["Error"]["Message"]


@pytest.mark.deviates(moto="counts characters")
async def test_the_size_of_a_text_is_in_units_of_utf_16(dynamodb: Any, table: str) -> None:
    """.../Expressions.OperatorsAndFunctions.html"""
    await dynamodb.put_item(TableName=table, Item={**KEY, "a": {"S": "a\u00e9\U0001f600"}})
    await dynamodb.delete_item(
        TableName=table,
        Key=KEY,
        ConditionExpression="size(a) = :n",
        ExpressionAttributeValues={":n": {"N": "4"}},
    )
