"""The job that our own benchmarks run: typed input, typed output, no work; what every peer's handler does."""

from __future__ import annotations

import asyncio
import time

from pydantic import BaseModel

from queues.jobtype import job


class Payload(BaseModel):
    text: str


class Began:
    """Where a latency sample waits for the handler to run."""

    waiting: asyncio.Future[float] | None = None


# Batches of 10, the most that SQS hands out in one receive; 10 batches at once.
@job("bench-noop", batch_size=10, concurrency=100)
async def noop(data: Payload) -> bool:
    waiting = Began.waiting
    if waiting is not None and not waiting.done():
        waiting.set_result(time.monotonic())
    return True
