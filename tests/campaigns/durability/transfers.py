"""Transactions and counters: money moves between accounts, and nothing may come from nowhere or go there.

A transfer takes from one account, gives to another, and writes an entry into a ledger, in one transaction over two
tables. The balances must be what the ledger says, and the ledger must hold every transfer that was acknowledged, once:
one that was cut off is asked for again with its token. Counters are added to by everybody, and are exact.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from tests.campaigns.durability.aws import Aws, Refused, Unanswered
from tests.campaigns.durability.load import Figures, Step, require

WRITERS, ACCOUNTS, COUNTERS = 3, 12, 2
#: What each account has at first.
BALANCE = 1_000
#: Entries above which the ledger is balanced and begun anew: an audit reads all of it.
ENOUGH = 1_500


class Transfers:
    """Load `transactions`."""

    name = "transactions"

    def __init__(self) -> None:
        self.figures = Figures()
        self._balances = dict.fromkeys((f"a{number}" for number in range(ACCOUNTS)), BALANCE)
        #: Transfers that were acknowledged, and those that were cut off: their requests, by their ids.
        self._done: dict[str, dict[str, Any]] = {}
        self._open: dict[str, dict[str, Any]] = {}
        self._ids = 0
        #: Of each counter: additions that were acknowledged, and those that were cut off.
        self._counted = dict.fromkeys((f"c{number}" for number in range(COUNTERS)), 0)
        self._perhaps = dict.fromkeys(self._counted, 0)

    async def prepare(self, aws: Aws) -> None:
        for table in ("accounts", "ledger"):
            await aws.dynamodb(
                "CreateTable",
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            )
        for account, balance in self._balances.items():
            await aws.dynamodb(
                "PutItem", TableName="accounts", Item={"id": {"S": account}, "balance": {"N": str(balance)}}
            )

    def steps(self, aws: Aws, rng: random.Random) -> Sequence[Step]:
        async def step() -> None:
            if rng.random() < 0.6:
                await self._transfer(aws, rng)
            else:
                await self._count(aws, rng.choice(sorted(self._counted)))

        return [step] * WRITERS

    async def _transfer(self, aws: Aws, rng: random.Random) -> None:
        self._ids += 1
        name = f"t{self._ids}"
        giver, taker = rng.sample(sorted(self._balances), 2)
        request = transfer(name, giver, taker, rng.randint(1, BALANCE // 3))
        try:
            await aws.dynamodb("TransactWriteItems", **request)
        except Refused as refused:  # the giver has not so much: nothing happens
            require(refused.code == "TransactionCanceledException", f"a transfer was refused: {refused}")
            return
        except Unanswered:
            self._open[name] = request
            raise
        self._done[name] = request

    async def _count(self, aws: Aws, counter: str) -> None:
        before = self._counted[counter]
        try:
            reply = await aws.dynamodb(
                "UpdateItem",
                TableName="accounts",
                Key={"id": {"S": counter}},
                UpdateExpression="ADD additions :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
                ReturnValues="UPDATED_NEW",
            )
        except Unanswered:
            self._perhaps[counter] += 1
            raise
        told = int(reply["Attributes"]["additions"]["N"])
        require(told > before, f"counter {counter} said {told} after {before} additions were acknowledged")
        self._counted[counter] += 1

    async def audit(self, aws: Aws, rng: random.Random) -> None:
        await self._audit_ledger(aws)
        if self._open:
            await asyncio.gather(*[self._repeat(aws, name) for name in sorted(self._open)])
            self._open = {}
            await self._audit_ledger(aws)
        await self._audit_counters(aws)
        if len(self._done) > ENOUGH:
            await self._begin_anew(aws)

    async def _audit_ledger(self, aws: Aws) -> None:
        entries = {item["id"]["S"]: item for item in await self._scan(aws, "ledger")}
        lost = self._done.keys() - entries.keys()
        require(not lost, f"transfers {sorted(lost)[:9]} were acknowledged and are gone")
        strange = entries.keys() - self._done.keys() - self._open.keys()
        require(not strange, f"transfers {sorted(strange)[:9]} were refused, and are in the ledger")
        balances = dict(self._balances)
        for entry in entries.values():
            balances[entry["giver"]["S"]] -= int(entry["amount"]["N"])
            balances[entry["taker"]["S"]] += int(entry["amount"]["N"])
        found = {
            item["id"]["S"]: int(item["balance"]["N"])
            for item in await self._scan(aws, "accounts")
            if "balance" in item
        }
        require(found == balances, f"the accounts have {found}, by the ledger they should have {balances}")
        self.figures.checked += len(entries) + len(balances)

    async def _repeat(self, aws: Aws, name: str) -> None:
        """Asks again for a transfer that was cut off. Whether it had happened or not, it has now, unless it cannot."""
        there = await aws.dynamodb("GetItem", TableName="ledger", Key={"id": {"S": name}})
        self.figures.settle(happened="Item" in there)
        try:
            await aws.dynamodb("TransactWriteItems", **self._open[name])
        except Refused as refused:
            refused_rightly = refused.code == "TransactionCanceledException" and "Item" not in there
            require(refused_rightly, f"transfer {name} was asked for again with its token: {refused}")
        else:
            self._done[name] = self._open[name]

    async def _audit_counters(self, aws: Aws) -> None:
        for counter, counted in self._counted.items():
            reply = await aws.dynamodb("GetItem", TableName="accounts", Key={"id": {"S": counter}})
            found = int(reply["Item"]["additions"]["N"]) if "Item" in reply else 0
            most = counted + self._perhaps[counter]
            require(counted <= found <= most, f"counter {counter} is {found}; {counted} to {most} were added")
            for number in range(self._perhaps[counter]):
                self.figures.settle(happened=counted + number < found)
            self._counted[counter], self._perhaps[counter] = found, 0
            self.figures.checked += 1

    async def _begin_anew(self, aws: Aws) -> None:
        for account in self._balances:
            item = await aws.dynamodb("GetItem", TableName="accounts", Key={"id": {"S": account}})
            self._balances[account] = int(item["Item"]["balance"]["N"])
        names = sorted(self._done)
        for first in range(0, len(names), 25):
            requests = [{"DeleteRequest": {"Key": {"id": {"S": name}}}} for name in names[first : first + 25]]
            await aws.dynamodb("BatchWriteItem", RequestItems={"ledger": requests})
        self._done = {}

    async def _scan(self, aws: Aws, table: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        start: dict[str, Any] = {}
        while True:
            page = await aws.dynamodb("Scan", TableName=table, ConsistentRead=True, **start)
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return items
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def transfer(name: str, giver: str, taker: str, amount: int) -> dict[str, Any]:
    """The request of a transfer; its name is its token."""
    sum_ = {":amount": {"N": str(amount)}}
    return {
        "ClientRequestToken": name,
        "TransactItems": [
            {
                "Update": {
                    "TableName": "accounts",
                    "Key": {"id": {"S": giver}},
                    "UpdateExpression": "SET balance = balance - :amount",
                    "ConditionExpression": "balance >= :amount",
                    "ExpressionAttributeValues": sum_,
                }
            },
            {
                "Update": {
                    "TableName": "accounts",
                    "Key": {"id": {"S": taker}},
                    "UpdateExpression": "ADD balance :amount",
                    "ExpressionAttributeValues": sum_,
                }
            },
            {
                "Put": {
                    "TableName": "ledger",
                    "Item": {
                        "id": {"S": name},
                        "giver": {"S": giver},
                        "taker": {"S": taker},
                        "amount": {"N": str(amount)},
                    },
                    "ConditionExpression": "attribute_not_exists(id)",
                }
            },
        ],
    }
