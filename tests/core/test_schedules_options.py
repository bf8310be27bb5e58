"""What a schedule says of its jobs: keys, expiry and deadline from the due time, priority, tags; once for each time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from queues import Fixed, Options, Status, Unique, job
from queues.catalog import Catalog
from queues.errors import InvalidOption
from queues.job import Job
from queues.schedules.job_schedule import Fate
from queues.schedules.said import recurring_of
from queues.schedules.terms import counted_from, is_over
from queues.unique.hold import Held
from queues.unique.keys import key_row
from tests.core.house import LEASE, House, Order, Process, housed
from tests.core.interleaving import Order as Turns
from tests.core.interleaving import every_order, players
from tests.core.test_schedules_ticks import CALLS, made, to_next_hour

HOUR = 3_600
KEY = Unique(key="k")
DEBOUNCE = Unique(key="k", window=60, mode="debounce", max_wait=90)


async def hourly(house: House, unique: Unique | None = None, *, said: Any = None, **options: Any) -> None:
    schedules = house.queue.schedules
    chosen = Options(unique=unique, **options)
    await schedules.create("hourly", "work", "cron(0 * * * ? *)", data={"size": 7}, options=chosen, **(said or {}))


async def fates(house: House) -> list[str]:
    return [fate.value for _, fate in (await house.queue.schedules.get("hourly")).fates]


async def last(house: House) -> Job:
    """The job that the schedule names as its last one."""
    job_id = (await house.queue.schedules.get("hourly")).last_job
    assert job_id is not None
    return await house.queue.get(job_id)


async def serve_ticks(house: House) -> None:
    """Serves ticks, and leaves jobs where they are."""
    found = await house.first.receive()
    await house.first.invoke("work", [one for one in found if '"tick"' in one["Body"]])


# --- expiry, deadline, priority, tags -----------------------------------------------------------------------------


@housed
async def test_expiry_and_deadline_count_from_the_due_time(house: House) -> None:
    await hourly(house, expires_in=600, deadline=timedelta(minutes=20), priority=3, tags=["a", "b"])
    due = await to_next_hour(house)
    await asyncio.sleep(300)
    await serve_ticks(house)
    got = await last(house)
    assert (got.expires_start_at, got.deadline_at) == (due + 600_000, due + 1_200_000)
    assert (got.priority, got.tags) == (3, ("a", "b"))
    assert got.created_at == got.run_at == house.loop.epoch_ms()
    ran = await house.queue.schedules.run_now("hourly")
    assert ran.expires_start_at == house.loop.epoch_ms() + 600_000, "a run by hand has no due time"


@pytest.mark.parametrize(("minutes", "left"), [(0, 60), (4, 60), (5, 60), (5.5, 30)])
def test_within_its_jitter_no_time_is_late(minutes: float, left: int) -> None:
    made_at = round(minutes * 60_000)
    new = counted_from(_job(made_at), 5 * 60_000, made_at)
    assert (new.expires_start_at, is_over(new)) == (made_at + left * 1000, False)
    assert is_over(counted_from(_job(6 * 60_000), 5 * 60_000, 6 * 60_000))


def _job(now: int) -> Job:
    times = {"created_at": now, "run_at": now, "expires_start_at": now + 60_000}
    named: dict[str, Any] = {"id": "a", "tenant": "default", "type": "work", "status": Status.WAITING}
    return Job(**named, **times, max_attempts=1, timeout=1, backoff=Fixed(1))


@pytest.mark.parametrize("options", [{"expires_in": 600}, {"deadline": 600}])
@pytest.mark.parametrize("overlap", ["queue", "replace"])
@housed
async def test_a_time_whose_job_would_be_over_is_missed(house: House, overlap: Any, options: dict[str, Any]) -> None:
    await hourly(house, **options, said={"catch_up": "all", "overlap": overlap})
    await to_next_hour(house)
    await serve_ticks(house)
    first = await last(house)
    await to_next_hour(house)
    await asyncio.sleep(601)
    await serve_ticks(house)
    assert await fates(house) == ["started", "missed"]
    assert (await house.queue.get(first.id)).status is Status.WAITING, "nothing took its place"


@housed
async def test_what_a_schedule_cannot_keep_is_refused_when_it_is_made(house: House) -> None:
    refused: list[tuple[Unique, dict[str, Any], str]] = [
        (DEBOUNCE, {"expires_in": 60}, "expiresIn"),
        (Unique(fields=("wait",)), {}, "unique.fields"),
        (Unique(key="k", window=8 * 86_400, mode="throttle"), {}, "unique.window"),
    ]
    for unique, options, named in refused:
        with pytest.raises(InvalidOption, match=named):
            await hourly(house, unique, **options)
    with pytest.raises(InvalidOption, match=r"unique\.fields"):

        @job("a", unique=Unique(fields=("a",)), schedule="rate(1 day)")
        async def untyped(_data: dict[str, Any]) -> None: ...


@housed
async def test_all_that_a_schedule_says_can_be_read_and_changed(house: House) -> None:
    await hourly(house, Unique(fields=("size",), window=60, mode="throttle"), expires_in=90, tags=["a"])
    known = await house.queue.schedules.get("hourly")
    options = recurring_of(known).options
    assert options is not None
    assert options.unique == Unique(fields=("size",), window=60, mode="throttle")
    changed = await house.queue.schedules.update("hourly", timezone="Europe/Berlin")
    assert changed.options == known.options


# --- one job for one key ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unique", [KEY, Unique(key="k", window=7_000, mode="throttle")], ids=lambda one: one.mode)
@housed
async def test_a_time_whose_key_is_held_makes_no_job(house: House, unique: Unique) -> None:
    other = await house.queue.enqueue("work", {"size": 1}, unique=unique)
    await hourly(house, unique)
    await to_next_hour(house)
    await serve_ticks(house)
    assert (await fates(house), await made(house)) == (["skipped"], [other.id])
    assert (await house.queue.schedules.run_now("hourly")).id == other.id
    async with house.working():
        await asyncio.sleep(2 * HOUR)
    assert await fates(house) == (["skipped", "started", "started"] if unique == KEY else ["skipped"] * 2 + ["started"])


@housed
async def test_its_own_job_holds_the_key_for_others(house: House) -> None:
    await hourly(house, KEY)
    await to_next_hour(house)
    await serve_ticks(house)
    assert (await house.queue.enqueue("work", {"size": 1}, unique=KEY)).id == (await last(house)).id
    await to_next_hour(house)
    await serve_ticks(house)
    assert await fates(house) == ["started", "skipped"]


@housed
async def test_the_types_own_rule_holds_for_schedules_too(house: House) -> None:
    async def run(order: Order) -> None: ...

    process = house.process(Catalog([job("work", unique=Unique(fields=("size",)))(run)]))
    other = await process.runtime.queue.enqueue("work", {"size": 7})
    await hourly(house)
    await to_next_hour(house)
    found = await process.receive()
    await process.invoke("work", [one for one in found if '"tick"' in one["Body"]])
    assert (await fates(house), await made(house)) == (["skipped"], [other.id])


@pytest.mark.parametrize("runs", [False, True])
@housed
async def test_replace_takes_the_key_over_from_the_job_before(house: House, runs: bool) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(200)
    await hourly(house, KEY, said={"overlap": "replace"})
    await to_next_hour(house)
    await serve_ticks(house)
    first = await last(house)
    if runs:
        await asyncio.sleep(HOUR - 100)
        house.background.append(asyncio.create_task(house.deliver(seconds=400)))
    await to_next_hour(house)
    await serve_ticks(house)
    assert await fates(house) == ["started", "started"]
    assert (await last(house)).id != first.id
    assert (await house.queue.get(first.id)).cancel_by == "the schedule hourly"
    assert (await house.queue.enqueue("work", {}, unique=KEY)).id == (await last(house)).id


# --- debounce -----------------------------------------------------------------------------------------------------


@housed
async def test_a_debounced_time_waits_for_quiet_and_takes_what_comes(house: House) -> None:
    await hourly(house, DEBOUNCE)
    await to_next_hour(house)
    await serve_ticks(house)
    own = await last(house)
    assert own.run_at == house.loop.epoch_ms() + 60_000
    await asyncio.sleep(50)
    assert (await house.queue.enqueue("work", {"size": 1}, unique=DEBOUNCE)).id == own.id
    async with house.working():
        await asyncio.sleep(90)
    assert (await house.queue.get(own.id)).result == {"made": 1}


@housed
async def test_a_debounced_time_gives_what_it_says_to_the_job_that_waits(house: House) -> None:
    now = house.loop.epoch_ms()
    await asyncio.sleep((HOUR * 1000 - now % (HOUR * 1000)) / 1000 - 10)
    waits = await house.queue.enqueue("work", {"size": 1}, unique=DEBOUNCE, tags=["x"])
    await hourly(house, DEBOUNCE, priority=9)
    await to_next_hour(house)
    await serve_ticks(house)
    got = await last(house)
    assert (got.id, got.data, got.priority, got.tags) == (waits.id, {"size": 7}, 9, ())
    assert got.run_at == house.loop.epoch_ms() + 60_000
    schedule = await house.queue.schedules.get("hourly")
    assert schedule.fates[-1][1] is Fate.JOINED
    async with house.working():
        await asyncio.sleep(120)
    assert [run[0] for run in house.runs] == [waits.id]


# --- exactly once -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wire", "name", "after"), CALLS)
@pytest.mark.parametrize("unique", [KEY, DEBOUNCE], ids=lambda one: one.mode)
@housed
async def test_a_death_at_any_call_makes_one_job(
    house: House, unique: Unique, wire: str, name: str, after: bool
) -> None:
    await hourly(house, unique)
    await to_next_hour(house)
    dying = house.process()
    await dying.runtime.store.add_tenant("default")
    await dying.runtime.queues.url("work")
    await house.die_at(getattr(dying, wire), name, dying.deliver(), after=after)
    await asyncio.sleep(LEASE)
    async with house.working():
        await asyncio.sleep(2 * LEASE + 70)
    assert await fates(house) == ["started"]
    assert [run[0] for run in house.runs] == await made(house)
    assert len(house.runs) == 1
    assert await house.depth() == (0, 0, 0)


@pytest.mark.parametrize("after", [False, True])
@housed
async def test_a_death_while_it_joins_gives_its_data_once(house: House, after: bool) -> None:
    now = house.loop.epoch_ms()
    await asyncio.sleep((HOUR * 1000 - now % (HOUR * 1000)) / 1000 - 10)
    waits = await house.queue.enqueue("work", {"size": 1}, unique=DEBOUNCE)
    await hourly(house, DEBOUNCE)
    await to_next_hour(house)
    dying = house.process()
    await house.die_at(dying.dynamodb, "transact_write_items", dying.deliver(), after=after)
    async with house.working():
        await asyncio.sleep(LEASE + 120)
    assert await fates(house) == ["joined"]
    assert [run[0] for run in house.runs] == [waits.id], "the tick comes back, and makes no second one"
    assert (await house.queue.get(waits.id)).result == {"made": 7}


@housed
async def test_in_every_order_with_a_caller_one_job_comes(house: House) -> None:
    """The key is free at first, and then to be taken over from a job that was cancelled."""
    await hourly(house, KEY)
    one, two = await players(house, 2)
    ids = set()

    async def story(turns: Turns) -> None:
        by_hand, asked = await turns.play((one, run(one.process, "hourly")), (two, ask(two.process, KEY)))
        assert by_hand.id == asked.id
        ids.add(asked.id)
        await house.queue.cancel(asked.id)

    assert await every_order(story) == len(ids) > 8
    assert set(await made(house)) <= ids


@housed
async def test_in_every_order_with_a_caller_one_debounced_job_takes_what_one_of_them_says(house: House) -> None:
    await hourly(house, DEBOUNCE)
    one, two = await players(house, 2)

    async def story(turns: Turns) -> None:
        waits = await house.queue.enqueue("work", {"size": 0}, unique=DEBOUNCE)
        await asyncio.sleep(1)
        by_hand, asked = await turns.play((one, run(one.process, "hourly")), (two, ask(two.process, DEBOUNCE)))
        assert by_hand.id == asked.id == waits.id
        assert (await house.queue.get(waits.id)).data in ({"size": 7}, {"size": 1})
        await house.queue.cancel(waits.id)

    assert await every_order(story) > 8


async def run(process: Process, name: str) -> Job:
    return await process.runtime.queue.schedules.run_now(name)


async def ask(process: Process, rule: Unique) -> Job:
    return await process.runtime.queue.enqueue("work", {"size": 1}, unique=rule)


@housed
async def test_a_key_whose_taker_died_gets_the_times_job_under_the_id_that_it_promised(house: House) -> None:
    await hourly(house, KEY)
    await to_next_hour(house)
    now = house.loop.epoch_ms()
    keys = house.runtime.store.unique_keys
    assert await keys.take(key_row("default", "work", "key:k"), Held("promised", now), now, None) is None
    async with house.working():
        await asyncio.sleep(LEASE)
    assert [run[0] for run in house.runs] == ["promised"]
    assert await fates(house) == ["joined"]
    await to_next_hour(house)
    await house.deliver()
    assert (await fates(house))[-1] == "started"
