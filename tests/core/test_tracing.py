"""Traces: from the way in through every attempt, with OpenTelemetry's own SDK; and nothing of it when it is off."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from queues import Concurrency, Context, Discard, NewJob, Status
from queues.catalog import Catalog
from queues.control.job_filter import JobFilter
from queues.lambda_environment import LambdaEnvironment
from queues.observe.observer import Observer, traces_are_on
from queues.observe.trace_context import headers_of, text_of
from queues.observe.tracing import Tracing
from queues.settings import Settings
from tests.cli.house import CHECKOUT, environment
from tests.core.house import LEASE, MINUTE, House, Order, Process, housed, outcomes
from tests.core.limited import catalog
from tests.house.test_permissions import lose


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    found = InMemorySpanExporter()
    yield found
    found.shutdown()


def traced(house: House, exporter: InMemorySpanExporter, types: Catalog | None = None) -> Process:
    """A process that is traced, and is the house's first from now on."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    house.observer = Observer(tracing=Tracing(provider.get_tracer("test")))
    house.first = house.process(types)
    house.observer = None
    return house.first


def spans(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    """In the order of their ends."""
    return list(exporter.get_finished_spans())


def parent(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


@housed
async def test_one_trace_from_enqueue_through_attempts_to_children(
    house: House, exporter: InMemorySpanExporter
) -> None:
    process = traced(house, exporter)

    async def begets(_order: Order, ctx: Context) -> None:
        if ctx.attempt == 1:
            raise ValueError("the data of a customer")
        await process.runtime.queue.enqueue("other", {})

    house.handlers["work"] = begets
    await house.queue.enqueue("work", {}, job_id="one")
    await house.deliver()
    await asyncio.sleep(10)
    await house.deliver()
    await house.deliver("other")
    sent, first, child_sent, second, child = spans(exporter)
    assert [one.name for one in (sent, first, second, child_sent, child)] == [
        "enqueue work",
        "process work",
        "process work",
        "enqueue other",
        "process other",
    ]
    assert len({one.context.trace_id for one in spans(exporter)}) == 1
    assert parent(first) == parent(second) == sent.context.span_id
    assert parent(child_sent) == second.context.span_id
    assert parent(child) == child_sent.context.span_id
    assert (sent.kind, first.kind) == (SpanKind.PRODUCER, SpanKind.CONSUMER)
    told = dict(first.attributes or {})
    assert told["messaging.system"] == "aws_sqs"
    assert (told["jobyard.job.id"], told["jobyard.attempt"], told["jobyard.tenant"]) == ("one", 1, "default")
    assert (told["jobyard.outcome"], told["jobyard.job.status"], told["error.type"]) == (
        *("failed", "waiting"),
        "ValueError",
    )
    assert (first.status.status_code, second.status.status_code) == (StatusCode.ERROR, StatusCode.UNSET)
    assert "customer" not in str([one.to_json() for one in spans(exporter)])


@housed
async def test_the_message_carries_it_for_others(house: House, exporter: InMemorySpanExporter) -> None:
    traced(house, exporter)
    await house.queue.enqueue("work", {})
    await house.queue.enqueue_many([NewJob("work", {})] * 3)
    one, many = spans(exporter)
    assert (many.attributes or {})["messaging.batch.message_count"] == 3
    reply = await house.sqs.receive_message(
        QueueUrl=await house.runtime.queues.url("work"), MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    told = [message["MessageAttributes"]["traceparent"]["StringValue"] for message in reply["Messages"]]
    assert sorted(told) == sorted(
        [
            f"00-{s.context.trace_id:032x}-{s.context.span_id:016x}-{s.context.trace_flags:02x}"
            for s in (one, *[many] * 3)
        ]
    )


@housed
async def test_a_message_that_is_lost_and_one_that_is_replaced_keep_the_trace(
    house: House, exporter: InMemorySpanExporter
) -> None:
    traced(house, exporter)
    await house.queue.enqueue("work", {}, job_id="lost")
    await house.queue.enqueue("work", {}, job_id="late", delay=2_000)
    url = await house.runtime.queues.url("work")
    await house.sqs.purge_queue(QueueUrl=url)
    await asyncio.sleep(MINUTE)
    async with house.working():
        await asyncio.sleep(40 * MINUTE)
    for job_id in ("lost", "late"):
        assert (await house.queue.get(job_id)).status is Status.COMPLETED
    sent = {one.context.span_id for one in spans(exporter) if one.name == "enqueue work"}
    assert {parent(one) for one in spans(exporter) if one.name == "process work"} == sent


@housed
async def test_the_messages_of_a_retry_of_many_carry_it(house: House, exporter: InMemorySpanExporter) -> None:
    async def fails(_order: Order, _ctx: Context) -> None:
        raise Discard("no")

    house.handlers["work"] = fails
    traced(house, exporter)
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    await house.queue.retry_many(JobFilter())
    assert await house.runtime.bulk_work.round() == 1
    reply = await house.sqs.receive_message(
        QueueUrl=await house.runtime.queues.url("work"), MessageAttributeNames=["All"]
    )
    (message,) = reply["Messages"]
    assert message["MessageAttributes"]["traceparent"]["StringValue"] == (await house.queue.get(made.id)).trace


@housed
async def test_an_attempt_whose_process_was_killed_is_told_by_who_ends_it(
    house: House, exporter: InMemorySpanExporter
) -> None:
    traced(house, exporter)
    made = await house.queue.enqueue("work", {}, attempts=1)
    await lose(house, made)
    began = house.loop.epoch_ms()
    await asyncio.sleep(LEASE + 6)
    await house.maintain()
    assert outcomes(await house.queue.get(made.id)) == ["lost"]
    sent, lost = spans(exporter)
    assert parent(lost) == sent.context.span_id
    assert (lost.attributes or {})["jobyard.outcome"] == "lost"
    assert lost.start_time == began * 1_000_000
    assert lost.end_time is not None
    assert lost.end_time - lost.start_time >= LEASE * 10**9


@housed
async def test_an_attempt_of_a_type_with_limits_is_observed_like_any_other(
    house: House, exporter: InMemorySpanExporter
) -> None:
    process = traced(house, exporter, catalog(house, Concurrency(1)))
    observer, current = process.runtime.observer, list[int]()

    async def looks(_order: Order, _ctx: Context) -> None:
        current.append(trace.get_current_span().get_span_context().span_id)

    house.handlers["work"] = looks
    await house.queue.enqueue("work", {})
    await house.deliver()
    (one,) = [span for span in spans(exporter) if span.name == "process work"]
    assert current == [one.context.span_id]
    (counts,) = observer.meter.take().values()
    assert (counts.started, counts.completed) == (1, 1)


@housed
async def test_a_process_that_is_not_traced_hands_the_trace_on(house: House, exporter: InMemorySpanExporter) -> None:
    plain = house.first
    traced(house, exporter)
    await house.queue.enqueue("work", {}, job_id="a")
    await plain.deliver()
    job = await house.queue.get("a")
    assert job.status is Status.COMPLETED
    assert job.trace is not None
    assert job.trace.startswith("00-")
    assert [one.name for one in spans(exporter)] == ["enqueue work"]


@housed
async def test_off_is_off(house: House) -> None:
    """No attribute, no message attribute, no import."""
    await house.queue.enqueue("work", {}, job_id="a")
    item = await house.dynamodb.get_item(
        TableName=house.settings.table, Key={"pk": {"S": "job#default#a"}, "sk": {"S": "job"}}
    )
    assert "trace" not in item["Item"]
    reply = await house.sqs.receive_message(
        QueueUrl=await house.runtime.queues.url("work"), MessageAttributeNames=["All"]
    )
    assert "MessageAttributes" not in reply["Messages"][0]


def test_off_imports_nothing_of_it() -> None:
    code = "import sys, queues.runtime, queues.child; print([n for n in sys.modules if n.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, env=environment())
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("switch", "variables", "on"),
    [
        (None, {}, False),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        (True, {}, True),
        (False, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, False),
    ],
)
def test_what_switches_it_on(switch: bool | None, variables: dict[str, str], on: bool) -> None:
    assert traces_are_on(Settings(otel=switch), variables) is on


@pytest.mark.parametrize(
    "headers", [{}, {"traceparent": "00-a-b-01"}, {"traceparent": "00-a-b-01", "tracestate": "x=1,y=2"}]
)
def test_a_context_as_one_text(headers: dict[str, str]) -> None:
    told: Any = text_of(headers)
    assert (headers_of(told) if told else {}) == headers


def test_a_function_sends_its_spans_before_it_answers() -> None:
    sent: list[str] = []
    observer = Observer(
        tracing=Tracing(TracerProvider(shutdown_on_exit=False).get_tracer("test"), lambda: sent.append("all"))
    )

    async def work(_runtime: Any) -> str:
        return f"answered after {len(sent)}"

    environment = LambdaEnvironment()
    environment._runtime = SimpleNamespace(observer=observer)  # type: ignore[assignment]
    assert environment.run(work) == "answered after 0"
    assert sent == ["all"]
    assert environment._loop is not None
    environment._loop.close()
