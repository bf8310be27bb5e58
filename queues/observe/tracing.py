"""OpenTelemetry: one trace from the enqueueing of a job through each of its attempts to the jobs that they enqueue.

Off unless it is configured, and then nothing of it is imported. The way in writes the W3C context of its span into the
job's row and into its message's attributes. The row is what counts: a message is sent again by the reaper, replaced
after fifteen minutes of delay and made anew by a retry, and the row is read with each claim anyway. The attributes are
for others who look at the queue. An attempt's span is a child of the span that enqueued the job; while it runs it is
the current one, so that what the handler enqueues, or traces by itself, hangs below it.

A worker that is killed takes the span of its attempt along. Whoever ends that attempt as lost tells of it instead.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from queues.job import Job
from queues.observe.aside import Aside
from queues.observe.trace_context import headers_of, sent_by, text_of
from queues.outcome import Settlement
from queues.version import __version__

#: Seconds for which a Lambda function's call waits for its spans to be sent, before it is frozen.
FLUSH_SECONDS = 2.0
#: Seconds for which a process that is ending waits for that.
EXIT_SECONDS = 3.0
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

    @contextmanager
    def starting(self, flow_id: str, tenant: str, steps: int) -> Iterator[None]:
        """Around the start of a flow: its first jobs belong to it, and what follows from their ends to theirs."""
        attributes: dict[str, str | int] = {"jobyard.flow.id": flow_id, "jobyard.flow.steps": steps}
        attributes["jobyard.tenant"] = tenant
        with self._tracer.start_as_current_span("start flow", kind=SpanKind.PRODUCER, attributes=attributes):
            yield

    @contextmanager
    def following(self, job: Job) -> Iterator[None]:
        """Around what follows from a job's end. It stays in the job's trace, whoever sees to it: the attempt itself,
        a round, or a request to cancel the job, which may be of another trace."""
        before = _context(job.trace)
        if _trace_id(before) in (0, _trace_id(contexts.get_current())):
            yield
            return
        with _within(before):
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
    with _within(_context(told)):
        yield


@contextmanager
def _within(context: Context) -> Iterator[None]:
    token = contexts.attach(context)
    try:
        yield
    finally:
        contexts.detach(token)


@contextmanager
def from_caller(parents: Sequence[str], states: Sequence[str]) -> Iterator[None]:
    """In a request with these headers, all of each name: what it enqueues goes on from its caller's span.

    Malformed ones are ignored. So are all where a span is current already: somebody's instrumentation of the server has
    read them, and its span hangs below the caller's.
    """
    here = contexts.get_current()
    caller = here if _trace_id(here) else _W3C.extract(sent_by(parents, states), here)
    if caller is here:
        yield
        return
    with _within(caller):
        yield


def open_tracing() -> Tracing:
    """Tracing by the provider that this process has already, or else by one that sends spans by OTLP over HTTP.

    Misconfigured if the packages for the latter are missing.
    """
    provider, aside = trace.get_tracer_provider(), _aside()
    if isinstance(provider, trace.ProxyTracerProvider):
        from queues.observe.otlp import open_provider

        made = open_provider()
        trace.set_tracer_provider(made)
        atexit.register(aside.do, made.shutdown, EXIT_SECONDS)
        provider = made
    return Tracing(provider.get_tracer("jobyard", __version__), _flush_of(provider, aside))


@cache
def _aside() -> Aside:
    """One a process, however often traces are opened in it."""
    return Aside("jobyard-spans")


def _flush_of(provider: TracerProvider, aside: Aside) -> Callable[[], object]:
    """Waits for what has not been sent, for FLUSH_SECONDS; not at all while it has waited for nothing before."""
    flush = getattr(provider, "force_flush", None)
    if flush is None:
        return lambda: None
    return lambda: aside.is_free and aside.do(lambda: flush(round(FLUSH_SECONDS * 1000)), FLUSH_SECONDS)


def _trace_id(context: Context) -> int:
    """That of its span; 0 if it has none."""
    return trace.get_current_span(context).get_span_context().trace_id


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
