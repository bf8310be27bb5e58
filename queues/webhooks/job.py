"""The job type `webhook`, which tells somebody what has happened to a job. List this module to have it:

    JOBYARD_JOBS=functions.catalog,queues.webhooks.job

Then it is a job type like others: with a queue, retries, dead letters, and on AWS a function of its own. It retries for
about eleven hours. An answer that is not 2xx is a failure; 410 says that nobody wants to hear any more, and is final.
"""

from __future__ import annotations

import asyncio

from queues import Cancel, Context, Discard, Exponential, job
from queues.clock import system_clock
from queues.fetch.errors import FetchRefused, FetchUnavailable
from queues.fetch.policy import FetchPolicy
from queues.fetch.source import parse
from queues.webhooks.hooks import TYPE
from queues.webhooks.message import Delivered, Delivery

#: What says that it is over. (RFC 9110, 15.5.11)
GONE = 410


@job(TYPE, attempts=10, backoff=Exponential(10, factor=3, cap=4 * 3_600), timeout=30, concurrency=20)
async def webhook(delivery: Delivery, ctx: Context) -> Delivered:
    """Sends a signed message to an endpoint, once it has been made by an event of a job."""
    from queues.webhooks.post import headers_of, post

    assert ctx.endpoints is not None
    found = [one for one in await ctx.endpoints.all(ctx.tenant) if one.id == delivery.endpoint]
    if not found:
        raise Cancel("its endpoint has been removed")
    signed = headers_of(ctx.job_id, delivery.body, found[0].signing(ctx.endpoints.clock()), system_clock())
    shown = parse(delivery.url).shown
    try:
        status = await asyncio.to_thread(post, delivery.url, delivery.body, signed, FetchPolicy.from_environment())
    except FetchRefused as error:
        raise Discard(str(error)) from None
    if status == GONE:
        raise Discard(f"{shown} answered {GONE}: it wants to hear no more; remove the endpoint")
    if not 200 <= status < 300:
        raise FetchUnavailable(f"{shown} answered {status}")
    return Delivered(status=status)


handler = webhook.lambda_handler
