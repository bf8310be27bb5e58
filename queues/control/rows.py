"""IO: the writes to a job's row that somebody asks for, besides those of its own life in `store.py`.

Each is one conditional write: it takes place as a whole, or the caller learns what it met. A process that dies before
it has done nothing; one that dies after it, all.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.job import ENDED, Job, Status
from queues.job_options import JobOptions
from queues.rows import CANCELLING, Item, asked, key_of, number, partition_key, string
from queues.settings import Settings
from queues.shards import partition
from queues.store import JobStore
from queues.writes import Form, Guards, Refused, Writes

_ATTEMPT: Guards = (("status", "="), ("attempt", "="))


class ControlRows:
    """The jobs' table, for whoever controls jobs. Methods answer None if the write took place, else the job it met."""

    def __init__(self, store: JobStore, dynamodb: Any, settings: Settings):
        self._store, self._db, self._table = store, dynamodb, settings.table
        self._writes = Writes(dynamodb, settings.table)

    async def request_cancel(self, job: Job, now: int, by: str | None) -> Job | None:
        """Asks the attempt that runs to end: whoever writes for it from now on is refused once, and so learns of it."""
        values = {"status": string(CANCELLING)} | asked(now, by)
        return await self._write(job, values, Status.ACTIVE)

    async def discard(self, job: Job, now: int, by: str | None, options: JobOptions) -> Job | None:
        """Gives a failed job up: it is cancelled, with its error. The dead-letter consumer then removes its letter."""
        values = {
            "status": string(Status.CANCELLED.value),
            "state": string(partition(job.tenant, Status.CANCELLED.value, job.shard)),
            "due": number(now),
            "expires_at": number(now // 1000 + round(options.keep_completed)),
        }
        return await self._write(job, values | asked(now, by), Status.FAILED)

    async def reschedule(self, job: Job, run_at: int, due: int) -> Job | None:
        """Has a job that waits run at another time; the reaper looks at it at `due`. Both are epoch ms."""
        return await self._write(job, {"run_at": number(run_at), "due": number(due)}, Status.WAITING)

    async def _write(self, job: Job, values: dict[str, Item], status: Status) -> Job | None:
        form = Form(tuple(values), _ATTEMPT)
        guards = [string(status.value), number(job.attempt)]
        try:
            await self._writes.alone(form, partition_key(job.tenant, job.id), list(values.values()), guards)
        except Refused as refused:
            return await self._store.met(refused.item, job)
        return None

    async def delete(self, job: Job) -> Job | None:
        """Removes the row of a job that has ended, and to which nothing is owed."""
        assert job.status in ENDED
        try:
            await self._db.delete_item(
                TableName=self._table,
                Key=key_of(job.tenant, job.id),
                ConditionExpression="#status = :status AND attempt = :attempt",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":status": string(job.status.value), ":attempt": number(job.attempt)},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return await self._store.met(error.response.get("Item"), job)
        return None
