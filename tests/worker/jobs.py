"""Job types whose ends a test decides: each job runs until the file that it names is there."""

import asyncio
import hashlib
from pathlib import Path

from pydantic import BaseModel

from queues import Context, Fixed, job

__all__ = ["grind", "hold", "mill"]

#: Seconds between two looks for the file.
LOOK = 0.01


class Held(BaseModel):
    until: str


@job("hold", attempts=1, backoff=Fixed(0), timeout=600)
async def hold(data: Held, ctx: Context) -> int:
    while not Path(data.until).exists():  # noqa: ASYNC110, ASYNC240 - what it waits for happens in another process
        await asyncio.sleep(LOOK)
    return ctx.attempt


def _work_until(path: str) -> None:
    """Keeps a processor busy."""
    digest = b""
    while not Path(path).exists():
        for _ in range(1_000):
            digest = hashlib.sha256(digest).digest()


@job("grind", attempts=1, backoff=Fixed(0), timeout=600)
def grind(data: Held, ctx: Context) -> int:
    _work_until(data.until)
    return ctx.attempt


@job("mill", attempts=1, backoff=Fixed(0), timeout=600)
def mill(data: Held, ctx: Context) -> int:
    _work_until(data.until)
    return ctx.attempt
