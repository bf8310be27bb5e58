"""Debounce: the last call decides, in all that it says, and the job is not put off for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from queues import Fixed, NewJob, Options, Status, Unique, Webhook
from queues.catalog import Catalog
from queues.errors import InvalidOption
from queues.job import Job
from queues.store import Unclaimed
from queues.webhooks.job import webhook
from tests.core.house import LEASE, Died, House, Process, housed
from tests.core.interleaving import Death, Order, every_order, players
from tests.core.test_priority_queues import BULK, CRITICAL, QUEUES, deliver, every_level, graded

#: Ten seconds after the last call, and half a minute after the first one at the latest.
RULE = Unique(key="k", window=10, mode="debounce", max_wait=30)


async def ask(process: Process, size: int, unique: Unique = RULE, **options: Any) -> Job:
    return await process.runtime.queue.enqueue("work", {"size": size}, unique=unique, **options)


def fresh(number: int) -> Unique:
    return Unique(key=f"k{number}", window=10, mode="debounce", max_wait=30)


# --- the last call decides ----------------------------------------------------------------------------------------


@housed
async def test_the_last_call_decides_in_all_that_it_says(house: House) -> None:
    process = house.process(Catalog([*house.catalog(), webhook]))
    queue = process.runtime.queue
    await queue.webhooks.create()
    old, new = (Webhook(url=f"https://example.com/{name}") for name in ("old", "new"))
    own: dict[str, Any] = {"priority": 7, "attempts": 2, "timeout": 3, "backoff": Fixed(4), "deadline": 60}
    first = await ask(process, 1, tags=["old"], attempts=9, expires_in=99, webhook=old)
    await ask(process, 2, tags=["new", "er"], webhook=new, **own)
    got, wanted = await queue.get(first.id), await queue.enqueue("work", {}, tags=["new", "er"], webhook=new, **own)
    told = ("priority", "max_attempts", "timeout", "backoff", "tags", "expires_start_at", "deadline_at", "webhook")
    assert [getattr(got, name) for name in told] == [getattr(wanted, name) for name in told]
    assert (got.id, got.data, got.created_at, got.owes) == (first.id, {"size": 2}, first.created_at, ("webhook",))
    await ask(process, 3)
    plain = await queue.get(first.id)
    assert (plain.data, plain.tags, plain.owes, plain.deadline_at) == ({"size": 3}, (), (), None)
    assert (plain.priority, plain.max_attempts, plain.webhook) == (50, 3, None)


@housed
async def test_a_shorter_window_does_not_bring_the_job_forward_and_its_data_counts(house: House) -> None:
    first = await ask(house.first, 1, Unique(key="k", window=60, mode="debounce"))
    await asyncio.sleep(5)
    made = await ask(house.first, 2)
    assert (made.id, made.data, made.run_at) == (first.id, {"size": 2}, first.run_at)
    await house.queue.reschedule(first.id, timedelta(hours=1))
    assert (await ask(house.first, 3)).data == {"size": 3}
    await asyncio.sleep(120)
    await house.deliver()
    assert house.runs == []


# --- the longest wait ---------------------------------------------------------------------------------------------


@housed
async def test_a_stream_of_calls_puts_the_job_off_for_so_long_and_no_longer(house: House) -> None:
    made = []
    async with house.working():
        for size in range(12):
            made.append(await ask(house.first, size))
            await asyncio.sleep(9)
        await asyncio.sleep(20)
    # Asked for at 0, 9 ... 99: put off to 30 from 0, to 66 from 36, to 102 from 72.
    assert [run[2] for run in house.runs] == [pytest.approx(start, abs=2) for start in (30, 66, 102)]
    assert [(await house.queue.get(run[0])).result["made"] for run in house.runs] == [3, 7, 11]
    assert [one.id for one in made] == [run[0] for run in house.runs for _ in range(4)]


@housed
async def test_when_the_longest_wait_is_over_a_job_that_still_waits_takes_the_data_and_stays_due(house: House) -> None:
    first = await ask(house.first, 1)
    await asyncio.sleep(25)
    assert (await ask(house.first, 2)).run_at == first.created_at + 30_000
    await asyncio.sleep(3_600)
    made = await ask(house.first, 3)
    assert (made.id, made.run_at, made.status) == (first.id, first.created_at + 30_000, Status.WAITING)
    await house.deliver()
    assert (await house.queue.get(first.id)).result == {"made": 3}


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "debounce", "window": 10, "max_wait": 9.9},
        {"mode": "debounce", "window": 10, "max_wait": 366 * 86_400},
        {"mode": "throttle", "window": 10, "max_wait": 20},
        {"max_wait": 20},
    ],
)
def test_a_longest_wait_that_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match=r"unique\.maxWait"):
        Unique(**options)


@housed
async def test_of_two_calls_at_once_near_the_longest_wait_one_is_the_last(house: House) -> None:
    numbers = count()

    async def story(order: Order) -> None:
        rule = fresh(next(numbers))
        old = await ask(house.first, 0, rule)
        await asyncio.sleep(25)
        one, two = await players(house, 2)
        first, second = await order.play(
            (one, ask(one.process, 1, rule, priority=1)), (two, ask(two.process, 2, rule, priority=2))
        )
        assert first.id == second.id == old.id
        got = await house.queue.get(old.id)
        assert (got.data["size"], got.priority) in ((1, 1), (2, 2)), "all that one call says, or all of the other"
        assert got.run_at == old.created_at + 30_000
        assert (got.data, got.priority) in [(call.data, call.priority) for call in (first, second)]

    assert await every_order(story) > 15


@housed
async def test_the_data_may_be_the_same_and_the_options_differ(house: House) -> None:
    """At the same millisecond: one takes the key, two writes the job under that id, and then one does."""
    one, two = await players(house, 2)
    order = Order([0, 1, 1, 1, 1])
    first, second = await order.play((one, ask(one.process, 1, priority=1)), (two, ask(two.process, 1, priority=2)))
    assert (first.id, second.priority) == (second.id, 2)
    assert first.priority == (await house.queue.get(first.id)).priority == 1


@pytest.mark.parametrize(("call", "after"), [(0, False), (1, False), (1, True), (2, False), (2, True)])
@housed
async def test_a_call_that_dies_leaves_one_job_that_runs_in_time(house: House, call: int, after: bool) -> None:
    """Calls 0 to 2 of a further one: the key's row is refused, the job is read, the job is written."""
    numbers = count()
    ids = set()

    async def story(order: Order) -> None:
        rule = fresh(next(numbers))
        old = await ask(house.first, 0, rule)
        ids.add(old.id)
        await asyncio.sleep(5)
        one, two = await players(house, 2)
        one.death = Death(call, after)
        first, second = await order.play((one, ask(one.process, 1, rule)), (two, ask(two.process, 2, rule)))
        assert isinstance(first, Died)
        assert second.id == old.id
        got = await house.queue.get(old.id)
        assert got.data in ({"size": 1}, {"size": 2})
        assert got.run_at <= old.created_at + 15_000

    await every_order(story)
    async with house.working():
        await asyncio.sleep(LEASE + 60)
    assert sorted(run[0] for run in house.runs) == sorted(ids)


