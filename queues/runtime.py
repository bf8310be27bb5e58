"""Everything that runs jobs, put together from clients, a catalog and settings. The one place where parts are wired."""

from __future__ import annotations

import os
import random as _random
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queues.artifacts.store import Artifacts
from queues.artifacts.sweep import ArtifactSweep
from queues.attempts import Attempts
from queues.audit.trail import Trail
from queues.capture import OnMetrics
from queues.catalog import Catalog
from queues.clients import Clients
from queues.clock import Clock, system_clock
from queues.control.bulk_store import BulkStore
from queues.control.bulk_work import BulkWork
from queues.control.control import Control
from queues.control.pauses import Pauses
from queues.control.rows import ControlRows
from queues.control.switch import Switch
from queues.dead_letters import DeadLetterConsumer
from queues.debts import Debts
from queues.endings import Endings
from queues.flows.flowing import Flowing
from queues.ids import Ulids
from queues.observe.observer import Observer, observer_of
from queues.observe.workers import WorkerRegistry
from queues.payloads import Payloads
from queues.processes import ProcessPool
from queues.pulse import Pulse
from queues.queue import Queue
from queues.reaper import Reaper
from queues.runner import Runner
from queues.schedules.scheduling import Scheduling
from queues.settings import Settings
from queues.sqs import JobQueues
from queues.store import JobStore
from queues.table import create_table
from queues.throttle.cells import Cells
from queues.throttle.rows import LimitRows
from queues.throttle.throttle import Throttle
from queues.webhooks.delivering import deliver_webhooks

if TYPE_CHECKING:
    from queues.observe.json_logs import OnOutput

if TYPE_CHECKING:
    from queues.encryption.sealer import Sealer


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts of one process."""

    settings: Settings
    catalog: Catalog
    clients: Clients
    store: JobStore
    queues: JobQueues
    queue: Queue
    runner: Runner
    reaper: Reaper
    dead_letters: DeadLetterConsumer
    bulk_work: BulkWork
    control: Control
    pauses: Pauses
    processes: ProcessPool
    scheduling: Scheduling
    flowing: Flowing
    payloads: Payloads
    artifact_sweep: ArtifactSweep
    observer: Observer
    workers: WorkerRegistry

    async def create_resources(self) -> None:
        """Makes table and queues where they are missing, and brings the schedules that code declares up to date."""
        await create_table(self.clients.dynamodb, self.settings)
        await self.queues.create(self.catalog)
        await self.scheduling.reconcile(self.catalog, self.runner.endings.clock)

    async def close(self) -> None:
        """Ends the worker processes; the clients belong to the caller."""
        await self.processes.close()
        await self.payloads.close()


def assemble(
    clients: Clients,
    catalog: Catalog,
    settings: Settings,
    *,
    clock: Clock = system_clock,
    random: _random.Random | None = None,
    worker: str | None = None,
    on_metrics: OnMetrics | None = None,
    artifacts: Artifacts | None = None,
    observer: Observer | None = None,
    on_output: OnOutput | None = None,
    sealer: Callable[[], Sealer] | None = None,
) -> Runtime:
    """Wires a process. `random` makes ids and jitter, neither of them secret; tests pass it, and `worker`, a name.

    `on_metrics` takes the lines of metrics that handlers print; without it they are lines of the job's log.
    `artifacts`: a store instead of the one that the settings name, if they name one. `observer` hears of each job;
    without one it is what the settings ask for. `on_output` takes what handlers in worker processes log, besides the
    job's own log. `sealer` makes another sealer.
    """
    source = random or _random.Random()  # noqa: S311 - see above
    # The pid alone may come again after a restart.
    name = worker or f"{socket.gethostname()[:40]}:{os.getpid()}:{source.getrandbits(24):06x}"
    store = JobStore(clients.dynamodb, settings)
    queues = JobQueues(clients.sqs, settings, catalog)
    observer = observer or observer_of(settings)
    debts = Debts(clients.dynamodb, settings, catalog, clock)
    if artifacts is None and settings.artifacts is not None:
        artifacts = Artifacts(settings.artifacts, settings)
    payloads = Payloads(artifacts, catalog.sensitive, sealer or (lambda: _sealer(settings, clock)))
    endings = Endings(store, queues, catalog, settings, clock, source.random, debts, payloads, observer)
    processes = ProcessPool(settings.jobs, size=settings.processes, on_metrics=on_metrics, clock=clock)
    pulse = Pulse(store, queues, clock, round(settings.lease * 1000))
    ids = Ulids(clock, source)
    endpoints = deliver_webhooks(store, queues, catalog, clients.dynamodb, settings, clock, ids, debts)
    attempts = Attempts(processes, settings.processes, on_metrics, endpoints, observer.tracing, on_output, clock)
    rows, bulks = ControlRows(store, clients.dynamodb, settings), BulkStore(clients.dynamodb, settings)
    pauses = Pauses(clients.dynamodb, settings, queues, Switch(clients.lambda_), clock)
    limit_rows = LimitRows(clients.dynamodb, settings.table)
    cells = Cells(limit_rows, name, source.random)
    throttle = Throttle(store, cells, clock, source.random, round(settings.lease * 1000), payloads)
    trail = Trail(clients.dynamodb, settings, clock, ids)
    control = Control(store, rows, bulks, pauses, catalog, clock, ids, endings, limit_rows, trail, payloads)
    flowing = Flowing(clients.dynamodb, settings, control)
    letters = DeadLetterConsumer(endings)
    scheduling = Scheduling(clients.dynamodb, clients.scheduler, queues, settings, store.check_after)
    pauses.while_paused = scheduling.while_paused(endings, bulks)
    return Runtime(
        settings=settings,
        catalog=catalog,
        clients=clients,
        store=store,
        queues=queues,
        queue=Queue(
            *(store, queues, catalog),
            clock=clock,
            new_id=ids,
            scheduling=scheduling,
            control=control,
            flowing=flowing,
            payloads=payloads,
            observer=observer,
        ),
        runner=Runner(endings, pulse, attempts, name, scheduling, throttle),
        reaper=Reaper(endings, pauses.paused),
        dead_letters=letters,
        bulk_work=BulkWork(endings, rows, bulks, name, letters.look_again),
        control=control,
        pauses=pauses,
        processes=processes,
        scheduling=scheduling,
        flowing=flowing,
        payloads=payloads,
        artifact_sweep=ArtifactSweep(store, payloads.artifacts, clock),
        observer=observer,
        workers=WorkerRegistry(clients.dynamodb, settings.table),
    )


def _sealer(settings: Settings, clock: Clock) -> Sealer:
    """Imported when the first sensitive job is met: a cold start is its imports."""
    from queues.encryption.sealer import sealer_of

    return sealer_of(settings, clock)
