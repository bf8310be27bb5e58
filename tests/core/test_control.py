"""What a person may do to a job: cancel what waits, retry what failed, wait for an end, count."""

from __future__ import annotations

import asyncio

import pytest

from queues import Context, Discard, NewJob, Status
from queues.errors import JobNotFound, WrongStatus
from tests.core.house import House, Order, housed, outcomes


async def discard(_order: Order, _ctx: object) -> None:
    raise Discard("no")


@pytest.mark.parametrize("delay", [0, 60, 5_000])
@housed
async def test_a_cancelled_job_never_runs_and_its_message_is_dropped(house: House, delay: float) -> None:
    made = await house.queue.enqueue("work", {}, delay=delay)
    cancelled = await house.queue.cancel(made.id)
    assert (cancelled.status, cancelled.attempt) == (Status.CANCELLED, 0)
    assert cancelled.finished_at == house.loop.epoch_ms()
    async with house.working():
        await asyncio.sleep(delay + 5)
    assert house.runs == []
    assert await house.depth() == (0, 0, 0)
    assert (await house.queue.cancel(made.id)).status is Status.CANCELLED, "once more changes nothing"


@housed
async def test_what_has_ended_cannot_be_cancelled(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    with pytest.raises(WrongStatus, match="it is completed, not waiting, delayed or active") as caught:
        await house.queue.cancel(made.id)
    assert caught.value.job.id == made.id


@housed
async def test_cancel_and_claim_at_once_have_one_winner(house: House) -> None:
    made = await house.queue.enqueue_many([NewJob("work", {}) for _ in range(10)])
    process = house.process()
    messages = await process.receive()
    ends = await asyncio.gather(
        process.invoke("work", messages), *(house.queue.cancel(job.id) for job in made), return_exceptions=True
    )
    for job, end in zip(made, ends[1:], strict=True):
        now = await house.queue.get(job.id)
        ran = any(run[0] == job.id for run in house.runs)
        if not ran:
            assert (now.status, now.attempt) == (Status.CANCELLED, 0)
        else:
            # It had begun, and was asked to end; what completes before it learns of that has completed.
            assert now.status is Status.COMPLETED
            assert isinstance(end, WrongStatus) or now.cancel_at is not None


@housed
async def test_a_job_between_two_attempts_can_be_cancelled(house: House) -> None:
    async def fail(_order: Order, _ctx: object) -> None:
        raise ValueError("no")

    house.handlers["work"] = fail
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    job = await house.queue.cancel(made.id)
    assert (job.status, outcomes(job)) == (Status.CANCELLED, ["failed"])
    async with house.working():
        await asyncio.sleep(60)
    assert len(house.runs) == 1
    assert await house.letters() == []


@housed
async def test_a_retried_job_has_its_types_attempts_afresh(house: House) -> None:
    house.handlers["work"] = discard
    made = await house.queue.enqueue("work", {}, attempts=1)
    await house.deliver()
    again = await house.queue.retry(made.id)
    assert (again.status, again.attempt, again.max_attempts) == (Status.WAITING, 1, 4)
    assert again.finished_at is None

    async def fail(_order: Order, _ctx: object) -> None:
        raise ValueError("still not")

    house.handlers["work"] = fail
    async with house.working():
        job = await house.queue.wait(made.id)
    assert outcomes(job) == ["discarded", "failed", "failed", "failed"]
    assert job.status is Status.FAILED


@housed
async def test_an_expired_job_that_is_retried_may_start(house: House) -> None:
    made = await house.queue.enqueue("work", {}, expires_in=5)
    await asyncio.sleep(10)
    await house.deliver()
    assert (await house.queue.get(made.id)).status is Status.FAILED
    await house.queue.retry(made.id)
    await house.deliver()
    assert (await house.queue.get(made.id)).status is Status.COMPLETED


@housed
async def test_only_what_has_failed_can_be_retried(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    with pytest.raises(WrongStatus, match="it is waiting, not failed"):
        await house.queue.retry(made.id)
    await house.deliver()
    with pytest.raises(WrongStatus, match="it is completed, not failed"):
        await house.queue.retry(made.id)


@housed
async def test_two_retries_at_once_give_one_more_run(house: House) -> None:
    house.handlers["work"] = discard
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    house.handlers.clear()
    ends = await asyncio.gather(
        *(process.runtime.queue.retry(made.id) for process in (house.first, house.process())), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["Job", "WrongStatus"]
    async with house.working():
        await asyncio.sleep(60)
    assert len(house.runs) == 2


@housed
async def test_what_is_not_there_is_not_found(house: House) -> None:
    for ask in (house.queue.get, house.queue.cancel, house.queue.retry, house.queue.wait):
        with pytest.raises(JobNotFound, match="no-such-job"):
            await ask("no-such-job")


@housed
async def test_waiting_sees_progress_and_gives_up_in_time(house: House) -> None:
    async def step(_order: Order, ctx: Context) -> None:
        for percent in (10, 60):
            ctx.progress(percent)
            await asyncio.sleep(5)

    house.handlers["work"] = step
    made = await house.queue.enqueue("work", {})
    seen: list[float] = []
    async with house.working():
        with pytest.raises(TimeoutError):
            await house.queue.wait(made.id, timeout=3)
        job = await house.queue.wait(made.id, on_progress=lambda job: seen.append(job.progress))
    assert job.status is Status.COMPLETED
    assert sorted(set(seen)) == [10, 60, 100]


@housed
async def test_counts_tell_what_waits_runs_is_delayed_and_is_dead(house: House) -> None:
    house.handlers["work"] = discard
    await house.queue.enqueue("work", {})
    await house.deliver()
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(100)
    await house.queue.enqueue("work", {})
    running = asyncio.create_task(house.deliver())
    await asyncio.sleep(1)
    await house.queue.enqueue_many([NewJob("work", {}) for _ in range(3)])
    await house.queue.enqueue("work", {}, delay=50)
    other, work = await house.queue.counts()
    assert (work.name, work.waiting, work.active, work.delayed, work.dead_letters) == ("work", 3, 1, 1, 1)
    assert (other.name, other.waiting, other.active, other.delayed, other.dead_letters) == ("other", 0, 0, 0, 0)
    await running


@housed
async def test_dead_letters_of_a_type_are_its_failed_jobs(house: House) -> None:
    house.handlers |= {"work": discard, "other": discard}
    mine = await house.queue.enqueue("work", {})
    await house.queue.enqueue("other", {})
    await house.queue.for_tenant("bob").enqueue("work", {})
    await house.deliver()
    await house.deliver("other")
    page = await house.queue.dead_letters("work")
    assert [job.id for job in page.jobs] == [mine.id]
    assert page.jobs[0].error is not None
