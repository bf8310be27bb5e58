"""Whether the AWS endpoint answers. Asked at most every few seconds, however many probes come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from queues.clients import code_of
from queues.errors import JobyardError
from queues.runtime import Runtime

#: Seconds for which an answer holds: two calls each, so that probes every 10 s cost half a million requests a month.
FRESH_SECONDS = 5.0
#: Seconds that table and queue may take; a probe should wait longer than that.
PATIENCE_SECONDS = 3.0

#: What calls to AWS fail with; TimeoutError is an OSError.
FAILURES = (ClientError, BotoCoreError, OSError, JobyardError)


class Endpoint:
    """The endpoint of a runtime, looked at through one row and one queue. `clock` answers seconds that only grow."""

    def __init__(self, runtime: Runtime, type_name: str, clock: Callable[[], float]):
        self._runtime, self._type, self._clock = runtime, type_name, clock
        self._asking = asyncio.Lock()
        self._asked_at: float | None = None
        self._trouble: str | None = None

    async def trouble(self) -> str | None:
        """Why it does not answer, as a part of a sentence; None if it does."""
        async with self._asking:
            if self._asked_at is None or self._clock() - self._asked_at >= FRESH_SECONDS:
                self._trouble = await self._ask()
                self._asked_at = self._clock()
            return self._trouble

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._runtime.store.get("health", "check", 0)
                await self._runtime.queues.depth(self._type)
        except FAILURES as error:
            return brief(error)
        return None


def brief(error: BaseException) -> str:
    """An error in few words. Its text may name accounts and roles, and a probe shows no token: it is for the log."""
    if isinstance(error, ClientError):
        return f"{error.operation_name} was answered with {code_of(error) or 'an error'}"
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE_SECONDS:g} s"
    return type(error).__name__
