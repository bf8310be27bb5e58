"""DynamoDB: put, conditional update, query, batch write and transactional write of items with 1 KB of text.

Each client has a partition of its own in one table that all share, so that every condition holds and every answer is
known; what a client says it did is compared with what the table holds in the end.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any
from uuid import uuid4

from loads.load import Load, Script, Verdict

#: Bytes of an item's text.
TEXT = "x" * 1024

#: Items of a BatchWriteItem, the most that AWS takes.
BATCH = 25

#: Items that each client has before its first call: those that are updated in turn, and queried.
PREPARED = 100

#: Items that a query reads.
PAGE = 10

KEYS = ("partition", "sort")


class DynamodbLoad(Load):
    def __init__(self, endpoint: str, work: str) -> None:
        super().__init__(endpoint)
        self.table = f"bench-{uuid4().hex}"
        self.work = work

    def prepare(self) -> None:
        self.client("dynamodb").create_table(
            TableName=self.table,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in KEYS],
            KeySchema=[
                {"AttributeName": name, "KeyType": kind} for name, kind in zip(KEYS, ("HASH", "RANGE"), strict=True)
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def script(self, number: int) -> DynamodbScript:
        return WORKS[self.work](self.client("dynamodb"), self.table, number)

    def verify(self, reports: list[Any]) -> Verdict:
        """The calls of a client whose partition holds what they should have left in it, item by item, are right."""
        scan = self.client("dynamodb").get_paginator("scan")
        pages = scan.paginate(
            TableName=self.table,
            ProjectionExpression="#p, #c",
            ExpressionAttributeNames={"#p": "partition", "#c": "count"},
            ConsistentRead=True,
        )
        found: dict[str, list[int]] = {}
        for page in pages:
            for item in page["Items"]:
                found.setdefault(item["partition"]["S"], []).append(int(item["count"]["N"]))
        calls = sum(report["calls"] for report in reports)
        right = 0
        for report in reports:
            counts = found.get(report["partition"], [])
            if [len(counts), sum(counts)] == report["left"]:
                right += report["calls"] - report["wrong"]
        return Verdict(right, calls - right)


class DynamodbScript(Script):
    """One client on its own partition. `count` tells how often an item was written."""

    def __init__(self, dynamodb: Any, table: str, number: int) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self.partition = f"client-{number}"
        #: `left`: how many items the partition should hold in the end, and the sum of their counts.
        self.report = {"partition": self.partition, "calls": 0, "wrong": 0, "left": [0, 0]}
        for first in range(0, PREPARED, BATCH):
            self.write(range(first, first + BATCH))

    def step(self) -> None:
        self.call(self.report["calls"])
        self.report["calls"] += 1

    @abstractmethod
    def call(self, number: int) -> None:
        """The client's call of this number."""

    def left(self, items: int, count: int) -> None:
        """What a call should have left: so many more items, and so much more in the sum of their counts."""
        self.report["left"][0] += items
        self.report["left"][1] += count

    def key(self, number: int) -> dict[str, Any]:
        return {"partition": {"S": self.partition}, "sort": {"S": f"{number:09}"}}

    def item(self, number: int) -> dict[str, Any]:
        return {**self.key(number), "count": {"N": "1"}, "state": {"S": "waiting"}, "text": {"S": TEXT}}

    def write(self, numbers: range) -> None:
        """Put these items in one BatchWriteItem."""
        requests = [{"PutRequest": {"Item": self.item(number)}} for number in numbers]
        reply = self.dynamodb.batch_write_item(RequestItems={self.table: requests})
        self.report["wrong"] += bool(reply.get("UnprocessedItems"))
        self.left(len(numbers), len(numbers))

    def update_of(self, number: int, expected: int) -> dict[str, Any]:
        """An update that counts on, on the condition that the item was written `expected` times."""
        return {
            "TableName": self.table,
            "Key": self.key(number),
            "UpdateExpression": "SET #c = #c + :one, #s = :running",
            "ConditionExpression": "#c = :expected",
            "ExpressionAttributeNames": {"#c": "count", "#s": "state"},
            "ExpressionAttributeValues": {
                ":one": {"N": "1"},
                ":expected": {"N": str(expected)},
                ":running": {"S": "running"},
            },
        }


class Put(DynamodbScript):
    def call(self, number: int) -> None:
        self.dynamodb.put_item(TableName=self.table, Item=self.item(PREPARED + number))
        self.left(1, 1)


class ConditionalUpdate(DynamodbScript):
    def call(self, number: int) -> None:
        lap, place = divmod(number, PREPARED)
        self.dynamodb.update_item(**self.update_of(place, 1 + lap))
        self.left(0, 1)


class Query(DynamodbScript):
    """The first ten items from a place on."""

    def call(self, number: int) -> None:
        first = number % (PREPARED - PAGE)
        reply = self.dynamodb.query(
            TableName=self.table,
            KeyConditionExpression="#p = :p AND #s >= :s",
            ExpressionAttributeNames={"#p": "partition", "#s": "sort"},
            ExpressionAttributeValues={":p": {"S": self.partition}, ":s": self.key(first)["sort"]},
            Limit=PAGE,
        )
        self.report["wrong"] += reply["Items"] != [self.item(number) for number in range(first, first + PAGE)]


class BatchWrite(DynamodbScript):
    def call(self, number: int) -> None:
        first = PREPARED + number * BATCH
        self.write(range(first, first + BATCH))


class TransactWrite(DynamodbScript):
    """A put, a conditional update and a condition on a third item."""

    def call(self, number: int) -> None:
        lap, place = divmod(number, PREPARED - 1)
        condition = {
            "TableName": self.table,
            "Key": self.key(PREPARED - 1),
            "ConditionExpression": "attribute_exists(#p)",
            "ExpressionAttributeNames": {"#p": "partition"},
        }
        self.dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": self.table, "Item": self.item(PREPARED + number)}},
                {"Update": self.update_of(place, 1 + lap)},
                {"ConditionCheck": condition},
            ]
        )
        self.left(1, 2)


#: Each is one column of the table.
WORKS: dict[str, type[DynamodbScript]] = {
    "put": Put,
    "conditional update": ConditionalUpdate,
    "query": Query,
    "batch write": BatchWrite,
    "transact write": TransactWrite,
}
