"""Everything in one process: embedded AWS on one file, worker, API, and the AWS endpoint for other tools."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from socket import socket

from infra.house import House
from infra.local.clients import DirectClient
from infra.local.engine import Engine
from infra.local.front import build_server
from infra.local.scheduler.limits import PRECISIONS
from infra.metrics import MetricLines
from infra.secret import ensure_secret, ensure_token, token_path
from infra.serving import Serving, api_server, listen, url_of
from infra.stopping import Stop
from infra.worker import Worker
from queues.catalog import load
from queues.clients import Clients
from queues.clock import system_clock
from queues.encryption.key_file import KeyFile
from queues.observe.json_logs import OnOutput
from queues.runtime import assemble
from queues.settings import Settings

#: The embedded AWS's file in the data folder.
DATABASE = "jobyard.db"


@dataclass(frozen=True, slots=True)
class Ready:
    """What a user needs to know of a house that has started."""

    api: str
    aws: str
    token: str
    token_file: str
    data: str
    types: list[str]
    pid: int


def with_artifacts(settings: Settings) -> Settings:
    """The settings with an artifact store: the embedded one, unless they name another.

    The dot keeps jobs out that read `file://` below the data folder's `artifacts`: what is here is other jobs' data.
    """
    if settings.artifacts is not None:
        return settings
    folder = (settings.data / "artifacts" / ".jobs").absolute()
    return settings.model_copy(update={"artifacts": folder.as_uri()})


async def up(
    settings: Settings,
    *,
    on_ready: Callable[[Ready], None],
    on_stopping: Callable[[int], None],
    on_output: OnOutput | None = None,
) -> None:
    """Runs until SIGINT or SIGTERM. CannotListen, EngineError, Misconfigured, OSError say why it cannot start."""
    from api.app import create_app

    catalog = load(settings.jobs)
    stop = Stop()
    async with AsyncExitStack() as stack:
        stack.enter_context(stop.on_signals())
        api = stack.enter_context(listen(settings.host, settings.port, "--port"))
        aws = stack.enter_context(listen(settings.host, settings.aws_port, "--aws-port"))
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = Engine(
            settings.data / DATABASE,
            account=settings.aws_account,
            fsync=settings.fsync,
            scheduler_precision=PRECISIONS[settings.scheduler_precision],
        )
        stack.push_async_callback(engine.close)
        secret = ensure_secret(settings)
        endpoint = url_of(aws, settings.host)
        # The core's own calls are sound: the tests make every one of them through a client that checks.
        services = ("sqs", "dynamodb", "scheduler", "lambda", "cloudwatch")
        clients = Clients(*(DirectClient(engine, name, settings.region, endpoint, checked=False) for name in services))
        settings = with_artifacts(settings)
        if catalog.sensitive and settings.kms_key_id is None:
            KeyFile(settings.data).ensure(system_clock())
        on_metrics = MetricLines(engine, settings.region)
        runtime = assemble(clients, catalog, settings, on_metrics=on_metrics, on_output=on_output)
        stack.push_async_callback(runtime.close)
        await runtime.create_resources()
        worker = Worker(runtime, engine=engine)
        previous = settings.previous_secrets
        app = create_app(runtime, secret=secret, previous_secrets=previous, workers=worker.describe)
        ready = Ready(
            api=url_of(api, settings.host),
            aws=endpoint,
            token=ensure_token(settings, secret),
            token_file=str(token_path(settings)),
            data=str(settings.data),
            types=worker.types,
            pid=os.getpid(),
        )
        aws_secret = None if settings.aws_secret is None else settings.aws_secret.get_secret_value()
        servers: list[tuple[Serving, socket]] = [
            (api_server(app, settings.trusted_proxies), api),
            (build_server(engine, secret=aws_secret), aws),
        ]
        house = House(worker, servers, settings.grace, release=app.state.site.close)
        await house.run(stop, on_ready=lambda: on_ready(ready), on_stopping=on_stopping)
