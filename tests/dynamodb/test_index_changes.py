"""Global indexes that come and go: back-filled in steps, readable when they are complete, one change at a time."""

from typing import Any

import pytest

from infra.local.dynamodb.chores import STEP_ROWS
from tests.dynamodb.conftest import World, orders_definition

TEAM = {"AttributeName": "team", "AttributeType": "S"}
RANK = {"AttributeName": "rank_", "AttributeType": "N"}
BY_TEAM: dict[str, Any] = {
    "IndexName": "by-team",
    "KeySchema": [{"AttributeName": "team", "KeyType": "HASH"}, {"AttributeName": "rank_", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}
PREFIX = "One or more parameter values were invalid: "


def update(world: World, *updates: dict[str, Any], **params: Any) -> Any:
    return world.call("UpdateTable", **asked(*updates, **params))["TableDescription"]


def asked(*updates: dict[str, Any], **params: Any) -> dict[str, Any]:
    if updates:
        params |= {"GlobalSecondaryIndexUpdates": list(updates), "AttributeDefinitions": [TEAM, RANK]}
    return {"TableName": "things", **params}


def fill(world: World, count: int) -> None:
    for number in range(count):
        item: dict[str, Any] = {"pk": {"S": f"{number:04}"}, "rank_": {"N": str(number % 7)}}
        if number % 3:
            item["team"] = {"S": f"t{number % 3}"}
        world.call("PutItem", TableName="things", Item=item)


def status(world: World) -> tuple[str, list[tuple[str, bool]]]:
    table = world.call("DescribeTable", TableName="things")["Table"]
    indexes = table.get("GlobalSecondaryIndexes", [])
    return table["TableStatus"], [(index["IndexStatus"], index.get("Backfilling", False)) for index in indexes]


def team(world: World, name: str) -> list[str]:
    found: list[str] = []
    params: dict[str, Any] = {}
    while True:
        page = world.call(
            "Query",
            TableName="things",
            IndexName="by-team",
            KeyConditionExpression="team = :t",
            ExpressionAttributeValues={":t": {"S": name}},
            Limit=900,
            **params,
        )
        found += [item["pk"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return found
        params = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def test_an_index_of_a_small_table_is_ready_when_it_is_made(world: World) -> None:
    fill(world, 20)
    told = update(world, {"Create": BY_TEAM})
    assert told["TableStatus"] == "UPDATING"
    assert told["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    assert status(world) == ("ACTIVE", [("ACTIVE", False)])
    assert team(world, "t1") == ["0007", "0001", "0016", "0010", "0004", "0019", "0013"]
    assert not world.tick()


def test_an_index_of_a_large_table_is_filled_in_steps(world: World) -> None:
    fill(world, 2 * STEP_ROWS + 5)
    update(world, {"Create": BY_TEAM})
    assert status(world) == ("UPDATING", [("CREATING", True)])
    read = world.message("Scan", TableName="things", IndexName="by-team")
    assert read == "Cannot read from backfilling global secondary index: by-team"
    for operation, params in (
        ("UpdateTable", asked(DeletionProtectionEnabled=True)),
        ("DeleteTable", {"TableName": "things"}),
    ):
        assert world.refusal(operation, **params).code == "ResourceInUseException"
    # Writes go on: of rows that are filled already, of rows that are not, and of new ones.
    moved: dict[str, Any] = {"UpdateExpression": "SET team = :t", "ExpressionAttributeValues": {":t": {"S": "moved"}}}
    for name in ("0000", "2000", "new"):
        world.call("UpdateItem", TableName="things", Key={"pk": {"S": name}}, **moved)
    world.call(
        "UpdateItem",
        TableName="things",
        Key={"pk": {"S": "new"}},
        UpdateExpression="ADD rank_ :n",
        ExpressionAttributeValues={":n": {"N": "9"}},
    )
    world.call("DeleteItem", TableName="things", Key={"pk": {"S": "2001"}})
    assert world.settle() == 2
    assert status(world) == ("ACTIVE", [("ACTIVE", False)])
    assert team(world, "moved") == ["0000", "2000", "new"]
    expected = {f"{number:04}" for number in range(2 * STEP_ROWS + 5) if number % 3 == 1} - {"2001"}
    assert set(team(world, "t1")) == expected - {"2000"}


def test_back_filling_goes_on_after_a_restart(world: World) -> None:
    fill(world, STEP_ROWS + 5)
    update(world, {"Create": BY_TEAM})
    world.request().cache.clear()
    assert world.settle() == 1
    assert len(team(world, "t2")) == (STEP_ROWS + 5) // 3


def test_items_that_do_not_fit_a_new_index_have_no_entry(world: World) -> None:
    put: dict[str, Any] = {"TableName": "things"}
    for name, others in {
        "fits": {"team": {"S": "t"}, "rank_": {"N": "1"}},
        "no-rank": {"team": {"S": "t"}},
        "text-rank": {"team": {"S": "t"}, "rank_": {"S": "1"}},
        "empty-team": {"team": {"S": ""}, "rank_": {"N": "1"}},
        "long-team": {"team": {"S": "x" * 2049}, "rank_": {"N": "1"}},
    }.items():
        world.call("PutItem", **put, Item={"pk": {"S": name}, **others})
    update(world, {"Create": BY_TEAM})
    assert team(world, "t") == ["fits"]
    assert world.call("Scan", TableName="things", IndexName="by-team")["Count"] == 1
    assert len(world.items("things")) == 5
    # An update that leaves the misfit alone is fine, as on AWS; one that writes it anew is not.
    world.call("UpdateItem", TableName="things", Key={"pk": {"S": "text-rank"}}, UpdateExpression="REMOVE other_")
    refused = world.message("PutItem", **put, Item={"pk": {"S": "x"}, "rank_": {"S": "1"}})
    assert refused == PREFIX + "Type mismatch for Index Key rank_ Expected: N Actual: S IndexName: by-team"


def test_an_index_goes_and_its_name_may_come_back(world: World) -> None:
    fill(world, 10)
    update(world, {"Create": BY_TEAM})
    told = update(world, {"Delete": {"IndexName": "by-team"}})
    assert told["GlobalSecondaryIndexes"][0]["IndexStatus"] == "DELETING"
    table = world.call("DescribeTable", TableName="things")["Table"]
    assert "GlobalSecondaryIndexes" not in table
    assert [entry["AttributeName"] for entry in table["AttributeDefinitions"]] == ["pk"]
    gone = world.message("Scan", TableName="things", IndexName="by-team")
    assert gone == "The table does not have the specified index: by-team"
    world.call("PutItem", TableName="things", Item={"pk": {"S": "free"}, "rank_": {"S": "any type now"}})
    update(world, {"Create": BY_TEAM})
    assert len(team(world, "t1")) == 3


def test_an_index_may_be_added_beside_others(world: World) -> None:
    item = {"pk": {"S": "p"}, "sk": {"S": "1"}, "state": {"S": "open"}, "due": {"N": "1"}, "team": {"S": "t"}}
    world.call("PutItem", TableName="orders", Item=item)
    by_team = {**BY_TEAM, "KeySchema": BY_TEAM["KeySchema"][:1]}
    world.call(
        "UpdateTable",
        TableName="orders",
        AttributeDefinitions=[TEAM],
        GlobalSecondaryIndexUpdates=[{"Create": by_team}],
    )
    for index in ("by-state", "by-team"):
        assert world.call("Scan", TableName="orders", IndexName=index)["Count"] == 1
    world.call("UpdateTable", TableName="orders", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-state"}}])
    world.call("PutItem", TableName="orders", Item={**item, "sk": {"S": "2"}})
    assert world.call("Scan", TableName="orders", IndexName="by-team")["Count"] == 2


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        (
            {},
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
            "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, "
            "MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is "
            "required",
        ),
        (
            asked({}),
            "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
            "GlobalSecondaryIndexUpdate.Delete must not be null",
        ),
        (
            asked({"Create": BY_TEAM, "Delete": {"IndexName": "by-team"}}),
            "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object",
        ),
        (
            asked({"Create": BY_TEAM}, {"Delete": {"IndexName": "by-team"}}),
            "Only one global secondary index update per index is allowed simultaneously. Index: by-team",
        ),
        (
            {**asked({"Create": BY_TEAM}), "AttributeDefinitions": [TEAM]},
            "Some index key attributes are not defined in AttributeDefinitions. Keys: [team, rank_], "
            "AttributeDefinitions: [team]",
        ),
        (
            {**asked({"Create": {**BY_TEAM, "IndexName": "by-state"}}), "TableName": "orders"},
            "Attempting to create an index which already exists",
        ),
        (
            {
                **asked(
                    {
                        "Create": {
                            **BY_TEAM,
                            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                        }
                    }
                ),
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}],
            },
            "Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. "
            "Attribute: pk, existing type: S, new type: N",
        ),
        (
            asked({"Create": {**BY_TEAM, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}}),
            "ProvisionedThroughput should not be specified for index: by-team when BillingMode is PAY_PER_REQUEST",
        ),
        (
            asked(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}),
            "UpdateTable: StreamSpecification.StreamEnabled=true is not supported by the embedded DynamoDB",
        ),
    ],
)
def test_changes_that_are_refused(world: World, params: dict[str, Any], complaint: str) -> None:
    message = world.message("UpdateTable", **{"TableName": "things", **params})
    assert message.removeprefix(PREFIX) == complaint


def test_a_call_may_make_or_drop_one_index(world: World) -> None:
    params = asked({"Create": BY_TEAM}, {"Create": {**BY_TEAM, "IndexName": "by-team-too"}})
    error = world.refusal("UpdateTable", **params)
    assert error.code == "LimitExceededException"
    assert error.message == (
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    )


def test_what_is_not_there_cannot_be_changed(world: World) -> None:
    error = world.refusal("UpdateTable", TableName="nowhere", DeletionProtectionEnabled=True)
    assert (error.code, error.message) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: nowhere not found",
    )
    error = world.refusal("UpdateTable", **asked({"Delete": {"IndexName": "by-team"}}))
    assert error.code == "ResourceNotFoundException"


