"""Job types for the tests of the embedded Lambda: one on the event loop, one in a worker process."""

from __future__ import annotations

import time

from pydantic import BaseModel

from queues import Context, job


class Numbers(BaseModel):
    numbers: list[int]


@job("sum-up", attempts=2, concurrency=4)
async def sum_up(data: Numbers, ctx: Context) -> int:
    """Adds numbers.

    None are refused.
    """
    print("adding", len(data.numbers))
    if not data.numbers:
        raise ValueError("nothing to add")
    return sum(data.numbers)


@job("hold-up", attempts=1, timeout=0.5, concurrency=2)
def hold_up(data: float) -> str:
    time.sleep(data)
    return "held"
