"""One job for one key: who holds it, until when, and what it costs."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, Field

from queues import NewJob, Options, Status, Unique, job
from queues.catalog import Catalog
from queues.errors import InvalidOption
from queues.job import Job
from tests.core.house import DAY, MINUTE, House, Order, housed

ONE = Unique(key="a")


async def enqueue(house: House, size: int, unique: Unique, **options: Any) -> Job:
    return await house.queue.enqueue("work", {"size": size}, unique=unique, **options)


# --- simple -------------------------------------------------------------------------------------------------------


@housed
async def test_while_a_job_has_not_ended_it_is_the_answer(house: House) -> None:
    first = await enqueue(house, 1, ONE)
    second = await enqueue(house, 2, ONE)
    assert (second.id, second.data) == (first.id, {"size": 1})
    await house.deliver()
    third = await enqueue(house, 3, ONE)
    assert third.id != first.id
    await house.deliver()
    assert (await house.queue.get(third.id)).result == {"made": 3}
    assert len(house.runs) == 2
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_running_job_holds_its_key(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(5)
    first = await enqueue(house, 1, ONE)
    running = asyncio.create_task(house.deliver())
    await asyncio.sleep(1)
    assert (await enqueue(house, 2, ONE)).id == first.id
    await running


@housed
async def test_with_a_window_the_key_is_held_after_the_end_too(house: House) -> None:
    unique = Unique(key="a", window=timedelta(minutes=1))
    first = await enqueue(house, 1, unique)
    await house.deliver()
    await asyncio.sleep(MINUTE - 1)
    assert (await enqueue(house, 2, unique)).status is Status.COMPLETED
    await asyncio.sleep(1)
    assert (await enqueue(house, 3, unique)).id != first.id


@housed
async def test_a_delayed_job_holds_its_key_for_as_long_as_it_waits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queues.unique.keys.KEEP_SECONDS", DAY)
    first = await enqueue(house, 1, ONE, delay=DAY)
    await asyncio.sleep(2 * DAY - 1)
    assert (await enqueue(house, 2, ONE)).id == first.id
    await asyncio.sleep(2)
    assert (await enqueue(house, 2, ONE)).id != first.id, "so late, it is given up as the key's holder"


@housed
async def test_a_cancelled_job_holds_no_key(house: House) -> None:
    unique = Unique(key="a", window=60, mode="throttle")
    first = await enqueue(house, 1, unique)
    await house.queue.cancel(first.id)
    assert (await enqueue(house, 2, unique)).id != first.id


# --- throttle -----------------------------------------------------------------------------------------------------


@housed
async def test_the_first_of_a_window_runs(house: House) -> None:
    unique = Unique(key="a", window=60, mode="throttle")
    ids = []
    for size in range(10):
        ids.append((await enqueue(house, size, unique)).id)
        await house.deliver()
        await asyncio.sleep(20)
    assert [ids.index(one) for one in ids] == [0, 0, 0, 3, 3, 3, 6, 6, 6, 9]
    assert [run[2] for run in house.runs] == [0, 60, 120, 180]


@housed
async def test_when_the_window_is_over_a_second_job_is_made_beside_one_that_still_waits(house: House) -> None:
    unique = Unique(key="a", window=60, mode="throttle")
    first = await enqueue(house, 1, unique)
    await asyncio.sleep(60)
    assert (await enqueue(house, 2, unique)).id != first.id


# --- debounce -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [10, 3_000])
@housed
async def test_the_last_runs_when_it_has_been_quiet(house: House, window: float) -> None:
    unique = Unique(key="a", window=window, mode="debounce")
    made = []
    async with house.working():
        for size in range(5):
            made.append(await enqueue(house, size, unique))
            await asyncio.sleep(window * 0.9)
        await asyncio.sleep(window)
    assert len({one.id for one in made}) == 1
    assert [one.data["size"] for one in made] == [0, 1, 2, 3, 4]
    assert [one.status for one in made] == [Status.DELAYED] * 5
    ((_, attempt, started, _),) = house.runs
    assert attempt == 1, "waiting burns no attempt"
    assert started == pytest.approx(4 * window * 0.9 + window, abs=2)
    assert (await house.queue.get(made[0].id)).result == {"made": 4}
    assert await house.depth() == (0, 0, 0)


@housed
async def test_what_comes_after_the_start_is_a_new_job(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(5)
    unique = Unique(key="a", window=10, mode="debounce")
    first = await enqueue(house, 1, unique)
    await asyncio.sleep(10)
    running = asyncio.create_task(house.deliver())
    await asyncio.sleep(1)
    second = await enqueue(house, 2, unique)
    assert second.id != first.id
    await running
    assert (await enqueue(house, 3, unique)).id == second.id
    await asyncio.sleep(11)
    await house.deliver()
    assert [run[0] for run in house.runs] == [first.id, second.id]


@housed
async def test_the_expiry_and_the_deadline_are_those_of_the_last(house: House) -> None:
    unique = Unique(key="a", window=10, mode="debounce")
    await enqueue(house, 1, unique, expires_in=20)
    await asyncio.sleep(5)
    made = await enqueue(house, 2, unique, deadline=30)
    now = house.loop.epoch_ms()
    assert (made.run_at, made.expires_start_at, made.deadline_at) == (now + 10_000, None, now + 30_000)
    for options in ({"delay": 5}, {"expires_in": 10}, {"deadline": 10}):
        with pytest.raises(InvalidOption):
            await enqueue(house, 3, unique, **options)


# --- what the key is ----------------------------------------------------------------------------------------------


class Report(BaseModel):
    customer: Order
    month: int = Field(1, alias="inMonth")
    note: str = ""


@job("report", unique=Unique(fields=("customer.size", "month")), timeout=5)
async def report(_data: Report) -> None: ...


@job("anything", timeout=5)
async def anything(_data: Any) -> None: ...


@housed
async def test_a_key_is_made_of_fields_of_the_data_defaults_included(house: House) -> None:
    process = house.process(Catalog([report, anything]))
    await process.runtime.create_resources()
    queue = process.runtime.queue
    first = await queue.enqueue("report", {"customer": {"size": 1}, "note": "x"})
    assert (await queue.enqueue("report", {"inMonth": 1, "customer": {}})).id == first.id
    assert (await queue.enqueue("report", {"inMonth": 2, "customer": {}})).id != first.id
    assert (await queue.enqueue("report", {"customer": {}}, job_id="mine")).id == "mine", "an id is a key of its own"
    assert (await queue.for_tenant("other").enqueue("report", {"customer": {}})).id != first.id
    whole = Unique()
    one = await queue.enqueue("anything", {"a": 1, "b": [2]}, unique=whole)
    assert (await queue.enqueue("anything", {"b": [2], "a": 1}, unique=whole)).id == one.id
    assert (await queue.enqueue("anything", {"b": [2], "a": 2}, unique=whole)).id != one.id
    with pytest.raises(InvalidOption, match=r"unique\.fields='c\.d' .* no such field"):
        await queue.enqueue("anything", {"c": 1}, unique=Unique(fields=("c.d",)))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"mode": "sometimes"}, "unique.mode"),
        ({"key": ""}, "unique.key"),
        ({"key": "x" * 257}, "unique.key"),
        ({"key": "x", "fields": ("a",)}, "unique.fields"),
        ({"fields": "a"}, "unique.fields"),
        ({"fields": ("",)}, "unique.fields"),
        ({"mode": "throttle"}, "unique.window"),
        ({"mode": "debounce"}, "unique.window"),
        ({"window": 0}, "unique.window"),
        ({"window": 366 * DAY}, "unique.window"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidOption, match=named):
        Unique(**options)


def test_a_type_refuses_what_it_cannot_keep() -> None:
    with pytest.raises(InvalidOption, match=r"'wait' .* customer, inMonth, month, note"):
        job("a", unique=Unique(fields=("wait",)))(report.function)
    with pytest.raises(InvalidOption, match=r"unique\.window"):
        job("a", unique=Unique(window=8 * DAY))
    with pytest.raises(InvalidOption, match="jobId or unique"):
        Options(job_id="a", unique=ONE)


# --- in bulk, and what it costs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("unique", "winner"), [(ONE, 0), (Unique(key="a", window=10, mode="debounce"), 9)])
@housed
async def test_several_of_one_key_in_one_call(house: House, unique: Unique, winner: int) -> None:
    wanted = [NewJob("work", {"size": n}, Options(unique=unique)) for n in range(10)]
    wanted[5:5] = [NewJob("work", {"size": 77}), NewJob("work", {"size": 78}, Options(job_id="b"))]
    made = await house.queue.enqueue_many(wanted)
    assert made[5].data == {"size": 77}
    assert made[6].id == "b"
    (the_one,) = {job.id for job in (*made[:5], *made[7:])}
    assert (await house.queue.get(the_one)).data == {"size": winner}
    assert sum(await house.depth()) == 3


@housed
async def test_what_a_key_costs(house: House) -> None:
    await house.queue.enqueue("work", {})
    await house.deliver()
    wire = house.first.dynamodb

    async def cost(unique: Unique) -> tuple[float, dict[str, int]]:
        wire.units = 0
        wire.calls.clear()
        await enqueue(house, 1, unique)
        return wire.units, dict(wire.calls)

    assert await cost(ONE) == (3, {"put_item": 2}), "1 more than without: the key's row"
    wire.units = 0
    wire.calls.clear()
    await house.deliver()
    assert wire.units == 4, "a job that ends pays nothing for its key"
    assert await cost(ONE) == (3, {"put_item": 3, "get_item": 1}), "a taken key: one refused write, one look, one write"
    assert await cost(ONE) == (0, {"put_item": 1, "get_item": 1}), "the engine counts no unit for a refused write"
    debounce = Unique(key="b", window=10, mode="debounce")
    await cost(debounce)
    await asyncio.sleep(1)
    assert await cost(debounce) == (3, {"put_item": 1, "get_item": 1, "update_item": 1})
