"""What handlers print in the Embedded Metric Format is in the embedded CloudWatch."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra import metrics
from infra.local.engine import Engine
from infra.metrics import MetricLines
from tests.campaigns.virtual import EPOCH, VirtualLoop, run_virtual

START = datetime.fromtimestamp(EPOCH / 1000, UTC)


def line(value: float, name: str = "Parts") -> str:
    directive = {"Namespace": "Shop", "Dimensions": [["Job"]], "Metrics": [{"Name": name, "Unit": "Count"}]}
    return json.dumps({"_aws": {"Timestamp": EPOCH, "CloudWatchMetrics": [directive]}, "Job": "slice", name: value})


async def total(engine: Engine) -> dict[str, Any]:
    reply = await engine.client("cloudwatch").get_metric_statistics(
        Namespace="Shop",
        MetricName="Parts",
        Dimensions=[{"Name": "Job", "Value": "slice"}],
        StartTime=START - timedelta(minutes=5),
        EndTime=START + timedelta(minutes=5),
        Period=600,
        Statistics=["Sum", "SampleCount"],
    )
    (point,) = reply["Datapoints"]
    return {name: point[name] for name in ("Sum", "SampleCount", "Unit")}


def test_lines_become_metrics_from_any_thread_and_other_lines_do_not() -> None:
    async def scenario(loop: VirtualLoop) -> None:
        engine = Engine(None, clock=loop.epoch_ms)
        take = MetricLines(engine, "us-east-1")
        for value in range(10):
            take(line(value))
        take('{"_aws": broken')
        await asyncio.to_thread(take, line(100))
        await asyncio.sleep(1)
        assert await total(engine) == {"Sum": 145.0, "SampleCount": 11.0, "Unit": "Count"}
        await engine.close()

    run_virtual(scenario)


def test_a_flood_is_cut_with_a_word_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(metrics, "MAX_WAITING", 5)

    async def scenario(loop: VirtualLoop) -> None:
        engine = Engine(None, clock=loop.epoch_ms)
        take = MetricLines(engine, "us-east-1")
        with caplog.at_level(logging.WARNING):
            for _ in range(20):
                take(line(1))
        await asyncio.sleep(1)
        take(line(1))
        await asyncio.sleep(1)
        assert (await total(engine))["Sum"] == 6.0
        assert [record.getMessage() for record in caplog.records] == [
            "handlers print metrics faster than they can be kept: some are dropped"
        ]
        await engine.close()

    run_virtual(scenario)
