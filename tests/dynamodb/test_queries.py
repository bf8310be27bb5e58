"""Query and Scan: order, ranges, pages, filters, what an index shows, and refusals."""

from typing import Any

import pytest

from infra.local.dynamodb.search import _after
from tests.dynamodb.conftest import World, orders_definition

N_TABLE = {**orders_definition("N"), "TableName": "numbered"}


def fill(world: World, table: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        world.call("PutItem", TableName=table, Item=row)


def order(sk: str, **others: Any) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": sk}, **others}


def sks(reply: dict[str, Any]) -> list[str]:
    return [item["sk"].get("S") or item["sk"]["N"] for item in reply["Items"]]


def run(world: World, condition: str = "pk = :p", values: dict[str, Any] | None = None, **params: Any) -> Any:
    bound = {":p": {"S": "p"}, **(values or {})}
    return world.call(
        "Query",
        TableName=params.pop("TableName", "orders"),
        KeyConditionExpression=condition,
        ExpressionAttributeValues=bound,
        **params,
    )


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("pk = :p", {}, ["a", "aa", "b", "é", "\uffff", "\U0001f600"]),
        ("pk = :p AND sk = :x", {":x": "aa"}, ["aa"]),
        ("sk = :x AND pk = :p", {":x": "aa"}, ["aa"]),
        ("(pk = :p) AND (sk > :x)", {":x": "aa"}, ["b", "é", "\uffff", "\U0001f600"]),
        ("pk = :p AND sk >= :x", {":x": "é"}, ["é", "\uffff", "\U0001f600"]),
        ("pk = :p AND sk < :x", {":x": "b"}, ["a", "aa"]),
        ("pk = :p AND sk <= :x", {":x": "b"}, ["a", "aa", "b"]),
        ("pk = :p AND :x > sk", {":x": "b"}, ["a", "aa"]),
        ("pk = :p AND sk BETWEEN :x AND :y", {":x": "aa", ":y": "é"}, ["aa", "b", "é"]),
        ("pk = :p AND begins_with(sk, :x)", {":x": "a"}, ["a", "aa"]),
        ("pk = :p AND begins_with(sk, :x)", {":x": "\uffff"}, ["\uffff"]),
    ],
)
def test_sort_keys_are_searched_in_utf8_order(
    world: World, condition: str, values: dict[str, str], found: list[str]
) -> None:
    fill(world, "orders", [order(sk) for sk in ("é", "b", "\U0001f600", "a", "\uffff", "aa")])
    bound = {name: {"S": text} for name, text in values.items()}
    assert sks(run(world, condition, bound)) == found
    assert sks(run(world, condition, bound, ScanIndexForward=False)) == found[::-1]


def test_numbers_are_searched_as_numbers(world: World) -> None:
    world.call("CreateTable", **N_TABLE)
    written = ["-10", "-2", "-0.5", "0", "0.001", "3", "3.5", "20", "1e20"]
    fill(world, "numbered", [{"pk": {"S": "p"}, "sk": {"N": number}} for number in reversed(written)])
    kept = [*written[:-1], "1" + "0" * 20]
    assert sks(run(world, TableName="numbered")) == kept
    between = run(
        world, "pk = :p AND sk BETWEEN :x AND :y", {":x": {"N": "-2.0"}, ":y": {"N": "3"}}, TableName="numbered"
    )
    assert sks(between) == ["-2", "-0.5", "0", "0.001", "3"]


