"""The house with a type that has limits: processes that know it, what ran at once, and what started when."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel

from queues import Context, Fixed, job
from queues.catalog import Catalog
from queues.job import Job
from queues.throttle.rule import Limit
from queues.throttle.scope import scopes_of
from queues.throttle.state import State
from tests.core.house import House, Process


class Order(BaseModel):
    """The data of `work` here."""

    size: int = 1
    customer: str = ""


def catalog(house: House, *limits: Limit, **options: Any) -> Catalog:
    """`work` with limits, which does what the house's handlers say."""
    options = {"attempts": 3, "backoff": Fixed(10, jitter=0), "timeout": 300} | options

    @job("work", limits=limits, **options)
    async def work(order: Order, ctx: Context) -> Any:
        return await house._run("work", order, ctx)  # type: ignore[arg-type]

    return Catalog([work])


def processes(house: House, count: int, *limits: Limit, **options: Any) -> list[Process]:
    """Processes whose `work` has these limits."""
    return [house.process(catalog(house, *limits, **options)) for _ in range(count)]


async def state_of(process: Process, made: Job, at: int = 0) -> State:
    """The row of a job's limit of that number."""
    scope = scopes_of(process.runtime.catalog.get("work"), made)[at]
    return (await process.runtime.control.limit_rows.read(scope.pk)).state


def sleeping(house: House, seconds: float) -> None:
    """Has `work` take so long."""

    async def sleep(_order: Any, _ctx: Context) -> None:
        await asyncio.sleep(seconds)

    house.handlers["work"] = sleep


def most_at_once(house: House) -> int:
    """How many ran at the same time at the most; what has died runs no more."""
    events = [(start, 1) for _, _, start, _ in house.runs] + [(end, -1) for *_, end in house.runs if end is not None]
    most = now = 0
    for _, change in sorted(events):
        now += change
        most = max(most, now)
    return most
