"""What a collector receives of a real server, over a real wire; and what becomes of jobs when there is no collector.

One server for both: the collector goes away under it.
"""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queues.observe.otlp import LOGGERS
from queues.version import __version__
from tests.cli.house import LIMIT, Running, up
from tests.processes.collector import Collector, collecting

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
JOBS = "/api/v1/jobs"
#: Jobs that are done without a collector: more spans than there is room for.
MANY = 300
ROOM = 100
#: Seconds for which the exporter tries to send a batch: whoever waited for it would take as long. Half of them are
#: plenty for whoever does not.
EXPORT_SECONDS = 30


def run_the_family(api: httpx.Client, house: Running) -> dict[str, str]:
    """A job that is retried once, and its child; answers their ids."""
    caller = {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "vendor=1"}
    body = {"type": "parent", "data": {"endpoint": house.ready["aws"]}}
    made = api.post(JOBS, json=body, headers=caller).raise_for_status().json()
    parent = api.get(f"{JOBS}/{made['id']}", params={"wait": 20}).raise_for_status().json()
    assert parent["status"] == "completed", parent
    child = api.get(f"{JOBS}/{parent['result']}", params={"wait": 20}).raise_for_status().json()
    assert child["status"] == "completed", child
    return {"parent": parent["id"], "child": child["id"]}


def check_spans(collector: Collector, ids: dict[str, str]) -> None:
    found = collector.wait_for(5)
    (sent,), (child_sent,), (child,) = (found[name] for name in ("enqueue parent", "enqueue child", "process child"))
    first, second = found["process parent"]
    family = (sent, first, second, child_sent, child)
    assert {received.span.trace_id.hex() for received in family} == {TRACE}
    assert {received.span.trace_state for received in family} == {"vendor=1"}
    assert len(collector.spans) == 5, [received.span.name for received in collector.spans]
    parents = [received.span.parent_span_id for received in family]
    mine = (sent.span.span_id, sent.span.span_id, second.span.span_id, child_sent.span.span_id)
    assert parents == [bytes.fromhex(CALLER), *mine]
    kinds = [received.span.kind for received in family]
    assert kinds == [
        getattr(Span, f"SPAN_KIND_{kind}") for kind in ("PRODUCER", *["CONSUMER"] * 2, "PRODUCER", "CONSUMER")
    ]
    assert sent.attributes == {
        "messaging.system": "aws_sqs",
        "messaging.destination.name": "parent",
        "messaging.operation.type": "send",
        "messaging.operation.name": "enqueue",
        "jobyard.job.type": "parent",
        "jobyard.tenant": "default",
    }
    attempt = {
        "messaging.system": "aws_sqs",
        "messaging.destination.name": "parent",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.message.id": ids["parent"],
        "jobyard.job.type": "parent",
        "jobyard.job.id": ids["parent"],
        "jobyard.tenant": "default",
    }
    failed = {"jobyard.outcome": "failed", "jobyard.job.status": "waiting", "error.type": "ConnectionError"}
    assert first.attributes == attempt | {"jobyard.attempt": 1} | failed
    done = {"jobyard.outcome": "completed", "jobyard.job.status": "completed"}
    assert second.attributes == attempt | {"jobyard.attempt": 2} | done
    assert (child.attributes["jobyard.job.id"], child.attributes["jobyard.outcome"]) == (ids["child"], "completed")
    assert (first.span.status.code, first.span.status.message) == (Status.STATUS_CODE_ERROR, "ConnectionError")
    assert second.span.status.code == Status.STATUS_CODE_UNSET
    assert all(0 < received.span.start_time_unix_nano <= received.span.end_time_unix_nano for received in family)
    for received in family:
        assert received.scope == ("jobyard", __version__)
        assert received.resource["service.name"] == "jobyard"
        assert received.resource["deployment.environment.name"] == "test"
        assert received.resource["telemetry.sdk.language"] == "python"
        assert b"customer" not in received.span.SerializeToString(), "what an error says may be a customer's"
    ((content, agent),) = collector.requests
    assert content == "application/x-protobuf"
    assert agent.startswith("OTel-OTLP-Exporter-Python/")


def run_many(api: httpx.Client) -> float:
    """Seconds that many jobs take."""
    began = time.monotonic()
    bodies = [{"type": "child", "data": {}} for _ in range(MANY)]
    made = api.post(f"{JOBS}/batch", json=bodies).raise_for_status().json()["jobs"]
    for job in made:
        ended = api.get(f"{JOBS}/{job['id']}", params={"wait": 20}).raise_for_status().json()
        assert (ended["status"], ended["attempts"]) == ("completed", 1)
    return time.monotonic() - began


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry's own variables: batches soon, and little room."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", str(ROOM))
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", str(ROOM))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", str(EXPORT_SECONDS))
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")


def test_a_collector_receives_the_whole_trace_and_is_not_missed_when_it_is_gone(tmp_path: Path) -> None:
    with ExitStack() as stack:
        with collecting() as collector:
            jobs = "tests.processes.traced_jobs"
            house: Running = stack.enter_context(up(tmp_path, jobs, OTEL_EXPORTER_OTLP_ENDPOINT=collector.address))
            headers = {"Authorization": f"Bearer {house.ready['token']}"}
            api = stack.enter_context(httpx.Client(base_url=house.ready["api"], headers=headers, timeout=LIMIT))
            check_spans(collector, run_the_family(api, house))
        assert run_many(api) < EXPORT_SECONDS / 2
        began = time.monotonic()
        house.signal(signal.SIGTERM)
        _, log = house.process.communicate(timeout=LIMIT)
        assert house.process.returncode == 0
        assert time.monotonic() - began < EXPORT_SECONDS / 2
        remarks = [line for line in log.splitlines() if any(name in line for name in LOGGERS)]
        # It is tried again, it is given up, there is no room: one line each.
        assert 1 <= len(remarks) <= 3, remarks
        assert "Traceback" not in log
