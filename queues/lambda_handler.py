"""A job type's Lambda entry point. The embedded event source mapping awaits the same code through `invoke`."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from queues.clients import connect
from queues.direct import run_directly
from queues.jobtype import Catalog, JobType, load
from queues.runner import Runner
from queues.runtime import Runtime, assemble
from queues.settings import read_settings


class LambdaHandler:
    """`handler = my_job.lambda_handler` at the end of a job's file is what serverless.yml points at."""

    def __init__(self, job_type: JobType[Any, Any]):
        self._job_type = job_type

    def __call__(self, event: Any, context: Any) -> Any:
        """What AWS Lambda calls: processes an SQS event and answers its `batchItemFailures`, or else runs the handler
        with the event as its data and answers its result."""
        return _environment.run(self._job_type, event, context)

    async def invoke(self, event: Any, context: Any, runner: Runner) -> Any:
        """The same for an event loop that already runs, with that process's own runner."""
        if isinstance(event, dict) and "Records" in event:
            return await runner.handle(self._job_type, event, context)
        return await run_directly(self._job_type, event, context, runner.attempts)


class _Environment:
    """One Lambda execution environment: a loop and clients that live from the first call on.

    Nothing is made at import, so that a snapshot holds no connection, id or randomness.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runtime: Runtime | None = None
        self._stack = AsyncExitStack()

    def run(self, job_type: JobType[Any, Any], event: Any, context: Any) -> Any:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(self._run(job_type, event, context))

    async def _run(self, job_type: JobType[Any, Any], event: Any, context: Any) -> Any:
        if self._runtime is None:
            settings = read_settings()
            clients = await self._stack.enter_async_context(connect(settings))
            catalog = Catalog({t.name: t for t in (*load(settings.jobs), job_type)}.values())
            self._runtime = assemble(clients, catalog, settings)
        return await job_type.lambda_handler.invoke(event, context, self._runtime.runner)


_environment = _Environment()
