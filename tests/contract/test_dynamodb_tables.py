"""Tables of DynamoDB: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Unique = Callable[[str], str]

DEFINITION: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
        {"AttributeName": "state", "AttributeType": "S"},
        {"AttributeName": "due", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-state",
            "KeySchema": [
                {"AttributeName": "state", "KeyType": "HASH"},
                {"AttributeName": "due", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["type"]},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


async def test_a_created_table_is_active_with_its_keys_and_index(dynamodb: Any, unique: Unique) -> None:
    name = unique("jobs")
    created = (await dynamodb.create_table(TableName=name, **DEFINITION))["TableDescription"]
    assert created["TableArn"].endswith(f":table/{name}")
    table = (await dynamodb.describe_table(TableName=name))["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["KeySchema"] == DEFINITION["KeySchema"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by-state"
    assert index["Projection"] == DEFINITION["GlobalSecondaryIndexes"][0]["Projection"]
    assert name in (await dynamodb.list_tables())["TableNames"]


async def test_a_table_name_is_taken_once(dynamodb: Any, unique: Unique) -> None:
    name = unique("jobs")
    await dynamodb.create_table(TableName=name, **DEFINITION)
    with pytest.raises(ClientError) as refused:
        await dynamodb.create_table(TableName=name, **DEFINITION)
    assert refused.value.response["Error"]["Code"] == "ResourceInUseException"


@pytest.mark.deviates(dynamodb_local="has words of its own")
async def test_a_deleted_table_is_not_found(dynamodb: Any, unique: Unique) -> None:
    name = unique("jobs")
    await dynamodb.create_table(TableName=name, **DEFINITION)
    await dynamodb.delete_table(TableName=name)
    with pytest.raises(ClientError) as refused:
        await dynamodb.describe_table(TableName=name)
    assert refused.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": f"Requested resource not found: Table: {name} not found",
    }


async def test_time_to_live_is_enabled_once(dynamodb: Any, unique: Unique) -> None:
    name = unique("jobs")
    await dynamodb.create_table(TableName=name, **DEFINITION)
    specification = {"Enabled": True, "AttributeName": "expires_at"}
    reply = await dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    assert reply["TimeToLiveSpecification"] == specification
    described = (await dynamodb.describe_time_to_live(TableName=name))["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


async def test_an_undefined_key_attribute_is_refused(dynamodb: Any, unique: Unique) -> None:
    definition = {**DEFINITION, "AttributeDefinitions": DEFINITION["AttributeDefinitions"][1:]}
    with pytest.raises(ClientError) as refused:
        await dynamodb.create_table(TableName=unique("jobs"), **definition)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.deviates(moto="has words of its own")
async def test_a_protected_table_is_not_deleted(dynamodb: Any, unique: Unique) -> None:
    name = unique("kept")
    await dynamodb.create_table(TableName=name, **DEFINITION, DeletionProtectionEnabled=True)
    with pytest.raises(ClientError) as refused:
        await dynamodb.delete_table(TableName=name)
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert "protected against deletion" in error["Message"]
    await dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    await dynamodb.delete_table(TableName=name)


@pytest.mark.deviates(dynamodb_local="has no tags")
async def test_tags_come_and_go(dynamodb: Any, unique: Unique) -> None:
    name = unique("tagged")
    made = await dynamodb.create_table(TableName=name, **DEFINITION, Tags=[{"Key": "a", "Value": "1"}])
    arn = made["TableDescription"]["TableArn"]
    await dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    await dynamodb.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert (await dynamodb.list_tags_of_resource(ResourceArn=arn))["Tags"] == [{"Key": "b", "Value": "2"}]


async def test_a_table_changes_its_billing_mode(dynamodb: Any, unique: Unique) -> None:
    name = unique("paid")
    await dynamodb.create_table(TableName=name, **DEFINITION)
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    updates = [{"Update": {"IndexName": "by-state", "ProvisionedThroughput": units}}]
    await dynamodb.update_table(
        TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=units, GlobalSecondaryIndexUpdates=updates
    )
    table = (await dynamodb.describe_table(TableName=name))["Table"]
    for told in (table, table["GlobalSecondaryIndexes"][0]):
        assert told["ProvisionedThroughput"].items() >= units.items()


@pytest.mark.deviates(dynamodb_local="has no recovery")
async def test_point_in_time_recovery_can_be_switched_on(dynamodb: Any, unique: Unique) -> None:
    name = unique("kept")
    await dynamodb.create_table(TableName=name, **DEFINITION)

    async def status() -> str:
        told = (await dynamodb.describe_continuous_backups(TableName=name))["ContinuousBackupsDescription"]
        found: str = told["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        return found

    assert await status() == "DISABLED"
    await dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    assert await status() == "ENABLED"


@pytest.mark.deviates(
    moto="asks for throughput first", ministack="names the first", dynamodb_local="has words of its own"
)
async def test_names_out_of_bounds_are_all_named(dynamodb: Any, unique: Unique) -> None:
    with pytest.raises(ClientError) as refused:
        await dynamodb.create_table(TableName="a;", **{**DEFINITION, "BillingMode": "FREE"})
    message = refused.value.response["Error"]["Message"]
    assert "Value 'a;' at 'tableName' failed to satisfy constraint" in message
    assert "Value 'FREE' at 'billingMode' failed to satisfy constraint" in message


@pytest.mark.deviates(moto="takes any tags", ministack="takes any tags", dynamodb_local="has no tags")
async def test_one_bad_tag_refuses_them_all(dynamodb: Any, unique: Unique) -> None:
    """TagResource"""
    name = unique("tagged")
    made = await dynamodb.create_table(TableName=name, **DEFINITION)
    arn = made["TableDescription"]["TableArn"]
    with pytest.raises(ClientError) as refused:
        await dynamodb.tag_resource(
            ResourceArn=arn, Tags=[{"Key": "good", "Value": "1"}, {"Key": "aws:mine", "Value": "2"}]
        )
    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Tag Key cannot be prefixed with aws:, Key: aws:mine",
    }
    assert (await dynamodb.list_tags_of_resource(ResourceArn=arn))["Tags"] == []


@pytest.mark.deviates(moto="takes both", ministack="takes both", dynamodb_local="takes both")
async def test_some_changes_of_a_table_come_alone(dynamodb: Any, unique: Unique) -> None:
    """UpdateTable"""
    name = unique("jobs")
    await dynamodb.create_table(TableName=name, **DEFINITION)
    with pytest.raises(ClientError) as refused:
        await dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True, BillingMode="PAY_PER_REQUEST")
    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "One or more parameter values were invalid: DeletionProtection modification must be the only "
        "operation in the request",
    }


@pytest.mark.deviates(moto="takes any", ministack="takes any", dynamodb_local="has no warm throughput")
async def test_warm_throughput_is_never_lowered(dynamodb: Any, unique: Unique) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html"""
    name = unique("jobs")
    warm = {"ReadUnitsPerSecond": 12_100, "WriteUnitsPerSecond": 4_100}
    await dynamodb.create_table(TableName=name, **DEFINITION, WarmThroughput=warm)
    with pytest.raises(ClientError) as refused:
        await dynamodb.update_table(TableName=name, WarmThroughput={"WriteUnitsPerSecond": 4_000})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert "lower than current WarmThroughput" in refused.value.response["Error"]["Message"]
    table = (await dynamodb.describe_table(TableName=name))["Table"]
    assert table["WarmThroughput"].items() >= warm.items()


