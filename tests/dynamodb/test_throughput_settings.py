"""OnDemandThroughput and WarmThroughput, and which changes of a table go together: as AWS was seen to answer."""

from typing import Any

import pytest

from tests.dynamodb.conftest import KEY_ONLY, World, orders_definition

PREFIX = "One or more parameter values were invalid: "
PROVISIONED = {**KEY_ONLY, "BillingMode": "PROVISIONED"}
TWO = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}
INITIAL = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}


def described(world: World, name: str) -> Any:
    return world.call("DescribeTable", TableName=name)["Table"]


def test_a_table_and_its_index_are_as_warm_as_they_are_by_themselves(world: World) -> None:
    orders = described(world, "orders")
    assert orders["WarmThroughput"] == {**INITIAL, "Status": "ACTIVE"}
    assert orders["GlobalSecondaryIndexes"][0]["WarmThroughput"] == {**INITIAL, "Status": "ACTIVE"}
    world.call("CreateTable", TableName="paid", **PROVISIONED, ProvisionedThroughput=TWO)
    units = {"ReadUnitsPerSecond": 2, "WriteUnitsPerSecond": 2}
    assert described(world, "paid")["WarmThroughput"] == {**units, "Status": "ACTIVE"}


def test_warm_throughput_is_raised_one_unit_at_a_time_and_never_lowered(world: World) -> None:
    world.call("UpdateTable", TableName="things", WarmThroughput={"ReadUnitsPerSecond": 13_000})
    world.call("UpdateTable", TableName="things", WarmThroughput={"WriteUnitsPerSecond": 5_000})
    raised = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000, "Status": "ACTIVE"}
    assert described(world, "things")["WarmThroughput"] == raised
    assert world.message("UpdateTable", TableName="things", WarmThroughput={"ReadUnitsPerSecond": 12_999}) == (
        PREFIX + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, "
        "decreasing WarmThroughput is not supported"
    )
    assert described(world, "things")["WarmThroughput"] == raised


def test_warm_throughput_of_an_index_is_raised_too(world: World) -> None:
    def asked(units: dict[str, int]) -> dict[str, Any]:
        return {"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by-state", "WarmThroughput": units}}]}

    world.call("UpdateTable", TableName="orders", **asked({"ReadUnitsPerSecond": 13_000}))
    (index,) = described(world, "orders")["GlobalSecondaryIndexes"]
    assert index["WarmThroughput"]["ReadUnitsPerSecond"] == 13_000
    assert "for index by-state is lower than current" in world.message(
        "UpdateTable", TableName="orders", **asked({"ReadUnitsPerSecond": 1})
    )
    assert world.message("UpdateTable", TableName="nowhere", **asked({})) == (
        PREFIX + "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for "
        "index: by-state"
    )


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        (
            {**KEY_ONLY, "WarmThroughput": {"ReadUnitsPerSecond": 11_999}},
            "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. "
            "See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
            "#on-demand-capacity-mode-initial",
        ),
        (
            {**PROVISIONED, "ProvisionedThroughput": TWO, "WarmThroughput": {"WriteUnitsPerSecond": 1}},
            "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than WriteCapacityUnits of "
            "ProvisionedThroughput",
        ),
        (
            {**KEY_ONLY, "OnDemandThroughput": {"MaxReadRequestUnits": -1}},
            "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            {**PROVISIONED, "ProvisionedThroughput": TWO, "OnDemandThroughput": {"MaxWriteRequestUnits": 1}},
            "MaxWriteRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.",
        ),
    ],
)
def test_throughput_that_no_table_is_made_with(world: World, definition: dict[str, Any], complaint: str) -> None:
    assert world.message("CreateTable", TableName="made", **definition) == PREFIX + complaint


def test_an_index_is_not_made_colder_than_it_is_by_itself(world: World) -> None:
    definition = orders_definition()
    (index,) = definition["GlobalSecondaryIndexes"]
    definition["GlobalSecondaryIndexes"] = [{**index, "WarmThroughput": {"WriteUnitsPerSecond": 3_999}}]
    message = world.message("CreateTable", TableName="made", **definition)
    assert "Requested WriteUnitsPerSecond for WarmThroughput for index by-state is lower than initial" in message


