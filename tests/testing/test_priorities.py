"""A drain and levels of priority: the queues of a type in turn, the most urgent one first."""

from __future__ import annotations

import asyncio

from queues import SERVICE_CLASSES, Context, job
from queues.testing import open_yard


@job("graded", priorities=SERVICE_CLASSES)
async def graded(data: dict[str, int], ctx: Context) -> int:
    return data["priority"]


def test_a_drain_takes_the_levels_in_turn() -> None:
    with open_yard([graded]) as yard:

        async def main() -> list[int]:
            for priority in (100, 50, 1, 100, 1):
                await yard.queue.enqueue(graded, {"priority": priority}, priority=priority)
            return [ran.result for ran in await yard.drain()]

        assert asyncio.run(main()) == [1, 50, 100, 1, 100]