@pytest.mark.deviates(dynamodb_local="has no policies")
async def test_a_policy_is_replaced_only_where_the_expected_one_is(dynamodb: Any, unique: Unique) -> None:
    """PutResourcePolicy, GetResourcePolicy"""
    made = await dynamodb.create_table(TableName=unique("shared"), **DEFINITION)
    arn = made["TableDescription"]["TableArn"]

    def policy(action: str) -> str:
        principal = {"AWS": f"arn:aws:iam::{arn.split(':')[4]}:root"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": arn}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    first = (await dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy("dynamodb:GetItem")))["RevisionId"]
    assert (await dynamodb.get_resource_policy(ResourceArn=arn))["RevisionId"] == first
    with pytest.raises(ClientError) as refused:
        await dynamodb.put_resource_policy(
            ResourceArn=arn, Policy=policy("dynamodb:Query"), ExpectedRevisionId="NO_POLICY"
        )
    assert refused.value.response["Error"]["Code"] == "PolicyNotFoundException"
    await dynamodb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=first)
    with pytest.raises(ClientError) as refused:
        await dynamodb.get_resource_policy(ResourceArn=arn)
    assert refused.value.response["Error"]["Code"] == "PolicyNotFoundException"


@pytest.mark.deviates(moto="has no insights", dynamodb_local="has no insights")
async def test_contributor_insights_are_switched_on(dynamodb: Any, unique: Unique) -> None:
    """UpdateContributorInsights, DescribeContributorInsights"""
    name = unique("watched")
    await dynamodb.create_table(TableName=name, **DEFINITION)
    described = await dynamodb.describe_contributor_insights(TableName=name)
    assert described["ContributorInsightsStatus"] == "DISABLED"
    await dynamodb.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE")
    described = await dynamodb.describe_contributor_insights(TableName=name)
    assert described["ContributorInsightsStatus"] in ("ENABLING", "ENABLED")
    listed = (await dynamodb.list_contributor_insights(TableName=name))["ContributorInsightsSummaries"]
    assert [told["TableName"] for told in listed] == [name]
