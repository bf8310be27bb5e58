"""What the way in and the way out tell of each job: counted always, traced if tracing is configured."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from queues.cold_start import FUNCTION_NAME
from queues.job import Job
from queues.observe.meter import Counts, Meter, Subject
from queues.outcome import Settlement
from queues.settings import Settings

if TYPE_CHECKING:
    from queues.observe.tracing import Tracing

#: Variables of OpenTelemetry itself that switch traces on, as JOBYARD_OTEL=1 does.
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@dataclass(frozen=True, slots=True)
class Observer:
    """One a process."""

    meter: Meter = field(default_factory=Meter)
    #: None: traces are off.
    tracing: Tracing | None = None
    #: Tells what was counted at the end of a Lambda function's call; None: nobody is told.
    tell: Callable[[Mapping[Subject, Counts]], None] | None = None

    def sending(self, job: Job) -> AbstractContextManager[None]:
        """Around the making of a job by another way than enqueueing it."""
        return nullcontext() if self.tracing is None else self.tracing.sending(job.type, job.tenant)

    def starting(self, flow_id: str, tenant: str, steps: int) -> AbstractContextManager[None]:
        """Around the start of a flow with so many steps."""
        return nullcontext() if self.tracing is None else self.tracing.starting(flow_id, tenant, steps)

    def following(self, job: Job) -> AbstractContextManager[None]:
        """Around what follows from a job's end, whoever sees to it."""
        return nullcontext() if self.tracing is None else self.tracing.following(job)

    def started(self, job: Job) -> None:
        """An attempt has begun: the job as it was claimed."""
        self.meter.started(job)

    def ended(self, job: Job, fate: Settlement, now: int) -> None:
        """An attempt's end is written: the job as it was before, and what became of it at `now` (epoch ms)."""
        self.meter.ended(job, fate, now)
        if self.tracing is not None:
            self.tracing.ended(job, fate, now)

    def flush(self) -> None:
        """Tells what has not been told: at the end of a Lambda function's call."""
        if self.tell is not None:
            self.tell(self.meter.take())
        if self.tracing is not None:
            self.tracing.flush()


def observer_of(settings: Settings, environment: Mapping[str, str] = os.environ) -> Observer:
    """What the settings ask for. Misconfigured if traces are on and what they need is not installed."""
    tracing = None
    if traces_are_on(settings, environment):
        from queues.observe.tracing import open_tracing

        tracing = open_tracing()
    tell = None
    if FUNCTION_NAME in environment and settings.metrics in ("types", "tenants"):
        from queues.observe.emf import print_metrics

        tell = partial(print_metrics, settings.prefix)
    return Observer(Meter(by_tenant=settings.metrics == "tenants"), tracing, tell)


def traces_are_on(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether JOBYARD_OTEL says so, or else whether OpenTelemetry has been told where to send traces."""
    if settings.otel is not None:
        return settings.otel
    return any(environment.get(name) for name in ENDPOINTS)
