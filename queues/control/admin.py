"""IO: what reaches beyond one tenant: failed jobs of another one, or of all, and everybody's operations on many jobs.

A Queue is one tenant's, and none of its operations can be of another's jobs. This is the one door beyond. Who may pass
is for the caller to see to: over HTTP that takes the scope `admin`.

An operation for all tenants is one row like any other. So it has begun or it has not, and has one rate, one progress
and one end, however many tenants there are; within it they come one after the other.

What holds if the process dies: before an operation's row nothing has begun; after it the rounds carry it out, told or
not. What is read changes nothing.
"""

from __future__ import annotations

import difflib

from queues.audit.acting import Acting, audited
from queues.control.bulk import Bulk, Verb
from queues.control.bulk_store import BulkPage
from queues.control.control import Control, Count
from queues.control.job_filter import JobFilter
from queues.errors import InvalidOption
from queues.job import check_tenant

#: In place of a tenant's name, which cannot be this: every tenant.
EVERYONE = "*"


class Admin:
    """Acts on jobs of any tenant, in the name of `own`. Methods take a tenant's name, or EVERYONE.

    InvalidOption if no job was ever enqueued for a tenant; its cure names one that is spelt alike.
    """

    def __init__(self, control: Control, own: str, acting: Acting | None = None):
        """Actions are recorded as `acting` says, if it does: in the trail of `own`, with the tenant as their target."""
        self._control, self._own, self.acting = control, own, acting

    async def known(self, tenant: str) -> str:
        """The name, if it is one's own or some job was ever enqueued for it; else InvalidOption."""
        if check_tenant(tenant) != self._own:
            there = await self._control.store.tenants()
            if tenant not in there:
                near = difflib.get_close_matches(tenant, there, n=1)
                cure = f"; did you mean {near[0]!r}?" if near else ""
                raise InvalidOption("tenant", tenant, f"no job was ever enqueued for it{cure}")
        return tenant

    @audited("jobs.retry", "tenant", "wanted", "rate")
    async def retry_many(
        self, tenant: str, wanted: JobFilter, *, rate: float | None = None, by: str | None = None
    ) -> Bulk:
        """Begins to retry a tenant's, or everyone's, failed jobs that a filter is for: see Queue.retry_many."""
        return await self._start(Verb.RETRY, tenant, wanted, rate, by)

    @audited("jobs.discard", "tenant", "wanted", "rate")
    async def discard_many(
        self, tenant: str, wanted: JobFilter, *, rate: float | None = None, by: str | None = None
    ) -> Bulk:
        """Begins to give up a tenant's, or everyone's, failed jobs that a filter is for."""
        return await self._start(Verb.DISCARD, tenant, wanted, rate, by)

    async def _start(self, verb: Verb, tenant: str, wanted: JobFilter, rate: float | None, by: str | None) -> Bulk:
        return await self._control.start(verb, self._own, await self._target(tenant), wanted, rate, by)

    async def count_failed(self, tenant: str, wanted: JobFilter) -> Count:
        """How many failed jobs of a tenant, or of everyone, a filter is for, and whose: see Queue.count_failed."""
        return await self._control.count(await self._target(tenant), wanted)

    async def _target(self, tenant: str) -> str | None:
        return None if tenant == EVERYONE else await self.known(tenant)

    async def operations(self, *, limit: int = 50, cursor: str | None = None) -> BulkPage:
        """One page of the operations on many jobs that anybody began, the latest first. InvalidOption."""
        return await self._control.list_bulks(None, limit, cursor)

    async def operation(self, operation_id: str) -> Bulk:
        """Anybody's operation on many jobs, and how far it is. BulkNotFound."""
        return await self._control.bulk(None, operation_id)

    @audited("operation.cancel", "operation_id")
    async def call_off(self, operation_id: str) -> Bulk:
        """Ends anybody's operation where it is; what it has done stays done. BulkNotFound."""
        return await self._control.call_off(None, operation_id)
