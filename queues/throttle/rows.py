"""IO: the rows of limits in DynamoDB. A row is written whole, by whoever has seen it as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.rows import Item, number, string
from queues.throttle.rule import MAX_PERIOD
from queues.throttle.state import State

SORT_KEY = "limit"
#: Seconds after its last write for which a row is kept: longer than any window, and than any attempt may run.
KEEP_SECONDS = MAX_PERIOD // 1000 + 2 * 86_400


@dataclass(frozen=True, slots=True)
class Row:
    """A limit's row as it was seen. No version: there is none yet."""

    version: str | None
    state: State


EMPTY = Row(None, State())


class LimitRows:
    """The limits' rows."""

    def __init__(self, dynamodb: Any, table: str):
        self._db, self._table = dynamodb, table

    async def read(self, pk: str) -> Row:
        """The row as it stands, read consistently."""
        reply = await self._db.get_item(TableName=self._table, Key=_key(pk), ConsistentRead=True)
        item = reply.get("Item")
        return _row_of(item) if item else EMPTY

    async def swap(self, pk: str, seen: Row, state: State, version: str) -> Row | None:
        """Writes the state under a version of its own, unless somebody has written since: None if done, else that row.

        Safe to repeat: a write whose answer was lost is known by its version.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if seen.version is not None:
            condition = {
                "ConditionExpression": "version = :seen",
                "ExpressionAttributeValues": {":seen": string(seen.version)},
            }
        item = _key(pk) | {
            "version": string(version),
            "counts": string(state.to_json()),
            "expires_at": number(state.asked // 1000 + KEEP_SECONDS),
        }
        try:
            await self._db.put_item(
                TableName=self._table, Item=item, ReturnValuesOnConditionCheckFailure="ALL_OLD", **condition
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            # An emulator may not send the loser what it lost to.
            met = error.response.get("Item")
            row = _row_of(met) if met else await self.read(pk)
            return None if row.version == version else row
        return None


def _key(pk: str) -> Item:
    return {"pk": string(pk), "sk": string(SORT_KEY)}


def _row_of(item: Item) -> Row:
    return Row(item["version"]["S"], State.from_json(item["counts"]["S"]))