# --- levels of priority: the job is in another queue from then on -------------------------------------------------


async def ask_graded(process: Process, size: int, priority: int) -> Job:
    return await process.runtime.queue.enqueue("graded", {"size": size}, unique=RULE, priority=priority)


async def left(process: Process) -> int:
    return sum(one.total for one in (await process.runtime.queues.depths("graded")).values())


@every_level
@pytest.mark.parametrize("after", QUEUES)
@housed
async def test_the_job_waits_in_the_queue_of_the_last_priority(house: House, priority: int, after: int) -> None:
    process = await graded(house)
    first = await ask_graded(process, 1, priority)
    await asyncio.sleep(5)
    await ask_graded(process, 2, after)
    await asyncio.sleep(5)
    for queue in QUEUES.values():
        if queue != QUEUES[after]:
            await deliver(process, queue)
    await asyncio.sleep(6)
    for queue in QUEUES.values():
        if queue != QUEUES[after]:
            await deliver(process, queue)
    assert house.runs == [], "no other level hands it out"
    while await deliver(process, QUEUES[after]):
        pass
    assert [run[0] for run in house.runs] == [first.id]
    assert (await house.queue.get(first.id)).result == {"made": 2}
    await asyncio.sleep(LEASE)
    for queue in QUEUES.values():
        await deliver(process, queue)
    assert await left(process) == 0, "of the copies nothing is left"


@housed
async def test_one_that_dies_before_it_has_told_the_new_queue_leaves_that_to_the_runner(house: House) -> None:
    process = await graded(house)
    first = await ask_graded(process, 1, BULK)
    await asyncio.sleep(5)
    dying = house.process(process.runtime.catalog)
    await dying.runtime.store.add_tenant("default")
    await house.die_at(dying.sqs, "send_message", ask_graded(dying, 2, CRITICAL))
    await asyncio.sleep(6)
    assert await deliver(process, QUEUES[BULK]) == 1
    await asyncio.sleep(6)
    assert await deliver(process, QUEUES[BULK]) == 0
    await deliver(process, QUEUES[CRITICAL])
    assert (await house.queue.get(first.id)).result == {"made": 2}


@housed
async def test_what_starts_meanwhile_keeps_what_it_started_with(house: House) -> None:
    numbers = count()

    async def story(order: Order) -> None:
        rule = fresh(next(numbers))
        old = await ask(house.first, 1, rule, priority=3)
        await asyncio.sleep(10)
        one, worker = await players(house, 2)
        store, now = worker.process.runtime.store, house.loop.epoch_ms()
        second, claimed = await order.play(
            (one, ask(one.process, 2, rule, priority=4)), (worker, store.claim("default", old.id, "w/1", now))
        )
        if not isinstance(claimed, Unclaimed):
            assert (claimed.data, claimed.priority) == ({"size": 1}, 3)
            assert second.id != old.id

    await every_order(story)


@housed
async def test_in_bulk_the_last_one_decides(house: House) -> None:
    wanted = [NewJob("work", {"size": n}, Options(unique=RULE, priority=n + 1)) for n in range(5)]
    made = await house.queue.enqueue_many(wanted)
    (the_one,) = {one.id for one in made}
    assert (await house.queue.get(the_one)).priority == 5
