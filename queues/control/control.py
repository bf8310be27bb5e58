"""IO: what a person may do to one job besides running it, and how an operation on many begins.

Each change of a job is one conditional write, so of two people at once, or a person and a worker, one wins, and the
other is told what it met.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from queues.audit.trail import Trail
from queues.catalog import Catalog
from queues.clock import Clock
from queues.control.bulk import Bulk, Verb
from queues.control.bulk_store import BulkPage, BulkStore
from queues.control.job_filter import JobFilter
from queues.control.pauses import Pauses
from queues.control.rows import ControlRows
from queues.endings import Endings
from queues.errors import BulkNotFound, InvalidOption, JobNotFound, WrongStatus
from queues.job import Job, Status
from queues.job_options import JobOptions
from queues.listing import MAX_LIMIT
from queues.merge import Merge
from queues.payloads import PLAIN, Payloads
from queues.store import JobStore
from queues.throttle.rows import LimitRows

#: Tries to cancel a job that moves on meanwhile, from waiting to active and back.
TRIES = 5
#: Failed jobs that a dry run looks at.
MAX_COUNTED = 10_000
#: Index entries of one query of a dry run.
PAGE = 100
#: An operation's id.
_ULID = re.compile("[0-9A-Z]{26}")


@dataclass(frozen=True, slots=True)
class Count:
    """What a dry run found."""

    matched: int
    #: Whether all failed jobs were looked at; if not, there may be more.
    exact: bool
    #: Tenant -> how many of them are its jobs; tenants without any are not in it.
    tenants: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Control:
    """Acts on jobs of any tenant: callers see to whose they are."""

    store: JobStore
    rows: ControlRows
    bulks: BulkStore
    pauses: Pauses
    catalog: Catalog
    clock: Clock
    new_id: Callable[[], str]
    endings: Endings
    limit_rows: LimitRows
    trail: Trail
    payloads: Payloads = PLAIN

    def options(self, job: Job) -> JobOptions:
        """Its type's; a job outlives its type in the catalog."""
        return self.catalog.get(job.type).options if job.type in self.catalog.names else JobOptions()

    async def get(self, tenant: str, job_id: str) -> Job:
        """The job as it stands, or JobNotFound."""
        job = await self.store.get(tenant, job_id, self.clock())
        if job is None:
            raise JobNotFound(job_id)
        return job

    async def cancel(self, job: Job, by: str | None) -> Job:
        """Cancels what waits at once, and asks what runs to end. WrongStatus for what has ended otherwise."""
        for _ in range(TRIES):
            if job.status is Status.CANCELLED or (job.status is Status.ACTIVE and job.cancel_at is not None):
                return job
            if job.ended:
                raise WrongStatus(job, "cancel", "waiting, delayed or active")
            now = self.clock()
            if job.status is Status.ACTIVE:
                met = await self.rows.request_cancel(job, now, by)
            else:
                met = await self.endings.cancel(job, now, self.options(job), by)
            if met is None:
                return await self.get(job.tenant, job.id)
            job = met
        raise WrongStatus(job, "cancel", "at rest for long enough; try again")

    async def reschedule(self, job: Job, run_at: int) -> Job:
        """Has a job that waits run at `run_at` (epoch ms) instead. WrongStatus; InvalidOption if it may not then."""
        for _ in range(TRIES):
            if job.ended or job.status is Status.ACTIVE:
                raise WrongStatus(job, "reschedule", "waiting or delayed")
            last = min(filter(None, (job.deadline_at, job.expires_start_at)), default=None)
            if last is not None and run_at >= last:
                raise InvalidOption("runAt", run_at, "give a time before the job's deadline and before it expires")
            met = await self.rows.reschedule(job, run_at, run_at + self.store.check_after)
            if met is None:
                return await self.get(job.tenant, job.id)
            job = met
        raise WrongStatus(job, "reschedule", "at rest for long enough; try again")

    async def paid(self, job: Job) -> Job:
        """The job, after what it owes for its last end is done: once it is changed, nobody could do that any more."""
        if not job.in_debt:
            return job
        await self.endings.debts.pay(job)
        return await self.get(job.tenant, job.id)

    async def discard(self, job: Job, by: str | None) -> Job:
        """Gives a failed job up. WrongStatus if it has not failed."""
        job = await self.paid(job)
        met = await self.rows.discard(job, self.clock(), by, self.options(job)) if _failed(job) else job
        if met is not None and met.status is not Status.CANCELLED:
            raise WrongStatus(met, "discard", "failed")
        return await self.get(job.tenant, job.id)

    async def delete(self, job: Job) -> None:
        """Removes the record of a job that has ended, and its artifacts. WrongStatus if it has not."""
        job = await self.paid(job)
        met = await self.rows.delete(job) if _at_rest(job) else job
        if met is not None:
            allowed = "ended; cancel it first" if not met.ended else "at rest; try again in a moment"
            raise WrongStatus(met, "delete", allowed)
        await self.payloads.remove(job)

    # --- many jobs ------------------------------------------------------------------------------------------

    async def start(
        self, verb: Verb, owner: str, target: str | None, wanted: JobFilter, rate: float | None, by: str | None
    ) -> Bulk:
        """Begins an operation; the rounds of maintenance carry it out. UnknownJobType, InvalidOption."""
        now = self.clock()
        if wanted.type is not None:
            self.catalog.get(wanted.type)
        bulk = Bulk(
            id=self.new_id(),
            verb=verb,
            owner=owner,
            target=target,
            filter=wanted if verb is Verb.PURGE else wanted.until(now),
            rate=rate,
            created_at=now,
            created_by=by,
        )
        await self.bulks.add(bulk)
        return bulk

    async def count(self, target: str | None, wanted: JobFilter) -> Count:
        """How many failed jobs an operation would be for, as far as MAX_COUNTED goes."""
        now = self.clock()
        if wanted.type is not None:
            self.catalog.get(wanted.type)
        matched: dict[str, int] = {}
        examined = 0
        tenants = await self.store.tenants() if target is None else {target: await self.store.shards_of(target)}
        for tenant, shards in tenants.items():
            merge = Merge(self.store, tenant, [Status.FAILED.value], shards)
            while True:
                entries = await merge.page(PAGE)
                jobs = await self.store.rows(
                    (entry for entry in entries if wanted.type in (None, entry["type"]["S"])), now
                )
                meant = sum(job.status is Status.FAILED and wanted.matches(job) for job in jobs)
                if meant:
                    matched[tenant] = matched.get(tenant, 0) + meant
                examined += len(entries)
                if merge.done:
                    break
                if examined >= MAX_COUNTED:
                    return Count(sum(matched.values()), exact=False, tenants=matched)
        return Count(sum(matched.values()), exact=True, tenants=matched)

    async def list_bulks(self, owner: str | None, limit: int, cursor: str | None) -> BulkPage:
        """One page of the operations that this owner began for its own jobs; None: of all that there are."""
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidOption("limit", limit, f"give 1 to {MAX_LIMIT}")
        if cursor is not None and not _ULID.fullmatch(cursor):
            raise InvalidOption("cursor", cursor[:80], "pass the cursor of the page before")
        return await self.bulks.page(lambda bulk: owner is None or bulk.is_own(owner), self.clock(), limit, cursor)

    async def bulk(self, owner: str | None, bulk_id: str) -> Bulk:
        """An operation that this owner began for its own jobs, or None: anybody's, as it stands. BulkNotFound."""
        found = await self.bulks.get(bulk_id, self.clock())
        if found is None or not (owner is None or found.is_own(owner)):
            raise BulkNotFound(bulk_id)
        return found

    async def call_off(self, owner: str | None, bulk_id: str) -> Bulk:
        """Ends an operation where it is; what it has done stays done. BulkNotFound."""
        bulk = await self.bulk(owner, bulk_id)
        return await self.bulks.call_off(bulk_id, self.clock()) or await self.bulk(owner, bulk.id)


def _failed(job: Job) -> bool:
    return job.status is Status.FAILED


def _at_rest(job: Job) -> bool:
    """Whether nothing is owed to it: a failed job's dead letter must be in its place."""
    return job.ended and not job.in_debt and (job.buried_at is not None or not _failed(job))
