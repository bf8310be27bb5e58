"""IO: the registry of long-running workers: who there is, what each can do and does, and when it was last heard of.

    item            pk                      sk
    a worker        workers                 ITS NAME

    a heartbeat     PutItem pk, sk          every BEAT seconds, and once more at a stop
    all of them     Query pk

`jobyard up` and `jobyard work` write their rows; functions on Lambda do not, since they come and go with the load and
AWS counts them. Nothing depends on a row but what people are shown and told: a worker whose heartbeat is late goes on.

What holds if the process dies: its row stays as it was, is silent after a while, and is forgotten FORGET_AFTER later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from queues.job import Job
from queues.rows import Item, number, string

PARTITION = "workers"
#: Seconds between two heartbeats.
BEAT = 15.0
#: Seconds after its last heartbeat at which a silent worker is no worker any more.
FORGET_AFTER = 900
#: Jobs that a row names; a worker may run more, which are counted. They bound what a heartbeat costs.
MAX_JOBS = 20


@dataclass(frozen=True, slots=True)
class WorkerType:
    """A job type that a worker works on."""

    type: str
    #: Jobs of it that may run there at once.
    capacity: int
    running: int


@dataclass(frozen=True, slots=True)
class WorkerJob:
    """A job that runs in a worker. Only its own tenant may be shown it."""

    tenant: str
    id: str
    type: str
    attempt: int
    #: Epoch ms.
    started_at: int

    @classmethod
    def of(cls, job: Job) -> WorkerJob:
        return cls(job.tenant, job.id, job.type, job.attempt, job.started_at or 0)


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker as it was when it was last heard of."""

    #: Host, process id and a few random characters: new with each start.
    name: str
    #: Epoch ms.
    started_at: int
    seen_at: int
    draining: bool
    types: tuple[WorkerType, ...]
    #: The first MAX_JOBS of those that run.
    jobs: tuple[WorkerJob, ...]
    #: Whether it has said goodbye.
    stopped: bool = False

    @property
    def running(self) -> int:
        return sum(one.running for one in self.types)

    @property
    def capacity(self) -> int:
        return sum(one.capacity for one in self.types)


class WorkerRegistry:
    """The rows of all workers on one table."""

    def __init__(self, dynamodb: Any, table: str):
        self._db, self._table = dynamodb, table

    async def put(self, row: WorkerRow) -> None:
        """Writes a heartbeat, or a goodbye."""
        await self._db.put_item(TableName=self._table, Item=_item(row))

    async def all(self, now: int) -> list[WorkerRow]:
        """Workers that have been heard of in the last FORGET_AFTER seconds and have not said goodbye, by name."""
        found: list[WorkerRow] = []
        start: dict[str, Any] = {}
        while True:
            reply = await self._db.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": string(PARTITION)},
                **start,
            )
            rows = (_row(item) for item in reply["Items"])
            # TTL deletes late.
            found += [row for row in rows if not row.stopped and now - row.seen_at < FORGET_AFTER * 1000]
            if "LastEvaluatedKey" not in reply:
                return found
            start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}


def _item(row: WorkerRow) -> Item:
    types = [[one.type, one.capacity, one.running] for one in row.types]
    jobs = [[one.tenant, one.id, one.type, one.attempt, one.started_at] for one in row.jobs]
    return {
        "pk": string(PARTITION),
        "sk": string(row.name),
        "started_at": number(row.started_at),
        "seen_at": number(row.seen_at),
        "draining": {"BOOL": row.draining},
        "stopped": {"BOOL": row.stopped},
        "types": string(orjson.dumps(types).decode()),
        "jobs": string(orjson.dumps(jobs).decode()),
        "expires_at": number(row.seen_at // 1000 + FORGET_AFTER),
    }


def _row(item: Item) -> WorkerRow:
    return WorkerRow(
        name=item["sk"]["S"],
        started_at=int(item["started_at"]["N"]),
        seen_at=int(item["seen_at"]["N"]),
        draining=item["draining"]["BOOL"],
        types=tuple(WorkerType(*one) for one in orjson.loads(item["types"]["S"])),
        jobs=tuple(WorkerJob(*one) for one in orjson.loads(item["jobs"]["S"])),
        stopped=item["stopped"]["BOOL"],
    )
