"""Batches and transactions of DynamoDB.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
async def table(dynamodb: Any, unique: Callable[[str], str]) -> str:
    name = unique("batched")
    await dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def puts(count: int) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": {"pk": {"S": f"{number:03}"}}}} for number in range(count)]


async def test_a_batch_of_25_is_written_and_100_keys_are_read(dynamodb: Any, table: str) -> None:
    reply = await dynamodb.batch_write_item(RequestItems={table: puts(25)})
    assert reply["UnprocessedItems"] == {}
    keys = [{"pk": {"S": f"{number:03}"}} for number in range(100)]
    reply = await dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})
    found = [item["pk"]["S"] for item in reply["Responses"][table]]
    assert sorted(found) == [f"{number:03}" for number in range(25)]
    assert reply["UnprocessedKeys"] == {}


@pytest.mark.deviates(moto="takes any number of writes in a batch")
async def test_a_batch_of_26_is_refused(dynamodb: Any, table: str) -> None:
    with pytest.raises(ClientError) as refused:
        await dynamodb.batch_write_item(RequestItems={table: puts(26)})
    assert refused.value.response["Error"]["Code"] == "ValidationException"


async def test_a_batch_with_one_key_twice_is_refused(dynamodb: Any, table: str) -> None:
    with pytest.raises(ClientError) as refused:
        await dynamodb.batch_write_item(RequestItems={table: puts(1) * 2})
    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Provided list of item keys contains duplicates",
    }


async def test_a_transaction_is_all_or_nothing_with_a_reason_for_each(dynamodb: Any, table: str) -> None:
    there = {"pk": {"S": "there"}}
    await dynamodb.put_item(TableName=table, Item=there)
    with pytest.raises(ClientError) as refused:
        await dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": {"pk": {"S": "new"}}}},
                {
                    "Put": {
                        "TableName": table,
                        "Item": there,
                        "ConditionExpression": "attribute_not_exists(pk)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
            ]
        )
    response = refused.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"
    )
    assert [reason["Code"] for reason in response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert response["CancellationReasons"][1]["Item"] == there
    assert "Item" not in await dynamodb.get_item(TableName=table, Key={"pk": {"S": "new"}})


async def test_a_transaction_writes_updates_checks_and_deletes(dynamodb: Any, table: str) -> None:
    await dynamodb.put_item(TableName=table, Item={"pk": {"S": "gone"}})
    await dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": table, "Item": {"pk": {"S": "put"}}}},
            {
                "Update": {
                    "TableName": table,
                    "Key": {"pk": {"S": "updated"}},
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
            {"Delete": {"TableName": table, "Key": {"pk": {"S": "gone"}}}},
            {
                "ConditionCheck": {
                    "TableName": table,
                    "Key": {"pk": {"S": "none"}},
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
        ]
    )
    names = ["put", "updated", "gone"]
    reply = await dynamodb.transact_get_items(
        TransactItems=[{"Get": {"TableName": table, "Key": {"pk": {"S": name}}}} for name in names]
    )
    assert [answer.get("Item") for answer in reply["Responses"]] == [
        {"pk": {"S": "put"}},
        {"pk": {"S": "updated"}, "n": {"N": "1"}},
        None,
    ]


@pytest.mark.deviates(moto="ignores ClientRequestToken")
async def test_a_repeated_token_writes_once(dynamodb: Any, table: str, unique: Callable[[str], str]) -> None:
    params = {
        "TransactItems": [
            {
                "Update": {
                    "TableName": table,
                    "Key": {"pk": {"S": "counter"}},
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            }
        ],
        "ClientRequestToken": unique("token"),
    }
    await dynamodb.transact_write_items(**params)
    await dynamodb.transact_write_items(**params)
    item = (await dynamodb.get_item(TableName=table, Key={"pk": {"S": "counter"}}))["Item"]
    assert item["n"] == {"N": "1"}


@pytest.mark.deviates(moto="counts one unit whatever the size")
async def test_capacity_is_counted_when_asked_for(dynamodb: Any, table: str) -> None:
    reply = await dynamodb.put_item(
        TableName=table, Item={"pk": {"S": "1"}, "a": {"S": "x" * 1500}}, ReturnConsumedCapacity="TOTAL"
    )
    assert reply["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 2.0}
