"""SELECT: what is read by key, by index and by scan, page by page, and what of it is shown."""

from typing import Any

import pytest

from tests.dynamodb.conftest import World


def n(number: int) -> dict[str, str]:
    return {"N": str(number)}


def s(text: str) -> dict[str, str]:
    return {"S": text}


@pytest.fixture
def orders(world: World) -> World:
    """Partitions a and b with the sort keys 1 to 4; the odd ones are in the index, under the state `open`."""
    for pk in ("a", "b"):
        for number in range(1, 5):
            item: dict[str, Any] = {"pk": s(pk), "sk": s(str(number)), "n": n(number), "type": s("t"), "extra": s("e")}
            if number % 2:
                item |= {"state": s("open"), "due": n(number)}
            world.call("PutItem", TableName="orders", Item=item)
    world.call(
        "PutItem",
        TableName="things",
        Item={
            "pk": s("x"),
            "text": s("hello"),
            "yes": {"BOOL": True},
            "nul": {"NULL": True},
            "tags": {"SS": ["u", "v"]},
            "list": {"L": [n(1), s("two")]},
            "map": {"M": {"in": {"M": {"deep": n(7)}}, "list": {"L": [s("first")]}}},
        },
    )
    return world


def select(world: World, statement: str, *parameters: Any, **options: Any) -> Any:
    if parameters:
        options["Parameters"] = list(parameters)
    return world.call("ExecuteStatement", Statement=f"SELECT {statement}", **options)["Items"]


def found(world: World, where: str, *parameters: Any) -> str:
    """The keys of what a condition finds, such as `a1 a2`, in order."""
    items = select(world, f"* FROM orders {where}", *parameters)
    return " ".join(item["pk"]["S"] + item["sk"]["S"] for item in items)


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("WHERE pk = 'a' AND sk = '2'", "a2"),
        ("WHERE pk = 'a' AND sk = '9'", ""),
        ("WHERE 'a' = pk", "a1 a2 a3 a4"),
        ("WHERE pk = 'a' AND sk > '2'", "a3 a4"),
        ("WHERE pk = 'a' AND '2' >= sk", "a1 a2"),
        ("WHERE pk = 'a' AND sk BETWEEN '2' AND '3'", "a2 a3"),
        ("WHERE pk = 'a' AND begins_with(sk, '3')", "a3"),
        ("WHERE pk = 'a' AND sk IN ['1', '3']", "a1 a3"),
        ("WHERE pk = 'a' AND sk IN ('1', '3')", "a1 a3"),
        ("WHERE pk = 'a' AND sk NOT IN ['1', '3']", "a2 a4"),
        ("WHERE pk = 'a' AND sk <> '1'", "a2 a3 a4"),
        ("WHERE pk = 'a' AND NOT sk > '2'", "a1 a2"),
        ("WHERE pk = 'a' AND sk > '1' AND sk < '4'", "a2 a3"),
        ("WHERE pk = 'a' AND n >= 2 AND n != 3", "a2 a4"),
        ("WHERE pk = 'a' AND state IS MISSING", "a2 a4"),
        ("WHERE pk = 'a' AND state IS NOT MISSING", "a1 a3"),
        ("WHERE pk = 'a' ORDER BY sk DESC", "a4 a3 a2 a1"),
        ("WHERE pk IN ['b', 'a', 'b'] AND sk < '3'", "b1 b2 a1 a2"),
        ("WHERE pk IN ['a', 'b'] AND sk < '3' ORDER BY pk DESC, sk", "b1 b2 a1 a2"),
        ("WHERE pk IN ['b', 'a'] AND sk < '3' ORDER BY pk ASC, sk DESC", "a2 a1 b2 b1"),
        ("WHERE n = 2", "a2 b2"),
        ("WHERE pk > 'a' AND n = 2", "b2"),
        ("WHERE pk = 'a' AND n = 2 OR pk = 'b' AND n = 3", "a2 b3"),
        ("WHERE pk = 'a' AND NOT sk = '1' OR pk = 'a' AND sk = '2'", "a2 a3 a4"),
        ("WHERE (pk = 'a' OR pk = 'b') AND sk = '1'", "a1 b1"),
        ("WHERE pk = 'c'", ""),
    ],
)
def test_a_condition_finds_what_meets_it(orders: World, where: str, keys: str) -> None:
    assert found(orders, where) == keys


def test_parameters_are_keys_and_operands(orders: World) -> None:
    assert found(orders, "WHERE pk = ? AND sk IN [?, ?] AND n > ?", s("a"), s("1"), s("3"), n(1)) == "a3"


