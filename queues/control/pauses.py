"""IO: which queues are paused: a row for each that ever was, in DynamoDB.

    item        pk      sk      what is done to it
    a queue     queues  TYPE    paused and resumed; noted once its event source mappings are as it says

The row is the truth for everybody. It alone would do for workers of ours (`jobyard work`), which read all rows every
few seconds and do not poll what is paused. Lambda polls by itself, embedded as on AWS, so there the queue's event
source mappings are disabled besides (`switch.py`): at once by who pauses, and by the rounds if that did not work or is
undone. A paused message stays in its queue, unreceived: no attempt is burnt, and none of its receives either. Ticks of
schedules stay there too; so a round makes the jobs of their due times without them (schedules/paused.py).

What holds if the process dies
- before the row: nothing has happened.
- between the row and the mappings: the next round of maintenance sees that the row is not `applied`.
- between the mappings and the note: they are looked at once more, and found right.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from queues.clients import code_of
from queues.clock import Clock, OutOfTime, never
from queues.control.switch import Switch
from queues.rows import Item, number, string
from queues.settings import Settings
from queues.sqs import JobQueues

log = logging.getLogger("jobyard.pauses")

#: The partition of these rows.
PARTITION = "queues"
#: Milliseconds after which the mappings of a paused queue are looked at again: a deployment may have enabled them.
LOOK_AGAIN = 60_000

#: What else is done in a round for the types that are paused; answers how much.
WhilePaused = Callable[[Collection[str], OutOfTime], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Pause:
    """A queue's row."""

    name: str
    #: Epoch ms; None: it is not paused.
    paused_at: int | None
    paused_by: str | None
    #: Grows with each change.
    version: int
    #: The version that the mappings are known to follow.
    applied: int


@dataclass(slots=True)
class Pauses:
    """Pauses and resumes queues, for every tenant."""

    dynamodb: Any
    settings: Settings
    queues: JobQueues
    switch: Switch
    clock: Clock
    while_paused: WhilePaused | None = None
    #: Of each paused queue: when its mappings were last seen to be disabled, by this process.
    _seen: dict[str, int] = field(default_factory=dict)

    async def pause(self, name: str, by: str | None) -> Pause:
        """Pauses a type's queue; if it is paused already, that stays as it was."""
        known = (await self.all()).get(name)
        if known is not None and known.paused_at is not None:
            return await self._apply(known)
        values = {"paused_at": number(self.clock()), "paused_by": string(by or "")}
        return await self._apply(await self._change(name, "SET paused_at = :paused_at, paused_by = :paused_by", values))

    async def resume(self, name: str) -> Pause:
        """Lets a type's queue be worked on again; nothing changes if it is."""
        known = (await self.all()).get(name)
        if known is None:
            return Pause(name, None, None, 0, 0)
        if known.paused_at is None:
            return await self._apply(known)
        return await self._apply(await self._change(name, "REMOVE paused_at, paused_by", {}))

    async def all(self) -> dict[str, Pause]:
        """Every queue that was ever paused, by its name."""
        found: dict[str, Pause] = {}
        start: dict[str, Any] = {}
        while True:
            reply = await self.dynamodb.query(
                TableName=self.settings.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": string(PARTITION)},
                ConsistentRead=True,
                **start,
            )
            found |= {pause.name: pause for pause in map(_pause_of, reply["Items"])}
            if "LastEvaluatedKey" not in reply:
                return found
            start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}

    async def paused(self) -> frozenset[str]:
        """The types whose queues are paused."""
        return frozenset(pause.name for pause in (await self.all()).values() if pause.paused_at is not None)

    async def round(self, out_of_time: OutOfTime = never) -> int:
        """Brings mappings in line with the rows, and does what is done while queues are paused.

        Answers how many queues' mappings were looked at.
        """
        looked = 0
        found = await self.all()
        for pause in found.values():
            if out_of_time():
                break
            fresh = self.clock() - self._seen.get(pause.name, 0) < LOOK_AGAIN
            if pause.applied == pause.version and (pause.paused_at is None or fresh):
                continue
            looked += 1
            await self._apply(pause)
        paused = [pause.name for pause in found.values() if pause.paused_at is not None]
        if paused and self.while_paused is not None:
            try:
                await self.while_paused(paused, out_of_time)
            except (ClientError, BotoCoreError, OSError) as error:
                log.warning("schedules of paused queues are looked at again: %s", error)
        return looked

    async def _change(self, name: str, update: str, values: Item) -> Pause:
        reply = await self.dynamodb.update_item(
            TableName=self.settings.table,
            Key={"pk": string(PARTITION), "sk": string(name)},
            UpdateExpression=f"{update} ADD version :one",
            ExpressionAttributeValues={f":{key}": value for key, value in values.items()} | {":one": number(1)},
            ReturnValues="ALL_NEW",
        )
        return _pause_of(reply["Attributes"])

    async def _apply(self, pause: Pause) -> Pause:
        """Has the mappings of the type's queues follow its row. What does not work now is left to the next round."""
        try:
            done = True
            for queue in self.queues.catalog.queues_of(pause.name):
                arn = await self.queues.arn(queue)
                done = await self.switch.set(arn, enabled=pause.paused_at is None) and done
            if not done:
                return pause
            self._seen[pause.name] = self.clock()
            if pause.applied != pause.version:
                await self._note(pause)
        except (ClientError, BotoCoreError, OSError) as error:
            log.warning("the mappings of queue %s do not follow yet: %s", pause.name, error)
        return pause

    async def _note(self, pause: Pause) -> None:
        try:
            await self.dynamodb.update_item(
                TableName=self.settings.table,
                Key={"pk": string(PARTITION), "sk": string(pause.name)},
                UpdateExpression="SET applied = :version",
                # Somebody may have resumed it meanwhile, and disabled must not be taken for what that wants.
                ConditionExpression="version = :version",
                ExpressionAttributeValues={":version": number(pause.version)},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise


def _pause_of(item: Item) -> Pause:
    return Pause(
        name=item["sk"]["S"],
        paused_at=int(item["paused_at"]["N"]) if "paused_at" in item else None,
        paused_by=item["paused_by"]["S"] or None if "paused_by" in item else None,
        version=int(item["version"]["N"]),
        applied=int(item["applied"]["N"]) if "applied" in item else 0,
    )
