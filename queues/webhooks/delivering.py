"""IO: puts webhooks into a process whose catalog has the job type that delivers them; others have none of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from queues.catalog import Catalog
from queues.clock import Clock
from queues.debts import Debts
from queues.enqueue import Enqueuer
from queues.errors import EnqueueFailed
from queues.job import Job
from queues.options import NewJob
from queues.settings import Settings
from queues.sqs import JobQueues
from queues.store import JobStore
from queues.webhooks.hooks import EARLY, TYPE, WORD, Hooks
from queues.webhooks.store import EndpointStore
from queues.webhooks.telling import Telling
from queues.writes import Writes

log = logging.getLogger("jobyard.webhooks")

#: Where the job type is from: one of the same name may be somebody else's.
MODULE = "queues.webhooks.job"


def delivers(catalog: Catalog) -> bool:
    """Whether the deployment has listed the job type."""
    return TYPE in catalog.names and catalog.get(TYPE).function.__module__ == MODULE


def deliver_webhooks(
    store: JobStore,
    queues: JobQueues,
    catalog: Catalog,
    dynamodb: Any,
    settings: Settings,
    clock: Clock,
    new_id: Callable[[], str],
    debts: Debts,
) -> EndpointStore | None:
    """The endpoints, if the deployment tells anybody; from now on jobs are marked, and their debts are paid."""
    if not delivers(catalog):
        return None

    async def make(tenant: str, deliveries: Sequence[NewJob]) -> None:
        enqueuer = Enqueuer(store, queues, catalog, tenant, clock, new_id)
        for new in deliveries:
            try:
                await enqueuer.one(new.type, new.data, new.options)
            except EnqueueFailed as error:
                # Its row is there: the reaper sends the message.
                log.warning("delivery %s: its message will be sent later: %s", new.options.job_id, error)

    async def get(job: Job) -> Job | None:
        return await store.get(job.tenant, job.id, clock())

    async def pay(job: Job) -> None:
        await make(job.tenant, await hooks.deliveries(job))

    endpoints = EndpointStore(dynamodb, settings, clock)
    hooks = Hooks(endpoints, Telling(endpoints, get, make, Writes(dynamodb, settings.table), clock))
    store.hooks = hooks
    debts.register(EARLY, hooks.telling.pay)
    debts.register(WORD, pay)
    return endpoints
