"""What one app serves, made on first use, and what each route asks of it: may this caller do that, to which jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from api.auth import ADMIN, READ, Caller, Tokens
from api.origin import origin_of
from api.problems import NOT_FOUND, SCOPE_MISSING, Problem
from queues.catalog import Catalog
from queues.errors import InvalidOption, JobNotFound, UnknownJobType
from queues.job import check_job_id
from queues.jobtype import MAX_NAME_CHARS, JobType
from queues.observe.workers import WorkerRow
from queues.queue import Queue
from queues.runtime import Runtime

if TYPE_CHECKING:
    from api.prometheus import Numbers

#: Tells of the workers of this process as they are now.
Workers = Callable[[], list[WorkerRow]]


class Site:
    """The parts behind an app; `app.state.site`."""

    def __init__(self, runtime: Callable[[], Awaitable[Runtime]] | Runtime, tokens: Tokens, workers: Workers | None):
        self.tokens, self.workers = tokens, workers
        #: Of `GET /metrics`, kept for a few seconds.
        self.numbers: Numbers | None = None
        self._runtime = runtime if isinstance(runtime, Runtime) else None
        self._make = None if isinstance(runtime, Runtime) else runtime
        self._making = asyncio.Lock()
        self._closing = asyncio.Event()

    async def runtime(self) -> Runtime:
        """The runtime; made by the first request that needs it, and by the next one if that fails."""
        if self._runtime is None:
            async with self._making:
                if self._runtime is None:
                    assert self._make is not None
                    self._runtime = await self._make()
        return self._runtime

    def flush(self) -> None:
        """Tells what was counted and traced, if there is a runtime: at the end of a Lambda function's call."""
        if self._runtime is not None:
            self._runtime.observer.flush()

    def close(self) -> None:
        """Ends the requests that wait for something; a server calls it when it is asked to stop."""
        self._closing.set()

    @property
    def is_closing(self) -> bool:
        """Whether the server was asked to stop."""
        return self._closing.is_set()

    async def closing(self) -> None:
        """Returns when the server is asked to stop."""
        await self._closing.wait()


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def allow(request: Request, scope: str) -> Caller:
    """The caller if its token has the scope, else the problem 403 that names it."""
    caller: Caller = request.scope["caller"]
    if scope not in caller.scopes:
        raise Problem(
            SCOPE_MISSING,
            f"this needs a token with the scope {scope!r}; make one with `jobyard token`",
            headers={"WWW-Authenticate": f'Bearer realm="jobyard", error="insufficient_scope", scope="{scope}"'},
            scope=scope,
        )
    return caller


def is_admin(caller: Caller) -> bool:
    """Whether it may see what is counted over all tenants."""
    return ADMIN in caller.scopes


async def queue_for(request: Request, scope: str) -> Queue:
    """The caller's tenant's jobs, if its token has the scope. What it changes is recorded in the audit trail."""
    caller = allow(request, scope)
    queue = (await site_of(request).runtime()).queue.for_tenant(caller.tenant)
    return queue if scope == READ else queue.acting_for(caller.subject, origin_of(request.scope))


def known_id(job_id: str) -> str:
    """An id from a path, if a job can have it; else no job has it: the same 404 as for another tenant's."""
    try:
        return check_job_id(job_id)
    except InvalidOption:
        raise JobNotFound(job_id[:128]) from None


def known_type(catalog: Catalog, name: str) -> JobType[Any, Any]:
    """A job type from a path; a 404 with the nearest name if there is none."""
    try:
        # A very long name is nobody's slip of the pen, and comparing it would take long.
        return catalog.get(name[: MAX_NAME_CHARS + 1])
    except UnknownJobType as error:
        raise Problem(NOT_FOUND, str(error)) from None
