"""The load of the power cuts: lanes, each a known sequence of operations, so that a state tells how far it has come.

Operation `n` of a lane is one of four, by turns: a batch is sent, a transaction puts two items and adds to a counter,
the counter is added to, and an item of the transaction is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from infra.local.engine import Engine

#: Messages of one batch, and bytes of each.
BATCH, BODY = 3, 1_500
COUNTER = "counter"


@dataclass(slots=True)
class State:
    """What is there of one lane."""

    messages: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    counter: int = 0

    def pass_on(self, number: int) -> None:
        """As it is after operation `number`."""
        turn = number % 4
        if turn == 0:
            self.messages |= {f"{number}-{part}" for part in range(BATCH)}
        elif turn == 3:
            self.items.discard(f"{number - 2}-a")
        else:
            self.counter += 1
            if turn == 1:
                self.items |= {f"{number}-a", f"{number}-b"}


def reach(state: State, operations: Iterable[int]) -> int | None:
    """After how many of these operations, from the first on, a lane is in this state."""
    reached, expected = 0, State()
    for number in operations:
        if expected == state:
            return reached
        expected.pass_on(number)
        reached = number + 1
    return reached if expected == state else None


class Lanes:
    """The lanes' queue and tables in one engine."""

    def __init__(self, engine: Engine):
        self._sqs: Any = engine.client("sqs")
        self._dynamodb: Any = engine.client("dynamodb")
        self._url = ""

    async def prepare(self) -> None:
        """Makes the queue and the table, or finds them."""
        self._url = (await self._sqs.create_queue(QueueName="lanes"))["QueueUrl"]
        if "lanes" not in (await self._dynamodb.list_tables())["TableNames"]:
            await self._dynamodb.create_table(
                TableName="lanes",
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("lane", "name")],
                KeySchema=[
                    {"AttributeName": "lane", "KeyType": "HASH"},
                    {"AttributeName": "name", "KeyType": "RANGE"},
                ],
            )

    async def do(self, lane: str, number: int) -> None:
        turn = number % 4
        if turn == 0:
            await self._sqs.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(part), "MessageBody": f"{lane} {number}-{part} {'x' * BODY}"} for part in range(BATCH)
                ],
            )
        elif turn == 1:
            puts = [{"Put": {"TableName": "lanes", "Item": self._key(lane, f"{number}-{part}")}} for part in "ab"]
            await self._dynamodb.transact_write_items(TransactItems=[*puts, {"Update": self._addition(lane)}])
        elif turn == 2:
            await self._dynamodb.update_item(**self._addition(lane))
        else:
            await self._dynamodb.delete_item(TableName="lanes", Key=self._key(lane, f"{number - 2}-a"))

    def _key(self, lane: str, name: str) -> dict[str, Any]:
        return {"lane": {"S": lane}, "name": {"S": name}}

    def _addition(self, lane: str) -> dict[str, Any]:
        return {
            "TableName": "lanes",
            "Key": self._key(lane, COUNTER),
            "UpdateExpression": "ADD additions :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }

    async def read(self) -> dict[str, State]:
        """What is there, by lane."""
        states: dict[str, State] = {}
        for item in (await self._dynamodb.scan(TableName="lanes"))["Items"]:
            state = states.setdefault(item["lane"]["S"], State())
            if item["name"]["S"] == COUNTER:
                state.counter = int(item["additions"]["N"])
            else:
                state.items.add(item["name"]["S"])
        while messages := (await self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)).get("Messages"):
            for message in messages:
                lane, name, _ = message["Body"].split()
                states.setdefault(lane, State()).messages.add(name)
        return states
