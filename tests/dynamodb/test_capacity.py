"""Capacity units by the published rules: what a job's life costs is counted with these."""

from typing import Any

import pytest

from tests.dynamodb.conftest import World

KEY = {"pk": {"S": "1"}, "sk": {"S": "1"}}
INDEXED = {**KEY, "state": {"S": "open"}, "due": {"N": "1"}, "type": {"S": "t"}}


def consumed(world: World, operation: str, **params: Any) -> Any:
    return world.call(operation, TableName="orders", ReturnConsumedCapacity="INDEXES", **params)["ConsumedCapacity"]


def units(capacity: Any) -> tuple[float, float]:
    """Units of the table and of its index."""
    index = capacity.get("GlobalSecondaryIndexes", {}).get("by-state", {"CapacityUnits": 0.0})
    assert capacity["CapacityUnits"] == capacity["Table"]["CapacityUnits"] + index["CapacityUnits"]
    return capacity["Table"]["CapacityUnits"], index["CapacityUnits"]


def update(world: World, expression: str, **values: dict[str, str]) -> tuple[float, float]:
    params: dict[str, Any] = {"Key": KEY, "UpdateExpression": expression}
    if values:
        params["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    return units(consumed(world, "UpdateItem", **params))


def test_a_write_costs_one_unit_a_kilobyte_and_one_for_its_index_entry(world: World) -> None:
    assert units(consumed(world, "PutItem", Item=KEY)) == (1, 0)
    assert units(consumed(world, "PutItem", Item=INDEXED)) == (1, 1)
    large = {**INDEXED, "data": {"S": "x" * 2048}}
    assert units(consumed(world, "PutItem", Item=large)) == (3, 0)
    assert units(consumed(world, "DeleteItem", Key=KEY)) == (3, 1)
    assert units(consumed(world, "DeleteItem", Key=KEY)) == (1, 0)


def test_an_update_costs_the_larger_item_and_what_changes_in_the_index(world: World) -> None:
    world.call("PutItem", TableName="orders", Item={**INDEXED, "data": {"S": "x" * 1500}})
    assert update(world, "SET other_ = :v", v={"S": "x"}) == (2, 0)
    assert update(world, "SET #t = :v".replace("#t", "type_"), v={"S": "u"}) == (2, 0)
    assert update(world, "REMOVE due") == (2, 1)
    assert update(world, "SET due = :v", v={"N": "2"}) == (2, 1)
    assert update(world, "SET due = :v", v={"N": "3"}) == (2, 2)
    assert update(world, "REMOVE data_") == (2, 0)


def test_a_changed_projected_attribute_costs_an_index_write(world: World) -> None:
    world.call("PutItem", TableName="orders", Item=INDEXED)
    assert units(consumed(world, "PutItem", Item={**INDEXED, "type": {"S": "other"}})) == (1, 1)
    assert units(consumed(world, "PutItem", Item={**INDEXED, "type": {"S": "other"}})) == (1, 0)


@pytest.mark.parametrize(
    ("size", "consistent", "expected"), [(1, False, 0.5), (1, True, 1.0), (5000, False, 1.0), (5000, True, 2.0)]
)
def test_a_read_costs_half_a_unit_for_4_kb(world: World, size: int, consistent: bool, expected: float) -> None:
    world.call("PutItem", TableName="orders", Item={**KEY, "a": {"S": "x" * size}})
    assert units(consumed(world, "GetItem", Key=KEY, ConsistentRead=consistent)) == (expected, 0)
    batch = {"orders": {"Keys": [KEY, {**KEY, "sk": {"S": "none"}}], "ConsistentRead": consistent}}
    (total,) = world.call("BatchGetItem", RequestItems=batch, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert total == {"TableName": "orders", "CapacityUnits": expected + (1.0 if consistent else 0.5)}


def test_a_query_rounds_its_items_up_together(world: World) -> None:
    for number in range(10):
        item = {**INDEXED, "sk": {"S": str(number)}, "a": {"S": "x" * 500}}
        world.call("PutItem", TableName="orders", Item=item)
    query: dict[str, Any] = {
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "1"}},
    }
    assert units(consumed(world, "Query", **query)) == (1.0, 0)
    assert units(consumed(world, "Query", **query, ConsistentRead=True)) == (2.0, 0)
    assert units(consumed(world, "Scan", IndexName="by-state")) == (0, 0.5)


def test_batches_and_transactions_add_up(world: World) -> None:
    batch = [{"PutRequest": {"Item": {**INDEXED, "sk": {"S": str(number)}}}} for number in range(5)]
    reply = world.call("BatchWriteItem", RequestItems={"orders": batch}, ReturnConsumedCapacity="INDEXES")
    assert units(reply["ConsumedCapacity"][0]) == (5, 5)
    parts = [
        {"Put": {"TableName": "orders", "Item": {**INDEXED, "sk": {"S": "9"}}}},
        {"ConditionCheck": {"TableName": "orders", "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}},
    ]
    reply = world.call("TransactWriteItems", TransactItems=parts, ReturnConsumedCapacity="INDEXES")
    (capacity,) = reply["ConsumedCapacity"]
    assert units(capacity) == (4, 2)
    assert capacity["WriteCapacityUnits"] == 6


def test_capacity_is_told_only_when_asked_for(world: World) -> None:
    assert world.call("PutItem", TableName="orders", Item=KEY, ReturnConsumedCapacity="NONE") == {}
    total = world.call("PutItem", TableName="orders", Item=KEY, ReturnConsumedCapacity="TOTAL")
    assert total == {"ConsumedCapacity": {"TableName": "orders", "CapacityUnits": 1.0}}
    assert "'returnConsumedCapacity' failed" in world.message(
        "PutItem", TableName="orders", Item=KEY, ReturnConsumedCapacity="SOME"
    )
