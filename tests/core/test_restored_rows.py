"""The table is restored to an earlier moment, as docs/operations.md says: rows come back, messages do not."""

from __future__ import annotations

import asyncio
from typing import Any

from queues import Context, Status
from tests.core.house import MINUTE, House, Order, housed, outcomes


async def rows(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await house.dynamodb.scan(TableName=house.settings.table))["Items"]
    return found


async def restore(house: House, kept: list[dict[str, Any]]) -> None:
    """The table as it was; the queues as they are."""
    for item in await rows(house):
        await house.dynamodb.delete_item(TableName=house.settings.table, Key={"pk": item["pk"], "sk": item["sk"]})
    for item in kept:
        await house.dynamodb.put_item(TableName=house.settings.table, Item=item)


@housed
async def test_what_was_open_is_sent_again_and_what_had_ended_stays(house: House) -> None:
    async def slow(order: Order, _ctx: Context) -> int:
        await asyncio.sleep(5 if order.size == 2 else 0)
        return order.size

    house.handlers["work"] = slow
    ended = await house.queue.enqueue("work", {"size": 1})
    await house.deliver()
    active = await house.queue.enqueue("work", {"size": 2})
    running = asyncio.create_task(house.deliver())
    await asyncio.sleep(1)
    waiting = await house.queue.enqueue("work", {"size": 3})
    kept = await rows(house)
    assert (await house.queue.get(active.id)).status is Status.ACTIVE
    await running
    await house.deliver()
    assert await house.depth() == (0, 0, 0)

    await restore(house, kept)
    assert (await house.queue.get(waiting.id)).status is Status.WAITING
    async with house.working():
        done = [await house.queue.wait(one.id) for one in (ended, active, waiting)]
    assert [one.result for one in done] == [1, 2, 3]
    assert outcomes(done[1]) == ["lost", "completed"]
    assert [run[0] for run in house.runs].count(ended.id) == 1, "what had ended does not run again"
    assert [run[0] for run in house.runs].count(waiting.id) == 2, "what ended since does"
    assert house.loop.time() < 5 * MINUTE


@housed
async def test_a_message_whose_row_is_gone_is_dropped(house: House) -> None:
    kept = await rows(house)
    await house.queue.enqueue("work", {})
    await restore(house, kept)
    await house.deliver()
    assert house.runs == []
    assert await house.depth() == (0, 0, 0)
    assert await house.letters() == []
