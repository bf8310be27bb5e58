"""The net under every crash: whatever is owed to a job is found and done, once, and nothing else is touched."""

from __future__ import annotations

import asyncio

import pytest

from queues import Discard, NewJob, Options, Status
from queues.job import Job
from queues.reaper import RESEND_AFTER
from queues.store import Unclaimed
from tests.core.house import LEASE, MINUTE, House, Order, Process, housed, outcomes


async def claim(house: House, made: Job) -> Job:
    """Starts an attempt as a process does that then is never heard of again."""
    claimed = await house.runtime.store.claim(made.tenant, made.id, "gone/1", house.loop.epoch_ms())
    assert not isinstance(claimed, Unclaimed)
    return claimed


@housed
async def test_an_attempt_whose_lease_is_over_is_lost_and_the_job_runs_again(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    await house.first.receive()
    await claim(house, made)
    await asyncio.sleep(LEASE + 6)
    done = await house.runtime.reaper.round()
    assert (done.looked_at, done.lost) == (1, 1)
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job), job.lease_until) == (Status.DELAYED, ["lost"], None)
    assert job.error is not None
    assert "gone/1" in job.error.message
    async with house.working():
        job = await house.queue.wait(made.id)
    assert outcomes(job) == ["lost", "completed"]
    assert len(house.runs) == 1


@housed
async def test_attempts_that_are_lost_run_out(house: House) -> None:
    made = await house.queue.enqueue("work", {}, attempts=2)
    for _ in range(2):
        await claim(house, made)
        await asyncio.sleep(2 * LEASE)
        await house.runtime.reaper.round()
        # The backoff.
        await asyncio.sleep(10)
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job), job.attempt) == (Status.FAILED, ["lost", "lost"], 2)
    assert len(await house.letters()) == 1