@pytest.mark.parametrize(
    "condition",
    [
        "contains(text, 'ell')",
        "contains(tags, 'v')",
        "size(text) = 5",
        "attribute_type(\"list\", 'L')",
        "nul IS NULL",
        "text IS NOT NULL",
        "yes IS BOOL",
        "text IS STRING",
        'map."in".deep IS INT',
        "\"list\"[1] = 'two'",
        "map.\"list\"[0] = 'first'",
        'attribute_exists(map."in".deep) = true',
        "attribute_not_exists(nope) <> false",
        "NOT attribute_exists(nope)",
        "tags = <<'v', 'u'>>",
        "\"list\" = [1, 'two']",
        "map.\"in\" = {'deep': 7.0}",
        "yes = true AND nul = null",
        "(text = 'hello' OR text = 'x') AND text BETWEEN 'a' AND 'i'",
    ],
)
def test_every_type_has_its_conditions(orders: World, condition: str) -> None:
    assert select(orders, f"pk FROM things WHERE {condition}") == [{"pk": s("x")}]
    assert select(orders, f"pk FROM things WHERE pk = 'x' AND NOT ({condition})") == []


@pytest.mark.parametrize(
    ("columns", "item"),
    [
        ("pk, text", {"pk": s("x"), "text": s("hello")}),
        ("nope", {}),
        ('map."in".deep', {"deep": n(7)}),
        ('map."list"[0]', {"list[0]": s("first")}),
        ('"list"[1], "list"[9]', {"list[1]": s("two")}),
    ],
)
def test_a_column_is_named_by_the_end_of_its_path(orders: World, columns: str, item: dict[str, Any]) -> None:
    assert select(orders, f"{columns} FROM things WHERE pk = 'x'") == [item]


def test_an_index_gives_its_own_entries(orders: World) -> None:
    assert select(orders, "* FROM orders.\"by-state\" WHERE state = 'open' AND due > 2") == [
        {"pk": s(pk), "sk": s("3"), "state": s("open"), "due": n(3), "type": s("t")} for pk in ("a", "b")
    ]
    last = select(orders, "sk FROM orders.\"by-state\" WHERE state = 'open' ORDER BY due DESC", Limit=1)
    assert last == [{"sk": s("3")}]
    assert len(select(orders, "* FROM orders.\"by-state\" WHERE type = 't'")) == 4


def test_an_index_does_not_reach_beyond_its_projection(orders: World) -> None:
    message = "One or more parameter values were invalid: "
    statement = "SELECT extra, n, sk FROM orders.\"by-state\" WHERE state = 'open'"
    assert orders.message("ExecuteStatement", Statement=statement) == (
        message + "Global secondary index by-state does not project [extra, n]"
    )
    statement = "SELECT pk FROM orders.\"by-state\" WHERE state {} AND extra = 'e'"
    for keyed in ("= 'open'", "IN ['open', 'shut']"):
        assert orders.message("ExecuteStatement", Statement=statement.format(keyed)) == (
            message + "Secondary index by-state does not project one or more filter attributes: [extra]"
        )
    assert select(orders, "pk FROM orders.\"by-state\" WHERE extra = 'e'") == []
    statement = "SELECT pk FROM orders.\"by-state\" WHERE state = 'open'"
    assert orders.message("ExecuteStatement", Statement=statement, ConsistentRead=True) == (
        "Strongly consistent read is not supported on Global Secondary Indexes"
    )


