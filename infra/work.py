"""The same worker on any AWS-compatible endpoint, as a long-running process instead of Lambda functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from socket import socket

from infra.health.address import OPTION, address_of
from infra.house import House
from infra.secret import ensure_secret
from infra.serving import Serving, api_server, listen, url_of
from infra.stopping import Stop
from infra.worker import Worker
from queues.catalog import load
from queues.clients import connect
from queues.errors import Misconfigured
from queues.observe.json_logs import OnOutput
from queues.runtime import Runtime, assemble
from queues.settings import Settings


@dataclass(frozen=True, slots=True)
class Working:
    """What a worker works on. `api` is None unless it serves the API too, `health` unless it was asked to tell."""

    endpoint: str
    region: str
    types: list[str]
    api: str | None
    health: str | None
    pid: int


async def work(
    settings: Settings,
    *,
    types: Sequence[str] | None,
    create: bool,
    serve_api: bool,
    rounds: bool,
    on_ready: Callable[[Working], None],
    on_stopping: Callable[[int], None],
    on_output: OnOutput | None = None,
) -> None:
    """Runs until SIGINT or SIGTERM. Misconfigured names a queue that is missing; botocore's errors, what else is.

    `rounds`: whether it also ends attempts that went silent, and keeps dead-letter queues in line with the jobs.
    """
    catalog = load(settings.jobs)
    for name in types or ():
        catalog.get(name)
    stop = Stop()
    async with AsyncExitStack() as stack:
        stack.enter_context(stop.on_signals())
        listener = stack.enter_context(listen(settings.host, settings.port, "--port")) if serve_api else None
        health = None
        if settings.health is not None:
            address = address_of(settings.health)
            health = stack.enter_context(listen(address.host, address.port, OPTION, OPTION))
        clients = await stack.enter_async_context(connect(settings))
        runtime = assemble(clients, catalog, settings, on_output=on_output)
        stack.push_async_callback(runtime.close)
        prepare = runtime.create_resources() if create else _look_up(runtime, types or catalog.names)
        if not await stop.unless_asked(prepare):
            return
        # Over HTTP a server need not notice that a long poll was broken off: it may hand messages to nobody.
        worker = Worker(runtime, types=types, polls_linger=True, rounds=rounds)
        servers: list[tuple[Serving, socket]] = []
        release: Callable[[], None] = _nobody_waits
        if listener is not None:
            from api.app import create_app

            secret, previous = ensure_secret(settings), settings.previous_secrets
            app = create_app(runtime, secret=secret, previous_secrets=previous, workers=worker.describe)
            servers.append((api_server(app, settings.trusted_proxies), listener))
            release = app.state.site.close
        if health is not None:
            from infra.health.site import health_site

            servers.append((api_server(health_site(runtime, worker)), health))
        working = Working(
            endpoint=settings.aws_endpoint_url or "AWS",
            region=settings.region,
            types=worker.types,
            api=url_of(listener, settings.host) if listener is not None else None,
            health=url_of(health, address.host) if health is not None else None,
            pid=os.getpid(),
        )
        house = House(worker, servers, settings.grace, release)
        await house.run(stop, on_ready=lambda: on_ready(working), on_stopping=on_stopping)


async def _look_up(runtime: Runtime, types: Sequence[str]) -> None:
    for name in (queue for one in types for queue in sorted(runtime.catalog.queues_of(one))):
        try:
            await runtime.queues.url(name)
        except Misconfigured as error:
            raise Misconfigured(f"{error}, or make it with --create") from None


def _nobody_waits() -> None:
    """Without an API there are no requests to end."""
