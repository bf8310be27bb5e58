"""The embedded DynamoDB without an engine around it: one connection, a clock that the test sets."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from infra.local.dynamodb import OPERATIONS, SCHEMA, sweep, tick
from infra.local.errors import AwsError
from infra.local.request import Request

#: Epoch ms at which every test begins.
START = 1_700_000_000_000

KEY_ONLY: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class World:
    """A database, a clock, and the operations."""

    def __init__(self, db: sqlite3.Connection):
        self.db = db
        self.now = START
        self._ids = itertools.count(1)
        self._cache: dict[Any, Any] = {}
        db.executescript(SCHEMA)

    def request(self, region: str = "us-east-1") -> Request:
        return Request(
            db=self.db,
            now=self.now,
            region=region,
            account="000000000000",
            endpoint="http://127.0.0.1:4566",
            new_id=lambda: f"id-{next(self._ids)}",
            after_commit=lambda callback: callback(),
            cache=self._cache,
        )

    def call(self, operation: str, /, *, region: str = "us-east-1", **params: Any) -> dict[str, Any]:
        reply = OPERATIONS[operation](self.request(region), params)
        assert isinstance(reply, dict)
        return reply

    def refusal(self, operation: str, /, **params: Any) -> AwsError:
        """The error of a call that must fail."""
        with pytest.raises(AwsError) as caught:
            self.call(operation, **params)
        return caught.value

    def message(self, operation: str, /, **params: Any) -> str:
        """The message of a call that must fail with a ValidationException."""
        error = self.refusal(operation, **params)
        assert error.code == "ValidationException"
        return error.message

    def sweep(self) -> int:
        return sweep(self.request())

    def tick(self) -> bool:
        """One step of the work that is left for later; False when there is none."""
        return tick(self.request()) is not None

    def settle(self) -> int:
        """All of the work that is left for later; says how many steps it took."""
        steps = 0
        while self.tick():
            steps += 1
        return steps

    def roll_back(self) -> None:
        """What the engine does with a group that failed."""
        self._cache.clear()
        self.db.execute("ROLLBACK")

    def items(self, table: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("Scan", TableName=table)["Items"]
        return found


def refusal_of(call: Callable[[], object]) -> AwsError | None:
    """The AwsError of a call that may fail; any other error is the test's."""
    try:
        call()
    except AwsError as error:
        return error
    return None


def open_world() -> World:
    return World(sqlite3.connect(":memory:", isolation_level=None))


@pytest.fixture
def world() -> Iterator[World]:
    """Holds a table `things` with the key `pk`, and `orders` with `pk`, `sk` and the index `by-state`."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        made = World(db)
        made.call("CreateTable", TableName="things", **KEY_ONLY)
        made.call("CreateTable", TableName="orders", **orders_definition())
        yield made


def orders_definition(range_type: str = "S", projection: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": range_type},
            {"AttributeName": "state", "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "N"},
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by-state",
                "KeySchema": [
                    {"AttributeName": "state", "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
                ],
                "Projection": projection or {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["type"]},
            }
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
