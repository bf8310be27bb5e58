"""IO: flows in DynamoDB, their own rows; those of their steps are in `steps.py`.

    item        pk                          sk              state, due (index)
    a flow      flows#TENANT                ID              `flows#owed` and when a round shall look, while owed
    a step      flow#TENANT#ID#MAKING       place, 000042   -

    get a flow, list a tenant's             GetItem; Query pk, the last id first
    flows to which something is owed        Query by-state flows#owed, due < now   (the rounds)
    bring a flow into another phase         UpdateItem, conditional on phase, round and making

A flow's steps are written first, under a key of their own making. The row of the flow names it, and is written under
the condition that there is none of that id. So of two that ask for one id at once, or one that was cut off and asks
again, one making counts, as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from queues import limits
from queues.clients import code_of
from queues.flows.plan import Plan
from queues.flows.rows import OWED, due_values, flow_key, flow_of, flow_row, step_rows
from queues.flows.state import FlowState
from queues.resources import STATE_INDEX
from queues.rows import Item, number, string
from queues.settings import Settings

#: Calls with rows of steps under way at once.
CALLS = 8
#: Flows that one look of a round finds at the most.
PAGE = 100
#: Tries of what BatchWriteItem left unwritten, and seconds before the second; doubled each time.
TRIES = 8
PAUSE = 0.05


class FlowStore:
    """The flows' rows."""

    def __init__(self, dynamodb: Any, settings: Settings):
        self._db, self._table = dynamodb, settings.table

    async def add(self, flow: FlowState, plan: Plan, now: int) -> FlowState | None:
        """Writes a new flow, its steps first: None if it was written, else the one that has its id."""
        rows = [{"PutRequest": {"Item": row}} for row in step_rows(flow, plan)]
        chunks = [rows[at : at + limits.BATCH_WRITE] for at in range(0, len(rows), limits.BATCH_WRITE)]
        for at in range(0, len(chunks), CALLS):
            await asyncio.gather(*(self._put_all(chunk) for chunk in chunks[at : at + CALLS]))
        try:
            await self._db.put_item(
                TableName=self._table,
                Item=flow_row(flow),
                ConditionExpression="attribute_not_exists(pk) OR expires_at < :now",
                ExpressionAttributeValues={":now": number(now // 1000)},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return await self.get(flow.tenant, flow.id, now)
        return None

    async def _put_all(self, rows: list[Any]) -> None:
        pending: Any = {self._table: rows}
        for tries in range(TRIES):
            pending = (await self._db.batch_write_item(RequestItems=pending)).get("UnprocessedItems")
            if not pending:
                return
            await asyncio.sleep(PAUSE * 2**tries)
        raise TimeoutError(f"DynamoDB left rows of steps unwritten after {TRIES} tries")

    async def get(self, tenant: str, flow_id: str, now: int) -> FlowState | None:
        """The flow as it stands, read consistently, or None."""
        key = flow_key(tenant, flow_id)
        item = (await self._db.get_item(TableName=self._table, Key=key, ConsistentRead=True)).get("Item")
        return None if item is None or _expired(item, now) else flow_of(item)

    async def page(self, tenant: str, before: str | None, limit: int, now: int) -> tuple[list[FlowState], str | None]:
        """A tenant's flows by their ids, the last first; and the id before which there are more."""
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk" + (" AND sk < :before" if before else ""),
            "ExpressionAttributeValues": {":pk": string(f"flows#{tenant}")}
            | ({":before": string(before)} if before else {}),
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": limit,
        }
        reply = await self._db.query(**query)
        last = reply.get("LastEvaluatedKey")
        found = [flow_of(item) for item in reply["Items"] if not _expired(item, now)]
        return found, None if last is None else str(last["sk"]["S"])

    async def owed(self, now: int) -> list[tuple[str, str]]:
        """Tenant and id of flows to which something is owed, and has been for a while."""
        reply = await self._db.query(
            TableName=self._table,
            IndexName=STATE_INDEX,
            KeyConditionExpression="#state = :state AND due < :now",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": string(OWED), ":now": number(now)},
            Limit=PAGE,
        )
        return [(item["pk"]["S"].partition("#")[2], item["sk"]["S"]) for item in reply["Items"]]

    async def change(
        self,
        flow: FlowState,
        values: Mapping[str, Item],
        *,
        due: int | None,
        removes: Iterable[str] = (),
        if_due: int | None = None,
        if_counts: bool = False,
    ) -> FlowState | None:
        """Sets these, and when a round shall look; None if somebody has changed its phase since it was read.

        `due`: None if nothing is owed to it any more. `if_due`: only if a round was to look at that time. `if_counts`:
        only if no step has ended since it was read.
        """
        sets = dict(values) | due_values(due)
        gone = [*removes, *([] if due is not None else ["state", "due"])]
        known = {"phase": string(flow.phase.value), "round": number(flow.round), "making": string(flow.making)}
        if if_counts:
            counts = {"completed": flow.completed, "failed": flow.failed, "cancelled": flow.cancelled}
            known |= {name: number(count) for name, count in counts.items()}
        expression = ("SET " + ", ".join(f"#{name} = :{name}" for name in sets)) if sets else ""
        if gone:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        try:
            reply = await self._db.update_item(
                TableName=self._table,
                Key=flow_key(flow.tenant, flow.id),
                UpdateExpression=expression.strip(),
                ConditionExpression=" AND ".join(f"#{name} = :known_{name}" for name in known)
                + (" AND due = :if_due" if if_due is not None else ""),
                ExpressionAttributeNames={f"#{name}": name for name in (*sets, *gone, *known)},
                ExpressionAttributeValues={f":{name}": value for name, value in sets.items()}
                | {f":known_{name}": value for name, value in known.items()}
                | ({":if_due": number(if_due)} if if_due is not None else {}),
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return None
        return flow_of(reply["Attributes"])


def _expired(item: Item, now: int) -> bool:
    return "expires_at" in item and int(item["expires_at"]["N"]) * 1000 <= now