def test_maxima_on_demand_are_merged_and_taken_away(world: World) -> None:
    def maxima(**asked: int) -> Any:
        world.call("UpdateTable", TableName="things", OnDemandThroughput=asked)
        return described(world, "things")["OnDemandThroughput"]

    assert maxima(MaxReadRequestUnits=10, MaxWriteRequestUnits=5) == {
        "MaxReadRequestUnits": 10,
        "MaxWriteRequestUnits": 5,
    }
    assert maxima(MaxWriteRequestUnits=-1) == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": -1}
    refused = world.message("UpdateTable", TableName="things", OnDemandThroughput={"MaxReadRequestUnits": 0})
    assert refused.endswith("MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range")


def test_a_new_table_on_demand_has_not_changed_to_it(world: World) -> None:
    made = world.call("CreateTable", TableName="made", **KEY_ONLY)["TableDescription"]
    assert made["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert "LastUpdateToPayPerRequestDateTime" in described(world, "made")["BillingModeSummary"]


DROPPED: dict[str, Any] = {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-state"}}]}


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        (
            {"SSESpecification": {"Enabled": True}, "DeletionProtectionEnabled": True},
            PREFIX + "Server-Side Encryption modification must be the only operation in the request",
        ),
        (
            {"TableClass": "STANDARD", "BillingMode": "PAY_PER_REQUEST"},
            PREFIX + "TableClass modification must be the only operation in the request",
        ),
        (
            {"DeletionProtectionEnabled": True, "BillingMode": "PAY_PER_REQUEST"},
            PREFIX + "DeletionProtection modification must be the only operation in the request",
        ),
        (
            {"WarmThroughput": INITIAL, "BillingMode": "PAY_PER_REQUEST"},
            PREFIX + "WarmThroughput must be the only operation in the request",
        ),
        (
            {"OnDemandThroughput": {"MaxReadRequestUnits": 1}, **DROPPED},
            PREFIX + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
        ),
        (
            {"ProvisionedThroughput": TWO, **DROPPED},
            PREFIX + "You cannot create or delete index while updating table IOPS",
        ),
        ({"SSESpecification": {"Enabled": False}}, PREFIX + "Table is already encrypted by default"),
        (
            {"SSESpecification": {"Enabled": False, "SSEType": "KMS"}},
            PREFIX + "SSEType can not be specified if Enabled is false",
        ),
        ({"StreamSpecification": {"StreamEnabled": False}}, "Table has no stream to disable: TableName: orders"),
        (
            {"StreamSpecification": {"StreamEnabled": True}},
            PREFIX + "If stream is being enabled then UpdateViewType is required",
        ),
        (
            {"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by-state"}}]},
            PREFIX + "The only Updates for index: by-state when TableThroughputMode is PAY_PER_REQUEST can be to "
            "OnDemandThroughput, WarmThroughput",
        ),
    ],
)
def test_changes_that_do_not_go_together_or_change_nothing(
    world: World, params: dict[str, Any], complaint: str
) -> None:
    assert world.message("UpdateTable", TableName="orders", **params) == complaint


def test_a_change_that_is_asked_for_with_nothing_beside_it_is_no_second_one(world: World) -> None:
    world.call("UpdateTable", TableName="things", DeletionProtectionEnabled=True, WarmThroughput={})
    assert described(world, "things")["DeletionProtectionEnabled"] is True


def test_an_index_that_is_not_there_is_named_with_its_table(world: World) -> None:
    for change in ({"Delete": {"IndexName": "ghost"}}, {"Update": {"IndexName": "ghost"}}):
        error = world.refusal("UpdateTable", TableName="orders", GlobalSecondaryIndexUpdates=[change])
        assert error.code == "ResourceNotFoundException"
        assert error.message == "Requested resource not found: Index ghost for table orders"