@housed
async def test_a_heartbeat_that_comes_between_look_and_write_wins(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    claimed = await claim(house, made)
    await asyncio.sleep(LEASE + 6)
    seen = await house.queue.get(made.id)
    assert await house.runtime.store.renew(claimed, house.loop.epoch_ms(), None, None)
    assert await house.runtime.runner.endings.lost(seen) is None
    assert (await house.queue.get(made.id)).status is Status.ACTIVE


@housed
async def test_of_two_reapers_one_ends_the_attempt(house: House) -> None:
    made = await house.queue.enqueue("work", {}, attempts=1)
    await house.first.receive()
    await claim(house, made)
    await asyncio.sleep(LEASE + 6)
    await asyncio.gather(*(process.runtime.reaper.round() for process in (house.first, house.process())))
    job = await house.queue.get(made.id)
    assert (job.status, outcomes(job)) == (Status.FAILED, ["lost"])
    async with house.working():
        await asyncio.sleep(10 * MINUTE)
    assert len(await house.letters()) == 1


@housed
async def test_an_active_job_with_a_living_lease_is_left_alone(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(200)
    made = await house.queue.enqueue("work", {})
    running = asyncio.create_task(house.deliver())
    await asyncio.sleep(150)
    assert (await house.process().runtime.reaper.round()).lost == 0
    await running
    assert (await house.queue.get(made.id)).status is Status.COMPLETED


# --- a row without a message --------------------------------------------------------------------------------------


async def orphan(house: House, *, delay: float = 0) -> str:
    """A job whose process was killed between its row and its message."""
    dying = house.process()
    options = Options(job_id="orphan", delay=delay)
    name = "send_message"
    await house.die_at(dying.sqs, name, dying.runtime.queue.enqueue("work", {}, options))
    assert await house.depth() == (0, 0, 0)
    return "orphan"


@pytest.mark.parametrize("delay", [0, 100])
@housed
async def test_a_job_whose_message_was_never_sent_is_sent_when_it_is_overdue(house: House, delay: float) -> None:
    job_id = await orphan(house, delay=delay)
    async with house.working():
        job = await house.queue.wait(job_id)
    assert job.status is Status.COMPLETED
    assert len(house.runs) == 1
    assert delay <= house.loop.time() < delay + LEASE + 15


@housed
async def test_asking_again_with_the_same_id_sends_it_at_once(house: House) -> None:
    job_id = await orphan(house)
    again = await house.queue.enqueue("work", {"size": 9}, job_id=job_id)
    assert again.data == {}, "it is the first job"
    await house.deliver()
    assert (await house.queue.get(job_id)).status is Status.COMPLETED


@housed
async def test_a_bulk_that_was_cut_off_between_rows_and_messages_heals(house: House) -> None:
    dying = house.process()
    jobs = [NewJob("work", {}) for _ in range(25)]
    await house.die_at(dying.sqs, "send_message_batch", dying.runtime.queue.enqueue_many(jobs))
    async with house.working():
        await asyncio.sleep(MINUTE)
    page = await house.queue.list(limit=200)
    assert [job.status for job in page.jobs] == [Status.COMPLETED] * 25
    assert len(house.runs) == 25


@housed
async def test_a_backlog_is_not_sent_over_and_over(house: House) -> None:
    await house.queue.enqueue_many([NewJob("work", {}) for _ in range(50)])
    for _ in range(10):
        await asyncio.sleep(MINUTE)
        assert (await house.runtime.reaper.round()).resent == 0
    assert await house.depth() == (50, 0, 0)
    await asyncio.sleep(RESEND_AFTER / 1000)
    assert (await house.runtime.reaper.round()).resent == 50
    await asyncio.sleep(RESEND_AFTER / 1000 - MINUTE)
    assert (await house.runtime.reaper.round()).resent == 0, "the second time it takes twice as long"
    async with house.working():
        await asyncio.sleep(MINUTE)
    assert len(house.runs) == 50
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_retry_cut_off_between_row_and_message_heals(house: House) -> None:
    async def discard(_order: Order, _ctx: object) -> None:
        raise Discard("no")

    house.handlers["work"] = discard
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    house.handlers.clear()
    dying = house.process()
    await house.die_at(dying.sqs, "send_message", dying.runtime.queue.retry(made.id))
    async with house.working():
        job = await house.queue.wait(made.id)
    assert (job.status, outcomes(job)) == (Status.COMPLETED, ["discarded", "completed"])


# --- a burial cut short -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True])
@housed
async def test_a_burial_cut_short_is_completed(house: House, *, after: bool) -> None:
    async def discard(_order: Order, _ctx: object) -> None:
        raise Discard("no")

    house.handlers["work"] = discard
    made = await house.queue.enqueue("work", {})
    dying = house.process()
    # The letter is sent by the second half of the burial, and noted in the row by the third.
    await house.die_at(dying.sqs, "send_message", dying.deliver(), after=after)
    job = await house.queue.get(made.id)
    assert (job.status, job.buried_at) == (Status.FAILED, None)
    await asyncio.sleep(LEASE + 6)
    assert (await house.runtime.reaper.round()).buried == 1
    await house.runtime.dead_letters.round()
    assert (await house.queue.get(made.id)).buried_at is not None
    assert len(await house.letters()) == 1
    assert (await house.runtime.reaper.round()).looked_at == 0, "nothing is owed any more"


# --- whose jobs ---------------------------------------------------------------------------------------------------


@housed
async def test_every_tenants_jobs_are_looked_after(house: House) -> None:
    for tenant in ("ada", "bob"):
        made = await house.queue.for_tenant(tenant).enqueue("work", {})
        await claim(house, made)
    await asyncio.sleep(LEASE + 6)
    assert (await house.process().runtime.reaper.round()).lost == 2


@housed
async def test_a_type_that_this_process_does_not_know_is_left_alone(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    await claim(house, made)
    await house.dynamodb.update_item(
        TableName="jobyard",
        Key={"pk": {"S": f"job#default#{made.id}"}, "sk": {"S": "job"}},
        UpdateExpression="SET #t = :t",
        ExpressionAttributeNames={"#t": "type"},
        ExpressionAttributeValues={":t": {"S": "of-another-release"}},
    )
    await asyncio.sleep(LEASE + 6)
    done = await house.runtime.reaper.round()
    assert (done.looked_at, done.lost) == (1, 0)


@housed
async def test_trouble_with_one_job_does_not_keep_the_others_from_being_looked_at(house: House) -> None:
    for made in await house.queue.enqueue_many([NewJob("work", {}) for _ in range(5)]):
        await claim(house, made)
    await asyncio.sleep(LEASE + 6)
    process: Process = house.process()
    process.dynamodb.deny_statement()
    assert (await process.runtime.reaper.round()).lost == 4
    assert (await process.runtime.reaper.round()).lost == 1


@housed
async def test_one_round_looks_at_many_and_the_next_goes_on(house: House) -> None:
    for made in await house.queue.enqueue_many([NewJob("work", {}) for _ in range(1_150)]):
        await claim(house, made)
    await asyncio.sleep(LEASE + 6)
    reaper = house.process().runtime.reaper
    assert [(await reaper.round()).lost for _ in range(3)] == [1_000, 150, 0]
