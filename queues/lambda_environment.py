"""One Lambda execution environment: a loop, clients and a runtime that live from the first call on.

Nothing is made at import, so that a snapshot holds no connection, id or randomness; see cold_start.py.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from queues.catalog import Catalog, load
from queues.clients import connect
from queues.cold_start import FUNCTION_NAME
from queues.jobtype import JobType
from queues.runtime import Runtime, assemble
from queues.settings import read_settings


class LambdaEnvironment:
    """What the entry points of one process share. A process serves one invocation at a time."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runtime: Runtime | None = None
        self._stack = AsyncExitStack()

    def run(self, work: Callable[[Runtime], Awaitable[Any]], types: Sequence[JobType[Any, Any]] = ()) -> Any:
        """Does `work` with the runtime and answers what it answers.

        The runtime's catalog is that of `JOBYARD_JOBS` and of `types`; the first call decides.
        """
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(self._run(work, types))

    async def _run(self, work: Callable[[Runtime], Awaitable[Any]], types: Sequence[JobType[Any, Any]]) -> Any:
        if self._runtime is None:
            settings = read_settings()
            clients = await self._stack.enter_async_context(connect(settings))
            catalog = Catalog({t.name: t for t in (*load(settings.jobs), *types)}.values())
            on_output = None
            # Only where the log is the function's own: a test, say, has another.
            if FUNCTION_NAME in os.environ and settings.log_format != "text":
                from queues.observe.lambda_logs import write_json

                on_output = write_json()
            self._runtime = assemble(clients, catalog, settings, on_output=on_output)
        try:
            return await work(self._runtime)
        finally:
            # An environment is frozen between calls: what is not told now may never be.
            self._runtime.observer.flush()


#: This process's.
environment = LambdaEnvironment()
