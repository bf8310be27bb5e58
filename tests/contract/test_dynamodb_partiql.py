"""PartiQL: statements on single items and on partitions, in batches and in transactions.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

KEY = {"pk": {"S": "job"}, "sk": {"S": "1"}}
#: The WHERE that names it.
WHERE = "WHERE pk = 'job' AND sk = '1'"


@pytest.fixture
async def table(dynamodb: Any, unique: Callable[[str], str]) -> str:
    name = unique("statements")
    await dynamodb.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


async def put(dynamodb: Any, table: str, **attributes: Any) -> None:
    await dynamodb.put_item(TableName=table, Item=KEY | attributes)


async def stored(dynamodb: Any, table: str) -> Any:
    return (await dynamodb.get_item(TableName=table, Key=KEY, ConsistentRead=True)).get("Item")


async def error_of(call: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        await call
    response: dict[str, Any] = refused.value.response
    return response


@pytest.mark.deviates(
    moto="fails on a list in the statement",
    dynamodb_local="takes no parameter inside a map",
)
async def test_an_insert_writes_a_new_item_and_answers_an_empty_list(dynamodb: Any, table: str) -> None:
    """.../ql-reference.insert.html"""
    statement = f"INSERT INTO \"{table}\" VALUE {{'pk': 'job', 'sk': '1', 'n': 1, 'l': ['a', true], 'm': {{'x': ?}}}}"
    reply = await dynamodb.execute_statement(Statement=statement, Parameters=[{"S": "p"}])
    assert reply["Items"] == []
    assert await stored(dynamodb, table) == KEY | {
        "n": {"N": "1"},
        "l": {"L": [{"S": "a"}, {"BOOL": True}]},
        "m": {"M": {"x": {"S": "p"}}},
    }


@pytest.mark.deviates(moto="overwrites the item", dynamodb_local="gives it the code DuplicateItem")
async def test_an_insert_leaves_an_item_that_is_there_alone(dynamodb: Any, table: str) -> None:
    """.../ql-reference.insert.html"""
    await put(dynamodb, table)
    statement = f"INSERT INTO \"{table}\" VALUE {{'pk': 'job', 'sk': '1', 'n': 1}}"
    response = await error_of(dynamodb.execute_statement(Statement=statement))
    assert response["Error"] == {
        "Code": "DuplicateItemException",
        "Message": "Duplicate primary key exists in table",
    }
    assert await stored(dynamodb, table) == KEY


@pytest.mark.deviates(moto="fails with a 500")
async def test_an_update_sets_and_removes_and_returns_the_new_item(dynamodb: Any, table: str) -> None:
    """.../ql-reference.update.html"""
    await put(dynamodb, table, n={"N": "1"}, note={"S": "x"})
    statement = f'UPDATE "{table}" SET state = ? SET n = n + 1 REMOVE note {WHERE} RETURNING ALL NEW *'
    reply = await dynamodb.execute_statement(Statement=statement, Parameters=[{"S": "active"}])
    assert reply["Items"] == [KEY | {"n": {"N": "2"}, "state": {"S": "active"}}]


@pytest.mark.deviates(moto="fails with a 500")
async def test_an_update_returns_what_it_modified(dynamodb: Any, table: str) -> None:
    """.../ql-reference.update.html"""
    await put(dynamodb, table, n={"N": "1"}, note={"S": "x"})
    statement = f'UPDATE "{table}" SET n = 2 {WHERE} RETURNING MODIFIED OLD *'
    assert (await dynamodb.execute_statement(Statement=statement))["Items"] == [{"n": {"N": "1"}}]


@pytest.mark.deviates(moto="fails with a 500")
async def test_an_update_is_no_upsert(dynamodb: Any, table: str) -> None:
    """.../ql-reference.update.html"""
    response = await error_of(dynamodb.execute_statement(Statement=f'UPDATE "{table}" SET n = 1 {WHERE}'))
    assert response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert await stored(dynamodb, table) is None


@pytest.mark.deviates(moto="fails with a 500")
async def test_what_an_update_asks_beyond_the_key_is_its_condition(dynamodb: Any, table: str) -> None:
    """.../APIReference/API_ExecuteStatement.html"""
    await put(dynamodb, table, n={"N": "1"})
    response = await error_of(
        dynamodb.execute_statement(
            Statement=f'UPDATE "{table}" SET n = 5 {WHERE} AND n = 9', ReturnValuesOnConditionCheckFailure="ALL_OLD"
        )
    )
    assert response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert response["Item"] == KEY | {"n": {"N": "1"}}
    assert await stored(dynamodb, table) == KEY | {"n": {"N": "1"}}


@pytest.mark.deviates(moto="fails with a 500")
async def test_a_write_must_name_the_whole_key(dynamodb: Any, table: str) -> None:
    """.../ql-reference.update.html"""
    response = await error_of(dynamodb.execute_statement(Statement=f"UPDATE \"{table}\" SET n = 1 WHERE pk = 'job'"))
    assert response["Error"] == {
        "Code": "ValidationException",
        "Message": "Where clause does not contain a mandatory equality on all key attributes",
    }


@pytest.mark.deviates(moto="fails with a 500")
async def test_a_delete_returns_the_old_item(dynamodb: Any, table: str) -> None:
    """.../ql-reference.delete.html"""
    await put(dynamodb, table, n={"N": "1"})
    statement = f'DELETE FROM "{table}" {WHERE} RETURNING ALL OLD *'
    assert (await dynamodb.execute_statement(Statement=statement))["Items"] == [KEY | {"n": {"N": "1"}}]
    assert await stored(dynamodb, table) is None


async def test_a_delete_of_nothing_is_no_error(dynamodb: Any, table: str) -> None:
    """.../ql-reference.delete.html"""
    assert (await dynamodb.execute_statement(Statement=f'DELETE FROM "{table}" {WHERE}'))["Items"] == []


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("pk = 'job'", ["1", "2", "3"]),
        ("pk = 'job' AND sk > '1'", ["2", "3"]),
        pytest.param(
            "pk = 'job' AND sk BETWEEN '1' AND '2'",
            ["1", "2"],
            marks=pytest.mark.deviates(moto="finds other items"),
        ),
        pytest.param("pk = 'job' AND n IN [1, 3]", ["1", "3"], marks=pytest.mark.deviates(moto="finds other items")),
        pytest.param(
            "pk = 'job' AND contains(tag, 'dd')",
            ["1", "3"],
            marks=pytest.mark.deviates(moto="finds other items"),
        ),
        pytest.param(
            "pk = 'job' AND begins_with(tag, 'ev')", ["2"], marks=pytest.mark.deviates(moto="finds other items")
        ),
        pytest.param(
            "pk = 'job' AND (n = 1 OR n = 2)",
            ["1", "2"],
            marks=pytest.mark.deviates(moto="finds other items"),
        ),
        pytest.param(
            "pk = 'job' AND NOT n = 1",
            ["2", "3"],
            marks=pytest.mark.deviates(moto="finds other items"),
        ),
        ("pk = 'job' AND late IS MISSING", ["1", "2"]),
        pytest.param("n = 2", ["2"], marks=pytest.mark.deviates(moto="finds other items")),
    ],
)
async def test_a_select_finds_what_meets_its_condition(dynamodb: Any, table: str, where: str, found: list[str]) -> None:
    """.../ql-reference.select.html"""
    for number in (1, 2, 3):
        item = {"pk": {"S": "job"}, "sk": {"S": str(number)}, "n": {"N": str(number)}}
        item["tag"] = {"S": "odd" if number % 2 else "even"}
        if number == 3:
            item["late"] = {"S": "yes"}
        await dynamodb.put_item(TableName=table, Item=item)
    reply = await dynamodb.execute_statement(Statement=f'SELECT sk FROM "{table}" WHERE {where}')
    assert sorted(item["sk"]["S"] for item in reply["Items"]) == found
    assert all(item.keys() == {"sk"} for item in reply["Items"])


@pytest.mark.deviates(moto="ignores ORDER BY", dynamodb_local="fails with a 500 on ORDER BY")
async def test_a_select_is_read_in_pages(dynamodb: Any, table: str) -> None:
    """.../APIReference/API_ExecuteStatement.html"""
    for number in range(5):
        await dynamodb.put_item(TableName=table, Item=KEY | {"sk": {"S": str(number)}})
    params: dict[str, Any] = {"Statement": f"SELECT sk FROM \"{table}\" WHERE pk = 'job' ORDER BY sk DESC", "Limit": 2}
    found = []
    while True:
        reply = await dynamodb.execute_statement(**params)
        found += [item["sk"]["S"] for item in reply["Items"]]
        if "NextToken" not in reply:
            break
        params["NextToken"] = reply["NextToken"]
    assert found == ["4", "3", "2", "1", "0"]


@pytest.mark.deviates(moto="fails with a 500")
async def test_each_statement_of_a_batch_has_its_own_answer(dynamodb: Any, table: str) -> None:
    """.../APIReference/API_BatchExecuteStatement.html"""
    await put(dynamodb, table, n={"N": "1"})
    update = f'UPDATE "{table}" SET n = n + ? WHERE pk = ? AND sk = ? AND n = ? RETURNING ALL NEW *'
    won = {"Statement": update, "Parameters": [{"N": "1"}, KEY["pk"], KEY["sk"], {"N": "1"}]}
    lost = {"Statement": update, "Parameters": [{"N": "1"}, KEY["pk"], {"S": "2"}, {"N": "1"}]}
    reply = await dynamodb.batch_execute_statement(Statements=[won, lost])
    first, second = reply["Responses"]
    assert first["TableName"] == table
    assert first["Item"] == KEY | {"n": {"N": "2"}}
    assert second["Error"]["Code"] == "ConditionalCheckFailed"
    assert await stored(dynamodb, table) == KEY | {"n": {"N": "2"}}


@pytest.mark.deviates(moto="fails with a 500", ministack="writes it twice")
async def test_a_batch_names_an_item_once(dynamodb: Any, table: str) -> None:
    """Not on AWS's page; DynamoDB Local refuses it as BatchWriteItem does.

    .../APIReference/API_BatchExecuteStatement.html
    """
    await put(dynamodb, table, n={"N": "1"})
    member = {"Statement": f'UPDATE "{table}" SET n = n + 1 {WHERE}'}
    response = await error_of(dynamodb.batch_execute_statement(Statements=[member, member]))
    assert response["Error"] == {
        "Code": "ValidationException",
        "Message": "Provided list of item keys contains duplicates",
    }


@pytest.mark.deviates(moto="fails with a 500")
async def test_a_loser_in_a_batch_is_told_what_it_lost_to(dynamodb: Any, table: str) -> None:
    """.../APIReference/API_BatchStatementError.html"""
    await put(dynamodb, table, n={"N": "1"})
    member = {
        "Statement": f'UPDATE "{table}" SET n = 5 {WHERE} AND n = 9',
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    (answer,) = (await dynamodb.batch_execute_statement(Statements=[member]))["Responses"]
    assert answer["Error"]["Code"] == "ConditionalCheckFailed"
    assert answer["Error"]["Item"] == KEY | {"n": {"N": "1"}}


@pytest.mark.deviates(moto="fails with a 500", ministack="gives the name of the exception as the reason")
async def test_a_transaction_is_all_or_none(dynamodb: Any, table: str) -> None:
    """.../APIReference/API_ExecuteTransaction.html"""
    await put(dynamodb, table, n={"N": "1"})
    statements = [
        {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': 'job', 'sk': '2'}}"},
        {"Statement": f'UPDATE "{table}" SET n = 5 {WHERE} AND n = 9'},
    ]
    response = await error_of(dynamodb.execute_transaction(TransactStatements=statements))
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert (await dynamodb.scan(TableName=table))["Items"] == [KEY | {"n": {"N": "1"}}]


@pytest.mark.deviates(moto="fails with a 500")
async def test_a_transaction_of_writes_answers_an_empty_list(dynamodb: Any, table: str) -> None:
    """.../APIReference/API_ExecuteTransaction.html"""
    await put(dynamodb, table, n={"N": "1"})
    reply = await dynamodb.execute_transaction(
        TransactStatements=[{"Statement": f'UPDATE "{table}" SET n = 5 {WHERE}'}]
    )
    assert reply["Responses"] == []
    assert await stored(dynamodb, table) == KEY | {"n": {"N": "5"}}


@pytest.mark.deviates(moto="ignores what it cannot read")
async def test_a_statement_that_is_not_well_formed_is_refused(dynamodb: Any, table: str) -> None:
    """.../APIReference/CommonErrors.html"""
    response = await error_of(dynamodb.execute_statement(Statement=f"SELECT * FROM \"{table}\" WHERE pk = 'job' AND"))
    assert response["Error"]["Code"] == "ValidationException"
    assert response["Error"]["Message"].startswith("Statement wasn't well formed, can't be processed")
