"""A stop that comes at an awkward moment: while a job is being claimed, or waits for a worker process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queues.job import Status
from tests.core.house import House, housed, outcomes


@pytest.mark.parametrize("arrives", [True, False], ids=["claim arrives", "claim is lost"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_claim_that_is_broken_off(arrives: bool, count: int) -> None:
    """Whether it went through or not: the message is there for another worker at once, and no attempt is burnt."""

    @housed
    async def cut_short(house: House) -> None:
        jobs = [await house.queue.enqueue("work", {}, attempts=1) for _ in range(count)]
        claiming, answered = asyncio.Event(), asyncio.Event()
        claim = house.first.dynamodb.batch_execute_statement

        async def slow(**params: Any) -> Any:
            claiming.set()
            reply = await claim(**params) if arrives else None
            await answered.wait()
            if reply is None:
                raise ConnectionError("the line is down")
            return reply

        house.first.dynamodb.batch_execute_statement = slow  # type: ignore[attr-defined]
        messages = await house.first.receive(count=count)
        invocation = asyncio.create_task(house.first.invoke("work", messages))
        await claiming.wait()
        del house.first.dynamodb.batch_execute_statement  # type: ignore[attr-defined]
        invocation.cancel()
        await asyncio.sleep(1)
        answered.set()
        await asyncio.wait({invocation})
        assert invocation.cancelled()
        assert await house.depth() == (count, 0, 0)
        for made in jobs:
            job = await house.queue.get(made.id)
            assert (job.status, outcomes(job)) == (Status.WAITING, ["interrupted"] if arrives else [])
        assert house.runs == []
        second = house.process()
        await second.deliver(count=count)
        assert {(await house.queue.get(made.id)).status for made in jobs} == {Status.COMPLETED}

    cut_short()


@housed
async def test_what_is_received_and_not_claimed_is_handed_back_by_a_worker_that_drains(house: House) -> None:
    job = await house.queue.enqueue("work", {})
    messages = await house.first.receive()
    house.runtime.runner.drain()
    await house.first.invoke("work", messages)
    assert await house.depth() == (1, 0, 0)
    assert ((await house.queue.get(job.id)).attempt, house.runs) == (0, [])


@housed
async def test_waiting_for_a_worker_process_ends_with_the_drain(house: House) -> None:
    attempts = house.runtime.runner.attempts
    order: list[str] = []

    async def use(name: str, until: asyncio.Event) -> None:
        async with attempts.free_process():
            order.append(name)
            await until.wait()

    forever, at_once = asyncio.Event(), asyncio.Event()
    at_once.set()
    busy = [asyncio.create_task(use("busy", forever)) for _ in range(attempts.size)]
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(use("waiting", at_once)) for _ in range(3)]
    await asyncio.sleep(1)
    assert order == ["busy"] * attempts.size
    house.runtime.runner.drain()
    await asyncio.gather(*waiting)
    assert order[attempts.size :] == ["waiting"] * 3
    forever.set()
    await asyncio.gather(*busy)
