"""IO: the jobs in DynamoDB, which only this file and `writes.py` call.

One table; a job is one item; each change of state is one conditional write.

Keys and the access patterns that they serve:

    item            pk                      sk      state (index hash)     due (index range, epoch ms)
    a job           job#TENANT#ID           job     TENANT#open            when the reaper shall look at it
                                                    TENANT#owing           the same, of one that has ended
                                                    TENANT#completed       when it finished
                                                    TENANT#failed          when it finished
                                                    TENANT#cancelled       when it finished; see shards.py, too
    a tenant        tenants                 TENANT  -                      -   see tenants.py
    a schedule      schedule#TENANT         NAME    -                      -   see schedules/store.py
    a flow          flows#TENANT            ID      flows#owed, or none    when a round shall look; see flows/store.py
    without an index entry: unique/keys.py, throttle/scope.py, control/bulk_store.py, control/pauses.py,
        cleaning/rows.py, audit/entry.py, webhooks/store.py, observe/

    get one job                             GetItem pk, sk
    claim, settle, heartbeat                a conditional write of pk, sk, many together (`writes.py`)
    cancel, retry, bury                     UpdateItem pk, sk with a condition
    list a tenant's jobs, by status         Query by-state per state and shard, newest first, then BatchGetItem
    jobs that somebody owes something       Query by-state TENANT#open and TENANT#owing, due < now   (the reaper)
    all tenants, with their shards          Query pk = tenants

A job is in `open` until it has ended, then in `owing` for as long as something is owed to it: its burial in the dead-
letter queue, if it has failed, and its debts, if it has any (`debts.py`). The index entry changes only when a job is
made, retried or ended, so a job that completes costs six write units: row and entry (2), claim (1), settle and the
entry's move (3). TTL is on `expires_at` (epoch seconds); what has expired and is not deleted yet is gone for readers.

The hot writes only set: a lease and its holder's name stay, and mean nothing unless the job is active (`rows.job_of`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError

from queues import limits
from queues.clients import code_of
from queues.errors import JobNotFound
from queues.job import Job, Status
from queues.job_options import JobOptions
from queues.outcome import Settlement
from queues.resources import STATE_INDEX
from queues.rows import (
    CANCELLING,
    NOTHING,
    OPEN,
    OWING,
    SORT_KEY,
    Item,
    Report,
    asked,
    closed_values,
    ended_values,
    error_text,
    job_of,
    key_of,
    lease,
    new_row,
    number,
    partition_key,
    settled_values,
    string,
)
from queues.settings import Settings
from queues.shards import partition
from queues.tenants import Tenants
from queues.unique.keys import UniqueKeys
from queues.webhooks.hooks import Hooks
from queues.writes import Form, Guards, Refused, Writes

#: Tries of what BatchWriteItem or BatchGetItem left unprocessed.
BATCH_TRIES = 8

_CLAIM = Form(("status", "lease"), (("status", "="), ("run_at", "<=")), adds="attempt", returning=True)
#: Only the holder of the attempt may settle or renew it; the reaper only if no heartbeat has come since it looked.
_FENCE: Guards = (("status", "="), ("attempt", "="))
_FENCE_UNRENEWED: Guards = (*_FENCE, ("lease", "="))
_STATUS: Guards = (("status", "="),)
_ACTIVE, _WAITING, _FAILED, _ONE = {"S": "active"}, {"S": "waiting"}, {"S": "failed"}, {"N": "1"}
_CANCELLING = {"S": CANCELLING}


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Why a claim did not succeed: the job as it stands, or None if there is no such job."""

    job: Job | None


class CancelAsked(Exception):
    """Since `settle`'s job was read, somebody has asked for it to be cancelled: nothing was written; `job` says so."""

    def __init__(self, job: Job):
        super().__init__(job.id)
        self.job = job


