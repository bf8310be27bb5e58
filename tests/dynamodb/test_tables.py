"""Tables: what CreateTable takes, what DescribeTable tells, time to live, and what a rollback leaves."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.dynamodb.conftest import KEY_ONLY, START, World, orders_definition

ITEM = {"pk": {"S": "1"}}


def test_a_table_is_described_as_it_was_created(world: World) -> None:
    made = world.call("CreateTable", TableName="again", **orders_definition())["TableDescription"]
    world.call("PutItem", TableName="again", Item={"pk": {"S": "1"}, "sk": {"S": "1"}})
    table = world.call("DescribeTable", TableName="again")["Table"]
    assert table["ItemCount"] == 1
    assert table["TableSizeBytes"] > 0
    assert table["GlobalSecondaryIndexes"][0]["ItemCount"] == 0
    assert made["TableStatus"] == made["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    made["TableStatus"] = made["GlobalSecondaryIndexes"][0]["IndexStatus"] = "ACTIVE"
    told_later = table["BillingModeSummary"].pop("LastUpdateToPayPerRequestDateTime")
    assert told_later == table["CreationDateTime"]
    assert {**table, "ItemCount": 0, "TableSizeBytes": 0} == made
    assert made["TableArn"] == "arn:aws:dynamodb:us-east-1:000000000000:table/again"
    assert made["CreationDateTime"] == datetime.fromtimestamp(START / 1000, UTC)
    assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_provisioned_throughput_is_given_back(world: World) -> None:
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    definition = {**KEY_ONLY, "BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
    table = world.call("CreateTable", TableName="paid", **definition)["TableDescription"]
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **units}
    assert "BillingModeSummary" not in table


def test_a_table_may_be_named_by_its_arn(world: World) -> None:
    arn = world.call("DescribeTable", TableName="things")["Table"]["TableArn"]
    world.call("PutItem", TableName=arn, Item=ITEM)
    assert world.items("things") == [ITEM]


def test_regions_do_not_meet(world: World) -> None:
    assert world.call("ListTables", region="eu-west-1") == {"TableNames": []}
    world.call("CreateTable", region="eu-west-1", TableName="things", **KEY_ONLY)
    world.call("PutItem", region="eu-west-1", TableName="things", Item=ITEM)
    assert world.items("things") == []


def test_tables_are_listed_in_pages(world: World) -> None:
    world.call("CreateTable", TableName="zoo", **KEY_ONLY)
    first = world.call("ListTables", Limit=2)
    assert first == {"TableNames": ["orders", "things"], "LastEvaluatedTableName": "things"}
    assert world.call("ListTables", ExclusiveStartTableName="things") == {"TableNames": ["zoo"]}
    assert "'limit' failed" in world.message("ListTables", Limit=101)


def test_a_deleted_table_is_gone_and_its_name_is_free(world: World) -> None:
    world.call("PutItem", TableName="things", Item=ITEM)
    assert world.call("DeleteTable", TableName="things")["TableDescription"]["TableStatus"] == "DELETING"
    for operation in ("DescribeTable", "DeleteTable"):
        error = world.refusal(operation, TableName="things")
        assert error.code == "ResourceNotFoundException"
        assert error.message == "Requested resource not found: Table: things not found"
    assert world.refusal("GetItem", TableName="things", Key=ITEM).code == "ResourceNotFoundException"
    world.call("CreateTable", TableName="things", **KEY_ONLY)
    assert world.items("things") == []


def test_a_large_deleted_table_is_emptied_by_sweeps(world: World) -> None:
    for number in range(1200):
        world.call("PutItem", TableName="things", Item={"pk": {"S": str(number)}})
    world.call("DeleteTable", TableName="things")
    world.call("CreateTable", TableName="things", **KEY_ONLY)
    assert world.items("things") == []
    assert [world.sweep(), world.sweep(), world.sweep(), world.sweep()] == [500, 500, 200, 0]
    left = world.db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'dynamodb_items_%' AND type = 'table'")
    assert sorted(left.fetchall()) == [("dynamodb_items_2",), ("dynamodb_items_3",)]


def test_a_name_is_used_once(world: World) -> None:
    error = world.refusal("CreateTable", TableName="things", **KEY_ONLY)
    assert (error.code, error.message) == ("ResourceInUseException", "Table already exists: things")


def test_a_rolled_back_table_was_never_there(world: World) -> None:
    world.db.execute("BEGIN")
    world.call("CreateTable", TableName="fleeting", **KEY_ONLY)
    world.call("PutItem", TableName="fleeting", Item=ITEM)
    world.call("DeleteTable", TableName="things")
    world.roll_back()
    assert world.refusal("PutItem", TableName="fleeting", Item=ITEM).code == "ResourceNotFoundException"
    world.call("PutItem", TableName="things", Item=ITEM)


def with_(**changes: Any) -> dict[str, Any]:
    return {**orders_definition(), **changes}


HASH_PK = {"AttributeName": "pk", "KeyType": "HASH"}
INDEX = orders_definition()["GlobalSecondaryIndexes"][0]


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        (with_(TableName="ab"), "Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length"),
        (with_(TableName="a b c"), "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
        (with_(KeySchema=[]), "Value '[]' at 'keySchema' failed to satisfy constraint: Member must have length"),
        (with_(KeySchema=[{**HASH_PK, "KeyType": "RANGE"}]), "The first KeySchemaElement is not a HASH key type"),
        (with_(KeySchema=[HASH_PK, HASH_PK]), "Both the Hash Key and the Range Key element in the KeySchema have"),
        (
            with_(KeySchema=[HASH_PK, {"AttributeName": "sk", "KeyType": "HASH"}]),
            "The second KeySchemaElement is not a RANGE key type",
        ),
        (with_(KeySchema=[{**HASH_PK, "AttributeName": "x"}]), "Some index key attributes are not defined in"),
        (
            {**KEY_ONLY, "AttributeDefinitions": orders_definition()["AttributeDefinitions"]},
            "Number of attributes in KeySchema does not exactly match number of attributes defined",
        ),
        (with_(KeySchema=[HASH_PK]), "Some AttributeDefinitions are not used."),
        (
            with_(AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "SS"}]),
            "Value 'SS' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint",
        ),
        (with_(GlobalSecondaryIndexes=[]), "List of GlobalSecondaryIndexes is empty"),
        (with_(GlobalSecondaryIndexes=[INDEX, INDEX]), "Duplicate index name: by-state"),
        (
            with_(GlobalSecondaryIndexes=[{**INDEX, "IndexName": f"index-{n}"} for n in range(21)]),
            "GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
        (with_(GlobalSecondaryIndexes=[{**INDEX, "Projection": {}}]), "Unknown ProjectionType: null"),
        (
            with_(
                GlobalSecondaryIndexes=[{**INDEX, "Projection": {"ProjectionType": "ALL", "NonKeyAttributes": ["a"]}}]
            ),
            "ProjectionType is ALL, but NonKeyAttributes is specified",
        ),
        (
            with_(GlobalSecondaryIndexes=[{**INDEX, "Projection": {"ProjectionType": "INCLUDE"}}]),
            "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (with_(BillingMode="FREE"), "Value 'FREE' at 'billingMode' failed to satisfy constraint"),
        (
            with_(ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}),
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (with_(BillingMode="PROVISIONED"), "ReadCapacityUnits and WriteCapacityUnits must both be specified when"),
        (with_(LocalSecondaryIndexes=[]), "List of LocalSecondaryIndexes is empty"),
        (
            with_(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}),
            "StreamSpecification.StreamEnabled=true is not supported",
        ),
        (
            with_(StreamSpecification={"StreamEnabled": True}),
            "Table is being created with a stream enabled, UpdateViewType is required",
        ),
        (
            with_(AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}] * 2),
            "Attribute Name is duplicated: pk",
        ),
        (
            with_(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}),
            "ProvisionedThroughput is not specified for index: by-state",
        ),
    ],
)
def test_tables_that_are_refused(world: World, definition: dict[str, Any], complaint: str) -> None:
    assert complaint in world.message("CreateTable", **{"TableName": "made", **definition})


def enable(world: World, *, on: bool = True, attribute: str = "expires_at") -> dict[str, Any]:
    return world.call(
        "UpdateTimeToLive",
        TableName="things",
        TimeToLiveSpecification={"Enabled": on, "AttributeName": attribute},
    )


def test_expired_items_are_read_until_they_are_swept(world: World) -> None:
    now = START // 1000
    put: dict[str, Any] = {"TableName": "things"}
    world.call("PutItem", **put, Item={"pk": {"S": "before"}, "expires_at": {"N": str(now - 1)}})
    enable(world)
    world.call("PutItem", **put, Item={"pk": {"S": "past"}, "expires_at": {"N": str(now - 10)}})
    world.call("PutItem", **put, Item={"pk": {"S": "now"}, "expires_at": {"N": str(now)}})
    world.call("PutItem", **put, Item={"pk": {"S": "ancient"}, "expires_at": {"N": "5"}})
    world.call("PutItem", **put, Item={"pk": {"S": "text"}, "expires_at": {"S": "5"}})
    world.call("PutItem", **put, Item={"pk": {"S": "never"}})
    world.call("PutItem", **put, Item={"pk": {"S": "moved"}, "expires_at": {"N": str(now - 10)}})
    world.call(
        "UpdateItem",
        TableName="things",
        Key={"pk": {"S": "moved"}},
        UpdateExpression="SET expires_at = :later",
        ExpressionAttributeValues={":later": {"N": f"{now + 100}.5"}},
    )
    assert len(world.items("things")) == 7
    assert world.sweep() == 2
    assert {item["pk"]["S"] for item in world.items("things")} == {"now", "ancient", "text", "never", "moved"}
    world.now += 200_000
    assert world.sweep() == 2
    assert world.sweep() == 0


def test_a_sweep_is_bounded(world: World) -> None:
    enable(world)
    for number in range(600):
        item = {"pk": {"S": str(number)}, "expires_at": {"N": str(START // 1000 - 5)}}
        world.call("PutItem", TableName="things", Item=item)
    assert [world.sweep(), world.sweep(), world.sweep()] == [500, 100, 0]


def test_time_to_live_is_described_and_can_be_turned_off(world: World) -> None:
    def described() -> Any:
        return world.call("DescribeTimeToLive", TableName="things")["TimeToLiveDescription"]

    assert described() == {"TimeToLiveStatus": "DISABLED"}
    assert enable(world) == {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires_at"}}
    assert described() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    world.call("PutItem", TableName="things", Item={**ITEM, "expires_at": {"N": str(START // 1000 - 5)}})
    off = {"Enabled": False, "AttributeName": "expires_at"}
    on = {"Enabled": True, "AttributeName": "expires_at"}
    refused = {"TableName": "things", "TimeToLiveSpecification": on}
    assert world.message("UpdateTimeToLive", **refused) == "TimeToLive is already enabled"
    enable(world, on=False)
    assert described() == {"TimeToLiveStatus": "DISABLED"}
    assert world.sweep() == 0
    refused["TimeToLiveSpecification"] = off
    assert world.message("UpdateTimeToLive", **refused) == "TimeToLive is already disabled"
