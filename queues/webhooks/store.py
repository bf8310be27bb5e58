"""IO: a tenant's endpoints, all in one row, so that one read answers who wants to hear of a job.

    item            pk                  sk          endpoints       revision
    endpoints       webhook#TENANT      endpoints   JSON text       grows with each change

Every change is one write, conditional on the revision that was read: of two at once one is made anew. A process that
dies before it has changed nothing; one that dies after it, all, and the secret, which is shown once, is lost to its
caller: remove the endpoint, or have its secret changed.

Secrets are stored as they are, in a table that AWS encrypts at rest (KMS, by the template), because whoever can read
the table can forge what is sent anyway. They are never listed or logged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import orjson
from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.clock import Clock
from queues.rows import number, string
from queues.settings import Settings
from queues.webhooks.endpoint import Endpoint

#: Milliseconds for which a process takes what it has read to be so when it makes jobs.
STALE_AFTER = 10_000
#: Tries of a change that others get in the way of.
TRIES = 10
#: Tenants that a process remembers.
MAX_REMEMBERED = 10_000

Change = Callable[[tuple[Endpoint, ...]], tuple[Endpoint, ...]]


class EndpointStore:
    """The endpoints of all tenants: callers see to whose they ask for."""

    def __init__(self, dynamodb: Any, settings: Settings, clock: Clock):
        self._db, self._table, self.clock = dynamodb, settings.table, clock
        self._known: dict[str, tuple[int, tuple[Endpoint, ...]]] = {}

    async def all(self, tenant: str) -> tuple[Endpoint, ...]:
        """As they are now; half a read unit or one."""
        return (await self._read(tenant))[0]

    async def lately(self, tenant: str) -> tuple[Endpoint, ...]:
        """As they were at most STALE_AFTER ago."""
        known, now = self._known.get(tenant), self.clock()
        if known is not None and now - known[0] < STALE_AFTER:
            return known[1]
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        found = await self.all(tenant)
        self._known[tenant] = now, found
        return found

    async def change(self, tenant: str, change: Change) -> None:
        """Makes of the endpoints what `change` makes of them. It may be called again, and may raise."""
        for _ in range(TRIES):
            endpoints, revision = await self._read(tenant)
            made = change(endpoints)
            if made == endpoints or await self._write(tenant, made, revision):
                self._known.pop(tenant, None)
                return
        raise TimeoutError(f"the tenant's webhooks were changed by others {TRIES} times meanwhile; try again")

    async def _read(self, tenant: str) -> tuple[tuple[Endpoint, ...], int]:
        reply = await self._db.get_item(TableName=self._table, Key=_key(tenant), ConsistentRead=True)
        item = reply.get("Item")
        if item is None:
            return (), 0
        return tuple(map(_endpoint_of, orjson.loads(item["endpoints"]["S"]))), int(item["revision"]["N"])

    async def _write(self, tenant: str, endpoints: tuple[Endpoint, ...], revision: int) -> bool:
        text = orjson.dumps([asdict(one) for one in endpoints]).decode()
        item = _key(tenant) | {"endpoints": string(text), "revision": number(revision + 1)}
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if revision:
            condition = {
                "ConditionExpression": "revision = :read",
                "ExpressionAttributeValues": {":read": number(revision)},
            }
        try:
            await self._db.put_item(TableName=self._table, Item=item, **condition)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _endpoint_of(value: dict[str, Any]) -> Endpoint:
    lists = {name: tuple(value[name]) for name in ("events", "types", "secrets")}
    return Endpoint(**(value | lists))


def _key(tenant: str) -> dict[str, Any]:
    return {"pk": string(f"webhook#{tenant}"), "sk": string("endpoints")}
