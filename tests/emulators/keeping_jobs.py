"""The job type `hello` of functions/, as it would be if it kept one job that has completed."""

from __future__ import annotations

from functions.hello import Hello
from queues import job


@job("hello", max_completed=1)
async def hello(hello: Hello) -> str:
    """Is never run: only its options count."""
    raise NotImplementedError
