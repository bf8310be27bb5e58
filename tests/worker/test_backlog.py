"""/metrics: what waits, and for how long, as Prometheus reads it."""

from __future__ import annotations

import asyncio

import pytest
from botocore.exceptions import EndpointConnectionError

from api import backlog
from api.exposition import CONTENT_TYPE, Gauge, Sample, exposition
from queues import Context
from tests.core.house import House, Order, housed
from tests.worker.test_condition import Probe, probed


async def samples(probe: Probe) -> dict[str, float]:
    """Metric and labels -> value."""
    answer = await probe.http.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, CONTENT_TYPE)
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@housed
async def test_depths_and_ages(house: House) -> None:
    forever = asyncio.Event()

    async def wait(_order: Order, _ctx: Context) -> None:
        await forever.wait()

    house.handlers["work"] = wait
    async with probed(house) as probe:
        # Ten at once; the eleventh waits. Two tenants, and what is not to run yet has no age.
        for _ in range(9):
            await house.queue.for_tenant("acme").enqueue("work", {})
        await house.queue.enqueue("work", {})
        await asyncio.sleep(20)
        await house.queue.enqueue("work", {})
        await house.queue.enqueue("work", {}, delay=600)
        await asyncio.sleep(10)
        found = await samples(probe)
        assert found['jobyard_queue_messages{type="work",state="active"}'] == 10
        assert found['jobyard_queue_messages{type="work",state="waiting"}'] == 1
        assert found['jobyard_queue_messages{type="work",state="delayed"}'] == 1
        assert found['jobyard_queue_oldest_age_seconds{type="work"}'] == pytest.approx(30, abs=0.1)
        assert found['jobyard_worker_running_jobs{type="work"}'] == 10
        # Nobody waits for this one.
        assert found['jobyard_queue_messages{type="other",state="waiting"}'] == 0
        assert found['jobyard_queue_oldest_age_seconds{type="other"}'] == 0
        assert found['jobyard_queue_dead_letters{type="work"}'] == 0
        assert found["jobyard_worker_draining"] == 0
        forever.set()
        await asyncio.sleep(1)


@housed
async def test_an_age_that_is_not_known_is_left_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind more jobs of another type than are looked at: nothing is said, rather than something wrong."""
    monkeypatch.setattr(backlog, "PAGE", 2)
    monkeypatch.setattr(backlog, "MAX_ENTRIES", 4)
    async with probed(house, start=False) as probe:
        for _ in range(5):
            await house.queue.enqueue("work", {})
        await asyncio.sleep(1)
        await house.queue.enqueue("other", {})
        await asyncio.sleep(9)
        found = await samples(probe)
        assert found['jobyard_queue_oldest_age_seconds{type="work"}'] == 10
        assert found['jobyard_queue_messages{type="other",state="waiting"}'] == 1
        assert 'jobyard_queue_oldest_age_seconds{type="other"}' not in found


@housed
async def test_numbers_are_read_anew_once_they_are_stale(house: House) -> None:
    async with probed(house, start=False) as probe:
        name = 'jobyard_queue_messages{type="work",state="waiting"}'
        assert (await samples(probe))[name] == 0
        await house.queue.enqueue("work", {})
        assert (await samples(probe))[name] == 0
        await asyncio.sleep(5)
        assert (await samples(probe))[name] == 1


@housed
async def test_an_endpoint_that_is_away_is_told(house: House) -> None:
    async with probed(house, start=False) as probe:
        probe.process.sqs.fail("get_queue_attributes", EndpointConnectionError(endpoint_url="http://nowhere"))
        answer = await probe.http.get("/metrics")
        assert answer.status_code == 503
        assert answer.text == "the AWS endpoint does not answer as it should: EndpointConnectionError\n"


def test_the_text_format() -> None:
    page = exposition(
        [
            Gauge("depth", "How deep.", [Sample(3, {"type": "a", "state": "b"}), Sample(0.25)]),
            Gauge("unknown", "Nobody knows.", []),
        ]
    )
    assert page == '# HELP depth How deep.\n# TYPE depth gauge\ndepth{type="a",state="b"} 3\ndepth 0.25\n'
