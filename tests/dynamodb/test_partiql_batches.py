"""BatchExecuteStatement and ExecuteTransaction: each for itself, and all or none."""

from typing import Any

import pytest

from tests.dynamodb.conftest import World

NEEDS_KEY = "Select statements within {} must specify the primary key in the where clause."


def s(text: str) -> dict[str, str]:
    return {"S": text}


def put(world: World, pk: str, **attributes: Any) -> None:
    world.call("PutItem", TableName="things", Item={"pk": s(pk)} | attributes)


def batch(world: World, *statements: Any, **options: Any) -> list[dict[str, Any]]:
    members = [{"Statement": member} if isinstance(member, str) else member for member in statements]
    responses: list[dict[str, Any]] = world.call("BatchExecuteStatement", Statements=members, **options)["Responses"]
    return responses


def transact(*statements: Any) -> dict[str, Any]:
    return {
        "TransactStatements": [{"Statement": member} if isinstance(member, str) else member for member in statements]
    }


def invalid(message: str) -> dict[str, Any]:
    return {"Error": {"Code": "ValidationError", "Message": message}}


def test_each_statement_of_a_batch_stands_for_itself(world: World) -> None:
    put(world, "taken")
    for name in ("here", "other", "third", "fourth", "gone"):
        put(world, name, n={"N": "1"})
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert batch(
        world,
        "INSERT INTO things VALUE {'pk': 'new'}",
        "INSERT INTO things VALUE {'pk': 'taken', 'n': 9}",
        "UPDATE things SET n = n + 1 WHERE pk = 'here' RETURNING ALL NEW *",
        "UPDATE things SET n = 9 WHERE pk = 'other' AND n = 2",
        "UPDATE things SET n = 9 WHERE pk = 'absent'",
        "UPDATE things SET n = pk + 1 WHERE pk = 'third'",
        "UPDATE nowhere SET n = 9 WHERE pk = 'here'",
        "UPDATE things REMOVE x WHERE pk = 'fourth' RETURNING MODIFIED NEW *",
        "DELETE FROM things WHERE pk = 'gone' RETURNING ALL OLD *",
        "SLECT * FROM things",
    ) == [
        {"TableName": "things"},
        {
            "TableName": "things",
            "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
        },
        {"TableName": "things", "Item": {"pk": s("here"), "n": {"N": "2"}}},
        {"TableName": "things", "Error": failed},
        {"TableName": "things", "Error": failed},
        {"TableName": "things"} | invalid("An operand in the update expression has an incorrect data type"),
        {"Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}},
        {"TableName": "things"},
        {"TableName": "things", "Item": {"pk": s("gone"), "n": {"N": "1"}}},
        invalid("Statement wasn't well formed, can't be processed: Expected data manipulation"),
    ]
    kept = sorted(item["pk"]["S"] for item in world.items("things"))
    assert kept == ["fourth", "here", "new", "other", "taken", "third"]


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE things SET n = 1 WHERE pk = 'a'", "DELETE FROM things WHERE pk = 'a'"],
        [
            "INSERT INTO things VALUE {'pk': 'a'}",
            "UPDATE things SET n = 1 WHERE pk = 'b'",
            "DELETE FROM things WHERE pk = 'a'",
        ],
        ["SELECT * FROM things WHERE pk = 'a'", "SELECT n FROM things WHERE pk = 'a'"],
    ],
    ids=["writes", "insert", "reads"],
)
def test_a_batch_names_an_item_once(world: World, statements: list[str]) -> None:
    members = [{"Statement": statement} for statement in statements]
    duplicates = "Provided list of item keys contains duplicates"
    assert world.message("BatchExecuteStatement", Statements=members) == duplicates
    assert world.items("things") == []


