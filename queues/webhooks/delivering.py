"""IO: puts webhooks into a process whose catalog has the job type that delivers them; others have none of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from queues.catalog import Catalog
from queues.clock import Clock
from queues.debts import Debts
from queues.enqueue import Enqueuer
from queues.errors import EnqueueFailed
from queues.job import Job
from queues.settings import Settings
from queues.sqs import JobQueues
from queues.store import JobStore
from queues.webhooks.hooks import TYPE, WORD, Hooks
from queues.webhooks.store import EndpointStore

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
    hooks = Hooks(EndpointStore(dynamodb, settings, clock))

    async def pay(job: Job) -> None:
        enqueuer = Enqueuer(store, queues, catalog, job.tenant, clock, new_id)
        for new in await hooks.deliveries(job):
            try:
                await enqueuer.one(new.type, new.data, new.options)
            except EnqueueFailed as error:
                # Its row is there: the reaper sends the message.
                log.warning("job %s: a webhook's message will be sent later: %s", job.id, error)

    store.hooks = hooks
    debts.register(WORD, pay)
    return hooks.endpoints
