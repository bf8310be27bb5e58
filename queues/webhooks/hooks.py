"""IO: which jobs owe their end to somebody, and how that is paid: by a job for each receiver (`debts.py`).

A job is marked as it is made, by what this process has known of its tenant's endpoints for STALE_AFTER at most. Once it
has ended, the endpoints are read afresh, and each that wants to hear of that end is given a job whose id follows from
the end and the receiver. So it does not matter how often, or by how many at once, the debt is paid: one job comes.

What holds if the process dies
- before the debt is paid, or between two receivers: the reaper pays it, and finds the jobs that are there by their ids.
- between a delivery's row and its message: whoever pays again sends the message; else the reaper does.
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from queues.errors import InvalidOption
from queues.job import Job
from queues.options import NewJob, Options
from queues.webhooks.endpoint import EVENTS, Endpoint, Webhook
from queues.webhooks.message import OWN, Delivery, body_of, delivery_id
from queues.webhooks.store import EndpointStore

#: The job type that delivers, and the word of the debt.
TYPE = WORD = "webhook"


class Hooks:
    """The webhooks of a deployment that has listed the job type `webhook`."""

    def __init__(self, endpoints: EndpointStore):
        self.endpoints = endpoints

    async def owing(self, job: Job) -> Job:
        """The new job, marked if somebody wants to hear of its end. InvalidOption if nobody could sign that."""
        if job.type == TYPE or WORD in job.owes:
            return job
        endpoints = await self.endpoints.lately(job.tenant)
        if job.webhook is not None and signer(endpoints) is None:
            # It may have been made just now.
            endpoints = await self.endpoints.all(job.tenant)
            if signer(endpoints) is None:
                cure = "first make the secret that signs it: `jobyard webhooks create` without a URL"
                raise InvalidOption("webhook", Webhook.from_json(orjson.loads(job.webhook)).url, cure)
        if job.webhook is None and not any(one.wants(job.type) for one in endpoints):
            return job
        return replace(job, owes=(*job.owes, WORD))

    async def deliveries(self, job: Job) -> list[NewJob]:
        """The jobs that tell of the end of `job`."""
        if job.status.value not in EVENTS:
            return []
        endpoints = await self.endpoints.all(job.tenant)
        event, body = job.status.value, body_of(job)
        found = [
            _new(job, one.id, Delivery(url=one.url, endpoint=one.id, body=body))
            for one in endpoints
            if one.url is not None and one.wants(job.type, event)
        ]
        own, by = None if job.webhook is None else Webhook.from_json(orjson.loads(job.webhook)), signer(endpoints)
        if own is not None and by is not None and event in own.events:
            found.append(_new(job, OWN, Delivery(url=own.url, endpoint=by.id, body=body)))
        return found


def signer(endpoints: tuple[Endpoint, ...]) -> Endpoint | None:
    """The endpoint whose secret signs what goes to a URL that a single job has named."""
    return next((one for one in endpoints if one.url is None), None)


def _new(job: Job, receiver: str, delivery: Delivery) -> NewJob:
    return NewJob(TYPE, delivery, Options(job_id=delivery_id(job, receiver)))
