"""IO: the steps of flows in DynamoDB, which only this file reads and writes; `store.py` has the keys.

    steps by their places, or all           BatchGetItem; Query pk
    note how steps have ended               TransactWriteItems: the steps, the flow's counts, who counts on them
    start steps                             TransactWriteItems: the steps, and the rows of their jobs

A step's end and the counts are written together or not at all, and only for a step that has not ended in that round.
So each end counts once, however often it is told, and whatever is killed. A step and the row of its job are written
together too: a step that was cancelled before its start has no job, and never will.

The flow's row takes all its members' ends: DynamoDB does about 1,000 write units a second for one item, a transaction
costs two of them, and transactions that meet are refused and tried again. Ends of one flow that come to one process at
the same time share one transaction, up to MARKS of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from queues import limits
from queues.clients import code_of
from queues.flows.rows import flow_key, place_of, step_key, step_of, steps_key
from queues.flows.state import FlowState, Place, StepState, StepStatus, counted
from queues.flows.transaction import update, write_those_that_hold
from queues.job import Job
from queues.rows import Item, new_row, number, string
from queues.settings import Settings

#: Ends of steps in one transaction of a hundred items, with the flow's row and MAX_COUNTING others; and starts, two
#: items each. (DynamoDB API reference: TransactWriteItems)
MARKS = 80
STARTS = 50
#: Steps of one page.
PAGE = 100
#: Tries of what BatchGetItem left unread, and seconds before the second; doubled each time.
TRIES = 8
PAUSE = 0.05
_PENDING = {":pending": string(StepStatus.PENDING.value)}
_STATUS = {"#status": "status"}


@dataclass(frozen=True, slots=True)
class End:
    """How a step has ended."""

    step: StepState
    status: StepStatus
    result_json: str | None = None
    error: str | None = None


class StepStore:
    """The rows of flows' steps. `check_after`: as the jobs' store has it, for the rows of new jobs."""

    def __init__(self, dynamodb: Any, settings: Settings, check_after: int):
        self._db, self._table, self._check_after = dynamodb, settings.table, check_after

    async def steps(self, flow: FlowState, after: int = -1, limit: int = PAGE) -> list[StepState]:
        """Steps whose places come after that one, read consistently, `limit` at the most; few large ones are fewer."""
        return await self._steps(flow, "sk > :at", after, limit, forward=True)

    async def steps_before(self, flow: FlowState, before: int, limit: int = PAGE) -> list[StepState]:
        """The same backwards."""
        return await self._steps(flow, "sk < :at", before, limit, forward=False)

    async def _steps(self, flow: FlowState, condition: str, at: int, limit: int, *, forward: bool) -> list[StepState]:
        reply = await self._db.query(
            TableName=self._table,
            KeyConditionExpression=f"pk = :pk AND {condition}",
            ExpressionAttributeValues={
                ":pk": string(steps_key(flow.tenant, place_of(flow))),
                ":at": string(f"{at:06d}" if at >= 0 else " "),
            },
            ScanIndexForward=forward,
            ConsistentRead=True,
            Limit=limit,
        )
        return [step_of(item) for item in reply["Items"]]

    async def steps_at(self, tenant: str, place: Place, orders: Iterable[int]) -> dict[int, StepState]:
        """The steps of these places, read consistently."""
        found: dict[int, StepState] = {}
        keys = [step_key(tenant, place, order) for order in sorted(set(orders))]
        for at in range(0, len(keys), limits.BATCH_GET):
            pending: Any = {self._table: {"Keys": keys[at : at + limits.BATCH_GET], "ConsistentRead": True}}
            for tries in range(TRIES):
                reply = await self._db.batch_get_item(RequestItems=pending)
                for item in reply["Responses"].get(self._table, []):
                    step = step_of(item)
                    found[step.node.order] = step
                pending = reply.get("UnprocessedKeys")
                if not pending:
                    break
                await asyncio.sleep(PAUSE * 2**tries)
            else:
                raise TimeoutError(f"DynamoDB left rows of steps unread after {TRIES} tries")
        return found

    async def mark(self, flow: FlowState, ends: Sequence[End], *, started: bool = True) -> None:
        """Notes how steps have ended, in the round that their rows have, and counts them; those that have ended already
        are left out. `started`: whether only steps are meant that were started, or only others. Gone."""
        for at in range(0, len(ends), MARKS):
            await write_those_that_hold(
                self._db,
                ends[at : at + MARKS],
                lambda end: [self._marked(flow, end, started=started)],
                lambda chosen: self._counts(flow, chosen, 1),
            )

    def _marked(self, flow: FlowState, end: End, *, started: bool) -> Item:
        values = {"status": string(end.status.value)}
        if end.result_json is not None:
            values["result"] = string(end.result_json)
        if end.error is not None:
            values["error"] = string(end.error)
        exists = "attribute_exists(started)" if started else "attribute_not_exists(started)"
        return update(
            self._table,
            step_key(flow.tenant, place_of(flow), end.step.node.order),
            "SET " + ", ".join(f"#{name} = :{name}" for name in values),
            f"#status = :pending AND #round = :round AND {exists}",
            {f"#{name}": name for name in (*values, "round")},
            {f":{name}": value for name, value in values.items()} | _PENDING | {":round": number(end.step.round)},
        )

    def _counts(self, flow: FlowState, ends: Sequence[End], one: int) -> list[Item]:
        """The flow's counts, and those of whoever counts on these steps; `one` more for each, or one less."""
        totals: dict[str, int] = {}
        counting: dict[int, int] = {}
        for end in ends:
            totals[end.status.value] = totals.get(end.status.value, 0) + one
            if counted(end.status, flow.on_failure):
                for order in end.step.node.counts_for:
                    counting[order] = counting.get(order, 0) - one
        of_flow = update(
            self._table,
            flow_key(flow.tenant, flow.id),
            "ADD " + ", ".join(f"#{name} :{name}" for name in totals),
            "#making = :making",
            {f"#{name}": name for name in (*totals, "making")},
            {f":{name}": number(count) for name, count in totals.items()} | {":making": string(flow.making)},
        )
        return [of_flow, *(self._counting(flow, order, count) for order, count in counting.items())]

    def _counting(self, flow: FlowState, order: int, count: int) -> Item:
        key, added = step_key(flow.tenant, place_of(flow), order), {":count": number(count)}
        return update(self._table, key, "ADD remaining :count", "attribute_exists(pk)", {}, added)

    async def start(
        self, flow: FlowState, made: Sequence[tuple[StepState, Job]], now: int
    ) -> tuple[list[Job], list[StepState]]:
        """Notes that steps have started, and writes their jobs; leaves out steps that have started or ended already.

        Answers the jobs, and the steps whose job's id another job has.
        """
        started: list[Job] = []
        taken: list[StepState] = []
        for at in range(0, len(made), STARTS):
            held, refused = await write_those_that_hold(
                self._db,
                made[at : at + STARTS],
                lambda one: self._started(flow, *one, now),
                lambda chosen: [],
            )
            started += [job for _, job in held]
            taken += [step for (step, _), item in refused if item == 1]
        return started, taken

    def _started(self, flow: FlowState, step: StepState, job: Job, now: int) -> list[Item]:
        put = {
            "TableName": self._table,
            "Item": new_row(job, job.run_at + self._check_after),
            "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
            "ExpressionAttributeValues": {":now": number(now // 1000)},
        }
        noted = update(
            self._table,
            step_key(flow.tenant, place_of(flow), step.node.order),
            "SET started = :one",
            "#status = :pending AND #round = :round AND attribute_not_exists(started)",
            _STATUS | {"#round": "round"},
            {":one": number(1), ":round": number(step.round)} | _PENDING,
        )
        return [noted, {"Put": put}]

    async def reset(self, flow: FlowState, steps: Sequence[StepState]) -> None:
        """Makes steps that have ended wait once more, in the flow's round, and takes them off its counts. Gone."""
        for at in range(0, len(steps), MARKS):
            await write_those_that_hold(
                self._db,
                [End(step, step.status) for step in steps[at : at + MARKS]],
                lambda end: [self._reset(flow, end.step)],
                lambda chosen: self._counts(flow, chosen, -1),
            )

    def _reset(self, flow: FlowState, step: StepState) -> Item:
        old = {":status": string(step.status.value), ":round": number(step.round), ":new": number(flow.round)}
        return update(
            self._table,
            step_key(flow.tenant, place_of(flow), step.node.order),
            "SET #status = :pending, #round = :new REMOVE started, undone, #result, #error",
            "#status = :status AND #round = :round",
            {f"#{name}": name for name in ("status", "round", "result", "error")},
            _PENDING | old,
        )

    async def mark_undone(self, flow: FlowState, step: StepState, status: StepStatus) -> None:
        """Notes how the undoing of a step has ended, once."""
        try:
            await self._db.update_item(
                TableName=self._table,
                Key=step_key(flow.tenant, place_of(flow), step.node.order),
                UpdateExpression="SET undone = :undone",
                ConditionExpression="attribute_not_exists(undone) AND #round = :round",
                ExpressionAttributeNames={"#round": "round"},
                ExpressionAttributeValues={":undone": string(status.value), ":round": number(step.round)},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
