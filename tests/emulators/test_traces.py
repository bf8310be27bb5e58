"""A caller's trace, on to the message and each attempt, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

import httpx
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.app import create_app
from api.auth import make_token
from queues import Context, Status, job
from queues.observe.observer import Observer
from queues.observe.tracing import Tracing
from tests.emulators.place import JOBS, SECRET
from tests.emulators.process import Deployment, Process

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CALLER = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=1"}


async def asked(process: Process, headers: dict[str, str]) -> dict[str, Any]:
    """A job that somebody enqueues by HTTP with these headers."""
    app = create_app(process.runtime, secret=SECRET)
    token = make_token(SECRET, tenant="default", subject="tests", scope="jobs:write", expires_in=60)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as api:
        headers = headers | {"Authorization": f"Bearer {token}"}
        answer = await api.post(JOBS, json={"type": "traced", "data": {}}, headers=headers)
    made: dict[str, Any] = answer.raise_for_status().json()
    return made


async def test_a_callers_trace_is_in_the_message_and_goes_on_over_a_retry(deployment: Deployment) -> None:
    @job("traced", attempts=2)
    async def traced(_data: Any, ctx: Context) -> None:
        if ctx.attempt == 1:
            raise ConnectionError("busy")

    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    process = await deployment.process(traced, observer=Observer(tracing=Tracing(provider.get_tracer("test"))))
    queue, sqs = process.runtime.queue, process.runtime.clients.sqs

    made = await queue.get((await asked(process, CALLER))["id"])
    url = await process.runtime.queues.url("traced")
    look = {"QueueUrl": url, "MessageAttributeNames": ["All"], "VisibilityTimeout": 0, "WaitTimeSeconds": 5}
    (message,) = (await sqs.receive_message(**look))["Messages"]
    (enqueued,) = exporter.get_finished_spans()
    assert enqueued.context is not None
    said = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert said == {"traceparent": f"00-{TRACE}-{enqueued.context.span_id:016x}-01", "tracestate": "vendor=1"}

    # The message of the second attempt is one that the reaper has sent, with the context that is in the row.
    assert (await process.run(made)).status is not Status.COMPLETED
    assert (await process.run(made)).status is Status.COMPLETED
    sent, *attempts = exporter.get_finished_spans()
    assert sent.parent is not None
    assert f"{sent.parent.span_id:016x}" == SPAN
    assert [span.name for span in attempts] == ["process traced"] * 2
    assert {f"{span.context.trace_id:032x}" for span in (sent, *attempts) if span.context} == {TRACE}
    assert {span.parent.span_id for span in attempts if span.parent} == {enqueued.context.span_id}
    await process.runtime.close()


async def test_without_tracing_a_message_carries_nothing(deployment: Deployment) -> None:
    @job("traced")
    async def traced(_data: Any) -> None: ...

    process = await deployment.process(traced)
    await asked(process, CALLER)
    url = await process.runtime.queues.url("traced")
    look = {"QueueUrl": url, "MessageAttributeNames": ["All"], "WaitTimeSeconds": 5}
    (message,) = (await process.runtime.clients.sqs.receive_message(**look))["Messages"]
    assert "MessageAttributes" not in message
