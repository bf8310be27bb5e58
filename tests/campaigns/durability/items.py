"""Items and their indexes: every writer owns a partition, and knows what each of its items is, or may be.

Beside the writers somebody adds a second index to the table and drops it again, so that kills fall into back-fills.
After each restart the table is compared with what was acknowledged, and each index with the table.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from tests.campaigns.durability.aws import Aws, Refused, Unanswered
from tests.campaigns.durability.load import Figures, Step, require

WRITERS = 3
#: Names of items that a writer has, and items that nobody writes: a back-fill needs something to do.
NAMES, STILL = 40, 600
COLOURS = ("red", "green", "blue")
BATCH = 25
INDEXES = {"by-colour": "colour", "by-rank": "rank"}
#: Of the second index, how often a step of its owner makes or drops it.
CHANGE_SHARE = 0.2

Item = dict[str, Any]
#: Owner and name.
Key = tuple[str, str]


class Items:
    """Load `items, indexes`."""

    name = "items, indexes"
    table = "items"

    def __init__(self) -> None:
        self.figures = Figures()
        #: What each item is; None: it is not there.
        self._known: dict[Key, Item | None] = {}
        #: What it may be instead, for what a kill has cut off.
        self._perhaps: dict[Key, Item | None] = {}
        self._versions = 0

    async def prepare(self, aws: Aws) -> None:
        attributes = {"owner": "S", "name": "S", "colour": "S"}
        await aws.dynamodb(
            "CreateTable",
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in attributes.items()],
            KeySchema=schema("owner", "name"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-colour",
                    "KeySchema": schema("colour", "name"),
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["version"]},
                }
            ],
        )
        rng = random.Random(0)
        for first in range(0, STILL, BATCH):
            items = [self._made(("still", f"n{number}"), rng) for number in range(first, first + BATCH)]
            await self._batch(aws, {key_of(item): item for item in items})

    def steps(self, aws: Aws, rng: random.Random) -> Sequence[Step]:
        def writer(owner: str) -> Step:
            async def step() -> None:
                act = rng.choice((self._put, self._update, self._update, self._delete, self._wrong, self._several))
                await act(aws, (owner, f"n{rng.randrange(NAMES)}"), rng)

            return step

        async def change_indexes() -> None:
            await asyncio.sleep(rng.uniform(0, 0.05))
            if rng.random() < CHANGE_SHARE:
                await self._change_index(aws)

        return [writer(f"w{number}") for number in range(WRITERS)] + [change_indexes]

    def _made(self, key: Key, rng: random.Random) -> Item:
        self._versions += 1
        item: Item = {"owner": {"S": key[0]}, "name": {"S": key[1]}, "version": {"N": str(self._versions)}}
        if rng.random() < 0.8:
            item["colour"] = {"S": rng.choice(COLOURS)}
        if rng.random() < 0.5:
            item["rank"] = {"N": str(rng.randrange(10))}
        return item | {"padding": {"S": "x" * rng.randrange(2_000)}}

    async def _write(self, aws: Aws, operation: str, changes: dict[Key, Item | None], **params: Any) -> dict[str, Any]:
        """A call that makes these items so; what is not answered may have."""
        try:
            reply = await aws.dynamodb(operation, **params)
        except Unanswered:
            self._perhaps |= changes
            raise
        self._known |= changes
        return reply

    async def _put(self, aws: Aws, key: Key, rng: random.Random) -> None:
        item = self._made(key, rng)
        before = self._known.get(key)
        reply = await self._write(aws, "PutItem", {key: item}, TableName=self.table, Item=item, ReturnValues="ALL_OLD")
        require(reply.get("Attributes") == before, f"{key} was {reply.get('Attributes')}, not {before}")

    async def _update(self, aws: Aws, key: Key, rng: random.Random) -> None:
        before = self._known.get(key)
        if before is None:
            await self._put(aws, key, rng)
            return
        self._versions += 1
        version, colour = {"N": str(self._versions)}, {"S": rng.choice(COLOURS)}
        after = before | {"version": version, "colour": colour}
        after.pop("rank", None)
        reply = await self._write(
            aws,
            "UpdateItem",
            {key: after},
            TableName=self.table,
            Key=key_part(before),
            UpdateExpression="SET version = :new, colour = :colour REMOVE #rank",
            ConditionExpression="version = :old",
            ExpressionAttributeNames={"#rank": "rank"},
            ExpressionAttributeValues={":new": version, ":old": before["version"], ":colour": colour},
            ReturnValues="ALL_NEW",
        )
        require(reply["Attributes"] == after, f"{key} is {reply['Attributes']}, not {after}")

    async def _delete(self, aws: Aws, key: Key, rng: random.Random) -> None:
        before = self._known.get(key)
        owner, name = key
        reply = await self._write(
            aws,
            "DeleteItem",
            {key: None},
            TableName=self.table,
            Key={"owner": {"S": owner}, "name": {"S": name}},
            ReturnValues="ALL_OLD",
        )
        require(reply.get("Attributes") == before, f"{key} was {reply.get('Attributes')}, not {before}")

    async def _wrong(self, aws: Aws, key: Key, rng: random.Random) -> None:
        """A condition that cannot hold: nothing happens, whether it is answered or not."""
        try:
            await aws.dynamodb(
                "PutItem",
                TableName=self.table,
                Item=self._made(key, rng),
                ConditionExpression="version = :never",
                ExpressionAttributeValues={":never": {"N": "-1"}},
            )
        except Refused as refused:
            require(refused.code == "ConditionalCheckFailedException", f"a condition was answered with {refused}")
        else:
            require(False, f"{key} was written against its condition")

    async def _several(self, aws: Aws, key: Key, rng: random.Random) -> None:
        owner = key[0]
        keys = [(owner, f"n{number}") for number in rng.sample(range(NAMES), rng.randint(2, BATCH))]
        await self._batch(aws, {key: self._made(key, rng) if rng.random() < 0.7 else None for key in keys})

    async def _batch(self, aws: Aws, changes: dict[Key, Item | None]) -> None:
        requests = [
            {"PutRequest": {"Item": item}}
            if item is not None
            else {"DeleteRequest": {"Key": {"owner": {"S": owner}, "name": {"S": name}}}}
            for (owner, name), item in changes.items()
        ]
        reply = await self._write(aws, "BatchWriteItem", changes, RequestItems={self.table: requests})
        require(not reply["UnprocessedItems"], "items of a batch were not processed")

    async def _change_index(self, aws: Aws) -> None:
        """Drops the second index when it is there, else makes it."""
        made = {
            "IndexName": "by-rank",
            "KeySchema": schema("rank", "name"),
            "Projection": {"ProjectionType": "ALL"},
        }
        states = await self._index_states(aws)
        if states.get("by-rank", "ACTIVE") != "ACTIVE":
            return
        await aws.dynamodb(
            "UpdateTable",
            TableName=self.table,
            AttributeDefinitions=[
                {"AttributeName": "rank", "AttributeType": "N"},
                {"AttributeName": "name", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexUpdates=[
                {"Delete": {"IndexName": "by-rank"}} if "by-rank" in states else {"Create": made}
            ],
        )

    async def _index_states(self, aws: Aws) -> dict[str, str]:
        table = (await aws.dynamodb("DescribeTable", TableName=self.table))["Table"]
        return {index["IndexName"]: index["IndexStatus"] for index in table["GlobalSecondaryIndexes"]}

    async def audit(self, aws: Aws, rng: random.Random) -> None:
        there = {key_of(item): item for item in await self._scan(aws)}
        for key in there.keys() | self._known.keys() | self._perhaps.keys():
            self._settle(key, there.get(key))
        self._perhaps = {}
        while "CREATING" in (await self._index_states(aws)).values():  # noqa: ASYNC110 (in another process)
            await asyncio.sleep(0.01)
        for name in await self._index_states(aws):
            entries = {key_of(entry): entry for entry in await self._scan(aws, IndexName=name)}
            expected = {key: entry_of(name, item) for key, item in there.items() if INDEXES[name] in item}
            wrong = [key for key in entries.keys() | expected.keys() if entries.get(key) != expected.get(key)]
            require(not wrong, f"index {name} and its table differ at {wrong[:5]} of {len(expected)}")
            self.figures.checked += len(expected)

    def _settle(self, key: Key, found: Item | None) -> None:
        self.figures.checked += 1
        known = self._known.get(key)
        if key not in self._perhaps:
            require(found == known, f"item {key} is {shown(found)}, and {shown(known)} was acknowledged")
            return
        perhaps = self._perhaps[key]
        require(found in (known, perhaps), f"item {key} is {shown(found)}, not {shown(known)} nor {shown(perhaps)}")
        if known != perhaps:
            self.figures.settle(happened=found == perhaps)
        self._known[key] = found

    async def _scan(self, aws: Aws, **params: Any) -> list[Item]:
        items: list[Item] = []
        while True:
            page = await aws.dynamodb("Scan", TableName=self.table, **params)
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return items
            params["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def key_of(item: Item) -> Key:
    return item["owner"]["S"], item["name"]["S"]


def key_part(item: Item) -> Item:
    return {name: item[name] for name in ("owner", "name")}


def entry_of(index: str, item: Item) -> Item:
    """What an index holds of an item."""
    if index == "by-rank":
        return item
    return {name: value for name, value in item.items() if name in ("owner", "name", "colour", "version")}


def shown(item: Item | None) -> str:
    """An item without its padding."""
    return str(None if item is None else {name: value for name, value in item.items() if name != "padding"})
