"""What a job owes when it has ended is paid, whichever way it ends and whoever dies over it; only then it rests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from queues import Cancel, Discard, NewJob, Options, Status
from queues.job import Job
from queues.reaper import Reaped
from queues.rows import OWING
from tests.core.house import LEASE, MINUTE, House, Order, Process, housed, throttled
from tests.core.interleaving import Death, Player
from tests.core.interleaving import Order as Turns
from tests.core.test_reaper import claim

#: What each payer was told: [status, attempt].
Told = list[tuple[Status, int]]


def process_of(house: House, told: Told, *errors: Exception) -> Process:
    """A process that pays the word `test`, and that meets these errors first."""
    found, trouble = house.process(), list(errors)

    async def payer(job: Job) -> None:
        if trouble:
            raise trouble.pop(0)
        told.append((job.status, job.attempt))

    found.runtime.runner.endings.debts.register("test", payer)
    return found


async def owing(house: House, *, attempts: int = 3, word: str = "test", expires_in: float | None = None) -> Job:
    enqueuer = house.queue._enqueuer
    new = NewJob("work", {}, Options(attempts=attempts, expires_in=expires_in))
    return await enqueuer.put(replace(enqueuer.build(new, house.loop.epoch_ms()), owes=(word,)), named=False)


async def state(house: House, job: Job) -> str:
    item = (await house.dynamodb.get_item(TableName="jobyard", Key={"pk": {"S": f"job#default#{job.id}"}, "sk": JOB}))[
        "Item"
    ]
    return str(item["state"]["S"]).partition("#")[2]


JOB = {"S": "job"}


# --- every way to end ---------------------------------------------------------------------------------------------


async def completes(_house: House, process: Process, _job: Job) -> None:
    await process.deliver()


async def fails(house: House, process: Process, _job: Job) -> None:
    async def discard(_order: Order, _ctx: object) -> None:
        raise Discard("no")

    house.handlers["work"] = discard
    await process.deliver()


async def cancels_itself(house: House, process: Process, _job: Job) -> None:
    async def cancel(_order: Order, _ctx: object) -> None:
        raise Cancel("not wanted")

    house.handlers["work"] = cancel
    await process.deliver()


async def is_cancelled(_house: House, process: Process, job: Job) -> None:
    await process.runtime.queue.cancel(job.id)


async def is_cancelled_as_it_runs(house: House, process: Process, job: Job) -> None:
    async def run(_order: Order, _ctx: object) -> None:
        await house.queue.cancel(job.id)
        raise ValueError("it did not end well")

    house.handlers["work"] = run
    await process.deliver()


async def is_purged(house: House, process: Process, _job: Job) -> None:
    await house.queue.purge("work")
    await process.runtime.bulk_work.round()


async def is_lost(house: House, process: Process, job: Job) -> None:
    await claim(house, job)
    await asyncio.sleep(LEASE + 6)
    await process.runtime.reaper.round()


async def expires(_house: House, process: Process, _job: Job) -> None:
    await asyncio.sleep(2)
    await process.deliver()


async def is_moved_by_sqs(house: House, process: Process, job: Job) -> None:
    (message,) = await process.receive()
    await house.runtime.queues.bury(job.type, message["Body"], "MovedBySqs")
    url = await house.runtime.queues.url(job.type)
    await house.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    await process.runtime.dead_letters.round()


WAYS: dict[Callable[[House, Process, Job], Awaitable[None]], Status] = {
    completes: Status.COMPLETED,
    fails: Status.FAILED,
    cancels_itself: Status.CANCELLED,
    is_cancelled: Status.CANCELLED,
    is_cancelled_as_it_runs: Status.CANCELLED,
    is_purged: Status.CANCELLED,
    is_lost: Status.FAILED,
    expires: Status.FAILED,
    is_moved_by_sqs: Status.FAILED,
}


@pytest.mark.parametrize(("way", "status"), WAYS.items(), ids=lambda value: getattr(value, "__name__", value))
@housed
async def test_whichever_way_a_job_ends_it_pays_and_then_rests(
    house: House, way: Callable[[House, Process, Job], Awaitable[None]], status: Status
) -> None:
    told: Told = []
    process = process_of(house, told)
    job = await owing(house, attempts=1, expires_in=1 if way is expires else None)
    await way(house, process, job)
    ended = await house.queue.get(job.id)
    assert [(status, ended.attempt)] == told
    assert (ended.status, await state(house, job)) == (status, status.value)
    assert ended.paid_at is not None
    await asyncio.sleep(2 * LEASE)
    assert await process.runtime.reaper.round() == Reaped(), "nothing is owed any more"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@housed
async def test_killed_at_any_call_it_is_paid_all_the_same(
    house: House, way: Callable[[House, Process, Job], Awaitable[None]]
) -> None:
    """One job for each call that the dying process makes, killed before it or after it."""
    told: Told = []
    saviour = process_of(house, told)
    calls, call = 100, 0
    while call < calls:
        for after in (False, True):
            told.clear()
            house.handlers.clear()
            dying = process_of(house, told)
            await dying.runtime.store.add_tenant("default")
            job = await owing(house, attempts=1, expires_in=1 if way is expires else None)
            player = Player(dying, Death(call, after))
            await Turns([]).play((player, _quietly(way(house, dying, job))))
            calls = player.calls if player.calls <= call else calls
            house.handlers.clear()
            for _ in range(6):
                await asyncio.sleep(MINUTE)
                await saviour.maintain()
                await saviour.runtime.bulk_work.round()
                await saviour.deliver()
            ended = await house.queue.get(job.id)
            assert ended.ended
            assert set(told) == {(ended.status, ended.attempt)}
            assert await state(house, job) == ended.status.value
            letters = await house.runtime.queues.dead_letter_url("work")
            await house.sqs.purge_queue(QueueUrl=letters)
        call += 1
    assert calls > 2


async def _quietly(work: Awaitable[None]) -> None:
    await work


# --- what waits for it --------------------------------------------------------------------------------------------


@housed
async def test_a_debt_that_cannot_be_paid_now_is_paid_by_the_reaper_and_the_job_is_listed_meanwhile(
    house: House,
) -> None:
    told: Told = []
    process = process_of(house, told, *[throttled() for _ in range(6)])
    job = await owing(house)
    await process.deliver()
    assert (await state(house, job), told) == (OWING, [])
    for status in (None, Status.COMPLETED):
        assert [one.id for one in (await house.queue.list(status=status)).jobs] == [job.id]
    assert (await house.queue.list(status=Status.CANCELLED)).jobs == []
    await asyncio.sleep(LEASE + 6)
    done = await process.runtime.reaper.round()
    assert (done.looked_at, done.paid, done.buried) == (1, 1, 0)
    assert (await state(house, job), told) == ("completed", [(Status.COMPLETED, 1)])


@housed
async def test_its_message_pays_too_if_it_comes_back_first(house: House) -> None:
    told: Told = []
    process = process_of(house, told, *[throttled() for _ in range(6)])
    job = await owing(house)
    await process.deliver()
    await asyncio.sleep(LEASE)
    await process.deliver()
    assert (await state(house, job), told) == ("completed", [(Status.COMPLETED, 1)])
    assert await house.depth() == (0, 0, 0)


@housed
async def test_who_retries_a_job_pays_first_and_its_next_end_owes_anew(house: House) -> None:
    told: Told = []
    process = process_of(house, told, *[throttled() for _ in range(6)])
    job = await owing(house)
    await fails(house, process, job)
    assert (await house.queue.get(job.id)).in_debt
    house.handlers.clear()
    await process.runtime.queue.retry(job.id)
    assert told == [(Status.FAILED, 1)]
    await process.deliver()
    assert told == [(Status.FAILED, 1), (Status.COMPLETED, 2)]
    assert await state(house, job) == "completed"


@pytest.mark.parametrize("verb", ["discard", "delete"])
@housed
async def test_who_gives_a_job_up_pays_first(house: House, verb: str) -> None:
    told: Told = []
    process = process_of(house, told, *[throttled() for _ in range(6)])
    job = await owing(house)
    await fails(house, process, job)
    await getattr(process.runtime.queue, verb)(job.id)
    assert told == [(Status.FAILED, 1)]
    if verb == "discard":
        assert (await house.queue.get(job.id)).status is Status.CANCELLED
        assert await state(house, job) == "cancelled"
    await asyncio.sleep(2 * LEASE)
    assert (await process.runtime.reaper.round()).looked_at == 0


@housed
async def test_a_replay_owes_nothing_of_the_old_job(house: House) -> None:
    process = process_of(house, [])
    job = await owing(house)
    await process.deliver()
    assert (await house.queue.replay(job.id)).owes == ()


@housed
async def test_a_word_of_newer_code_is_left_to_it(house: House) -> None:
    told: Told = []
    older, newer = house.process(), process_of(house, told)
    job = await owing(house)
    await fails(house, older, job)
    await asyncio.sleep(LEASE + 6)
    await older.maintain()
    assert (await state(house, job), await house.letters()) == (OWING, [])
    await newer.maintain()
    assert (await state(house, job), told) == ("failed", [(Status.FAILED, 1)])
    assert len(await house.letters()) == 1


@housed
async def test_a_job_that_owes_costs_three_write_units_more(house: House) -> None:
    process = process_of(house, [])
    await owing(house)
    await process.deliver()
    house.first.dynamodb.units = process.dynamodb.units = 0
    await owing(house)
    await process.deliver()
    assert house.first.dynamodb.units + process.dynamodb.units == 6 + 3