class JobStore:
    """The jobs' table. `check_after` is how many ms after its time a job is due for a look by the reaper."""

    def __init__(self, dynamodb: Any, settings: Settings):
        self._db = dynamodb
        self._table = settings.table
        self._lease_ms = round(settings.lease * 1000)
        self.check_after = self._lease_ms + 5_000
        self._tenants = Tenants(dynamodb, settings)
        #: Shards in which new jobs are made.
        self.shards = settings.shards
        self._writes = Writes(dynamodb, settings.table)
        self.unique_keys = UniqueKeys(dynamodb, settings.table)
        self.hooks: Hooks | None = None  # set where jobs are told of by webhooks

    # --- new jobs -------------------------------------------------------------------------------------------

    async def add_tenant(self, tenant: str) -> None:
        """Makes the tenant, and the shards that its new jobs go to, known to readers; once a process."""
        await self._tenants.add(tenant)

    async def tenants(self) -> dict[str, int]:
        """Every tenant that ever enqueued a job -> the shards in which its jobs may be."""
        return await self._tenants.all()

    async def shards_of(self, tenant: str) -> int:
        """The shards in which a tenant's jobs may be."""
        return await self._tenants.shards(tenant)

    async def put_new(self, job: Job) -> Job | None:
        """Writes a new job unless one of that id exists: None if it was written, else the one that was there."""
        item = new_row(job, job.run_at + self.check_after)
        now = job.created_at // 1000
        try:
            await self._db.put_item(
                TableName=self._table,
                Item=item,
                # A job that has outlived its retention is gone, whether TTL has come by or not.
                ConditionExpression="attribute_not_exists(pk) OR expires_at < :now",
                ExpressionAttributeValues={":now": number(now)},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            old = error.response.get("Item")
            return job_of(old) if old else await self.get(job.tenant, job.id, now * 1000)
        return None

    async def put_many(self, jobs: Sequence[Job]) -> None:
        """Writes new jobs whose ids are ours, and so unique, 25 a call."""
        rows = [{"PutRequest": {"Item": new_row(job, job.run_at + self.check_after)}} for job in jobs]
        step = limits.BATCH_WRITE
        await asyncio.gather(*(self._batch_write(rows[at : at + step]) for at in range(0, len(rows), step)))

    async def _batch_write(self, rows: list[Any]) -> None:
        pending: Any = {self._table: rows}
        for tries in range(BATCH_TRIES):
            pending = (await self._db.batch_write_item(RequestItems=pending)).get("UnprocessedItems")
            if not pending:
                return
            await asyncio.sleep(0.05 * 2**tries)
        raise TimeoutError(f"DynamoDB left {len(pending[self._table])} items unwritten after {BATCH_TRIES} tries")

    # --- one job's life -------------------------------------------------------------------------------------

    async def get(self, tenant: str, job_id: str, now: int) -> Job | None:
        """The job as it stands, read consistently, or None."""
        reply = await self._db.get_item(TableName=self._table, Key=key_of(tenant, job_id), ConsistentRead=True)
        item = reply.get("Item")
        return None if item is None or _expired(item, now) else job_of(item).seen_at(now)

    async def claim(self, tenant: str, job_id: str, worker: str, now: int) -> Job | Unclaimed:
        """Starts an attempt: counts it and takes the lease, if the job waits and its time has come.

        `worker` must be new with each claim: it is how a claim whose answer was lost is known as our own.
        """
        values = [_ACTIVE, lease(now + self._lease_ms, now, worker), _ONE]
        try:
            item = await self._writes.apply(_CLAIM, partition_key(tenant, job_id), values, [_WAITING, {"N": str(now)}])
        except Refused as refused:
            job = await self._met(refused, tenant, job_id, now)
            return job if job is not None and job.worker == worker else Unclaimed(job)
        assert item is not None
        return job_of(item)

    async def claimed_all_the_same(self, tenant: str, job_id: str, worker: str, now: int) -> Job | None:
        """The job if the claim of that name, whose caller did not wait for the answer, has succeeded."""
        await self._writes.sent()
        job = await self.get(tenant, job_id, now)
        return job if job is not None and job.worker == worker else None

    async def renew(self, job: Job, now: int, progress: float | None, note: str | None) -> Job | None:
        """Extends the lease of a running attempt and records its progress; None if the attempt is no longer ours.

        Answers `job` itself, or, if somebody has asked since for it to be cancelled, the job that says so.
        """
        values = {"lease": lease(now + self._lease_ms, job.started_at, job.worker)}
        if progress is not None:
            values["progress"] = number(progress)
        if note is not None:
            values["note"] = string(note)
        try:
            await self._fenced(job, values, _FENCE, _fence(job))
        except Refused as refused:
            met = await self._met(refused, job.tenant, job.id, 0)
            return await self.renew(met, now, progress, note) if met is not None and _asked_since(job, met) else None
        return job

    async def settle(
        self,
        job: Job,
        fate: Settlement,
        now: int,
        options: JobOptions,
        report: Report = NOTHING,
        *,
        unless_renewed: bool = False,
    ) -> bool:
        """Writes how an attempt ended; False if another attempt has the job by now. Safe to repeat. CancelAsked: decide
        the fate anew, and settle the job that comes with it.

        `unless_renewed`: a heartbeat since `job` was read wins (the reaper is not the attempt's own holder).
        """
        values = settled_values(job, fate, now, options, report, self.check_after)
        guards: Guards = _FENCE
        fence = _fence(job)
        if unless_renewed and job.lease_until is not None:
            guards = _FENCE_UNRENEWED
            fence.append(lease(job.lease_until, job.started_at, job.worker))
        try:
            await self._fenced(job, values, guards, fence)
        except Refused as refused:
            old = await self._met(refused, job.tenant, job.id, 0)
            renewed = unless_renewed and old is not None and old.lease_until != job.lease_until
            if old is not None and not renewed and _asked_since(job, old):
                raise CancelAsked(old) from None
            # The answer to an earlier try may have been lost: the row then tells of this very attempt's end.
            return old is not None and any(a.number == job.attempt and a.outcome == fate.outcome for a in old.history)
        return True

    def _fenced(
        self, job: Job, values: dict[str, Item], guards: Guards, fence: list[Item]
    ) -> asyncio.Future[Item | None]:
        form = _form(tuple(values), guards)
        return self._writes.apply(form, partition_key(job.tenant, job.id), list(values.values()), fence)

    async def mark_buried(self, job: Job, now: int, options: JobOptions) -> None:
        """A failed job's dead letter is in the DLQ: nothing more is owed to it."""
        values = {
            "buried_at": number(now),
            **closed_values(job, Status.FAILED, job.finished_at or now, now, options),
        }
        await self._update(job, values, _FENCE, [_FAILED, number(job.attempt)])

    async def cancel(self, job: Job, now: int, options: JobOptions, by: str | None = None) -> Job | None:
        """Cancels a job that waits: None if done, else the job as it stands."""
        values = {
            **asked(now, by),
            "status": string("cancelled"),
            "finished_at": number(now),
            **ended_values(job, Status.CANCELLED, now, options, self.check_after),
        }
        return await self._update(job, values, _STATUS, [_WAITING])

    async def reopen(self, job: Job, now: int, options: JobOptions) -> Job | None:
        """Gives a failed job a fresh allowance of attempts: None if done, else the job as it stands."""
        values = {
            "status": _WAITING,
            "state": string(partition(job.tenant, OPEN, job.shard)),
            "run_at": number(now),
            "due": number(now + self.check_after),
            "max_attempts": number(job.attempt + min(options.attempts_of(job.priority), limits.MAX_ATTEMPTS)),
        }
        over = ("finished_at", "expires_at", "buried_at", "paid_at", "expires_start_at", "deadline_at")
        removed = (*over, "resent", "progress", "note")
        return await self._update(job, values, _FENCE, [_FAILED, number(job.attempt)], removed)

    async def close_waiting(self, job: Job, fate: Settlement, now: int) -> Job | None:
        """Fails a job that no attempt holds, because SQS has moved its message away: None if done."""
        assert fate.error is not None
        values = {
            "status": string("failed"),
            "finished_at": number(now),
            "state": string(partition(job.tenant, OWING, job.shard)),
            "due": number(now + self.check_after),
            "error": string(error_text(fate.error)),
        }
        return await self._update(job, values, _STATUS, [_WAITING])

    async def mark_resent(self, job: Job, due: int, *, more: int = 1) -> bool:
        """Notes how often the reaper has sent a waiting job's message again; False if the job has moved on."""
        values = {"due": number(due), "resent": number(job.resent + more)}
        return await self._update(job, values, _STATUS, [_WAITING]) is None

    async def _update(
        self, job: Job, values: dict[str, Item], guards: Guards, expected: list[Item], removes: tuple[str, ...] = ()
    ) -> Job | None:
        """One conditional write: None if it took place, else the job that it met; JobNotFound if there is none."""
        form = Form(tuple(values), guards, removes=removes)
        try:
            await self._writes.alone(form, partition_key(job.tenant, job.id), list(values.values()), expected)
        except Refused as refused:
            return await self.met(refused.item, job)
        return None

    async def met(self, item: Item | None, job: Job) -> Job:
        """The job that a refused write to `job`'s row met, as `item` has it or as it is read; JobNotFound."""
        found = job_of(item) if item else await self.get(job.tenant, job.id, 0)
        if found is None:
            raise JobNotFound(job.id)
        return found

    async def _met(self, refused: Refused, tenant: str, job_id: str, now: int) -> Job | None:
        """The job that a write met. An emulator may not send the loser what it lost to."""
        return job_of(refused.item) if refused.item else await self.get(tenant, job_id, now)

    # --- many jobs ------------------------------------------------------------------------------------------

    async def keys(
        self,
        state: str,
        *,
        start: Item | None,
        limit: int,
        newest_first: bool = True,
        before: int | None = None,
        since: int | None = None,
    ) -> tuple[list[Item], Item | None]:
        """One page of an index partition: entries (pk, sk, state, due, type) and where the next page starts; of those
        that are due `before` or `since` a time (epoch ms)."""
        compared, bound = ("<", before) if before is not None else (">=", since)
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": STATE_INDEX,
            "KeyConditionExpression": "#state = :state" + (f" AND due {compared} :bound" if bound is not None else ""),
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":state": string(state)},
            "ScanIndexForward": not newest_first,
            "Limit": limit,
        }
        if bound is not None:
            query["ExpressionAttributeValues"][":bound"] = number(bound)
        if start is not None:
            query["ExclusiveStartKey"] = start
        reply = await self._db.query(**query)
        return reply["Items"], reply.get("LastEvaluatedKey")

    async def rows(self, entries: Iterable[Item], now: int) -> list[Job]:
        """The jobs of index entries, in their order, each once, without those that are gone."""
        # A job that ends while its tenant's partitions are read has an entry in two of them.
        wanted = list(dict.fromkeys(entry["pk"]["S"] for entry in entries))
        found: dict[str, Item] = {}
        step = limits.BATCH_GET
        for at in range(0, len(wanted), step):
            keys = [{"pk": string(pk), "sk": string(SORT_KEY)} for pk in wanted[at : at + step]]
            for item in await self._batch_get(keys):
                found[item["pk"]["S"]] = item
        return [job_of(found[pk]).seen_at(now) for pk in wanted if pk in found and not _expired(found[pk], now)]

    async def _batch_get(self, keys: list[Item]) -> list[Item]:
        items: list[Item] = []
        pending: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for tries in range(BATCH_TRIES):
            reply = await self._db.batch_get_item(RequestItems=pending)
            items += reply["Responses"].get(self._table, [])
            pending = reply.get("UnprocessedKeys")
            if not pending:
                return items
            await asyncio.sleep(0.05 * 2**tries)
        raise TimeoutError(f"DynamoDB left keys unread after {BATCH_TRIES} tries")


@lru_cache(maxsize=256)
def _form(sets: tuple[str, ...], guards: Guards) -> Form:
    return Form(sets, guards)


def _fence(job: Job) -> list[Item]:
    # A request to cancel changes the status that is stored: whoever does not know of it yet is refused, and told.
    return [_ACTIVE if job.cancel_at is None else _CANCELLING, {"N": str(job.attempt)}]


def _asked_since(job: Job, met: Job) -> bool:
    """Whether the attempt goes on as `job` has it, but for a request to cancel it."""
    return met.status is Status.ACTIVE and met.attempt == job.attempt and job.cancel_at is None is not met.cancel_at


def _expired(item: Item, now: int) -> bool:
    return "expires_at" in item and int(item["expires_at"]["N"]) * 1000 <= now
