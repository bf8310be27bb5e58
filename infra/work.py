"""The same worker on any AWS-compatible endpoint, as a long-running process instead of Lambda functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from infra.house import House
from infra.secret import ensure_secret
from infra.serving import api_server, listen, url_of
from infra.stopping import Stop
from infra.worker import Worker
from queues.clients import connect
from queues.errors import Misconfigured
from queues.jobtype import load
from queues.runtime import Runtime, assemble
from queues.settings import Settings


@dataclass(frozen=True, slots=True)
class Working:
    """What a worker works on. `api` is None unless it serves the API too."""

    endpoint: str
    region: str
    types: list[str]
    api: str | None
    pid: int


async def work(
    settings: Settings,
    *,
    types: Sequence[str] | None,
    create: bool,
    serve_api: bool,
    on_ready: Callable[[Working], None],
    on_stopping: Callable[[int], None],
) -> None:
    """Runs until SIGINT or SIGTERM. Misconfigured names a queue that is missing; botocore's errors, what else is."""
    catalog = load(settings.jobs)
    for name in types or ():
        catalog.get(name)
    stop = Stop()
    async with AsyncExitStack() as stack:
        stack.enter_context(stop.on_signals())
        listener = stack.enter_context(listen(settings.host, settings.port, "--port")) if serve_api else None
        clients = await stack.enter_async_context(connect(settings))
        runtime = assemble(clients, catalog, settings)
        stack.push_async_callback(runtime.close)
        if create:
            await runtime.create_resources()
        else:
            await _look_up(runtime, types or catalog.names)
        # Over HTTP a server need not notice that a long poll was broken off: it may hand messages to nobody.
        worker = Worker(runtime, types=types, polls_linger=True)
        servers = []
        release: Callable[[], None] = _nobody_waits
        if listener is not None:
            from api.app import create_app

            app = create_app(runtime, secret=ensure_secret(settings), workers=worker.describe)
            servers.append((api_server(app), listener))
            release = app.state.site.close
        working = Working(
            endpoint=settings.aws_endpoint_url or "AWS",
            region=settings.region,
            types=worker.types,
            api=url_of(listener, settings.host) if listener is not None else None,
            pid=os.getpid(),
        )
        house = House(worker, servers, settings.grace, release)
        await house.run(stop, on_ready=lambda: on_ready(working), on_stopping=on_stopping)


async def _look_up(runtime: Runtime, types: Sequence[str]) -> None:
    for name in types:
        try:
            await runtime.queues.url(name)
        except Misconfigured as error:
            raise Misconfigured(f"{error}, or make it with --create") from None


def _nobody_waits() -> None:
    """Without an API there are no requests to end."""
