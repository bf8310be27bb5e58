"""What is kept beside the items: throughput, protection, class, tags, recovery, counts, and the account's numbers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.dynamodb import counts
from infra.local.dynamodb.chores import STEP_ENTRIES, STEP_ROWS
from infra.local.dynamodb.limits import COUNT_INTERVAL_MS
from tests.dynamodb.conftest import KEY_ONLY, START, World, orders_definition

PREFIX = "One or more parameter values were invalid: "
PROVISIONED = {**KEY_ONLY, "BillingMode": "PROVISIONED"}
DAY_MS = 86_400_000


def described(world: World, name: str = "things") -> Any:
    return world.call("DescribeTable", TableName=name)["Table"]


def units(reads: int, writes: int) -> dict[str, int]:
    return {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}


def test_throughput_rises_and_falls_with_the_moments_of_both(world: World) -> None:
    world.call("CreateTable", TableName="paid", **PROVISIONED, ProvisionedThroughput=units(5, 5))
    world.now += 1000
    told = world.call("UpdateTable", TableName="paid", ProvisionedThroughput=units(9, 5))["TableDescription"]
    assert told["TableStatus"] == "UPDATING"
    world.now += 1000
    world.call("UpdateTable", TableName="paid", ProvisionedThroughput=units(2, 5))
    throughput = described(world, "paid")["ProvisionedThroughput"]
    assert throughput == {
        **units(2, 5),
        "NumberOfDecreasesToday": 1,
        "LastIncreaseDateTime": datetime.fromtimestamp(START / 1000 + 1, UTC),
        "LastDecreaseDateTime": datetime.fromtimestamp(START / 1000 + 2, UTC),
    }
    world.now += DAY_MS
    assert described(world, "paid")["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0
    world.call("UpdateTable", TableName="paid", ProvisionedThroughput=units(1, 1))
    assert described(world, "paid")["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1


def test_the_same_throughput_again_is_refused(world: World) -> None:
    world.call("CreateTable", TableName="paid", **PROVISIONED, ProvisionedThroughput=units(5, 5))
    message = world.message("UpdateTable", TableName="paid", ProvisionedThroughput=units(5, 5))
    assert message.startswith(
        "The provisioned throughput for the table will not change. The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the table: 5."
    )


def test_a_table_changes_its_billing_mode_and_back(world: World) -> None:
    definition = orders_definition()
    index = {**definition["GlobalSecondaryIndexes"][0], "ProvisionedThroughput": units(3, 3)}
    definition |= {"GlobalSecondaryIndexes": [index], "BillingMode": "PROVISIONED"}
    world.call("CreateTable", TableName="paid", **definition, ProvisionedThroughput=units(5, 5))
    world.call("UpdateTable", TableName="paid", BillingMode="PAY_PER_REQUEST")
    table = described(world, "paid")
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ProvisionedThroughput"] == {**units(0, 0), "NumberOfDecreasesToday": 0}
    assert table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] == {**units(0, 0), "NumberOfDecreasesToday": 0}
    back: dict[str, Any] = {"TableName": "paid", "BillingMode": "PROVISIONED"}
    assert world.message("UpdateTable", **back).endswith(
        "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"
    )
    back["ProvisionedThroughput"] = units(5, 5)
    assert world.message("UpdateTable", **back) == (
        PREFIX + "ProvisionedThroughput must be specified for index: by-state"
    )
    back["GlobalSecondaryIndexUpdates"] = [{"Update": {"IndexName": "by-state", "ProvisionedThroughput": units(4, 4)}}]
    world.call("UpdateTable", **back)
    table = described(world, "paid")
    assert table["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 4


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        (
            {"BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": units(1, 1)},
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {
                "GlobalSecondaryIndexUpdates": [
                    {"Update": {"IndexName": "by-state", "ProvisionedThroughput": units(1, 1)}}
                ]
            },
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: by-state when BillingMode is "
            "PAY_PER_REQUEST",
        ),
        (
            {"SSESpecification": {"Enabled": True, "KMSMasterKeyId": "mine"}},
            "UpdateTable: SSESpecification.KMSMasterKeyId is not supported by the embedded DynamoDB",
        ),
        (
            {"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]},
            "UpdateTable: ReplicaUpdates is not supported by the embedded DynamoDB",
        ),
    ],
)
def test_settings_that_are_refused(world: World, params: dict[str, Any], complaint: str) -> None:
    assert world.message("UpdateTable", TableName="orders", **params).removeprefix(PREFIX) == complaint


def test_a_protected_table_cannot_be_deleted(world: World) -> None:
    world.call("CreateTable", TableName="kept", **KEY_ONLY, DeletionProtectionEnabled=True)
    assert described(world, "kept")["DeletionProtectionEnabled"] is True
    assert world.message("DeleteTable", TableName="kept") == (
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
    )
    world.call("UpdateTable", TableName="kept", DeletionProtectionEnabled=False)
    world.call("DeleteTable", TableName="kept")


def test_class_and_encryption_are_written_down(world: World) -> None:
    world.call("UpdateTable", TableName="things", TableClass="STANDARD_INFREQUENT_ACCESS")
    world.call("UpdateTable", TableName="things", SSESpecification={"Enabled": True, "SSEType": "KMS"})
    table = described(world)
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["SSEDescription"]["SSEType"] == "KMS"


def arn(world: World) -> str:
    found: str = described(world)["TableArn"]
    return found


def tags(world: World) -> dict[str, str]:
    listed = world.call("ListTagsOfResource", ResourceArn=arn(world))
    assert listed.keys() == {"Tags"}
    return {tag["Key"]: tag["Value"] for tag in listed["Tags"]}


def test_tags_come_and_go(world: World) -> None:
    assert tags(world) == {}
    world.call("TagResource", ResourceArn=arn(world), Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    world.call("TagResource", ResourceArn=arn(world), Tags=[{"Key": "a", "Value": "2"}])
    assert tags(world) == {"a": "2", "b": ""}
    world.call("UntagResource", ResourceArn=arn(world), TagKeys=["a", "none"])
    assert tags(world) == {"b": ""}
    world.call("DeleteTable", TableName="things")
    world.call("CreateTable", TableName="things", **KEY_ONLY, Tags=[{"Key": "new", "Value": "x"}])
    assert tags(world) == {"new": "x"}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ([], "Atleast one Tag needs to be provided as Input."),
        (
            [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
            "Duplicate Tag Keys provided as input: Duplicate Tag Key found a",
        ),
        (
            [{"Key": f"{number}", "Value": "1"} for number in range(51)],
            "Number of Tags exceed the current limit for the provided ResourceArn",
        ),
        ([{"Key": "aws:mine", "Value": "1"}], "Tag Key cannot be prefixed with aws:, Key: aws:mine"),
        ([{"Key": "b", "Value": "1"}, {"Key": "a!", "Value": "1"}], "The Tag Key provided is invalid, Key: a!"),
        ([{"Key": "", "Value": "1"}], "The Tag Key provided is invalid, Key: "),
        ([{"Key": "k" * 129, "Value": "1"}], "The Tag Key provided is invalid, Key: kkk"),
        ([{"Key": "a", "Value": "v" * 257}], "The Tag Value provided is invalid, Value: vvv"),
        ([{"Key": "a"}], "The Tag Value provided is invalid, Value: null"),
        ([{"Value": "1"}], "The Tag Key provided is invalid, Key: null"),
    ],
)
def test_tags_that_are_refused(world: World, given: list[dict[str, str]], complaint: str) -> None:
    message = world.message("TagResource", ResourceArn=arn(world), Tags=given)
    assert message.startswith(complaint)
    assert tags(world) == {}


def test_tags_that_no_table_has_are_refused_to_be_taken_off(world: World) -> None:
    refused = {
        ("",): "The Tag Key provided is invalid, Key: ",
        tuple(map(str, range(51))): "Number of Tags exceed the current limit for the provided ResourceArn",
    }
    for keys, complaint in refused.items():
        assert world.message("UntagResource", ResourceArn=arn(world), TagKeys=list(keys)) == complaint


def test_tags_belong_to_a_table_that_is_there(world: World) -> None:
    name = "arn:aws:dynamodb:us-east-1:000000000000:table/nowhere"
    error = world.refusal("ListTagsOfResource", ResourceArn=name)
    assert error.code == "ResourceNotFoundException"
    assert error.message == f"Requested resource not found: ResourcArn: {name} not found"
    other = name.replace("000000000000", "111111111111")
    assert world.refusal("ListTagsOfResource", ResourceArn=other).code == "AccessDeniedException"
    far = name.replace("us-east-1", "eu-west-1")
    assert world.message("ListTagsOfResource", ResourceArn=far) == (
        f"Invalid TableArn: Invalid ResourceArn provided as input {far}"
    )
    assert "ARNs must start with 'arn:'" in world.message("ListTagsOfResource", ResourceArn="things")


def test_continuous_backups_can_be_switched(world: World) -> None:
    def recovery(operation: str = "DescribeContinuousBackups", **params: Any) -> Any:
        told = world.call(operation, TableName="things", **params)["ContinuousBackupsDescription"]
        assert told["ContinuousBackupsStatus"] == "ENABLED"
        return told["PointInTimeRecoveryDescription"]

    def switched(*, on: bool) -> Any:
        asked = {"PointInTimeRecoveryEnabled": on}
        return recovery("UpdateContinuousBackups", PointInTimeRecoverySpecification=asked)

    off = {"PointInTimeRecoveryStatus": "DISABLED"}
    assert recovery() == off
    since = datetime.fromtimestamp(START / 1000, UTC)
    on = {
        "PointInTimeRecoveryStatus": "ENABLED",
        "RecoveryPeriodInDays": 35,
        "EarliestRestorableDateTime": since,
        "LatestRestorableDateTime": since,
    }
    assert switched(on=True) == on
    assert recovery() == on
    assert switched(on=False) == off
    error = world.refusal("DescribeContinuousBackups", TableName="nowhere")
    assert (error.code, error.message) == ("TableNotFoundException", "Table not found: nowhere")


def test_the_account_has_limits_and_an_endpoint(world: World) -> None:
    limits = world.call("DescribeLimits")
    assert limits.keys() == {f"{of}Max{kind}CapacityUnits" for of in ("Account", "Table") for kind in ("Read", "Write")}
    assert world.call("DescribeEndpoints") == {
        "Endpoints": [{"Address": "127.0.0.1:4566", "CachePeriodInMinutes": 1440}]
    }


def fill(world: World, count: int, *, start: int = 0) -> None:
    world.db.execute("BEGIN")
    for number in range(start, count):
        world.call("PutItem", TableName="things", Item={"pk": {"S": f"{number:06}"}, "at": {"N": "5"}})
    world.db.execute("COMMIT")


def test_a_large_table_is_counted_in_steps_and_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "EXACT", 100)
    fill(world, 250)
    world.call("DeleteItem", TableName="things", Key={"pk": {"S": "000007"}})
    assert described(world)["ItemCount"] == 250, "the largest row id, until there is a count"
    assert world.settle() == 1
    assert described(world)["ItemCount"] == 249
    fill(world, 300, start=250)
    assert described(world)["ItemCount"] == 249, "as on AWS, the number is some hours old"
    assert world.settle() == 0
    world.now += COUNT_INTERVAL_MS
    assert described(world)["ItemCount"] == 249
    assert world.settle() == 1
    assert described(world)["ItemCount"] == 299


def test_a_count_is_right_whatever_the_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "EXACT", 10)
    fill(world, 60)
    for step in (1, 7, 59, 60, 61, STEP_ENTRIES):
        monkeypatch.setattr("infra.local.dynamodb.chores.STEP_ENTRIES", step)
        world.now += COUNT_INTERVAL_MS
        described(world)
        assert world.settle() == -(-60 // step) + (60 % step == 0)
        assert described(world)["ItemCount"] == 60


def test_expiries_of_a_large_table_are_noted_in_steps(world: World) -> None:
    fill(world, STEP_ROWS + 10)
    specification = {"Enabled": True, "AttributeName": "at"}
    world.call("UpdateTimeToLive", TableName="things", TimeToLiveSpecification=specification)

    def status() -> Any:
        return world.call("DescribeTimeToLive", TableName="things")["TimeToLiveDescription"]["TimeToLiveStatus"]

    world.now = 6_000
    assert status() == "ENABLING"
    assert world.sweep() == 0
    assert world.settle() == 1
    assert status() == "ENABLED"
    assert sum(iter(world.sweep, 0)) == STEP_ROWS + 10
    assert world.items("things") == []


def test_a_table_that_goes_takes_its_chores_along(world: World) -> None:
    fill(world, STEP_ROWS + 10)
    specification = {"Enabled": True, "AttributeName": "at"}
    world.call("UpdateTimeToLive", TableName="things", TimeToLiveSpecification=specification)
    world.call("DeleteTable", TableName="things")
    assert world.settle() == 0
