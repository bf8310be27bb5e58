"""IO: the tenants that there are, and into how many shards the jobs of each have ever gone.

    item            pk          sk          shards
    a tenant        tenants     TENANT      the largest number that was ever in use

The number is written down before the first row is made under it, and only ever grows. Readers look at so many shards,
whatever their own setting is. So while processes have different numbers, and after the number was lowered, nobody
loses sight of a job.

What holds if the process dies after the number is written down: readers look at shards in which there is nothing.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.settings import Settings

PARTITION = {"S": "tenants"}


class Tenants:
    """The tenants' rows."""

    def __init__(self, dynamodb: Any, settings: Settings):
        self._db, self._table = dynamodb, settings.table
        #: Shards that this process makes jobs in.
        self.making = settings.shards
        self._known: set[str] = set()

    async def add(self, tenant: str) -> None:
        """Makes the tenant, and the number of shards that this process uses, known to readers; once a process."""
        if tenant in self._known:
            return
        try:
            await self._db.put_item(
                TableName=self._table,
                Item={"pk": PARTITION, "sk": {"S": tenant}, "shards": {"N": str(self.making)}},
                ConditionExpression="attribute_not_exists(shards) OR shards < :shards",
                ExpressionAttributeValues={":shards": {"N": str(self.making)}},
            )
        except ClientError as error:
            # It is known, with as many or more.
            if code_of(error) != "ConditionalCheckFailedException":
                raise
        self._known.add(tenant)

    async def all(self) -> dict[str, int]:
        """Every tenant that ever enqueued a job, and its shards to look at."""
        found: dict[str, int] = {}
        start: dict[str, Any] = {}
        while True:
            reply = await self._db.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": PARTITION},
                **start,
            )
            found |= {item["sk"]["S"]: int(item["shards"]["N"]) for item in reply["Items"]}
            if "LastEvaluatedKey" not in reply:
                return found
            start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}

    async def shards(self, tenant: str) -> int:
        """How many of a tenant's shards there are to look at."""
        reply = await self._db.get_item(TableName=self._table, Key={"pk": PARTITION, "sk": {"S": tenant}})
        return int(reply["Item"]["shards"]["N"]) if "Item" in reply else 1