@pytest.mark.parametrize(
    "where",
    ["", "WHERE pk = 'a'", "WHERE pk IN ['a', 'b', 'c']", "WHERE n > 1", "WHERE pk = 'a' ORDER BY sk DESC"],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_come_to_the_whole(orders: World, where: str, limit: int) -> None:
    params: dict[str, Any] = {"Statement": f"SELECT pk, sk FROM orders {where}"}
    whole = orders.call("ExecuteStatement", **params)["Items"]
    items: list[Any] = []
    reply: dict[str, Any] = {"NextToken": None}
    while "NextToken" in reply:
        more = {"NextToken": reply["NextToken"]} if reply["NextToken"] else {}
        reply = orders.call("ExecuteStatement", **params, Limit=limit, **more)
        assert len(reply["Items"]) <= limit
        items += reply["Items"]
    assert items == whole


def test_a_token_belongs_to_its_statement(orders: World) -> None:
    params: dict[str, Any] = {"Statement": "SELECT * FROM orders WHERE pk = ?", "Parameters": [s("a")]}
    token = orders.call("ExecuteStatement", **params, Limit=1)["NextToken"]
    other = params | {"Parameters": [s("b")]}
    assert orders.message("ExecuteStatement", **other, NextToken=token) == "NextToken does not match request"
    for broken in ("x", "!", "AAAA", token[:20]):
        assert orders.message("ExecuteStatement", **params, NextToken=broken) in (
            "Invalid NextToken",
            "NextToken does not match request",
        )


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."),
        ("WHERE pk = 'a' ORDER BY n", "Attribute n in ORDER BY clause must be part of the primary key"),
        (
            "WHERE pk > 'a' ORDER BY sk",
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
        ),
        (
            "WHERE pk IN ['a', 'b'] ORDER BY sk",
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
        ),
        (
            "WHERE pk = 'a' AND n = 1 OR pk = 'a' AND sk = '2'",
            "Overlapping conditions with range keys are not supported in where clause",
        ),
        (
            "WHERE pk = 'a' AND sk > '1' OR pk = 'a' AND begins_with(sk, '2')",
            "Overlapping conditions with range keys are not supported in where clause",
        ),
    ],
)
def test_what_cannot_be_read_in_order_is_refused(orders: World, where: str, message: str) -> None:
    assert orders.message("ExecuteStatement", Statement=f"SELECT * FROM orders {where}") == message


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_what_has_no_order_is_not_compared(orders: World, operator: str) -> None:
    statement = f"SELECT pk FROM things WHERE pk = 'x' AND v {operator} ?"
    assert orders.message("ExecuteStatement", Statement=statement, Parameters=[{"BOOL": True}]) == (
        f"Incorrect operand type for operator or function; operator or function: {operator}, operand type: BOOL"
    )


def test_reads_count_their_capacity(orders: World) -> None:
    def units(statement: str, **options: Any) -> Any:
        params = {"Statement": statement, "ReturnConsumedCapacity": "INDEXES"} | options
        return orders.call("ExecuteStatement", **params)["ConsumedCapacity"]

    item = "SELECT * FROM orders WHERE pk = 'a' AND sk = '1'"
    assert units(item)["CapacityUnits"] == 0.5
    assert units(item, ConsistentRead=True)["CapacityUnits"] == 1.0
    assert units("SELECT * FROM orders WHERE pk IN ['a', 'b']")["Table"] == {"CapacityUnits": 1.0}
    index = units("SELECT * FROM orders.\"by-state\" WHERE state = 'open'")
    assert index["GlobalSecondaryIndexes"] == {"by-state": {"CapacityUnits": 0.5}}


@pytest.fixture
def indexed(world: World) -> World:
    """A table whose item is in local indexes that project its keys, and in a global one of two partition keys."""

    def index(name: str, *keys: tuple[str, str]) -> dict[str, Any]:
        schema = [{"AttributeName": attribute, "KeyType": kind} for attribute, kind in keys]
        return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "KEYS_ONLY"}}

    world.call(
        "CreateTable",
        TableName="indexed",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "l", "g", "h")],
        LocalSecondaryIndexes=[index("local", ("pk", "HASH"), ("l", "RANGE"))],
        GlobalSecondaryIndexes=[index("several", ("g", "HASH"), ("h", "HASH"))],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in ("1", "2", "3"):
        item = {"pk": s("p"), "sk": s(number), "l": s(f"l{number}"), "g": s("g"), "h": s("h"), "extra": s(f"e{number}")}
        world.call("PutItem", TableName="indexed", Item=item)
    return world


def test_a_local_index_reaches_beyond_its_projection_for_columns_only(indexed: World) -> None:
    index = "FROM indexed.\"local\" WHERE pk = 'p'"
    assert select(indexed, f"* {index} AND l = 'l2'") == [{"pk": s("p"), "sk": s("2"), "l": s("l2")}]
    assert select(indexed, f"extra {index} AND l >= 'l2' ORDER BY l DESC") == [{"extra": s("e3")}, {"extra": s("e2")}]
    assert select(indexed, f"extra {index}", ConsistentRead=True, Limit=1) == [{"extra": s("e1")}]
    assert indexed.message("ExecuteStatement", Statement=f"SELECT pk {index} AND extra = 'e1'").endswith(
        "Secondary index local does not project one or more filter attributes: [extra]"
    )


def test_an_index_of_several_partition_keys_is_not_read(indexed: World) -> None:
    statement = "SELECT * FROM indexed.several WHERE g = 'g' AND h = 'h'"
    refusal = (
        "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys."
    )
    assert indexed.message("ExecuteStatement", Statement=statement) == refusal
    (answer,) = indexed.call("BatchExecuteStatement", Statements=[{"Statement": statement}])["Responses"]
    assert answer["Error"] == {"Code": "ValidationError", "Message": refusal}
