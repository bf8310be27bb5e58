"""Local secondary indexes: their rules, what they show, and what beyond them is fetched from the table."""

from typing import Any

import pytest

from tests.dynamodb.conftest import World

HASH = {"AttributeName": "pk", "KeyType": "HASH"}
BY_DATE: dict[str, Any] = {
    "IndexName": "by-date",
    "KeySchema": [HASH, {"AttributeName": "date_", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
BY_SIZE: dict[str, Any] = {
    "IndexName": "by-size",
    "KeySchema": [HASH, {"AttributeName": "bytes_", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]},
}
DEFINITION: dict[str, Any] = {
    "TableName": "mail",
    "KeySchema": [HASH, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
        {"AttributeName": "date_", "AttributeType": "S"},
        {"AttributeName": "bytes_", "AttributeType": "N"},
    ],
    "LocalSecondaryIndexes": [BY_DATE, BY_SIZE],
    "BillingMode": "PAY_PER_REQUEST",
}
PREFIX = "One or more parameter values were invalid: "


@pytest.fixture
def mail(world: World) -> World:
    world.call("CreateTable", **DEFINITION)
    for number, date in enumerate(["2024", "2021", "2023"]):
        item = letter(str(number), date_={"S": date}, bytes_={"N": str(number * 10)}, note={"S": "n"}, body={"S": "b"})
        world.call("PutItem", TableName="mail", Item=item)
    world.call("PutItem", TableName="mail", Item=letter("undated", body={"S": "u"}))
    world.call("PutItem", TableName="mail", Item={**letter("0", date_={"S": "2022"}), "pk": {"S": "q"}})
    return world


def letter(sk: str, **others: Any) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": sk}, **others}


def ask(world: World, index: str = "by-date", **params: Any) -> Any:
    values = {":p": {"S": "p"}, **params.pop("values", {})}
    condition = params.pop("condition", "pk = :p")
    return world.call(
        "Query",
        TableName="mail",
        IndexName=index,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        **params,
    )


def sks(page: Any) -> list[str]:
    return [item["sk"]["S"] for item in page["Items"]]


def test_a_partition_is_read_in_the_order_of_another_key(mail: World) -> None:
    assert sks(ask(mail)) == ["1", "2", "0"]
    assert sks(ask(mail, ScanIndexForward=False, ConsistentRead=True)) == ["0", "2", "1"]
    later = ask(mail, condition="pk = :p AND date_ > :d", values={":d": {"S": "2021"}})
    assert sks(later) == ["2", "0"]
    between = ask(
        mail,
        "by-size",
        condition="pk = :p AND bytes_ BETWEEN :l AND :h",
        values={":l": {"N": "5"}, ":h": {"N": "20.0"}},
    )
    assert sks(between) == ["1", "2"]


def test_pages_go_on_at_an_exact_place_when_the_index_key_is_shared(mail: World) -> None:
    for number in range(6):
        mail.call("PutItem", TableName="mail", Item=letter(f"same-{number}", date_={"S": "2022"}))
    found: list[str] = []
    start: dict[str, Any] = {}
    while True:
        page = ask(mail, Limit=2, **start)
        found += sks(page)
        if "LastEvaluatedKey" not in page:
            break
        assert page["LastEvaluatedKey"].keys() == {"pk", "sk", "date_"}
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert found == ["1", *(f"same-{number}" for number in range(6)), "2", "0"]


def test_an_index_shows_its_projection_and_the_rest_when_asked(mail: World) -> None:
    assert ask(mail)["Items"][0] == letter("1", date_={"S": "2021"})
    assert ask(mail, "by-size")["Items"][0] == letter("0", bytes_={"N": "0"}, note={"S": "n"})
    whole = ask(mail, Select="ALL_ATTRIBUTES")["Items"][0]
    assert whole == letter("1", date_={"S": "2021"}, bytes_={"N": "10"}, note={"S": "n"}, body={"S": "b"})
    assert ask(mail, ProjectionExpression="body")["Items"] == [{"body": {"S": "b"}}] * 3
    scanned = mail.call("Scan", TableName="mail", IndexName="by-date", Select="ALL_ATTRIBUTES")
    assert scanned["Count"] == 4
    assert whole in scanned["Items"]


def test_a_filter_sees_what_the_index_holds(mail: World) -> None:
    page = ask(mail, "by-size", FilterExpression="note = :n", values={":n": {"S": "n"}})
    assert (page["Count"], page["ScannedCount"]) == (3, 3)
    params: dict[str, Any] = {"FilterExpression": "body = :b", "ExpressionAttributeValues": {":b": {"S": "b"}}}
    assert mail.call("Scan", TableName="mail", IndexName="by-date", **params)["Count"] == 0
    params["ExpressionAttributeValues"] |= {":p": {"S": "p"}}
    message = mail.message("Query", TableName="mail", IndexName="by-date", KeyConditionExpression="pk = :p", **params)
    assert message == PREFIX + "Secondary index by-date does not project one or more filter attributes: [body]"


def test_a_read_beyond_the_projection_costs_a_read_of_each_item(mail: World) -> None:
    def units(**params: Any) -> tuple[float, float]:
        told = ask(mail, ReturnConsumedCapacity="INDEXES", **params)["ConsumedCapacity"]
        assert "GlobalSecondaryIndexes" not in told
        return told["Table"]["CapacityUnits"], told["LocalSecondaryIndexes"]["by-date"]["CapacityUnits"]

    assert units() == (0.0, 0.5)
    assert units(ConsistentRead=True) == (0.0, 1.0)
    assert units(Select="ALL_ATTRIBUTES") == (1.5, 0.5)
    assert units(ProjectionExpression="body", ConsistentRead=True) == (3.0, 1.0)


def test_writes_cost_their_entries(mail: World) -> None:
    told = mail.call(
        "PutItem",
        TableName="mail",
        Item=letter("new", date_={"S": "2020"}),
        ReturnConsumedCapacity="INDEXES",
    )["ConsumedCapacity"]
    assert told["CapacityUnits"] == 2.0
    assert told["LocalSecondaryIndexes"] == {"by-date": {"CapacityUnits": 1.0}}


def test_a_write_may_ask_for_the_size_of_its_collection(mail: World) -> None:
    told = {"ItemCollectionKey": {"pk": {"S": "p"}}, "SizeEstimateRangeGB": [0.0, 1.0]}
    sized: dict[str, Any] = {"ReturnItemCollectionMetrics": "SIZE"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("PutItem", {"Item": letter("x")}),
        ("UpdateItem", {"Key": letter("x")}),
        ("DeleteItem", {"Key": letter("x")}),
    ]
    for operation, params in calls:
        reply = mail.call(operation, TableName="mail", **params, **sized)
        assert reply == {"ItemCollectionMetrics": told}
        assert "ItemCollectionMetrics" not in mail.call(operation, TableName="mail", **params)
    put = {"PutRequest": {"Item": letter("x")}}
    other = {"PutRequest": {"Item": letter("y")}}
    reply = mail.call("BatchWriteItem", RequestItems={"mail": [put, other]}, **sized)
    assert reply["ItemCollectionMetrics"] == {"mail": [told]}
    reply = mail.call(
        "TransactWriteItems", TransactItems=[{"Put": {"TableName": "mail", "Item": letter("x")}}], **sized
    )
    assert reply["ItemCollectionMetrics"] == {"mail": [told]}
    assert mail.call("PutItem", TableName="things", Item={"pk": {"S": "1"}}, **sized) == {}


def test_an_index_key_of_the_wrong_type_is_refused(mail: World) -> None:
    message = mail.message("PutItem", TableName="mail", Item=letter("x", bytes_={"S": "1"}))
    assert message == PREFIX + "Type mismatch for Index Key bytes_ Expected: N Actual: S IndexName: by-size"


def test_a_described_table_tells_of_its_local_indexes(mail: World) -> None:
    table = mail.call("DescribeTable", TableName="mail")["Table"]
    first, second = table["LocalSecondaryIndexes"]
    assert first.keys() == {"IndexName", "KeySchema", "Projection", "IndexSizeBytes", "ItemCount", "IndexArn"}
    assert (first["IndexName"], first["ItemCount"], second["ItemCount"]) == ("by-date", 4, 3)
    assert "GlobalSecondaryIndexes" not in table


def key(index: dict[str, Any], *parts: tuple[str, str]) -> dict[str, Any]:
    return {**index, "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in parts]}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"LocalSecondaryIndexes": []}, "List of LocalSecondaryIndexes is empty"),
        (
            {"KeySchema": [HASH]},
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
        ),
        (
            {"LocalSecondaryIndexes": [key(BY_DATE, ("pk", "HASH"))]},
            "Index KeySchema does not have a range key for index: by-date",
        ),
        (
            {"LocalSecondaryIndexes": [key(BY_DATE, ("sk", "HASH"), ("date_", "RANGE"))]},
            "Index KeySchema does not have the same leading hash key as table KeySchema for index: by-date. "
            "index hash key: sk, table hash key: pk",
        ),
        ({"LocalSecondaryIndexes": [BY_DATE, BY_DATE]}, "Duplicate index name: by-date"),
        (
            {"LocalSecondaryIndexes": [{**BY_DATE, "IndexName": f"index-{number}"} for number in range(6)]},
            "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
        (
            {"LocalSecondaryIndexes": [{**BY_DATE, "Projection": {"ProjectionType": "INCLUDE"}}]},
            "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            {"GlobalSecondaryIndexes": [BY_DATE]},
            "Duplicate index name: by-date",
        ),
    ],
)
def test_local_indexes_that_are_refused(world: World, changes: dict[str, Any], complaint: str) -> None:
    message = world.message("CreateTable", **{**DEFINITION, **changes})
    assert message.removeprefix(PREFIX) == complaint


def test_consistent_reads_stay_refused_for_global_indexes(world: World) -> None:
    refused = world.message("Scan", TableName="orders", IndexName="by-state", ConsistentRead=True)
    assert refused == "Consistent reads are not supported on global secondary indexes"
