"""IO: who holds a key, one row each; and the one write that only a debounce makes, to the row of a job that waits.

    item        pk                          sk        holder    taken_at            expires_at
    a key       unique#TENANT#TYPE#KEY      unique    job id    epoch ms            epoch s, for TTL

The row says which job holds the key, and nothing of how that job fares: a job that ends pays no write for its key.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.job import Job, Status
from queues.rows import Item, job_of, key_of, new_row, number, string
from queues.unique.hold import Held

SORT_KEY = "unique"
#: Seconds after which a key is forgotten, counted from the time for which its job was enqueued, or from the end of its
#: window. A job that has not ended by then holds its key no longer.
KEEP_SECONDS = 30 * 86_400


class UniqueKeys:
    """The keys' rows."""

    def __init__(self, dynamodb: Any, table: str):
        self._db, self._table = dynamodb, table

    async def take(self, pk: str, mine: Held, forget_at: int, instead_of: Held | None) -> Held | None:
        """Takes a key that is free, or that `instead_of` has: None if it is `mine` now, else whose it is.

        `forget_at` is epoch ms.
        """
        write = self.taking(pk, mine, forget_at, instead_of)
        while True:
            try:
                await self._db.put_item(**write, ReturnValuesOnConditionCheckFailure="ALL_OLD")
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                # An emulator may not send the loser what it lost to; and what it lost to may have gone since.
                met = error.response.get("Item") or await self._read(_key(pk))
                if met is None:
                    continue
                return _held(met)
            return None

    def taking(self, pk: str, mine: Held, forget_at: int, instead_of: Held | None) -> Item:
        """The same write as the parameters of a Put, for a transaction."""
        condition, values = "attribute_not_exists(pk) OR expires_at < :now", {":now": number(mine.taken_at // 1000)}
        if instead_of is not None:
            condition += " OR (holder = :holder AND taken_at = :taken_at)"
            values |= {":holder": string(instead_of.job_id), ":taken_at": number(instead_of.taken_at)}
        item = _key(pk) | {
            "holder": string(mine.job_id),
            "taken_at": number(mine.taken_at),
            "expires_at": number(forget_at // 1000 + KEEP_SECONDS),
        }
        return {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }

    async def look(self, pk: str, now: int) -> Held | None:
        """Whose a key is, read consistently; None if it is free."""
        met = await self._read(_key(pk))
        return None if met is None or int(met["expires_at"]["N"]) < now // 1000 else _held(met)

    async def _read(self, key: Item) -> Item | None:
        reply = await self._db.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item: Item | None = reply.get("Item")
        return item

    async def replace(self, there: Job, row: Job, due: int) -> Job | None:
        """Gives a job that has not started yet what another says; None if it has started, ended or gone.

        `row`: the other as a row holds it. What somebody has put off further meanwhile stays so, and is the answer.
        """
        write = self.replacing(there, row, due)
        try:
            reply = await self._db.update_item(
                **write, ReturnValues="ALL_NEW", ReturnValuesOnConditionCheckFailure="ALL_OLD"
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            item = error.response.get("Item") or await self._read(key_of(there.tenant, there.id))
            met = job_of(item) if item else None
            return met if met is not None and met.status is Status.WAITING and met.attempt == 0 else None
        return job_of(reply["Attributes"])

    def replacing(self, there: Job, row: Job, due: int) -> Item:
        """The same write as the parameters of an Update, for a transaction."""
        values, removes = taken(row, due)
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
        if removes:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in removes)
        return {
            "TableName": self._table,
            "Key": key_of(there.tenant, there.id),
            "UpdateExpression": expression,
            "ConditionExpression": "#status = :waiting AND #attempt = :none AND #run_at <= :run_at",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*values, *removes, "status", "attempt")},
            "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}
            | {":waiting": string(Status.WAITING.value), ":none": number(0)},
        }


#: What a job that waits takes from each further call. Its id, its age, and what it is a part of stay.
TAKEN = (
    *("data", "data_version", "tags", "priority", "max_attempts", "policy", "run_at", "due"),
    *("expires_start_at", "deadline_at", "owes", "webhook", "trace"),
)


def taken(row: Job, due: int) -> tuple[dict[str, Item], tuple[str, ...]]:
    """What is set in the row of a job that takes what `row` says, and what is removed from it."""
    item = new_row(row, due)
    return {name: item[name] for name in TAKEN if name in item}, tuple(name for name in TAKEN if name not in item)


def _held(item: Item) -> Held:
    return Held(item["holder"]["S"], int(item["taken_at"]["N"]))


def _key(pk: str) -> Item:
    return {"pk": string(pk), "sk": string(SORT_KEY)}


def key_row(tenant: str, type_name: str, key: str) -> str:
    """The partition key of a key's row."""
    return f"unique#{tenant}#{type_name}#{key}"
