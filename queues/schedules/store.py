"""IO: the rows of job schedules, which only this file reads and writes.

    item            pk                      sk
    a schedule      schedule#TENANT         NAME

    get one                                 GetItem pk, sk
    list a tenant's                         Query pk, sk > the last one's
    make, change, delete                    a conditional write of pk, sk; `revision` counts them
    decide about a due time                 the same with `ticks`; together with the new job's row in one transaction

A row whose status is `deleted` is gone for everybody, and is there so that its EventBridge schedule is not made again
by who read it just before; TTL removes it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.job import Job
from queues.rows import Item, new_row, number, string
from queues.schedules.job_schedule import JobSchedule, ScheduleStatus
from queues.schedules.row import definition_of, fates_of, key_of, partition_key, row_of, schedule_of

#: What DynamoDB answers to a transaction of which a condition does not hold, or that met another one.
_REFUSED = frozenset(
    {"TransactionCanceledException", "ConditionalCheckFailedException", "TransactionConflictException"}
)


class ScheduleStore:
    """The schedules in the jobs' table. `check_after`: as the jobs' store has it, for the rows of new jobs."""

    def __init__(self, dynamodb: Any, table: str, check_after: int):
        self._db, self._table, self._check_after = dynamodb, table, check_after

    async def get(self, tenant: str, name: str, now: int) -> JobSchedule | None:
        """The schedule, read consistently, a deleted one too; None if there is no row, or its time is over."""
        reply = await self._db.get_item(TableName=self._table, Key=key_of(tenant, name), ConsistentRead=True)
        item = reply.get("Item")
        return None if item is None or _expired(item, now) else schedule_of(item)

    async def page(self, tenant: str, after: str, limit: int, now: int) -> tuple[list[JobSchedule], str | None]:
        """Schedules whose names come after that one, deleted ones too; and the name after which there are more."""
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk > :after",
            "ExpressionAttributeValues": {":pk": string(partition_key(tenant)), ":after": string(after or " ")},
            "ConsistentRead": True,
            "Limit": limit,
        }
        reply = await self._db.query(**query)
        last = reply.get("LastEvaluatedKey")
        found = [schedule_of(item) for item in reply["Items"] if not _expired(item, now)]
        return found, None if last is None else str(last["sk"]["S"])

    async def create(self, schedule: JobSchedule, now: int) -> bool:
        """Writes a new schedule; False if there is one of that name."""
        return await self._write(
            "put_item",
            Item=row_of(schedule),
            ConditionExpression="attribute_not_exists(pk) OR #status = :deleted OR expires_at < :now",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={
                ":deleted": string(ScheduleStatus.DELETED.value),
                ":now": number(now // 1000),
            },
        )

    async def change(self, schedule: JobSchedule, known: JobSchedule) -> JobSchedule | None:
        """Writes what a person or code says of it now; None if somebody was faster since `known` was read.

        The fates of its due times stay as they are.
        """
        changed = replace(schedule, revision=known.revision + 1)
        values = definition_of(changed)
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
        names = {f"#{name}": name for name in values}
        if "expires_at" not in values:
            expression += " REMOVE #expires_at"
            names["#expires_at"] = "expires_at"
        written = await self._write(
            "update_item",
            Key=key_of(known.tenant, known.name),
            UpdateExpression=expression,
            ConditionExpression="#revision = :known",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()}
            | {":known": number(known.revision)},
        )
        return changed if written else None

    async def decide(
        self, known: JobSchedule, decided: JobSchedule, job: Job | None, now: int, key: Item | None = None
    ) -> bool:
        """Writes what became of a due time, the job that it started, and an item of a transaction about its key: all
        or nothing.

        False if the schedule is not as `known` any more, there is a job of that id, or the key is not as it was.
        `ticks` is 0 in a schedule that has no row yet: the whole of it is written.
        """
        decided = replace(decided, ticks=known.ticks + 1)
        if known.ticks == 0 and known.revision == 0:
            decided = replace(decided, revision=now)
            row: dict[str, Any] = {
                "Item": row_of(decided),
                # One that has ended is gone, whether TTL has come by or not.
                "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
                "ExpressionAttributeValues": {":now": number(now // 1000)},
            }
            if job is None and key is None:
                return await self._write("put_item", **row)
            return await self._together({"Put": row}, job, now, key)
        values = fates_of(decided)
        removes = [name for name in ("error",) if name not in values]
        update = {
            "Key": key_of(known.tenant, known.name),
            "UpdateExpression": "SET "
            + ", ".join(f"#{name} = :{name}" for name in values)
            + "".join(f" REMOVE #{name}" for name in removes),
            "ConditionExpression": "#ticks = :known AND revision = :revision",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*values, *removes)},
            "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}
            | {":known": number(known.ticks), ":revision": number(known.revision)},
        }
        if job is None and key is None:
            return await self._write("update_item", **update)
        return await self._together({"Update": update}, job, now, key)

    async def _together(
        self, of_schedule: dict[str, dict[str, Any]], job: Job | None, now: int, key: Item | None
    ) -> bool:
        ((_, write),) = of_schedule.items()
        write["TableName"] = self._table
        items = [of_schedule] if key is None else [of_schedule, key]
        if job is not None:
            made = {
                "TableName": self._table,
                "Item": new_row(job, job.run_at + self._check_after),
                "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
                "ExpressionAttributeValues": {":now": number(now // 1000)},
            }
            items.append({"Put": made})
        try:
            await self._db.transact_write_items(TransactItems=items)
        except ClientError as error:
            if code_of(error) not in _REFUSED:
                raise
            return False
        return True

    async def _write(self, operation: str, **params: Any) -> bool:
        try:
            await getattr(self._db, operation)(TableName=self._table, **params)
        except ClientError as error:
            if code_of(error) not in _REFUSED:
                raise
            return False
        return True


def _expired(item: Item, now: int) -> bool:
    return "expires_at" in item and int(item["expires_at"]["N"]) * 1000 <= now
