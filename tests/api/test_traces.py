"""A request with a `traceparent`: its jobs, their attempts and their children are in the caller's trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.app import create_app
from api.auth import make_token
from api.traced import Traced
from queues import Context, Discard, Status
from tests.api.conftest import SECRET
from tests.core.house import House, Order, Process, housed
from tests.core.test_tracing import parent, spans, traced

ROOT = "/api/v1/jobs"
TRACE, SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
CALLER = {"traceparent": f"00-{TRACE:032x}-{SPAN:016x}-01", "tracestate": "vendor=1"}


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    found = InMemorySpanExporter()
    yield found
    found.shutdown()


@asynccontextmanager
async def api_of(house: House, process: Process) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(process.runtime, secret=SECRET, clock=house.loop.epoch_ms)
    rights, clock = "jobs:read jobs:write", house.loop.epoch_ms
    token = make_token(SECRET, tenant="default", subject="ada", scope=rights, expires_in=360_000, clock=clock)
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as api:
        yield api


def named(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in spans(exporter) if span.name == name]


def ids(found: list[ReadableSpan]) -> set[int]:
    return {span.context.span_id for span in found}


def parents(found: list[ReadableSpan]) -> set[int | None]:
    return {parent(span) for span in found}


def assert_all_in_the_callers_trace(exporter: InMemorySpanExporter) -> None:
    assert {span.context.trace_id for span in spans(exporter)} == {TRACE}
    assert {span.context.trace_state.to_header() for span in spans(exporter)} == {"vendor=1"}


@housed
async def test_a_job_its_attempts_and_its_child_go_on_from_the_caller(
    house: House, exporter: InMemorySpanExporter
) -> None:
    process = traced(house, exporter)

    async def begets(_order: Order, ctx: Context) -> None:
        if ctx.attempt == 1:
            raise ValueError
        await process.runtime.queue.enqueue("other", {})

    house.handlers["work"] = begets
    async with api_of(house, process) as api:
        assert (await api.post(ROOT, json={"type": "work", "data": {}}, headers=CALLER)).status_code == 202
        await house.deliver()
        await asyncio.sleep(10)
        await house.deliver()
        await house.deliver("other")
    (sent,), attempts = named(exporter, "enqueue work"), named(exporter, "process work")
    (child_sent,), (child,) = named(exporter, "enqueue other"), named(exporter, "process other")
    assert (sent.parent.is_remote if sent.parent else None) is True
    assert parent(sent) == SPAN
    assert len(attempts) == 2
    assert parents(attempts) == {sent.context.span_id}
    assert parent(child_sent) == attempts[1].context.span_id
    assert parent(child) == child_sent.context.span_id
    assert_all_in_the_callers_trace(exporter)


@housed
async def test_every_way_in_goes_on_from_its_caller(house: House, exporter: InMemorySpanExporter) -> None:
    process = traced(house, exporter)
    one = {"type": "work", "data": {}}
    async with api_of(house, process) as api:
        for path, body in (
            ("", one | {"options": {"jobId": "old"}}),
            ("/batch", [one] * 3),
            ("/schedule", one | {"delay": 1_000}),
        ):
            assert (await api.post(ROOT + path, json=body, headers=CALLER)).status_code == 202
        await asyncio.sleep(1)
        await house.deliver()
        assert parents(named(exporter, "enqueue work")) == {SPAN}
        assert parents(named(exporter, "process work")) == ids(named(exporter, "enqueue work"))
        assert len(named(exporter, "process work")) == 5
        assert_all_in_the_callers_trace(exporter)
        exporter.clear()
        assert (await api.post(f"{ROOT}/old/replay", json={}, headers=CALLER)).status_code == 202
        await house.deliver()
    ((sent,), (again,)) = named(exporter, "enqueue work"), named(exporter, "process work")
    assert (parent(sent), parent(again)) == (SPAN, sent.context.span_id)
    assert_all_in_the_callers_trace(exporter)


@housed
async def test_a_flow_goes_on_from_its_caller_to_its_last_step(house: House, exporter: InMemorySpanExporter) -> None:
    process = traced(house, exporter)
    steps = [{"type": name, "data": {}} for name in ("work", "other")]
    async with api_of(house, process) as api:
        answer = await api.post(f"{ROOT}/flows", json={"steps": [{"chain": steps}]}, headers=CALLER)
        assert answer.status_code == 202, answer.text
        await house.deliver()
        await house.deliver("other")
    (start,), (first,), (last,) = (named(exporter, name) for name in ("start flow", "process work", "process other"))
    assert (parent(start), parent(first), parent(last)) == (SPAN, start.context.span_id, first.context.span_id)
    assert dict(start.attributes or {})["jobyard.flow.steps"] == 2
    assert_all_in_the_callers_trace(exporter)


@housed
async def test_a_flow_stays_in_its_trace_whoever_cancels_a_step(house: House, exporter: InMemorySpanExporter) -> None:
    process = traced(house, exporter)
    steps = [{"type": name, "data": {}} for name in ("work", "other")]
    body = {"steps": [{"chain": steps}], "flowId": "f", "onFailure": "continue"}
    async with api_of(house, process) as api:
        assert (await api.post(f"{ROOT}/flows", json=body, headers=CALLER)).status_code == 202
        shown = (await api.get(f"{ROOT}/flows/f")).json()
        job_id = shown["steps"][0]["jobId"]
        elsewhere = {"traceparent": CALLER["traceparent"].replace("0af7", "1111")}
        assert (await api.delete(f"{ROOT}/{job_id}", headers=elsewhere)).status_code == 200
        await house.deliver("other")
    (start,), (last,) = named(exporter, "start flow"), named(exporter, "process other")
    assert parent(last) == start.context.span_id
    assert_all_in_the_callers_trace(exporter)


@housed
async def test_a_retry_by_hand_stays_in_the_jobs_own_trace(house: House, exporter: InMemorySpanExporter) -> None:
    process = traced(house, exporter)

    async def fails_once(_order: Order, ctx: Context) -> None:
        if ctx.attempt == 1:
            raise Discard("no")

    house.handlers["work"] = fails_once
    async with api_of(house, process) as api:
        body = {"type": "work", "data": {}, "options": {"jobId": "a"}}
        assert (await api.post(ROOT, json=body, headers=CALLER)).status_code == 202
        await house.deliver()
        assert (await api.post(f"{ROOT}/a/retry")).status_code == 202
        reply = await house.sqs.receive_message(
            QueueUrl=await house.runtime.queues.url("work"), VisibilityTimeout=0, MessageAttributeNames=["All"]
        )
        (message,) = reply["Messages"]
        assert f"{TRACE:032x}" in message["MessageAttributes"]["traceparent"]["StringValue"]
        assert message["MessageAttributes"]["tracestate"]["StringValue"] == "vendor=1"
        await house.deliver()
    assert (await house.queue.get("a")).status is Status.COMPLETED
    assert parents(named(exporter, "process work")) == ids(named(exporter, "enqueue work"))
    assert_all_in_the_callers_trace(exporter)


@housed
async def test_malformed_headers_are_as_none(house: House, exporter: InMemorySpanExporter) -> None:
    process = traced(house, exporter)
    body = {"type": "work", "data": {}}
    async with api_of(house, process) as api:
        for sent in ({"traceparent": "00-nonsense"}, {"tracestate": "vendor=1"}, {}):
            assert (await api.post(ROOT, json=body, headers=sent)).status_code == 202
        twice = [("traceparent", CALLER["traceparent"])] * 2
        assert (await api.post(ROOT, json=body, headers=twice)).status_code == 202
    found = named(exporter, "enqueue work")
    assert parents(found) == {None}
    assert len({span.context.trace_id for span in found}) == 4


@housed
async def test_a_caller_that_is_not_sampled_is_followed_in_silence(
    house: House, exporter: InMemorySpanExporter
) -> None:
    process = traced(house, exporter)
    quiet = {"traceparent": CALLER["traceparent"][:-2] + "00"}
    async with api_of(house, process) as api:
        body = {"type": "work", "data": {}, "options": {"jobId": "a"}}
        assert (await api.post(ROOT, json=body, headers=quiet)).status_code == 202
        await house.deliver()
    assert spans(exporter) == []
    assert str((await house.queue.get("a")).trace).startswith(f"00-{TRACE:032x}-")


@housed
async def test_it_costs_nothing_where_traces_are_off(house: House) -> None:
    app = create_app(house.runtime, secret=SECRET, clock=house.loop.epoch_ms)
    assert Traced not in [layer.cls for layer in app.user_middleware]
    async with api_of(house, house.first) as api:
        body = {"type": "work", "data": {}, "options": {"jobId": "a"}}
        assert (await api.post(ROOT, json=body, headers=CALLER)).status_code == 202
    assert (await house.queue.get("a")).trace is None


async def _later() -> Any:
    raise AssertionError("no request comes")


@pytest.mark.parametrize("on", [False, True])
def test_a_function_knows_it_before_its_first_request(on: bool) -> None:
    app = create_app(_later, secret=SECRET, traced=on)
    layers = [layer.cls for layer in app.user_middleware]
    assert (Traced in layers) is on
    assert layers[0] is not Traced, "who has no token is refused first"