def test_the_same_key_of_another_table_or_of_no_table_is_another_item(world: World) -> None:
    nowhere = {"Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}}
    statements = ["UPDATE nowhere SET n = 1 WHERE pk = 'a'"] * 2
    assert batch(world, *statements) == [nowhere] * 2
    inserts = ["INSERT INTO things VALUE {'pk': 'a'}", "INSERT INTO orders VALUE {'pk': 'a', 'sk': 'a'}"]
    assert [answer["TableName"] for answer in batch(world, *inserts)] == ["things", "orders"]


def test_a_loser_is_told_what_it_lost_to(world: World) -> None:
    put(world, "a", n={"N": "1"})
    statement = {"Statement": "UPDATE things SET n = 2 WHERE pk = ? AND n = ?", "Parameters": [s("a"), {"N": "5"}]}
    (answer,) = batch(world, statement | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    assert answer["Error"]["Item"] == {"pk": s("a"), "n": {"N": "1"}}
    assert "Item" not in batch(world, statement)[0]["Error"]


def test_a_batch_of_reads_takes_whole_keys_only(world: World) -> None:
    for name in ("a", "b"):
        put(world, name, n={"N": "1"})
    needs_key = invalid(NEEDS_KEY.format("BatchExecuteStatement"))
    assert batch(
        world,
        "SELECT * FROM things WHERE pk = 'a'",
        "SELECT n FROM things WHERE pk = 'b'",
        "SELECT * FROM things WHERE pk = 'absent'",
        "SELECT * FROM things WHERE n = 1",
        "SELECT * FROM things WHERE pk = 'a' AND n = 1",
        "SELECT * FROM orders WHERE pk = 'a'",
        "SELECT * FROM orders.\"by-state\" WHERE state = 'a'",
    ) == [
        {"TableName": "things", "Item": {"pk": s("a"), "n": {"N": "1"}}},
        {"TableName": "things", "Item": {"n": {"N": "1"}}},
        {"TableName": "things"},
        *[needs_key] * 4,
    ]


def test_a_batch_reads_or_writes(world: World) -> None:
    statements = ["SELECT * FROM things WHERE pk = 'a'", "INSERT INTO things VALUE {'pk': 'a'}"]
    members = [{"Statement": statement} for statement in statements]
    world.message("BatchExecuteStatement", Statements=members)
    world.message("ExecuteTransaction", TransactStatements=members)
    assert world.items("things") == []


@pytest.mark.parametrize("count", [0, 26])
def test_a_batch_has_1_to_25_statements(world: World, count: int) -> None:
    members = [{"Statement": f"INSERT INTO things VALUE {{'pk': 'p{at}'}}"} for at in range(count)]
    assert "'statements' failed to satisfy constraint" in world.message("BatchExecuteStatement", Statements=members)
    assert world.items("things") == []


def test_a_batch_counts_each_statement(world: World) -> None:
    put(world, "a")
    put(world, "b")
    members = [
        {"Statement": "SELECT * FROM things WHERE pk = 'a'", "ConsistentRead": True},
        {"Statement": "SELECT * FROM things WHERE pk = 'b'"},
    ]
    reply = world.call("BatchExecuteStatement", Statements=members, ReturnConsumedCapacity="TOTAL")
    assert [used["CapacityUnits"] for used in reply["ConsumedCapacity"]] == [1.0, 0.5]


def test_a_transaction_writes_everything(world: World) -> None:
    put(world, "a", n={"N": "1"})
    put(world, "b")
    put(world, "c", n={"N": "1"})
    reply = world.call(
        "ExecuteTransaction",
        **transact(
            "UPDATE things SET n = n + 1 WHERE pk = 'a'",
            "DELETE FROM things WHERE pk = 'b'",
            "INSERT INTO things VALUE {'pk': 'd'}",
            "EXISTS(SELECT * FROM things WHERE pk = 'c' AND n = 1)",
        ),
        ReturnConsumedCapacity="TOTAL",
    )
    assert reply["Responses"] == []
    assert reply["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 8.0, "WriteCapacityUnits": 8.0}]
    assert {item["pk"]["S"]: item.get("n") for item in world.items("things")} == {
        "a": {"N": "2"},
        "c": {"N": "1"},
        "d": None,
    }


def test_a_transaction_writes_nothing_when_one_part_is_refused(world: World) -> None:
    for pk in ("a", "b", "c"):
        put(world, pk, n={"N": "1"})
    before = world.items("things")
    error = world.refusal(
        "ExecuteTransaction",
        **transact(
            "INSERT INTO things VALUE {'pk': 'new'}",
            "INSERT INTO things VALUE {'pk': 'a'}",
            {
                "Statement": "EXISTS(SELECT * FROM things WHERE pk = 'b' AND n = 5)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            },
            "UPDATE things SET n = pk + 1 WHERE pk = 'c'",
        ),
    )
    assert error.code == "TransactionCanceledException"
    assert error.message == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, DuplicateItem, ConditionalCheckFailed, ValidationError]"
    )
    assert error.fields["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": {"pk": s("b"), "n": {"N": "1"}},
        },
        {"Code": "ValidationError", "Message": "An operand in the update expression has an incorrect data type"},
    ]
    assert world.items("things") == before


def test_a_transaction_reads_whole_keys_at_one_moment(world: World) -> None:
    put(world, "a", n={"N": "1"})
    reply = world.call(
        "ExecuteTransaction",
        **transact("SELECT n FROM things WHERE pk = 'a'", "SELECT * FROM things WHERE pk = 'absent'"),
        ReturnConsumedCapacity="TOTAL",
    )
    assert reply["Responses"] == [{"Item": {"n": {"N": "1"}}}, {}]
    assert reply["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT * FROM things WHERE", "Statement wasn't well formed, can't be processed: Unexpected term"),
        (
            "UPDATE things SET a = 1 WHERE pk = 'a' RETURNING ALL NEW *",
            "RETURNING clause is not supported in ExecuteTransaction.",
        ),
        (
            "SELECT * FROM orders.\"by-state\" WHERE state = 'x'",
            "Reads on indices are not supported within transactions.",
        ),
        ("SELECT * FROM things WHERE attribute_exists(pk)", NEEDS_KEY.format("ExecuteTransaction")),
        ("SELECT * FROM things WHERE pk = 'a' AND n = 1", NEEDS_KEY.format("ExecuteTransaction")),
        (
            "EXISTS(SELECT * FROM things WHERE pk = 'a')",
            "EXISTS() must contain a single item read with additional condition",
        ),
        (
            "UPDATE things SET a = 1 WHERE a = 2",
            "Where clause does not contain a mandatory equality on all key attributes",
        ),
    ],
)
def test_a_transaction_names_the_statement_that_is_wrong(world: World, statement: str, message: str) -> None:
    params = transact("UPDATE things SET n = 1 WHERE pk = 'z'", statement)
    assert world.message("ExecuteTransaction", **params) == f"Validation failed in TransactStatements[1]: {message}"


def test_a_transaction_has_one_statement_for_an_item(world: World) -> None:
    put(world, "a")
    params = transact("UPDATE things SET a = 1 WHERE pk = 'a' AND a = 9", "DELETE FROM things WHERE pk = 'a'")
    message = world.message("ExecuteTransaction", **params)
    assert message == "Transaction request cannot include multiple operations on one item"


def test_a_repeated_transaction_is_done_once(world: World) -> None:
    put(world, "a", n={"N": "0"})
    params = transact("UPDATE things SET n = n + 1 WHERE pk = 'a'") | {
        "ClientRequestToken": "token",
        "ReturnConsumedCapacity": "TOTAL",
    }
    first, second = world.call("ExecuteTransaction", **params), world.call("ExecuteTransaction", **params)
    assert first["ConsumedCapacity"][0]["WriteCapacityUnits"] == 2.0
    assert second["ConsumedCapacity"][0]["ReadCapacityUnits"] == 2.0
    assert world.items("things") == [{"pk": s("a"), "n": {"N": "1"}}]
    other = params | transact("UPDATE things SET n = n + 2 WHERE pk = 'a'")
    assert world.refusal("ExecuteTransaction", **other).code == "IdempotentParameterMismatchException"
