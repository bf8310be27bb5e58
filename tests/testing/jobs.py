"""Job types to test the test harness with."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

from pydantic import BaseModel

from queues import Context, Discard, Fixed, Snooze, job
from queues.testing import Yard


class Order(BaseModel):
    size: int = 1
    failures: int = 0


class Children(BaseModel):
    count: int


#: The Yard of the test that runs, for jobs that enqueue others.
yard: list[Yard] = []


@job("greet", attempts=3, backoff=Fixed(10, jitter=0), timeout=5)
async def greet(order: Order, ctx: Context) -> str:
    """Fails so many times."""
    print(f"greeting {order.size}")
    ctx.progress(50, "half way")
    if ctx.attempt <= order.failures:
        raise ConnectionError("nobody there")
    return f"hello {order.size}"


@job("plain", attempts=1, timeout=1)
def plain(order: Order, ctx: Context) -> int:
    """Answers its process; sleeps, in real time, if the order is large."""
    ctx.log(f"size {order.size}")
    time.sleep(60 if order.size > 9 else 0)
    return os.getpid()


@job("loop", attempts=1)
async def loop(order: Order) -> None:
    """Enqueues itself for ever."""
    await yard[-1].queue.enqueue("loop", order)


@job("parent", attempts=1)
async def parent(children: Children) -> list[str]:
    """Waits for jobs of its own."""
    queue = yard[-1].queue
    jobs = [await queue.enqueue("greet", Order(size=size)) for size in range(children.count)]
    return [(await queue.wait(one.id)).result for one in jobs]


@job("nap", attempts=1)
async def nap(order: Order, ctx: Context) -> str:
    """Snoozes for an hour, `size` times, and gives up without a failure if that is none."""
    if not order.size:
        raise Discard("nothing to sleep for")
    if ctx.attempt <= order.size:
        raise Snooze(3600)
    return "awake"


@job("stuck", attempts=1, timeout=0.05)
async def stuck(order: Order) -> None:
    """Runs longer than it may."""
    await asyncio.sleep(60)


@job("free", attempts=1)
async def free(data: Any) -> Any:
    """Takes what it is given."""
    return data


@job("odd", attempts=1)
async def odd(data: Any) -> Any:
    """Answers what is no JSON."""
    return object()


@job("count", attempts=1)
async def count(order: Order) -> None:
    """Prints a metric."""
    directive = {"Namespace": "Shop", "Dimensions": [[]], "Metrics": [{"Name": "Size"}]}
    print(json.dumps({"_aws": {"Timestamp": yard[-1].clock(), "CloudWatchMetrics": [directive]}, "Size": order.size}))
