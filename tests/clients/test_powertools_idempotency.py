"""Powertools' idempotency layer on our table: once per key, also at the same time, until the record expires."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyValidationError,
)

from tests.clients.command import LIMIT
from tests.clients.documented import documented

pytestmark = pytest.mark.usefixtures("aws")
Unique = Callable[[str], str]
#: Epoch seconds and milliseconds that are long over.
LONG_AGO = 1_000_000_000
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000, aws_request_id="1", function_name="charge")


def make_table(name: str) -> Any:
    table = boto3.resource("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    ttl = {"Enabled": True, "AttributeName": "expiration"}
    table.meta.client.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    return table


@pytest.fixture
def table(unique: Unique) -> Iterator[Any]:
    made = make_table(unique("idempotency"))
    yield made
    made.delete()


def records(table: Any) -> list[dict[str, Any]]:
    return list(table.scan(ConsistentRead=True)["Items"])


def once(table: Any, layer: DynamoDBPersistenceLayer | None = None, **options: Any) -> Any:
    """The decorator of a function that is run once for each `order`, in an invocation with a minute left."""
    config = IdempotencyConfig(**options)
    config.register_lambda_context(CONTEXT)
    store = layer or layer_of(table)
    return idempotent_function(data_keyword_argument="order", persistence_store=store, config=config)


def layer_of(table: Any) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=table.name)


def test_the_snippet(capsys: pytest.CaptureFixture[str]) -> None:
    table = make_table("idempotency")
    module: dict[str, Any] = {}
    exec(documented("Powertools for AWS Lambda", 1).code, module)
    for _ in range(2):
        assert module["handler"]({"id": "7", "amount": 12}, CONTEXT) == {"charged": 12}
    assert capsys.readouterr().out == "charging 7\n"
    (record,) = records(table)
    assert (record["status"], json.loads(record["data"])) == ("COMPLETED", {"charged": 12})


def test_calls_at_the_same_time_run_once(table: Any) -> None:
    begun, go_on = threading.Event(), threading.Event()
    charged = []

    @idempotent(persistence_store=layer_of(table), config=IdempotencyConfig(event_key_jmespath="order"))
    def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
        begun.set()
        assert go_on.wait(LIMIT)
        charged.append(event["order"])
        return {"charged": len(charged)}

    with ThreadPoolExecutor(1) as first:
        running = first.submit(handler, {"order": "7"}, CONTEXT)
        assert begun.wait(LIMIT)
        with pytest.raises(IdempotencyAlreadyInProgressError):
            handler({"order": "7"}, CONTEXT)
        go_on.set()
        assert running.result(LIMIT) == {"charged": 1}
    assert handler({"order": "7", "try": 2}, CONTEXT) == {"charged": 1}
    assert charged == ["7"]


def test_of_many_calls_one_begins(table: Any) -> None:
    all_there = threading.Barrier(8)
    finish = threading.Event()
    begun = []

    @once(table)
    def charge(order: str) -> str:
        begun.append(order)
        assert finish.wait(LIMIT)
        return order

    def attempt(_: int) -> str:
        all_there.wait(LIMIT)
        try:
            return str(charge(order="8"))
        except IdempotencyAlreadyInProgressError:
            return "in progress"
        finally:
            # The losers come back first.
            finish.set()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(8)))
    assert begun == ["8"]
    assert set(answers) == {"8", "in progress"}


def test_an_expired_record_is_no_obstacle(table: Any) -> None:
    charged = []

    @once(table)
    def charge(order: str) -> int:
        charged.append(order)
        return len(charged)

    assert [charge(order="9"), charge(order="9")] == [1, 1]
    (record,) = records(table)
    table.update_item(
        Key={"id": record["id"]},
        UpdateExpression="SET expiration = :then",
        ExpressionAttributeValues={":then": LONG_AGO},
    )
    assert charge(order="9") == 2


class Killed(BaseException):
    """The process goes away: nothing is written any more."""


def test_a_call_that_was_cut_off_is_repeated_after_its_time(table: Any) -> None:
    begun = []

    @once(table)
    def charge(order: str) -> int:
        begun.append(order)
        if len(begun) == 1:
            raise Killed
        return len(begun)

    with pytest.raises(Killed):
        charge(order="10")
    with pytest.raises(IdempotencyAlreadyInProgressError):
        charge(order="10")
    (record,) = records(table)
    assert record["status"] == "INPROGRESS"
    table.update_item(
        Key={"id": record["id"]},
        UpdateExpression="SET in_progress_expiration = :then",
        ExpressionAttributeValues={":then": LONG_AGO * 1000},
    )
    assert charge(order="10") == 2


def test_a_failure_leaves_no_record(table: Any) -> None:
    @once(table)
    def charge(order: str) -> None:
        raise ConnectionError("the bank did not answer")

    with pytest.raises(ConnectionError):
        charge(order="11")
    assert records(table) == []


def test_the_same_key_with_another_payload_is_refused(table: Any) -> None:
    @once(table, event_key_jmespath="id", payload_validation_jmespath="amount")
    def charge(order: dict[str, Any]) -> str:
        return f"charged {order['amount']}"

    assert charge(order={"id": "12", "amount": 5}) == "charged 5"
    with pytest.raises(IdempotencyValidationError):
        charge(order={"id": "12", "amount": 500})


def test_records_share_a_table_under_a_sort_key(unique: Unique) -> None:
    name = unique("single-table")
    shared = boto3.resource("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    )
    layer = DynamoDBPersistenceLayer(
        table_name=name, key_attr="pk", sort_key_attr="sk", static_pk_value="idempotency#charge"
    )

    @once(shared, layer)
    def charge(order: str) -> str:
        return order

    assert [charge(order="13"), charge(order="13"), charge(order="14")] == ["13", "13", "14"]
    assert {record["pk"] for record in records(shared)} == {"idempotency#charge"}
    assert len(records(shared)) == 2
    shared.delete()
