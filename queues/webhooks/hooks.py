"""IO: which jobs owe their end to somebody, and how that is paid: by a job for each receiver (`debts.py`).

Of what happens before the end, `telling.py` tells; a job of which somebody wants to hear that is marked with EARLY.

A job is marked as it is made, by what this process has known of its tenant's endpoints for STALE_AFTER at most. Once it
has ended, the endpoints are read afresh, and each that wants to hear of that end is given a job whose id follows from
the end and the receiver. So it does not matter how often, or by how many at once, the debt is paid: one job comes.

What holds if the process dies
- before the debt is paid, or between two receivers: the reaper pays it, and finds the jobs that are there by their ids.
- between a delivery's row and its message: whoever pays again sends the message; else the reaper does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from queues.errors import InvalidOption
from queues.job import Job
from queues.options import NewJob, Options
from queues.webhooks.endpoint import ENDS, own_of, signer
from queues.webhooks.message import OWN, Delivery, body_of, delivery_id
from queues.webhooks.store import EndpointStore

if TYPE_CHECKING:
    from queues.webhooks.telling import Telling

#: The job type that delivers, and the word of the debt of an end.
TYPE = WORD = "webhook"
#: The word of those jobs of which more is told than the end.
EARLY = "events"


class Hooks:
    """The webhooks of a deployment that has listed the job type `webhook`."""

    def __init__(self, endpoints: EndpointStore, telling: Telling):
        self.endpoints, self.telling = endpoints, telling

    async def owing(self, job: Job) -> Job:
        """The new job, marked if somebody wants to hear of it. InvalidOption if nobody could sign that."""
        if job.type == TYPE or WORD in job.owes or EARLY in job.owes:
            return job
        endpoints, own = await self.endpoints.lately(job.tenant), own_of(job.webhook)
        if own is not None and signer(endpoints) is None:
            # It may have been made just now.
            endpoints = await self.endpoints.all(job.tenant)
            if signer(endpoints) is None:
                cure = "first make the secret that signs it: `jobyard webhooks create` without a URL"
                raise InvalidOption("webhook", own.url, cure)
        wanted = {event for one in endpoints if one.wants(job.type) for event in one.events}
        if own is not None:
            wanted.update(own.events)
        if not wanted:
            return job
        words = [EARLY] if not wanted.issubset(ENDS) else []
        if not wanted.isdisjoint(ENDS):
            words.append(WORD)
        return replace(job, owes=(*job.owes, *words))

    async def deliveries(self, job: Job) -> list[NewJob]:
        """The jobs that tell of the end of `job`."""
        if job.status.value not in ENDS:
            return []
        endpoints = await self.endpoints.all(job.tenant)
        event, body = job.status.value, body_of(job)
        found = [
            _new(job, one.id, Delivery(url=one.url, endpoint=one.id, body=body))
            for one in endpoints
            if one.url is not None and one.wants(job.type, event)
        ]
        own, by = own_of(job.webhook), signer(endpoints)
        if own is not None and by is not None and event in own.events:
            found.append(_new(job, OWN, Delivery(url=own.url, endpoint=by.id, body=body)))
        return found


def _new(job: Job, receiver: str, delivery: Delivery) -> NewJob:
    return NewJob(TYPE, delivery, Options(job_id=delivery_id(job, receiver)))
