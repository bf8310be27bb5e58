"""The job types of a large batch: its members, of which some fail, and the callback. Both write into a journal.

A line of it is one `write` to a file opened with O_APPEND, so it outlives a killed process.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from pydantic import BaseModel

from queues import Context, Discard, Fixed, job
from tests.campaigns.crash_jobs import JOURNAL

#: Of so many members one fails for good, and another one fails at first.
BAD_OF, SHAKY_OF = 100, 50
#: Seconds that a member takes, so that some run whenever the server is killed.
TAKES = 0.02


def is_bad(number: int) -> bool:
    """Whether a member shall fail."""
    return number % BAD_OF == 7


class Member(BaseModel):
    """A member of the batch."""

    n: int


def note(*words: object) -> None:
    file = os.open(os.environ[JOURNAL], os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, " ".join(map(str, words)).encode() + b"\n")
    finally:
        os.close(file)


# A kill costs an attempt; members shall have more than kills can burn.
@job("member", attempts=9, backoff=Fixed(0), batch_size=10, concurrency=20)
async def member(data: Member, ctx: Context) -> int:
    """Answers its number, unless it is one of those that fail."""
    note("member", ctx.job_id)
    await asyncio.sleep(TAKES)
    if is_bad(data.n):
        raise Discard("it is one of those that fail")
    if data.n % SHAKY_OF == 13 and ctx.attempt == 1:
        raise ConnectionError("at the second attempt it goes well")
    return data.n


@job("callback", attempts=9)
async def callback(data: dict[str, Any], ctx: Context) -> dict[str, Any]:
    """Is given the batch's summary."""
    note("callback", ctx.job_id)
    return data
