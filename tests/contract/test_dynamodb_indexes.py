"""Secondary indexes of DynamoDB, local ones and global ones that come later.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/SecondaryIndexes.html
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

HASH = {"AttributeName": "pk", "KeyType": "HASH"}
DEFINITION: dict[str, Any] = {
    "KeySchema": [HASH, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
        {"AttributeName": "date_", "AttributeType": "S"},
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by-date",
            "KeySchema": [HASH, {"AttributeName": "date_", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
BY_TEAM: dict[str, Any] = {
    "IndexName": "by-team",
    "KeySchema": [{"AttributeName": "team", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


@pytest.fixture
async def table(dynamodb: Any, unique: Callable[[str], str]) -> str:
    """Three letters of one person, sent in 2023, 2021 and 2022, and an undated one."""
    name = unique("letters")
    await dynamodb.create_table(TableName=name, **DEFINITION)
    for number, year in enumerate(["2023", "2021", "2022"]):
        item = {"pk": {"S": "p"}, "sk": {"S": str(number)}, "date_": {"S": year}, "body": {"S": f"b{number}"}}
        await dynamodb.put_item(TableName=name, Item=item)
    await dynamodb.put_item(TableName=name, Item={"pk": {"S": "p"}, "sk": {"S": "undated"}, "team": {"S": "red"}})
    return name


def by_date(table: str, **more: Any) -> dict[str, Any]:
    return {
        "TableName": table,
        "IndexName": "by-date",
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "p"}},
        **more,
    }


async def test_a_local_index_gives_another_order(dynamodb: Any, table: str) -> None:
    page = await dynamodb.query(**by_date(table, ConsistentRead=True))
    assert [item["date_"]["S"] for item in page["Items"]] == ["2021", "2022", "2023"]
    assert all(item.keys() == {"pk", "sk", "date_"} for item in page["Items"])


async def test_pages_of_a_local_index_end_with_all_three_keys(dynamodb: Any, table: str) -> None:
    page = await dynamodb.query(**by_date(table, Limit=2))
    assert page["LastEvaluatedKey"] == {"pk": {"S": "p"}, "sk": {"S": "2"}, "date_": {"S": "2022"}}
    rest = await dynamodb.query(**by_date(table, ExclusiveStartKey=page["LastEvaluatedKey"]))
    assert [item["date_"]["S"] for item in rest["Items"]] == ["2023"]


@pytest.mark.deviates(moto="shows only what is projected", ministack="shows only what is projected")
async def test_a_local_index_fetches_what_it_does_not_hold(dynamodb: Any, table: str) -> None:
    page = await dynamodb.query(**by_date(table, Select="ALL_ATTRIBUTES"))
    assert [item["body"]["S"] for item in page["Items"]] == ["b1", "b2", "b0"]
    named = await dynamodb.query(**by_date(table, ProjectionExpression="body"))
    assert named["Items"] == [{"body": {"S": "b1"}}, {"body": {"S": "b2"}}, {"body": {"S": "b0"}}]


@pytest.mark.deviates(moto="says ResourceNotFoundException of an index", dynamodb_local="takes its time")
async def test_a_global_index_comes_later_and_goes(dynamodb: Any, table: str) -> None:
    made = await dynamodb.update_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "team", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": BY_TEAM}],
    )
    assert made["TableDescription"]["GlobalSecondaryIndexes"][0]["IndexName"] == "by-team"
    (index,) = (await dynamodb.describe_table(TableName=table))["Table"]["GlobalSecondaryIndexes"]
    assert index["IndexStatus"] == "ACTIVE"
    reds = {
        "TableName": table,
        "IndexName": "by-team",
        "KeyConditionExpression": "team = :t",
        "ExpressionAttributeValues": {":t": {"S": "red"}},
    }
    assert [item["sk"]["S"] for item in (await dynamodb.query(**reds))["Items"]] == ["undated"]
    await dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-team"}}])
    with pytest.raises(ClientError) as refused:
        await dynamodb.query(**reds)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.deviates(dynamodb_local="has an internal failure while the index is filled")
async def test_a_global_index_shows_only_what_it_holds(dynamodb: Any, table: str) -> None:
    keys_only = {**BY_TEAM, "Projection": {"ProjectionType": "KEYS_ONLY"}}
    await dynamodb.update_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "team", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": keys_only}],
    )
    page = await dynamodb.scan(TableName=table, IndexName="by-team")
    assert page["Items"] == [{"pk": {"S": "p"}, "sk": {"S": "undated"}, "team": {"S": "red"}}]


@pytest.mark.deviates(ministack="takes it")
async def test_a_global_index_refuses_to_show_more(dynamodb: Any, table: str) -> None:
    keys_only = {**BY_TEAM, "Projection": {"ProjectionType": "KEYS_ONLY"}}
    await dynamodb.update_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "team", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": keys_only}],
    )
    with pytest.raises(ClientError) as refused:
        await dynamodb.query(
            TableName=table,
            IndexName="by-team",
            Select="ALL_ATTRIBUTES",
            KeyConditionExpression="team = :t",
            ExpressionAttributeValues={":t": {"S": "red"}},
        )
    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global "
        "secondary index by-team because its projection type is not ALL",
    }


@pytest.mark.deviates(moto="does not tell", dynamodb_local="does not tell")
async def test_a_collection_tells_its_size(dynamodb: Any, table: str) -> None:
    reply = await dynamodb.put_item(
        TableName=table, Item={"pk": {"S": "p"}, "sk": {"S": "x"}}, ReturnItemCollectionMetrics="SIZE"
    )
    metrics = reply["ItemCollectionMetrics"]
    assert metrics["ItemCollectionKey"] == {"pk": {"S": "p"}}
    assert metrics["SizeEstimateRangeGB"] == [0.0, 1.0]


@pytest.mark.deviates(moto="takes both", ministack="takes both")
async def test_two_index_changes_at_once_are_refused(dynamodb: Any, table: str) -> None:
    with pytest.raises(ClientError) as refused:
        await dynamodb.update_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "team", "AttributeType": "S"}],
            GlobalSecondaryIndexUpdates=[{"Create": BY_TEAM}, {"Create": {**BY_TEAM, "IndexName": "by-team-too"}}],
        )
    assert refused.value.response["Error"] == {
        "Code": "LimitExceededException",
        "Message": "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    }
