"""Who hears of which events by a webhook, which jobs are marked for it, and what those pay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from queues import NewJob, Webhook
from queues.errors import InvalidOption
from queues.webhooks.endpoint import ENDS
from queues.webhooks.hooks import EARLY, WORD
from tests.core.house import House, Process, housed
from tests.core.test_webhook_events import kinds, told
from tests.core.test_webhooks import URL, deliveries, listed


@housed
async def test_by_type_by_tenant_and_by_job(house: House) -> None:
    process = await listed(house)
    queue = process.runtime.queue
    typed = await queue.webhooks.create(f"{URL}/typed", events=["started"], types=["other"])
    signer = await queue.webhooks.create()
    own = await queue.enqueue("work", {}, webhook=Webhook(url=f"{URL}/own", events=["started"]))
    await queue.enqueue("other", {})
    await queue.enqueue("work", {})
    for name in ("work", "other"):
        await process.deliver(name)
    heard = {(job.data["endpoint"], job.data["url"], orjson.loads(job.data["body"])["data"]["type"])
             for job in await deliveries(process)}  # fmt: skip
    assert heard == {(typed.id, f"{URL}/typed", "other"), (signer.id, f"{URL}/own", "work")}
    assert (await house.queue.get(own.id)).owes == (EARLY,)
    await queue.for_tenant("acme").enqueue("other", {})
    await process.deliver("other")
    assert await deliveries(process, "acme") == []


@pytest.mark.parametrize(
    ("events", "owes"),
    [(ENDS, (WORD,)), (["failed"], (WORD,)), (["retrying"], (EARLY,)), (["retrying", "failed"], (EARLY, WORD))],
)
@housed
async def test_a_job_is_marked_with_what_somebody_wants_to_hear(
    house: House, events: list[str], owes: tuple[str, ...]
) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=events)
    job = await process.runtime.queue.enqueue("work", {})
    assert (await house.queue.get(job.id)).owes == owes


@housed
async def test_a_job_that_does_nothing_of_what_is_asked_for_costs_what_one_with_a_debt_does(house: House) -> None:
    async def cost(*events: str) -> tuple[float, int]:
        process = await listed(house)
        made = await process.runtime.queue.webhooks.create(f"{URL}/{events[0]}", events=events)
        await process.runtime.queue.enqueue("work", {})
        units, calls = process.dynamodb.units, process.dynamodb.calls.total()
        for _ in range(3):
            await process.runtime.queue.enqueue("work", {})
        await process.deliver()
        await process.runtime.queue.webhooks.delete(made.id)
        return process.dynamodb.units - units, process.dynamodb.calls.total() - calls

    assert await cost("retrying", "stalled") == await cost("failed")


@pytest.mark.parametrize("way", ["one", "named", "many", "replay", "schedule", "transaction"])
@housed
async def test_whichever_way_a_job_is_made_that_is_told(house: House, way: str) -> None:
    process = await listed(house)
    queue = process.runtime.queue
    old = await queue.enqueue("work", {}, job_id="old")
    await queue.webhooks.create(URL, events=["enqueued"])
    await asyncio.sleep(10)
    ways: dict[str, Callable[[], Awaitable[Any]]] = {
        "one": lambda: queue.enqueue("work", {}),
        "named": lambda: queue.enqueue("work", {}, job_id="a"),
        "many": lambda: queue.enqueue_many([NewJob("work", {})] * 2),
        "replay": lambda: queue.replay(old.id),
        "schedule": lambda: _by_schedule(process),
        "transaction": lambda: _by_transaction(house, process),
    }
    await ways[way]()
    assert kinds(await told(process)) == ["0.enqueued"] * (2 if way == "many" else 1)


async def _by_schedule(process: Process) -> None:
    await process.runtime.queue.schedules.create("s", "work", "rate(1 day)")
    await process.runtime.queue.schedules.run_now("s")


async def _by_transaction(house: House, process: Process) -> None:
    jobs, items = await process.runtime.queue.transaction_items_many([NewJob("work", {})])
    await house.dynamodb.transact_write_items(TransactItems=list(items))
    await process.runtime.queue.relay(*jobs)


@housed
async def test_a_word_that_is_no_event_is_refused(house: House) -> None:
    with pytest.raises(InvalidOption, match="enqueued, started, progress"):
        await (await listed(house)).runtime.queue.webhooks.create(URL, events=["active"])