def test_a_rolled_back_index_was_never_there(world: World) -> None:
    fill(world, 5)
    world.db.execute("BEGIN")
    update(world, {"Create": BY_TEAM})
    world.roll_back()
    assert status(world) == ("ACTIVE", [])
    world.call("PutItem", TableName="things", Item={"pk": {"S": "x"}, "team": {"S": "t"}, "rank_": {"N": "1"}})
    update(world, {"Create": BY_TEAM})
    assert team(world, "t") == ["x"]


MANY: dict[str, Any] = {
    "IndexName": "by-place",
    "KeySchema": [
        {"AttributeName": "country", "KeyType": "HASH"},
        {"AttributeName": "town", "KeyType": "HASH"},
        {"AttributeName": "year_", "KeyType": "RANGE"},
        {"AttributeName": "score", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
TYPES = {"country": "S", "town": "S", "year_": "N", "score": "N"}


def places(world: World) -> None:
    definition = orders_definition()
    definition["GlobalSecondaryIndexes"] = [MANY]
    definition["AttributeDefinitions"] = [
        *definition["AttributeDefinitions"][:2],
        *({"AttributeName": name, "AttributeType": kind} for name, kind in TYPES.items()),
    ]
    world.call("CreateTable", TableName="places", **definition)
    for number in range(12):
        item = {
            "pk": {"S": "p"},
            "sk": {"S": f"{number:02}"},
            "country": {"S": "fr"},
            "town": {"S": "paris" if number % 4 else "lyon"},
            "year_": {"N": str(2020 + number % 2)},
            "score": {"N": str(-number)},
        }
        world.call("PutItem", TableName="places", Item=item)
    world.call("PutItem", TableName="places", Item={"pk": {"S": "p"}, "sk": {"S": "half"}, "country": {"S": "fr"}})


def in_paris(world: World, condition: str = "", **values: str) -> Any:
    bound = {":c": {"S": "fr"}, ":t": {"S": "paris"}, **{f":{name}": {"N": value} for name, value in values.items()}}
    return {
        "TableName": "places",
        "IndexName": "by-place",
        "KeyConditionExpression": f"country = :c AND town = :t{condition}",
        "ExpressionAttributeValues": bound,
    }


def test_a_global_index_may_have_several_attributes_in_its_keys(world: World) -> None:
    places(world)

    def found(params: dict[str, Any]) -> list[str]:
        return [item["sk"]["S"] for item in world.call("Query", **params)["Items"]]

    assert found(in_paris(world)) == ["10", "06", "02", "11", "09", "07", "05", "03", "01"]
    assert found(in_paris(world, " AND year_ = :y", y="2021")) == ["11", "09", "07", "05", "03", "01"]
    assert found(in_paris(world, " AND year_ = :y AND score > :s", y="2021", s="-6")) == ["05", "03", "01"]
    assert found(in_paris(world, " AND year_ < :y", y="2021")) == ["10", "06", "02"]
    pages: list[str] = []
    start: dict[str, Any] = {}
    while True:
        page = world.call("Query", **in_paris(world), Limit=2, **start)
        pages += [item["sk"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        assert page["LastEvaluatedKey"].keys() == {"pk", "sk", *TYPES}
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert pages == found(in_paris(world))
    assert world.call("Scan", TableName="places", IndexName="by-place")["Count"] == 12


def test_conditions_from_before_expressions_name_several_attributes_of_a_sort_key(world: World) -> None:
    def equal(kind: str, value: str) -> dict[str, Any]:
        return {"ComparisonOperator": "EQ", "AttributeValueList": [{kind: value}]}

    names = {"pk": "S", "town": "S", "year_": "N"}
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
    world.call(
        "CreateTable",
        TableName="sights",
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in names.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-year",
                "KeySchema": [*keys, *({"AttributeName": name, "KeyType": "RANGE"} for name in ("town", "year_"))],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    world.call("PutItem", TableName="sights", Item={"pk": {"S": "fr"}, "town": {"S": "paris"}, "year_": {"N": "1889"}})
    conditions = {"pk": equal("S", "fr"), "town": equal("S", "paris"), "year_": equal("N", "1889")}
    assert world.call("Query", TableName="sights", IndexName="by-year", KeyConditions=conditions)["Count"] == 1
    conditions["year_"] = equal("N", "1890")
    assert world.call("Query", TableName="sights", IndexName="by-year", KeyConditions=conditions)["Count"] == 0
    assert world.message("Query", TableName="sights", KeyConditions=conditions) == (
        "Conditions can be of length 1 or 2 only"
    )


def test_conditions_on_several_attributes_leave_no_gap(world: World) -> None:
    places(world)
    assert "town" in world.message(
        "Query",
        TableName="places",
        IndexName="by-place",
        KeyConditionExpression="country = :c",
        ExpressionAttributeValues={":c": {"S": "fr"}},
    )
    assert world.message("Query", **in_paris(world, " AND score = :s", s="1")) == (
        "RANGE key attributes year_ must have equality conditions specified in the query because a condition is "
        "present on key attribute score"
    )
