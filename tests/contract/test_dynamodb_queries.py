"""Queries and scans of DynamoDB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.html"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.test_dynamodb_tables import DEFINITION


@pytest.fixture
async def table(dynamodb: Any, unique: Callable[[str], str]) -> str:
    """Nine jobs of one tenant: due 0, 0, 0, 1, 1, 1, 2, 2, 2; the last has no index keys."""
    name = unique("queried")
    await dynamodb.create_table(TableName=name, **DEFINITION)
    for number in range(9):
        item = {
            "pk": {"S": "tenant"},
            "sk": {"S": f"job#{number}"},
            "type": {"S": "mesh"},
            "data": {"S": "x"},
            "number_": {"N": str(number)},
        }
        if number < 8:
            item |= {"state": {"S": "open"}, "due": {"N": str(number // 3)}}
        await dynamodb.put_item(TableName=name, Item=item)
    return name


def by_state(table: str, **more: Any) -> dict[str, Any]:
    return {
        "TableName": table,
        "IndexName": "by-state",
        "KeyConditionExpression": "#s = :s AND due <= :d",
        "ExpressionAttributeNames": {"#s": "state"},
        "ExpressionAttributeValues": {":s": {"S": "open"}, ":d": {"N": "1"}},
        **more,
    }


async def test_an_index_is_read_in_order_and_shows_its_projection(dynamodb: Any, table: str) -> None:
    page = await dynamodb.query(**by_state(table))
    assert [item["due"]["N"] for item in page["Items"]] == ["0", "0", "0", "1", "1", "1"]
    assert all(item.keys() == {"pk", "sk", "state", "due", "type"} for item in page["Items"])
    assert (page["Count"], page["ScannedCount"]) == (6, 6)
    assert "LastEvaluatedKey" not in page


async def test_the_newest_come_first_backwards(dynamodb: Any, table: str) -> None:
    page = await dynamodb.query(**by_state(table, ScanIndexForward=False, Limit=3))
    assert [item["due"]["N"] for item in page["Items"]] == ["1", "1", "1"]


@pytest.mark.parametrize("forward", [True, False])
async def test_pages_of_an_index_cover_everything_once(dynamodb: Any, table: str, forward: bool) -> None:
    found: list[str] = []
    more: dict[str, Any] = {}
    while True:
        page = await dynamodb.query(**by_state(table, Limit=2, ScanIndexForward=forward, **more))
        found += [item["sk"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        assert page["LastEvaluatedKey"].keys() == {"pk", "sk", "state", "due"}
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert sorted(found) == [f"job#{number}" for number in range(6)]


async def test_a_filter_shows_less_than_was_read(dynamodb: Any, table: str) -> None:
    page = await dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :p AND begins_with(sk, :j)",
        FilterExpression="number_ BETWEEN :l AND :h",
        ExpressionAttributeValues={
            ":p": {"S": "tenant"},
            ":j": {"S": "job#"},
            ":l": {"N": "2"},
            ":h": {"N": "3"},
        },
        ProjectionExpression="number_",
    )
    assert page["Items"] == [{"number_": {"N": "2"}}, {"number_": {"N": "3"}}]
    assert (page["Count"], page["ScannedCount"]) == (2, 9)


async def test_a_count_shows_no_items(dynamodb: Any, table: str) -> None:
    page = await dynamodb.scan(TableName=table, Select="COUNT")
    assert (page["Count"], page["ScannedCount"]) == (9, 9)
    assert "Items" not in page


async def test_a_scan_of_an_index_skips_items_without_its_keys(dynamodb: Any, table: str) -> None:
    page = await dynamodb.scan(TableName=table, IndexName="by-state")
    assert page["Count"] == 8


async def test_segments_share_a_scan_out(dynamodb: Any, table: str) -> None:
    found: list[str] = []
    for segment in range(3):
        page = await dynamodb.scan(TableName=table, Segment=segment, TotalSegments=3)
        found += [item["sk"]["S"] for item in page["Items"]]
    assert sorted(found) == [f"job#{number}" for number in range(9)]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param(
            {"KeyConditionExpression": "sk = :p", "ExpressionAttributeValues": {":p": {"S": "x"}}},
            "Query condition missed key schema element: pk",
            marks=pytest.mark.deviates(dynamodb_local="does not name the element"),
            id="no-hash-key",
        ),
        pytest.param(
            {
                "KeyConditionExpression": "pk = :p",
                "FilterExpression": "sk = :p",
                "ExpressionAttributeValues": {":p": {"S": "x"}},
            },
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
            marks=pytest.mark.deviates(moto="filters by keys", ministack="filters by keys"),
            id="filter-on-key",
        ),
        pytest.param(
            by_state("", ConsistentRead=True),
            "Consistent reads are not supported on global secondary indexes",
            marks=pytest.mark.deviates(dynamodb_local="has words of its own"),
            id="consistent-index",
        ),
        pytest.param(
            {"KeyConditionExpression": "pk = third", "FilterExpression": ""},
            "Invalid FilterExpression: The expression can not be empty;",
            marks=pytest.mark.deviates(ministack="looks at the keys first"),
            id="empty-filter-first",
        ),
        pytest.param(
            {"KeyConditionExpression": "pk = third", "ExpressionAttributeValues": {"loc": {"S": "x"}}},
            'ExpressionAttributeValues contains invalid key: Syntax error; key: "loc"',
            marks=pytest.mark.deviates(ministack="has words of its own"),
            id="values-first",
        ),
        pytest.param(
            {
                "KeyConditionExpression": "pk = :p",
                "ExpressionAttributeValues": {":p": {"S": "x"}},
                "Select": "SPECIFIC_ATTRIBUTES",
            },
            "1 validation error detected: Must specify the AttributesToGet or ProjectionExpression when choosing to "
            "get SPECIFIC_ATTRIBUTES",
            marks=pytest.mark.deviates(dynamodb_local="has the older words"),
            id="select-nothing",
        ),
    ],
)
async def test_what_a_query_refuses(dynamodb: Any, table: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as refused:
        await dynamodb.query(**{**params, "TableName": table})
    assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": message}
