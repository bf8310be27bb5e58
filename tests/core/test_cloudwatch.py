"""What CloudWatch is told: once a minute by a process that stays, at the end of a call by a Lambda function."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from infra.local.cloudwatch import emf_metrics
from infra.worker import Worker
from queues.observe.cloudwatch import MAX_DATA, MAX_VALUES, NAMESPACE, data
from queues.observe.emf import print_metrics
from queues.observe.meter import Counts, Meter, Subject
from queues.observe.observer import observer_of
from queues.observe.publisher import INTERVAL, Publisher
from queues.settings import Settings
from tests.core.house import House, Process, Wire, housed


def counted(*, waits: int = 0, **counters: int) -> Counts:
    found = Counts(**counters)
    for wait in range(waits):
        found.wait.add(wait)
    return found


async def total(house: House, metric: str, **dimensions: str) -> tuple[float, float] | None:
    """Sum and sample count of a metric, as CloudWatch has it."""
    now = datetime.fromtimestamp(house.loop.epoch_ms() / 1000, UTC)
    reply = await house.engine.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7_200,
        Statistics=["Sum", "SampleCount"],
    )
    return (reply["Datapoints"][0]["Sum"], reply["Datapoints"][0]["SampleCount"]) if reply["Datapoints"] else None


def measuring(house: House, metrics: str) -> tuple[Process, Worker, Wire]:
    process = house.process()
    cloudwatch = Wire(house.engine.client("cloudwatch"))
    settings = house.settings.model_copy(update={"metrics": metrics})
    clients = replace(process.runtime.clients, cloudwatch=cloudwatch)
    process.runtime = replace(process.runtime, clients=clients, settings=settings)
    return process, Worker(process.runtime, rounds=False, clock=house.loop.epoch_ms), cloudwatch


@housed
async def test_a_worker_sends_what_it_has_counted_each_minute_and_at_its_end(house: House) -> None:
    process, worker, cloudwatch = measuring(house, "types")
    await worker.start()
    for _ in range(3):
        await process.runtime.queue.enqueue("work", {})
    await asyncio.sleep(INTERVAL + 1)
    of_type = {"service": "jobyard", "type": "work"}
    assert await total(house, "JobsCompleted", **of_type) == (3, 1)
    assert (await total(house, "RunTime", **of_type) or (0, 0))[1] == 3
    assert await total(house, "JobsFailed", **of_type) is None
    # A minute in which nothing happens is no request.
    await asyncio.sleep(3 * INTERVAL)
    assert cloudwatch.calls["put_metric_data"] == 1
    await process.runtime.queue.enqueue("work", {})
    await asyncio.sleep(1)
    await worker.stop(0)
    assert await total(house, "JobsEnqueued", **of_type) == (4, 2)


@housed
async def test_off_sends_nothing(house: House) -> None:
    process, worker, cloudwatch = measuring(house, "off")
    await worker.start()
    await process.runtime.queue.enqueue("work", {})
    await asyncio.sleep(2 * INTERVAL)
    await worker.stop(0)
    assert not cloudwatch.calls


@housed
async def test_what_cloudwatch_does_not_take_is_sent_with_the_next(house: House) -> None:
    cloudwatch, meter = Wire(house.engine.client("cloudwatch")), Meter()
    publisher = Publisher(cloudwatch, meter, "jobyard", house.loop.epoch_ms)
    job: Any = await house.queue.enqueue("work", {})
    meter.enqueued(job)
    cloudwatch.fail("put_metric_data", EndpointConnectionError(endpoint_url="http://nowhere"))
    await publisher.send()
    assert await total(house, "JobsEnqueued", service="jobyard", type="work") is None
    meter.enqueued(job)
    await publisher.send()
    assert await total(house, "JobsEnqueued", service="jobyard", type="work") == (2, 2)


def test_tenants_stand_beside_their_type() -> None:
    counts = {Subject("work", "acme"): counted(completed=2), Subject("work", "rival"): counted(completed=3)}
    found = {
        tuple(one["Value"] for one in datum["Dimensions"]): datum["Values"] for datum in data(counts, "jobyard", 0)
    }
    assert found == {
        ("jobyard", "work", "acme"): [2],
        ("jobyard", "work", "rival"): [3],
        ("jobyard", "work"): [5],
    }


def test_no_datum_and_no_request_is_too_large() -> None:
    counts = Counts()
    for power in range(7):
        for digits in range(10, 100):
            counts.run.add(digits * 10**power)
    found = data({Subject("work"): counts}, "jobyard", 0)
    assert max(len(datum["Values"]) for datum in found) <= MAX_VALUES
    assert sum(sum(datum["Counts"]) for datum in found) == 630
    # AWS's bound of a request, with names and dimensions of the longest.
    assert MAX_DATA * (MAX_VALUES * 16 + 500) < 1_048_576


def test_lines_of_a_function(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {Subject("work", "acme"): counted(enqueued=2, waits=250)}
    print_metrics("jobyard", counts)
    lines = capsys.readouterr().out.splitlines()
    found: dict[tuple[str, tuple[str, ...]], list[float]] = {}
    for line in lines:
        # As the embedded CloudWatch reads them.
        for datum in emf_metrics(line):
            key = (datum.metric.name, tuple(sorted(dict(datum.metric.dimensions))))
            found.setdefault(key, []).append(datum.summary.count)
            assert datum.metric.namespace == NAMESPACE
    for dimensions in (("service", "type"), ("service", "tenant", "type")):
        assert sum(found["WaitTime", dimensions]) == 250
        assert len(found["JobsEnqueued", dimensions]) == 1
    assert json.loads(lines[0])["service"] == "jobyard"
    print_metrics("jobyard", {})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("metrics", "variables", "tells"),
    [
        (None, {"AWS_LAMBDA_FUNCTION_NAME": "f"}, False),
        ("off", {"AWS_LAMBDA_FUNCTION_NAME": "f"}, False),
        ("types", {}, False),
        ("types", {"AWS_LAMBDA_FUNCTION_NAME": "f"}, True),
        ("tenants", {"AWS_LAMBDA_FUNCTION_NAME": "f"}, True),
    ],
)
def test_when_lines_are_printed(metrics: Any, variables: dict[str, str], tells: bool) -> None:
    observer = observer_of(Settings(metrics=metrics), variables)
    assert (observer.tell is not None) is tells
    assert observer.meter.by_tenant is (metrics == "tenants")
