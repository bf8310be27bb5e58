"""Schedules of a paused queue: each due time becomes one job that waits, whoever looks, dies, purges or resumes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from queues import Options, Recurring, Status, job
from queues.catalog import Catalog
from queues.clock import OutOfTime, never
from queues.schedules.job_schedule import CODE, Fate, JobSchedule, ScheduleStatus
from queues.schedules.paused import PAGE
from queues.unique.rule import Unique
from tests.core.house import LEASE, MINUTE, House, Order, Process, housed, throttled
from tests.core.interleaving import Order as Turns
from tests.core.interleaving import Player, every_order, players
from tests.core.test_control_pause import HOUR, worker

DAY = 24 * HOUR


async def hourly(house: House, name: str = "hourly", expression: str = "0 * * * *", **said: Any) -> None:
    await house.queue.schedules.create(name, "work", expression, **said)


async def pass_hours(house: House, hours: float) -> None:
    """To a second after a full hour; the house begins in the middle of one."""
    now = house.loop.epoch_ms() // 1000
    await asyncio.sleep((now // HOUR + hours) * HOUR - now + 1)


async def look(house: House, process: Process | None = None, out_of_time: OutOfTime = never) -> int:
    """What a round does, as a worker has it every few seconds; answers how many times it has decided about."""
    pauses = (process or house.first).runtime.pauses
    assert pauses.while_paused is not None
    return await pauses.while_paused(await pauses.paused(), out_of_time)


async def made(house: House) -> dict[str, Status]:
    """All jobs, by the hour and minute of their times."""
    jobs = (await house.queue.list(limit=200)).jobs
    return {one.id.partition("T")[2][:4]: one.status for one in sorted(jobs, key=lambda one: one.id)}


async def schedule(house: House, name: str = "hourly") -> JobSchedule:
    return await house.queue.schedules.get(name)


async def fates(house: House) -> list[str]:
    return [fate.value for _, fate in (await schedule(house)).fates]


async def resumed(house: House, seconds: float = 10) -> None:
    """Resumes the queue and works on it until it is empty."""
    await house.queue.resume("work")
    async with worker(house):
        await asyncio.sleep(seconds)
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_time_is_a_job_as_soon_as_it_is_due(house: House) -> None:
    await hourly(house, data={"size": 4})
    await house.queue.pause("work")
    assert await look(house) == 0
    await pass_hours(house, 1)
    assert await look(house) == 1
    assert await look(house) == 0, "decided"
    assert await made(house) == {"1500": Status.WAITING}
    (one,) = (await house.queue.list()).jobs
    assert (one.data, one.attempt) == ({"size": 4}, 0)
    assert await house.depth() == (2, 0, 0), "the job's message, and the tick"
    await resumed(house)
    assert await made(house) == {"1500": Status.COMPLETED}
    assert await fates(house) == ["started"]
    await pass_hours(house, 1)
    await house.deliver()
    assert list(await made(house)) == ["1500", "1600"], "ticks are served as ever"


@housed
async def test_it_costs_nothing_while_nothing_is_paused(house: House) -> None:
    await hourly(house)
    await pass_hours(house, 1)
    process = house.process()
    await process.runtime.pauses.round()
    assert dict(process.dynamodb.calls) == {"query": 1}, "which queues are paused"
    assert not process.sqs.calls
    await house.queue.pause("other")
    await pass_hours(house, 1)
    await look(house, process)
    assert await made(house) == {}, "those of other types are left alone"


@housed
async def test_what_a_time_costs_in_a_round(house: House) -> None:
    await hourly(house)
    await house.queue.pause("work")
    process = house.process()
    await process.runtime.store.add_tenant("default")
    await process.runtime.queues.url("work")
    await look(house, process)
    process.dynamodb.calls.clear()
    await look(house, process)
    assert dict(process.dynamodb.calls) == {"query": 4}, "pauses, purges, tenants, schedules"
    await pass_hours(house, 1)
    process.dynamodb.calls.clear()
    process.sqs.calls.clear()
    process.dynamodb.units = 0
    await look(house, process)
    assert dict(process.dynamodb.calls) == {"query": 4, "transact_write_items": 1}
    assert process.dynamodb.units == 6, "as a tick's"
    assert dict(process.sqs.calls) == {"send_message": 1}


# --- policies and bounds --------------------------------------------------------------------------------------------


@housed
async def test_skip_a_job_that_waits_is_open(house: House) -> None:
    """Of more times than are remembered, whose ticks come when the job has ended."""
    await hourly(house, expression="* * * * *", overlap="skip", catch_up="all")
    await house.queue.pause("work")
    async with worker(house):
        await asyncio.sleep(45 * MINUTE)
        assert len(await made(house)) == 1
        await house.queue.resume("work")
        await asyncio.sleep(10)
    assert len(house.runs) == 1
    assert set(await fates(house)) == {"skipped"}
    assert await house.depth() == (0, 0, 0)


@housed
async def test_replace_the_last_one_waits(house: House) -> None:
    await hourly(house, overlap="replace")
    await house.queue.pause("work")
    for _ in range(3):
        await pass_hours(house, 1)
        await look(house)
    assert list((await made(house)).values()) == [Status.CANCELLED, Status.CANCELLED, Status.WAITING]
    await resumed(house)
    assert len(house.runs) == 1


@housed
async def test_more_times_than_are_remembered_are_one_job_each(house: House) -> None:
    await hourly(house, expression="* * * * *", catch_up="all")
    await house.queue.pause("work")
    async with worker(house):
        await asyncio.sleep(45 * MINUTE)
        jobs = [one.id for one in (await house.queue.list(limit=200)).jobs]
        assert len(jobs) == 45
        # Their rows do not stand in the way of ticks.
        for job_id in jobs:
            await house.queue.cancel(job_id)
            await house.queue.delete(job_id)
        await house.queue.resume("work")
        await asyncio.sleep(10)
        assert await made(house) == {}
        assert await house.depth() == (0, 0, 0)


@pytest.mark.parametrize(
    ("catch_up", "hours", "expected"),
    [
        ("latest", ["1700"], ["missed", "missed", "started"]),
        ("all", ["1500", "1600", "1700"], ["started"] * 3),
        ("none", [], ["missed"] * 3),
    ],
)
@housed
async def test_of_times_that_nobody_looked_at_the_catch_up_policy_decides(
    house: House, catch_up: Any, hours: list[str], expected: list[str]
) -> None:
    await hourly(house, catch_up=catch_up)
    await house.queue.pause("work")
    await pass_hours(house, 3.5)
    assert await look(house) == 3
    assert list(await made(house)) == hours
    assert await fates(house) == expected
    await resumed(house)
    assert list(await made(house)) == hours
    assert await fates(house) == expected


@housed
async def test_a_jitter_is_waited_for(house: House) -> None:
    """Until it is over the tick may not have been sent. Deadlines count from there."""
    await hourly(house, jitter=timedelta(minutes=20), options=Options(expires_in=600))
    await house.queue.pause("work")
    await pass_hours(house, 1)
    await asyncio.sleep(20 * MINUTE - 2)
    assert await look(house) == 0
    await asyncio.sleep(1)
    due = house.loop.epoch_ms()
    await asyncio.sleep(3)
    assert await look(house) == 1
    (one,) = (await house.queue.list()).jobs
    assert one.expires_start_at == due + 600_000
    await resumed(house)
    assert len(house.runs) == 1


@housed
async def test_start_and_end_bound_it(house: House) -> None:
    now = datetime.fromtimestamp(house.loop.epoch_ms() // 1000 // HOUR * HOUR, UTC)
    await hourly(house, start=now + timedelta(hours=2), end=now + timedelta(hours=3))
    await house.queue.pause("work")
    for _ in range(5):
        await pass_hours(house, 1)
        await look(house)
    assert list(await made(house)) == ["1600", "1700"]


@housed
async def test_a_one_time_schedule_is_due_once(house: House) -> None:
    due = datetime.fromtimestamp(house.loop.epoch_ms() // 1000 + 90, UTC)
    await hourly(house, expression=f"at({due:%Y-%m-%dT%H:%M:%S})")
    await house.queue.pause("work")
    await asyncio.sleep(100)
    assert [await look(house) for _ in range(3)] == [1, 0, 0]
    await resumed(house)
    assert len(house.runs) == 1
    assert (await schedule(house)).seen_at(house.loop.epoch_ms()) is ScheduleStatus.ENDED


@housed
async def test_a_rate_that_is_made_in_a_pause_begins_at_once(house: House) -> None:
    await house.queue.pause("work")
    # The engine makes its own schedule a moment later, in the next second.
    await asyncio.sleep(0.9 - house.loop.epoch_ms() % 1000 / 1000 + 1)
    slow, create = house.first.scheduler, house.first.scheduler.inner

    class Slow:
        async def create_schedule(self, **params: Any) -> Any:
            await asyncio.sleep(0.5)
            return await create.create_schedule(**params)

        def __getattr__(self, name: str) -> Any:
            return getattr(create, name)

    slow.inner = Slow()
    await hourly(house, expression="rate(10 minutes)", catch_up="all")
    async with worker(house):
        await asyncio.sleep(30 * MINUTE + 10)
        assert len(await made(house)) == 4
        await house.queue.resume("work")
        await asyncio.sleep(30 * MINUTE)
        await house.queue.pause("work")
        await asyncio.sleep(30 * MINUTE)
        await house.queue.resume("work")
        await asyncio.sleep(MINUTE)
    assert len(await made(house)) == len(house.runs) == 10
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_key_is_asked_for_as_by_a_tick(house: House) -> None:
    held = await house.queue.enqueue("work", {}, unique=Unique(key="k"), delay=10 * HOUR)
    await hourly(house, options=Options(unique=Unique(key="k")))
    await hourly(house, "late", options=Options(unique=Unique(key="l", mode="debounce", window=3 * HOUR)))
    await house.queue.pause("work")
    for _ in range(2):
        await pass_hours(house, 1)
        await look(house)
    assert await fates(house) == ["skipped", "skipped"]
    assert [fate for _, fate in (await schedule(house, "late")).fates] == [Fate.STARTED, Fate.JOINED]
    assert len((await house.queue.list()).jobs) == 2
    await house.queue.cancel(held.id)
    await pass_hours(house, 1)
    await look(house)
    assert (await fates(house))[-1] == "started"


@housed
async def test_a_schedule_that_is_paused_or_gone_makes_no_job(house: House) -> None:
    await hourly(house)
    await hourly(house, "gone")
    await house.queue.pause("work")
    await look(house)
    await house.queue.schedules.pause("hourly")
    await house.queue.schedules.delete("gone")
    await pass_hours(house, 2)
    assert await look(house) == 0
    await house.queue.schedules.resume("hourly")
    assert await look(house) == 0, "what passed meanwhile is not made up for"
    await pass_hours(house, 1)
    assert await look(house) == 1
    assert len(await made(house)) == 1


@housed
async def test_every_tenants_schedules_are_served_and_stay_theirs(house: House) -> None:
    other = house.queue.for_tenant("acme")
    await hourly(house)
    await other.schedules.create("hourly", "work", "0 * * * *")
    await house.queue.pause("work")
    await pass_hours(house, 1)
    assert await look(house) == 2
    assert len(await made(house)) == len((await other.list()).jobs) == 1


# --- purging --------------------------------------------------------------------------------------------------------


@housed
async def test_a_purge_is_not_undone(house: House) -> None:
    await hourly(house, catch_up="all")
    await house.queue.pause("work")
    await pass_hours(house, 1)
    await look(house)
    await house.queue.purge("work")
    await house.runtime.bulk_work.round()
    assert await made(house) == {"1500": Status.CANCELLED}
    assert await house.depth() == (0, 0, 0)
    assert await look(house) == 0
    await pass_hours(house, 1)
    await look(house)
    await resumed(house)
    assert await made(house) == {"1500": Status.CANCELLED, "1600": Status.COMPLETED}


@housed
async def test_a_time_that_was_due_before_a_purge_is_purged_too(house: House) -> None:
    """Nobody had looked at it: its tick went with the queue."""
    await hourly(house, catch_up="all")
    await house.queue.pause("work")
    await pass_hours(house, 2)
    await house.queue.purge("work")
    await house.runtime.bulk_work.round()
    await pass_hours(house, 1)
    assert await look(house) == 1
    assert list(await made(house)) == ["1700"]


# --- races and deaths -----------------------------------------------------------------------------------------------


async def stale_round(player: Player, known: JobSchedule) -> int:
    """What a round does with a schedule that it has read."""
    runtime = player.process.runtime
    ticks = runtime.scheduling.ticks(runtime.runner.endings)
    return await ticks.serve_passed(runtime.catalog.get("work"), known)


@pytest.mark.parametrize("overlap", ["queue", "skip", "replace"])
@housed
async def test_two_rounds_at_once_make_one_job(house: House, overlap: Any) -> None:
    numbers = count()

    async def story(turns: Turns) -> None:
        name = f"s{next(numbers)}"
        await hourly(house, name, "* * * * *", overlap=overlap)
        await asyncio.sleep(MINUTE)
        known = await schedule(house, name)
        one, two = await players(house, 2)
        done = await turns.play((one, stale_round(one, known)), (two, stale_round(two, known)))
        assert sorted(done) == [0, 1]
        assert [fate for _, fate in (await schedule(house, name)).fates] == [Fate.STARTED]
        await house.queue.schedules.delete(name)

    await house.queue.pause("work")
    orders = await every_order(story)
    assert len((await house.queue.list(limit=200)).jobs) == orders > 2
    await resumed(house)
    assert len(house.runs) == orders


@housed
async def test_a_tick_that_is_just_served_and_a_round_make_one_job(house: House) -> None:
    """As when the queue is just being paused, or resumed."""
    numbers = count()

    async def story(turns: Turns) -> None:
        name = f"s{next(numbers)}"
        await hourly(house, name, "* * * * *")
        await asyncio.sleep(MINUTE)
        known = await schedule(house, name)
        (tick,) = await house.first.receive()
        one, two = await players(house, 2)
        await turns.play((one, stale_round(one, known)), (two, two.process.invoke("work", [tick])))
        assert [fate for _, fate in (await schedule(house, name)).fates] == [Fate.STARTED]
        await house.queue.schedules.delete(name)
        await house.deliver()

    orders = await every_order(story)
    assert len((await house.queue.list(limit=200)).jobs) == orders > 2
    await resumed(house)
    assert len(house.runs) == orders


@housed
async def test_a_pause_that_comes_and_goes_loses_and_doubles_nothing(house: House) -> None:
    await hourly(house, expression="rate(1 minute)")
    async with worker(house), worker(house):
        for seconds in (7, 61, 130, 1, 200, 59):
            await house.queue.pause("work")
            await asyncio.sleep(seconds)
            await house.queue.resume("work")
            await asyncio.sleep(seconds)
        await house.queue.schedules.pause("hourly")
        await asyncio.sleep(LEASE)
    minutes = (await schedule(house)).ticks
    assert len(house.runs) == len(await made(house)) == minutes == 16
    assert await house.depth() == (0, 0, 0)


#: Every call that a round makes, at which its process dies: before AWS has done it, or after.
CALLS = [
    (wire, name, after)
    for wire, name in (("dynamodb", "query"), ("dynamodb", "transact_write_items"), ("sqs", "send_message"))
    for after in (False, True)
]


@pytest.mark.parametrize(("wire", "name", "after"), CALLS)
@housed
async def test_a_death_at_any_call_of_a_round_loses_and_doubles_nothing(
    house: House, wire: str, name: str, after: bool
) -> None:
    await hourly(house, catch_up="all")
    await house.queue.pause("work")
    await pass_hours(house, 2)
    dying = house.process()
    await dying.runtime.queues.url("work")
    await house.die_at(getattr(dying, wire), name, look(house, dying), after=after)
    await look(house)
    assert list(await made(house)) == ["1500", "1600"]
    await resumed(house, 20 * MINUTE)
    assert set((await made(house)).values()) == {Status.COMPLETED}
    assert len(house.runs) == 2


@housed
async def test_trouble_with_one_schedule_leaves_the_others_alone(house: House) -> None:
    for name in ("a", "b", "c"):
        await hourly(house, name)
    await house.queue.pause("work")
    await pass_hours(house, 1)
    house.first.dynamodb.fail("transact_write_items", throttled())
    assert await look(house) == 2
    assert await look(house) == 1


@housed
async def test_trouble_with_reading_them_is_for_the_next_round(house: House) -> None:
    await hourly(house)
    await house.queue.pause("work")
    await pass_hours(house, 1)
    process = house.process()
    reads = process.dynamodb.inner

    class Busy:
        async def query(self, **params: Any) -> Any:
            if params["ExpressionAttributeValues"][":pk"]["S"].startswith("schedule#"):
                raise throttled()
            return await reads.query(**params)

    process.dynamodb.inner = Busy()
    await process.runtime.pauses.round()
    assert await made(house) == {}
    process.dynamodb.inner = reads
    await process.runtime.pauses.round()
    assert list(await made(house)) == ["1500"]


@housed
async def test_a_job_that_somebody_has_named_so_is_the_job_of_the_time(house: House) -> None:
    await hourly(house)
    await house.queue.enqueue("work", {}, job_id="hourly:20260921T150000Z", delay=2 * HOUR)
    await house.queue.pause("work")
    await pass_hours(house, 1)
    assert await look(house) == 1
    assert await fates(house) == ["started"]
    assert list(await made(house)) == ["1500"]


@housed
async def test_thousands_are_served_a_page_at_a_time_and_over_several_rounds(house: House) -> None:
    total = PAGE + 10
    for number in range(total):
        await hourly(house, f"s{number:03}")
    await house.queue.pause("work")
    await pass_hours(house, 1)
    process, asked = house.process(), count()
    # Time enough for one page.
    assert await look(house, process, lambda: next(asked) >= 1) == PAGE
    assert await look(house, process) == total - PAGE, "it goes on where it was"
    await look(house, process)
    process.dynamodb.calls.clear()
    assert await look(house, process) == 0
    assert dict(process.dynamodb.calls) == {"query": 5}, "pauses, purges, tenants, two pages"
    await pass_hours(house, 1)
    assert await look(house, process) == total


# --- schedules of code ----------------------------------------------------------------------------------------------


def code(expression: str) -> Catalog:
    @job("work", schedule=Recurring(expression, data={"size": 2}))
    async def work(order: Order) -> int:
        return order.size

    return Catalog([work])


@housed
async def test_a_schedule_of_code_is_served(house: House) -> None:
    process = house.process(code("0 * * * *"))
    await process.runtime.create_resources()
    await house.queue.pause("work")
    await pass_hours(house, 1)
    assert await look(house, process) == 1
    assert [one.id for one in (await house.queue.list()).jobs] == ["work:20260921T150000Z"]


@pytest.mark.parametrize(("expression", "first", "then"), [("0 * * * *", 0, 1), ("rate(1 hour)", 1, 1)])
@housed
async def test_one_that_a_template_deploys_gets_its_row(house: House, expression: str, first: int, then: int) -> None:
    """There are no rows of it so far: its times count from when it is first seen."""
    process = house.process(code(expression))
    await process.runtime.store.add_tenant("default")
    await house.queue.pause("work")
    assert await look(house, process) == first
    assert await look(house, process) == 0
    await asyncio.sleep(HOUR)
    assert await look(house, process) == then
    row = await process.runtime.queue.schedules.get("work")
    assert (row.source, row.data) == (CODE, {"size": 2})


@pytest.mark.parametrize("expression", ["30 * * * *", "rate(1 hour)"])
@housed
async def test_new_code_with_other_times_counts_from_when_it_is_seen(house: House, expression: str) -> None:
    old = house.process(code("rate(10 minutes)"))
    await old.runtime.create_resources()
    await house.queue.pause("work")
    await look(house, old)
    await asyncio.sleep(15 * MINUTE)
    await look(house, old)
    before = len((await house.queue.list()).jobs)
    new = house.process(code(expression))
    for _ in range(3):
        assert await look(house, new) == 0, "not due each time that somebody looks"
    done = 0
    for _ in range(24):
        await asyncio.sleep(5 * MINUTE)
        done += await look(house, new)
    assert done == 2
    assert len((await house.queue.list()).jobs) == before + 2


@housed
async def test_code_leaves_one_alone_that_was_made_by_hand(house: House) -> None:
    await hourly(house, "work")
    process = house.process(code("* * * * *"))
    await house.queue.pause("work")
    await pass_hours(house, 1)
    assert await look(house, process) == 1
    assert list(await made(house)) == ["1500"]
