"""What the health endpoint says in each state of a worker, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from infra.health.endpoint import FRESH_SECONDS, PATIENCE_SECONDS
from infra.health.site import health_site
from infra.worker import Worker
from queues import Context
from tests.core.house import House, Order, Process, housed


class Probe:
    """A worker in a process of its own, and what a supervisor hears of it."""

    def __init__(self, house: House):
        self.process: Process = house.process()
        clock = house.loop.epoch_ms
        self.worker = Worker(self.process.runtime, rounds=False, polls_linger=True, clock=clock)
        site = health_site(self.process.runtime, self.worker, clock=clock)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=site), base_url="http://worker")

    async def get(self, path: str) -> tuple[int, list[str]]:
        """Status code, and the reasons' words."""
        answer = await self.http.get(path)
        body: dict[str, Any] = answer.json()
        assert body["status"] == (path[1:] if answer.status_code == 200 else f"not {path[1:]}")
        return answer.status_code, [one["reason"] for one in body["reasons"]]

    async def details(self) -> str:
        """Why it is not ready, in words."""
        return "; ".join(one["detail"] for one in (await self.http.get("/ready")).json()["reasons"])


@asynccontextmanager
async def probed(house: House, *, start: bool = True) -> AsyncIterator[Probe]:
    probe = Probe(house)
    if start:
        await probe.worker.start()
        await asyncio.sleep(1)
    try:
        yield probe
    finally:
        await probe.worker.stop(0)
        await probe.http.aclose()


@housed
async def test_a_worker_that_polls_is_live_and_ready(house: House) -> None:
    async with probed(house) as probe:
        assert await probe.get("/live") == await probe.get("/ready") == (200, [])


@housed
async def test_before_its_start_it_lives_but_is_not_ready(house: House) -> None:
    async with probed(house, start=False) as probe:
        assert await probe.get("/live") == (200, [])
        assert await probe.get("/ready") == (503, ["starting"])


@housed
async def test_one_that_drains_lives_but_is_not_ready(house: House) -> None:
    done = asyncio.Event()

    async def wait(_order: Order, _ctx: Context) -> None:
        await done.wait()

    house.handlers["work"] = wait
    async with probed(house) as probe:
        await house.queue.enqueue("work", {})
        await asyncio.sleep(1)
        stopping = asyncio.create_task(probe.worker.stop(60))
        await asyncio.sleep(10)
        assert await probe.get("/live") == (200, [])
        assert await probe.get("/ready") == (503, ["draining"])
        assert await probe.details() == "it has been asked to stop; 1 job may still finish"
        done.set()
        await stopping


@housed
async def test_a_queue_that_is_gone_is_named(house: House) -> None:
    async with probed(house) as probe:
        await house.sqs.delete_queue(QueueUrl=await house.runtime.queues.url("work"))
        await asyncio.sleep(30)
        assert await probe.get("/live") == (200, [])
        assert await probe.get("/ready") == (503, ["polling"])
        assert (await probe.details()).startswith(
            "the queue of work cannot be polled: ReceiveMessage was answered with"
        )


@housed
async def test_trouble_that_passes_is_forgotten(house: House) -> None:
    async with probed(house) as probe:
        denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "arn:aws:iam::1:role/x may not"}}, "GetItem")
        probe.process.dynamodb.fail("get_item", denied)
        assert await probe.get("/ready") == (503, ["endpoint"])
        assert await probe.details() == (
            "the AWS endpoint does not answer as it should: GetItem was answered with AccessDenied"
        )
        await asyncio.sleep(FRESH_SECONDS)
        assert await probe.get("/ready") == (200, [])


@housed
async def test_an_endpoint_that_is_away_or_silent(house: House) -> None:
    async with probed(house) as probe:
        probe.process.sqs.fail("get_queue_attributes", EndpointConnectionError(endpoint_url="http://nowhere"))
        assert await probe.get("/ready") == (503, ["endpoint"])
        assert "EndpointConnectionError" in await probe.details()
        await asyncio.sleep(FRESH_SECONDS)
        never = asyncio.Event()

        async def silent(**_: Any) -> Any:
            await never.wait()

        probe.process.dynamodb.get_item = silent  # type: ignore[attr-defined]
        before = house.loop.time()
        assert await probe.get("/ready") == (503, ["endpoint"])
        assert house.loop.time() == before + PATIENCE_SECONDS
        assert await probe.details() == "the AWS endpoint does not answer as it should: no answer within 3 s"


@housed
async def test_many_probes_are_one_question_to_aws(house: House) -> None:
    async with probed(house) as probe:
        before = probe.process.dynamodb.calls["get_item"]
        await asyncio.gather(*(probe.get("/ready") for _ in range(20)))
        assert probe.process.dynamodb.calls["get_item"] == before + 1


@housed
async def test_a_worker_whose_polling_has_ended_by_itself_is_not_live(house: House) -> None:
    async with probed(house) as probe:
        for (polled,) in probe.worker._mappings._mappings.values():  # type: ignore[attr-defined]
            polled._task.cancel()
        await asyncio.sleep(1)
        assert await probe.get("/live") == (503, ["polling", "polling"])


@housed
async def test_no_job_and_no_tenant_is_named(house: House) -> None:
    async with probed(house) as probe:
        await house.queue.for_tenant("acme").enqueue("work", {}, job_id="secret-name", delay=100)
        for path in ("/live", "/ready", "/metrics"):
            text = (await probe.http.get(path)).text
            assert "acme" not in text
            assert "secret-name" not in text


@pytest.mark.parametrize("path", ["/", "/docs", "/api/v1/jobs"])
def test_it_serves_nothing_else(path: str) -> None:
    @housed
    async def look(house: House) -> None:
        async with probed(house) as probe:
            assert (await probe.http.get(path)).status_code == 404
            assert (await probe.http.post("/ready")).status_code == 405

    look()
