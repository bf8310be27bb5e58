"""On Lambda the rounds of reaper and dead-letter consumer end before their function does, and go on where they were."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.engine import Engine
from queues import NewJob, maintenance
from queues.catalog import load
from queues.clients import Clients
from queues.clock import OutOfTime
from queues.maintenance import RESERVE, reap_until
from queues.runtime import Runtime, assemble
from queues.settings import read_settings
from tests.core.house import LEASE, House, housed
from tests.core.test_dead_letters import failed
from tests.core.test_reaper import claim

#: 2026-11-22T07:30:00Z
NOW = 1_795_332_600_000


def after(asked: int) -> OutOfTime:
    """The time is over when this has been asked so many times."""
    left = [asked]

    def out_of_time() -> bool:
        left[0] -= 1
        return left[0] < 0

    return out_of_time


@housed
async def test_the_reaper_goes_on_with_the_tenant_at_which_it_stopped(house: House) -> None:
    for tenant in ("ada", "bob", "cyd"):
        await claim(house, await house.queue.for_tenant(tenant).enqueue("work", {}))
    await asyncio.sleep(LEASE + 6)
    reaper = house.process().runtime.reaper
    for _ in range(3):
        assert (await reaper.round(after(1))).lost == 1
        assert reaper.behind
    assert (await reaper.round()).looked_at == 0
    assert not reaper.behind


@housed
async def test_an_invocation_makes_rounds_until_nothing_is_left(house: House) -> None:
    for made in await house.queue.enqueue_many([NewJob("work", {}) for _ in range(1_150)]):
        await claim(house, made)
    await asyncio.sleep(LEASE + 6)
    done = await reap_until(house.process().runtime, lambda: False)
    assert done.lost == 1_150, "one round looks at 1,000"


@housed
async def test_an_invocation_that_is_out_of_time_ends_within_a_page(house: House) -> None:
    for made in await house.queue.enqueue_many([NewJob("work", {}) for _ in range(250)]):
        await claim(house, made)
    await asyncio.sleep(LEASE + 6)
    runtime = house.process().runtime
    assert (await reap_until(runtime, after(1))).lost == 100
    assert (await reap_until(runtime, lambda: False)).lost == 150


@housed
async def test_a_sweep_that_is_cut_short_shows_its_letters_again_and_comes_back(house: House) -> None:
    await failed(house, 25)
    # A second letter of one of them, which the sweep is to remove.
    (letter, *_) = await house.letters()
    await house.sqs.send_message(
        QueueUrl=await house.runtime.queues.dead_letter_url("work"), MessageBody=letter["Body"]
    )
    consumer = house.process().runtime.dead_letters
    assert await consumer.round(after(3)) == 0, "one type, and one receive"
    assert await house.depth(dead_letters=True) == (26, 0, 0)
    assert await consumer.round() == 1, "at once, although nothing has changed since"
    assert await house.depth(dead_letters=True) == (25, 0, 0)


class Standing:
    """An environment that runs the entry points' work with a runtime in memory."""

    def __init__(self, runtime: Runtime):
        self.runtime = runtime

    def run(self, work: Callable[[Runtime], Awaitable[Any]]) -> Any:
        return work(self.runtime)


async def test_the_entry_points_answer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(None, clock=lambda: NOW, random=random.Random(1))
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"))
    runtime = assemble(clients, load(("functions.catalog",)), read_settings(), clock=lambda: NOW)
    try:
        await runtime.create_resources()
        monkeypatch.setattr(maintenance, "environment", Standing(runtime))
        for left in (RESERVE + 1, RESERVE - 1):
            context = SimpleNamespace(get_remaining_time_in_millis=lambda left=left: left)
            reaped: Any = maintenance.reap({}, context)
            counts = ("looked_at", "lost", "resent", "buried", "paid", "mapped", "flows", "steps", "artifacts")
            nothing = dict.fromkeys(counts, 0)
            assert await reaped == nothing
            swept: Any = maintenance.sweep_dead_letters({}, context)
            assert await swept == {"changed": 0}
            cleaned: Any = maintenance.clean({}, context)
            nothing = dict.fromkeys(("looked_at", "over_count", "overdue", "spared", "skipped"), 0)
            assert await cleaned == nothing | {"trouble": None, "types": {}}
    finally:
        await runtime.close()
        await engine.close()
