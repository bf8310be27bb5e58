"""boto3 and DynamoDB: the Table resource, its conditions and batch writer, waiters, paginators, exception classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import WaiterError

pytestmark = pytest.mark.usefixtures("aws")
Unique = Callable[[str], str]
#: How often and how many times a waiter asks.
PATIENT = {"Delay": 1, "MaxAttempts": 10}


@pytest.fixture
def table(unique: Unique) -> Iterator[Any]:
    """A table of orders: `customer` and `number`, and an index by `fruit`."""
    made = boto3.resource("dynamodb").create_table(
        TableName=unique("orders"),
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "number", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"},
            {"AttributeName": "fruit", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-fruit",
                "KeySchema": [{"AttributeName": "fruit", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    made.wait_until_exists(WaiterConfig=PATIENT)
    yield made
    made.delete()
    made.wait_until_not_exists(WaiterConfig=PATIENT)


def test_an_item_comes_back_as_python_values(table: Any) -> None:
    item = {
        "customer": "ada",
        "number": Decimal(1),
        "weight": Decimal("1.25"),
        "tags": {"red", "sweet"},
        "counts": {Decimal(1), Decimal(2)},
        "picture": b"\x00\xff",
        "paid": True,
        "note": None,
        "lines": [{"fruit": "apple", "count": Decimal(2)}],
    }
    table.put_item(Item=item)
    found = table.get_item(Key={"customer": "ada", "number": 1}, ConsistentRead=True)["Item"]
    assert {**found, "picture": found["picture"].value} == item


def test_conditions_and_updates(table: Any) -> None:
    key = {"customer": "bob", "number": 1}
    table.put_item(Item={**key, "stock": 3}, ConditionExpression=Attr("customer").not_exists())
    failed = table.meta.client.exceptions.ConditionalCheckFailedException
    with pytest.raises(failed) as refused:
        table.put_item(
            Item={**key, "stock": 9},
            ConditionExpression=Attr("customer").not_exists(),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    # boto3 makes Python values of replies only, not of errors.
    assert refused.value.response["Item"]["stock"] == {"N": "3"}
    reply = table.update_item(
        Key=key,
        UpdateExpression="SET #s = #s - :one ADD sold :one",
        ConditionExpression=Attr("stock").gte(1) & Attr("sold").not_exists(),
        ExpressionAttributeNames={"#s": "stock"},
        ExpressionAttributeValues={":one": 1},
        ReturnValues="UPDATED_NEW",
    )
    assert reply["Attributes"] == {"stock": 2, "sold": 1}


def test_a_batch_writer_and_queries(table: Any) -> None:
    with table.batch_writer() as batch:
        for number in range(60):
            batch.put_item(Item={"customer": "cleo", "number": number, "fruit": "apple" if number % 3 else "pear"})
        batch.delete_item(Key={"customer": "cleo", "number": 0})
    few = table.query(
        KeyConditionExpression=Key("customer").eq("cleo") & Key("number").between(10, 19),
        FilterExpression=Attr("fruit").begins_with("p"),
        ScanIndexForward=False,
    )
    assert [item["number"] for item in few["Items"]] == [18, 15, 12]
    by_fruit = table.query(IndexName="by-fruit", KeyConditionExpression=Key("fruit").eq("pear"), Select="COUNT")
    assert by_fruit["Count"] == 19


def test_pages_of_a_query_and_of_a_scan(table: Any) -> None:
    with table.batch_writer() as batch:
        for number in range(25):
            batch.put_item(Item={"customer": "dan", "number": number})
    client = table.meta.client
    query = client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="customer = :c",
        ExpressionAttributeValues={":c": "dan"},
        PaginationConfig={"PageSize": 10},
    )
    assert [len(page["Items"]) for page in query] == [10, 10, 5]
    scan = client.get_paginator("scan").paginate(TableName=table.name, PaginationConfig={"PageSize": 7})
    assert scan.build_full_result()["Count"] == 25
    first = client.get_paginator("scan").paginate(TableName=table.name, PaginationConfig={"MaxItems": 4})
    token = first.build_full_result()["NextToken"]
    rest = client.get_paginator("scan").paginate(TableName=table.name, PaginationConfig={"StartingToken": token})
    assert len(rest.build_full_result()["Items"]) == 21


def test_a_transaction_says_which_item_was_in_its_way(table: Any) -> None:
    client = table.meta.client
    table.put_item(Item={"customer": "eve", "number": 1})
    puts = [
        {"Put": {"TableName": table.name, "Item": {"customer": "eve", "number": n}, "ConditionExpression": condition}}
        for n, condition in ((2, "attribute_not_exists(customer)"), (1, "attribute_not_exists(customer)"))
    ]
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.transact_write_items(TransactItems=puts)
    reasons = [reason["Code"] for reason in cancelled.value.response["CancellationReasons"]]
    assert reasons == ["None", "ConditionalCheckFailed"]
    assert "Item" not in table.get_item(Key={"customer": "eve", "number": 2})


def test_pages_of_tables_and_a_table_that_is_not_there(table: Any, unique: Unique) -> None:
    client = boto3.client("dynamodb")
    pages = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1})
    names = [name for page in pages for name in page["TableNames"]]
    assert table.name in names
    assert names == sorted(names)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName=unique("nothing"))
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        client.get_waiter("table_exists").wait(TableName=unique("nothing"), WaiterConfig={"Delay": 0, "MaxAttempts": 2})
