"""Job types that are traced: one that fails once and then has a child, from a worker process."""

from __future__ import annotations

from pydantic import BaseModel

from queues import Context, Fixed, job
from queues.blocking import BlockingQueue
from queues.settings import read_settings


class Place(BaseModel):
    #: Of the AWS that the child is enqueued to.
    endpoint: str


@job("parent", attempts=2, backoff=Fixed(0), timeout=60)
def parent(data: Place, ctx: Context) -> str:
    if ctx.attempt == 1:
        raise ConnectionError("what a customer has said")
    with BlockingQueue(read_settings(aws_endpoint_url=data.endpoint)) as queue:
        return queue.enqueue("child", {}).id


@job("child")
async def child(data: dict[str, str]) -> str:
    return "grown up"
