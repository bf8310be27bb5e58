"""The job type `hello`, as it would be if it kept no job that has completed."""

from functions.hello import Hello
from queues import job


@job("hello", max_completed=0)
async def hello(hello: Hello) -> str:
    """Is never run: only its options count."""
    raise NotImplementedError
