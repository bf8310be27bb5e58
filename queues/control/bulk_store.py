"""IO: operations on many jobs in DynamoDB, one row each, all in one partition: there are few.

    item            pk      sk      what is done to it
    an operation    bulks   ID      put; taken by one worker at a time for a while; progress saved by that worker;
                                    ended by that worker or called off by anybody; forgotten by TTL after a week

Every write but the first is conditional, so an operation that was called off is not gone on with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.control.bulk import KEEP_SECONDS, PARTITION, Bulk, Stage, bulk_of, progress_of, row_of
from queues.rows import Item, number, string
from queues.settings import Settings

#: Milliseconds for which a worker has an operation to itself; several at once do no harm, but exceed its rate.
HOLD = 60_000


@dataclass(frozen=True, slots=True)
class BulkPage:
    """Some operations, the latest first, and the cursor that goes on after them; None at the end."""

    operations: list[Bulk]
    cursor: str | None


class BulkStore:
    """The operations' rows."""

    def __init__(self, dynamodb: Any, settings: Settings):
        self._db, self._table = dynamodb, settings.table

    async def add(self, bulk: Bulk) -> None:
        """Writes a new operation, whose id is ours, and so unique: from now on it will be carried out."""
        await self._db.put_item(TableName=self._table, Item=row_of(bulk))

    async def get(self, bulk_id: str, now: int) -> Bulk | None:
        """The operation as it stands."""
        key = {"pk": string(PARTITION), "sk": string(bulk_id)}
        item = (await self._db.get_item(TableName=self._table, Key=key, ConsistentRead=True)).get("Item")
        return None if item is None or _expired(item, now) else bulk_of(item)

    async def all(self, now: int) -> list[Bulk]:
        """Every operation that is remembered, the oldest first."""
        found: list[Bulk] = []
        start: dict[str, Any] = {}
        while True:
            reply = await self._db.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": string(PARTITION)},
                **start,
            )
            found += [bulk_of(item) for item in reply["Items"] if not _expired(item, now)]
            if "LastEvaluatedKey" not in reply:
                return found
            start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}

    async def page(self, wanted: Callable[[Bulk], bool], now: int, limit: int, before: str | None) -> BulkPage:
        """The latest `limit` operations that are wanted, of those that began before the one of that id."""
        found: list[Bulk] = []
        values = {":pk": string(PARTITION)} | ({":before": string(before)} if before is not None else {})
        start: dict[str, Any] = {}
        while True:
            reply = await self._db.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk" + (" AND sk < :before" if before is not None else ""),
                ExpressionAttributeValues=values,
                ScanIndexForward=False,
                ConsistentRead=True,
                **start,
            )
            for bulk in (bulk_of(item) for item in reply["Items"] if not _expired(item, now)):
                if not wanted(bulk):
                    continue
                if len(found) == limit:
                    return BulkPage(found, found[-1].id)
                found.append(bulk)
            if "LastEvaluatedKey" not in reply:
                return BulkPage(found, None)
            start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}

    async def take(self, bulk_id: str, holder: str, now: int) -> Bulk | None:
        """The operation for `holder` alone for a while; None if it is another's, or over."""
        return await self._change(
            bulk_id,
            {"holder": string(holder), "held_until": number(now + HOLD)},
            "stage = :running AND (attribute_not_exists(holder) OR holder = :holder OR held_until < :now)",
            {":now": number(now)},
        )

    async def save(self, bulk: Bulk, holder: str) -> bool:
        """Writes how far its holder has brought it; False if it was called off, or taken over."""
        values = progress_of(bulk) | {"holder": string(holder)}
        return await self._change(bulk.id, values, "stage = :running AND holder = :holder") is not None

    async def call_off(self, bulk_id: str, now: int) -> Bulk | None:
        """Ends an operation where it is; None if it has ended already."""
        values = {
            "stage": string(Stage.CANCELLED.value),
            "ended_at": number(now),
            "expires_at": number(now // 1000 + KEEP_SECONDS),
        }
        return await self._change(bulk_id, values, "stage = :running")

    async def _change(self, bulk_id: str, values: Item, condition: str, more: Item | None = None) -> Bulk | None:
        try:
            reply = await self._db.update_item(
                TableName=self._table,
                Key={"pk": string(PARTITION), "sk": string(bulk_id)},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                ConditionExpression=condition,
                ExpressionAttributeNames={f"#{name}": name for name in values},
                ExpressionAttributeValues={
                    ":running": string(Stage.RUNNING.value),
                    **{f":{name}": value for name, value in values.items()},
                    **(more or {}),
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return None
        return bulk_of(reply["Attributes"])


def _expired(item: Item, now: int) -> bool:
    return "expires_at" in item and int(item["expires_at"]["N"]) * 1000 <= now