@pytest.mark.parametrize(
    ("prefix", "end"),
    [
        ("a", "b"),
        ("a\U0010ffff", "b"),
        ("\ud7ff", "\ue000"),
        ("\U0010ffff", None),
        (b"a", b"b"),
        (b"a\xff", b"b"),
        (b"\xff\xff", None),
    ],
)
def test_the_end_of_a_prefix(prefix: Any, end: Any) -> None:
    assert _after(prefix) == end


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_cover_everything_once(world: World, limit: int, forward: bool) -> None:
    rows = [order(f"{number:02}", state={"S": "open"}, due={"N": str(number // 3)}) for number in range(7)]
    fill(world, "orders", rows)
    for source in ({}, {"IndexName": "by-state"}):
        found: list[str] = []
        start: dict[str, Any] = {}
        condition = "#s = :p" if source else "pk = :p"
        names = {"ExpressionAttributeNames": {"#s": "state"}} if source else {}
        while True:
            page = run(
                world,
                condition,
                {":p": {"S": "open"}} if source else {},
                Limit=limit,
                ScanIndexForward=forward,
                **source,
                **names,
                **start,
            )
            found += sks(page)
            if "LastEvaluatedKey" not in page:
                break
            assert page["Count"] == limit
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        wanted = [row["sk"]["S"] for row in rows]
        assert found == (wanted if forward else wanted[::-1])


def test_a_page_goes_on_after_an_item_that_is_gone(world: World) -> None:
    rows = [order(f"{number}", state={"S": "open"}, due={"N": "5"}) for number in range(5)]
    fill(world, "orders", rows)
    params: dict[str, Any] = {
        "TableName": "orders",
        "IndexName": "by-state",
        "KeyConditionExpression": "#s = :s",
        "ExpressionAttributeNames": {"#s": "state"},
        "ExpressionAttributeValues": {":s": {"S": "open"}},
    }
    first = world.call("Query", Limit=2, **params)
    world.call("DeleteItem", TableName="orders", Key={"pk": {"S": "p"}, "sk": {"S": "1"}})
    rest = world.call("Query", ExclusiveStartKey=first["LastEvaluatedKey"], **params)
    assert sks(first) + sks(rest) == ["0", "1", "2", "3", "4"]


def test_limit_counts_what_is_read_and_the_filter_what_is_shown(world: World) -> None:
    fill(world, "orders", [order(str(number), n={"N": str(number)}) for number in range(6)])
    page = run(world, values={":n": {"N": "2"}}, FilterExpression="n < :n", Limit=4)
    assert (page["Count"], page["ScannedCount"]) == (2, 4)
    assert page["LastEvaluatedKey"] == order("3")
    exact = run(world, Limit=6)
    assert exact["LastEvaluatedKey"] == order("5")
    assert run(world, ExclusiveStartKey=exact["LastEvaluatedKey"], Limit=6) == {
        "Count": 0,
        "ScannedCount": 0,
        "Items": [],
    }


def test_a_page_ends_at_1_mb(world: World) -> None:
    size = 300_000
    fill(world, "orders", [order(str(number), a={"S": "x" * size}) for number in range(5)])
    page = run(world)
    assert page["Count"] == 4
    assert page["LastEvaluatedKey"] == order("3")
    assert sks(run(world, ExclusiveStartKey=page["LastEvaluatedKey"])) == ["4"]
    counted = run(world, Select="COUNT")
    assert counted == {"Count": 4, "ScannedCount": 4, "LastEvaluatedKey": order("3")}


def test_an_index_holds_items_that_have_its_keys_and_shows_what_it_projects(world: World) -> None:
    whole = order("1", state={"S": "open"}, due={"N": "1"}, type={"S": "t"}, data={"S": "d"})
    fill(world, "orders", [whole, order("2", state={"S": "open"}), order("3", due={"N": "1"})])
    shown = world.call("Scan", TableName="orders", IndexName="by-state")["Items"]
    assert shown == [{name: value for name, value in whole.items() if name != "data"}]
    world.call("UpdateItem", TableName="orders", Key=order("1"), UpdateExpression="REMOVE due")
    assert world.call("Scan", TableName="orders", IndexName="by-state")["Items"] == []
    world.call("PutItem", TableName="orders", Item=whole)
    world.call("DeleteItem", TableName="orders", Key=order("1"))
    assert world.call("Scan", TableName="orders", IndexName="by-state", Select="COUNT")["Count"] == 0


@pytest.mark.parametrize(
    ("projection", "shown"),
    [
        ({"ProjectionType": "KEYS_ONLY"}, {"pk", "sk", "state", "due"}),
        ({"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b"]}, {"pk", "sk", "state", "due", "b"}),
        ({"ProjectionType": "ALL"}, {"pk", "sk", "state", "due", "a", "b"}),
    ],
)
def test_projections_of_indexes(world: World, projection: dict[str, Any], shown: set[str]) -> None:
    world.call("CreateTable", TableName="other", **orders_definition(projection=projection))
    item = order("1", state={"S": "s"}, due={"N": "1"}, a={"S": "a"}, b={"S": "b"})
    world.call("PutItem", TableName="other", Item=item)
    (entry,) = world.call("Scan", TableName="other", IndexName="by-state")["Items"]
    assert entry.keys() == shown


def test_a_filter_on_an_index_may_only_ask_for_what_the_index_holds(world: World) -> None:
    item = order("1", state={"S": "s"}, due={"N": "1"}, type={"S": "t"}, data_={"S": "d"})
    world.call("PutItem", TableName="orders", Item=item)
    params: dict[str, Any] = {"TableName": "orders", "IndexName": "by-state"}
    names = {"#t": "type"}
    page = world.call("Scan", FilterExpression="attribute_exists(#t)", ExpressionAttributeNames=names, **params)
    assert page["Count"] == 1
    hidden = "attribute_exists(data_)"
    assert world.call("Scan", FilterExpression=hidden, **params)["Count"] == 0, "a scan does not see it"
    params |= {"KeyConditionExpression": "#s = :s", "ExpressionAttributeValues": {":s": {"S": "s"}}}
    message = world.message("Query", FilterExpression=hidden, ExpressionAttributeNames={"#s": "state"}, **params)
    assert message == (
        "One or more parameter values were invalid: Secondary index by-state does not project one or more filter "
        "attributes: [data_]"
    )


def test_a_projection_expression_shapes_the_items(world: World) -> None:
    item = order("1", m={"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, l={"L": [{"N": "1"}, {"N": "2"}, {"N": "3"}]})
    world.call("PutItem", TableName="orders", Item=item)
    page = run(world, ProjectionExpression="m.x, #l[2], #l[0], nope, m.nope.deep", ExpressionAttributeNames={"#l": "l"})
    assert page["Items"] == [{"m": {"M": {"x": {"N": "1"}}}, "l": {"L": [{"N": "1"}, {"N": "3"}]}}]


def test_segments_share_a_table_out(world: World) -> None:
    fill(world, "orders", [order(f"{number:03}") for number in range(50)])
    found: list[str] = []
    for segment in range(4):
        start: dict[str, Any] = {}
        while True:
            page = world.call("Scan", TableName="orders", Segment=segment, TotalSegments=4, Limit=3, **start)
            found += sks(page)
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert sorted(found) == [f"{number:03}" for number in range(50)]


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"Segment": 0}, "The TotalSegments parameter is required"),
        ({"TotalSegments": 2}, "The Segment parameter is required"),
        ({"Segment": 2, "TotalSegments": 2}, "Segment: 2 is not less than TotalSegments: 2"),
        ({"Segment": -1, "TotalSegments": 2}, "'segment' failed to satisfy constraint"),
        ({"Segment": 0, "TotalSegments": 1_000_001}, "'totalSegments' failed to satisfy constraint"),
        ({"Limit": 0}, "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than"),
        ({"IndexName": "none"}, "The table does not have the specified index: none"),
        ({"IndexName": "by-state", "ConsistentRead": True}, "Consistent reads are not supported on global secondary"),
        ({"Select": "SOME"}, "'select' failed to satisfy constraint"),
        ({"Select": "ALL_PROJECTED_ATTRIBUTES"}, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using"),
        (
            {"Select": "SPECIFIC_ATTRIBUTES"},
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get",
        ),
        (
            {"Select": "COUNT", "ProjectionExpression": "a"},
            "Cannot specify the ProjectionExpression when choosing to get only the Count",
        ),
        (
            {"Select": "ALL_ATTRIBUTES", "IndexName": "by-state"},
            "Select type ALL_ATTRIBUTES is not supported for global secondary index by-state because its projection "
            "type is not ALL",
        ),
        (
            {"ProjectionExpression": "a", "IndexName": "by-state"},
            "Global secondary index by-state does not project [a]",
        ),
        ({"ProjectionExpression": "a, a.b"}, "Two document paths overlap with each other"),
        ({"ExclusiveStartKey": {"pk": {"S": "p"}}}, "The provided starting key is invalid"),
        ({"ExclusiveStartKey": order("1"), "IndexName": "by-state"}, "The provided starting key is invalid"),
        ({"ExclusiveStartKey": {"pk": {"S": "p"}, "sk": {"N": "1"}}}, "The provided starting key is invalid: "),
    ],
)
def test_scans_that_are_refused(world: World, params: dict[str, Any], complaint: str) -> None:
    assert complaint in world.message("Scan", TableName="orders", **params)


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ("sk = :p", "Query condition missed key schema element: pk"),
        ("pk = :p AND another = :p", "Query condition missed key schema element: sk"),
        ("pk > :p", "Query key condition not supported"),
        ("pk = :p AND sk = :p AND another = :p", "The number of query conditions (3) exceeds the number of key"),
        ("pk = :p AND pk = :p", "KeyConditionExpressions must only contain one condition per key"),
        ("pk = :p OR sk = :p", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT pk = :p", "Invalid operator used in KeyConditionExpression: NOT"),
        ("pk <> :p", "Invalid operator used in KeyConditionExpression: <>"),
        ("pk IN (:p)", "Invalid operator used in KeyConditionExpression: IN"),
        ("pk = :p AND contains(sk, :p)", "Invalid operator used in KeyConditionExpression: contains"),
        ("pk = :p AND sk.a = :p", "KeyConditionExpressions cannot have conditions on nested attributes"),
        (
            "pk = :p AND sk = another",
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
        ),
        ("pk = :p AND size(sk) = :p", "KeyConditionExpressions cannot contain nested operations"),
        ("pk = :p AND :p = :p", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        (
            "pk = :p AND begins_with(:p, sk)",
            "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its "
            "first operand",
        ),
    ],
)
def test_key_conditions_that_are_refused(world: World, condition: str, complaint: str) -> None:
    message = world.message(
        "Query",
        TableName="orders",
        KeyConditionExpression=condition,
        ExpressionAttributeValues={":p": {"S": "p"}},
    )
    assert message.startswith(complaint)


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."),
        (
            {
                "KeyConditionExpression": "pk = :p",
                "ExpressionAttributeValues": {":p": {"N": "1"}},
            },
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            {
                "KeyConditionExpression": "pk = :p",
                "ExpressionAttributeValues": {":p": {"S": ""}},
            },
            "cannot contain an empty string value. Key: pk",
        ),
        (
            {
                "KeyConditionExpression": "pk = :p",
                "FilterExpression": "sk = :p",
                "ExpressionAttributeValues": {":p": {"S": "p"}},
            },
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
        ),
        (
            {
                "KeyConditionExpression": "pk = :p",
                "ExpressionAttributeValues": {":p": {"S": "p"}},
                "ExclusiveStartKey": {"pk": {"S": "q"}, "sk": {"S": "1"}},
            },
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
    ],
)
def test_queries_that_are_refused(world: World, params: dict[str, Any], complaint: str) -> None:
    assert complaint in world.message("Query", TableName="orders", **params)
