"""OpenTelemetry: one trace from the enqueueing of a job through each of its attempts to the jobs that they enqueue.

Off unless it is configured, and then nothing of it is imported. The way in writes the W3C context of its span into the
job's row and into its message's attributes. The row is what counts: a message is sent again by the reaper, replaced
after fifteen minutes of delay and made anew by a retry, and the row is read with each claim anyway. The attributes are
for others who look at the queue. An attempt's span is a child of the span that enqueued the job; while it runs it is
the current one, so that what the handler enqueues, or traces by itself, hangs below it.

A worker that is killed takes the span of its attempt along. Whoever ends that attempt as lost tells of it instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from queues.errors import Misconfigured
from queues.job import Job
from queues.observe.trace_context import headers_of, text_of
from queues.outcome import Settlement
from queues.version import __version__

#: Milliseconds that an environment of Lambda may take to send its spans before it is frozen.
FLUSH_MILLISECONDS = 2_000
_W3C = TraceContextTextMapPropagator()
_NANOSECONDS = 1_000_000


class Tracing:
    """Makes the spans of one process. `flush` sends what has not been sent."""

    def __init__(self, tracer: Tracer, flush: Callable[[], object] = lambda: None):
        self._tracer, self.flush = tracer, flush
        #: (tenant, job id, attempt) of each attempt that runs here.
        self._running: dict[tuple[str, str, int], Span] = {}

    @contextmanager
    def sending(self, type_name: str, tenant: str, count: int = 1) -> Iterator[None]:
        """Around the enqueueing of one job, or of `count` in one call: what is built within belongs to it."""
        attributes: dict[str, str | int] = _common(type_name, tenant) | {
            "messaging.operation.type": "send",
            "messaging.operation.name": "enqueue",
        }
        if count > 1:
            attributes["messaging.batch.message_count"] = count
        with self._tracer.start_as_current_span(f"enqueue {type_name}", kind=SpanKind.PRODUCER, attributes=attributes):
            yield

    def here(self) -> str | None:
        """The current span's W3C context as a job carries it; None if there is no span."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return text_of(carrier)

    @contextmanager
    def attempt(self, job: Job) -> Iterator[None]:
        """Around an attempt: the job as it was claimed."""
        with self._tracer.start_as_current_span(
            f"process {job.type}", _context(job.trace), SpanKind.CONSUMER, _of_attempt(job)
        ) as span:
            key = (job.tenant, job.id, job.attempt)
            self._running[key] = span
            try:
                yield
            finally:
                del self._running[key]

    def ended(self, job: Job, fate: Settlement, now: int) -> None:
        """What an attempt came to, here or in a process that is no more; `now` in epoch ms."""
        span = self._running.get((job.tenant, job.id, job.attempt))
        if span is not None:
            _finish(span, fate)
            return
        start = (job.started_at or now) * _NANOSECONDS
        span = self._tracer.start_span(
            f"process {job.type}", _context(job.trace), SpanKind.CONSUMER, _of_attempt(job), start_time=start
        )
        _finish(span, fate)
        span.end(now * _NANOSECONDS)


@contextmanager
def within(told: str) -> Iterator[None]:
    """In a worker process: what its handler does belongs to the span of the attempt, which is the parent's."""
    token = contexts.attach(_context(told))
    try:
        yield
    finally:
        contexts.detach(token)


def open_tracing() -> Tracing:
    """Tracing by the provider that this process has already, or else by one that sends spans by OTLP over HTTP.

    Misconfigured if the packages for the latter are missing.
    """
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise Misconfigured(
                f"traces are on, but {error.name} is not installed: pip install 'jobyard[otel]', or set JOBYARD_OTEL=0"
            ) from None
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come before this name.
        named = os.environ.get("OTEL_SERVICE_NAME") or "jobyard"
        made = TracerProvider(resource=Resource.create({"service.name": named}))
        made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(made)
        provider = made
    flush = getattr(provider, "force_flush", None)
    tracer = provider.get_tracer("jobyard", __version__)
    return Tracing(tracer, lambda: flush(FLUSH_MILLISECONDS) if flush is not None else None)


def _context(told: str | None) -> Context:
    """The remote context that a job carries; an empty one if it carries none, so that nothing else is its parent."""
    if told is None:
        return Context()
    return _W3C.extract(headers_of(told), Context())


def _common(type_name: str, tenant: str) -> dict[str, str | int]:
    return {
        "messaging.system": "aws_sqs",
        "messaging.destination.name": type_name,
        "jobyard.job.type": type_name,
        "jobyard.tenant": tenant,
    }


def _of_attempt(job: Job) -> dict[str, str | int]:
    return _common(job.type, job.tenant) | {
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.message.id": job.id,
        "jobyard.job.id": job.id,
        "jobyard.attempt": job.attempt,
    }


def _finish(span: Span, fate: Settlement) -> None:
    span.set_attribute("jobyard.outcome", fate.outcome)
    span.set_attribute("jobyard.job.status", fate.status.value)
    if fate.error is not None and fate.outcome != "cancelled":
        # The class alone: a message may quote a job's data, and traces go to others.
        span.set_attribute("error.type", fate.error.type)
        span.set_status(Status(StatusCode.ERROR, fate.error.type))
