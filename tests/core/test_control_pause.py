"""A paused queue: nothing of it is started, by worker or by Lambda, nothing is burnt, and it is so until resumed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.mappings import LOOK_AT_PAUSES, EmbeddedMappings
from infra.worker import Worker
from queues import NewJob, Status
from queues.control.pauses import LOOK_AGAIN
from queues.errors import UnknownJobType
from queues.reaper import RESEND_AFTER
from tests.core.house import MINUTE, House, Process, housed, throttled

#: Seconds of a pause that is longer than the reaper waits before it sends a message again.
HOUR = 3_600


async def deployed(house: House) -> None:
    """The job types as functions of the embedded Lambda, with a mapping each."""
    types = list(house.runtime.catalog)
    new_id = house.engine.new_id
    await EmbeddedMappings(house.engine, house.runtime, types, clock=house.loop.epoch_ms, new_id=new_id).deploy()
    await asyncio.sleep(10)


async def mapping(house: House, name: str = "work") -> dict[str, Any]:
    reply = await house.lambda_.list_event_source_mappings(FunctionName=f"jobyard-{name}")
    (found,) = reply["EventSourceMappings"]
    return dict(found)


async def state(house: House) -> str:
    await asyncio.sleep(5)
    return str((await mapping(house))["State"])


@asynccontextmanager
async def worker(house: House, process: Process | None = None) -> AsyncIterator[Worker]:
    """A worker like `jobyard work`, in virtual time."""
    made = Worker((process or house.process()).runtime, clock=house.loop.epoch_ms, new_id=house.engine.new_id)
    await made.start()
    try:
        yield made
    finally:
        await made.stop(0)


@housed
async def test_a_worker_leaves_a_paused_queue_alone(house: House) -> None:
    async with worker(house) as one:
        await house.queue.pause("work", by="ada")
        await asyncio.sleep(LOOK_AT_PAUSES + 0.1)
        jobs = await house.queue.enqueue_many([NewJob("work", {}) for _ in range(5)])
        other = await house.queue.enqueue("other", {})
        await asyncio.sleep(MINUTE)
        assert (await house.queue.get(other.id)).status is Status.COMPLETED
        for job in jobs:
            found = await house.queue.get(job.id)
            assert (found.status, found.attempt) == (Status.WAITING, 0)
        assert await house.depth() == (5, 0, 0)
        assert one.troubles() == {}
        counts = {count.name: count.paused for count in await house.queue.counts()}
        assert counts == {"work": True, "other": False}
        await house.queue.resume("work")
        await asyncio.sleep(LOOK_AT_PAUSES + 1)
    assert {(await house.queue.get(job.id)).status for job in jobs} == {Status.COMPLETED}
    assert {(await house.queue.get(job.id)).attempt for job in jobs} == {1}


@housed
async def test_it_stays_paused_over_a_restart_of_the_worker(house: House) -> None:
    await house.queue.pause("work")
    job = await house.queue.enqueue("work", {})
    for _ in range(2):
        async with worker(house):
            await asyncio.sleep(MINUTE)
    assert (await house.queue.get(job.id)).attempt == 0
    await house.queue.resume("work")
    async with worker(house):
        await asyncio.sleep(MINUTE)
    assert (await house.queue.get(job.id)).status is Status.COMPLETED


@housed
async def test_what_runs_goes_on_and_keeps_its_slot(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(100)
    async with worker(house):
        for _ in range(14):
            await house.queue.enqueue("work", {})
        await asyncio.sleep(5)
        assert len(house.runs) == 10, "as many as the type's concurrency"
        await house.queue.pause("work")
        await asyncio.sleep(10)
        await house.queue.resume("work")
        await asyncio.sleep(10)
        assert len(house.runs) == 10, "none more while those run"
        await asyncio.sleep(200)
    assert len(house.runs) == 14
    assert {run[1] for run in house.runs} == {1}


@housed
async def test_lambdas_mapping_is_disabled_and_enabled(house: House) -> None:
    await deployed(house)
    await house.queue.pause("work", by="ada")
    assert await state(house) == "Disabled"
    assert (await mapping(house, "other"))["State"] == "Enabled"
    assert await house.queue.paused() == {"work"}
    pause = (await house.runtime.pauses.all())["work"]
    assert (pause.paused_by, pause.applied) == ("ada", pause.version)
    await house.queue.pause("work", by="bob")
    assert (await house.runtime.pauses.all())["work"] == pause, "paused already"
    await house.queue.resume("work")
    assert await state(house) == "Enabled"
    assert await house.queue.paused() == frozenset()
    await house.queue.resume("other")
    assert await house.queue.paused() == frozenset(), "was never paused"


@pytest.mark.parametrize(
    ("client", "call", "after"),
    [
        ("dynamodb", "update_item", True),  # the row is written
        ("lambda_", "list_event_source_mappings", True),
        ("lambda_", "update_event_source_mapping", False),
        ("lambda_", "update_event_source_mapping", True),
    ],
)
@housed
async def test_killed_after_the_row_the_rounds_do_the_rest(house: House, client: str, call: str, after: bool) -> None:
    await deployed(house)
    caller = house.process()
    await house.die_at(getattr(caller, client), call, caller.runtime.queue.pause("work"), after=after)
    assert await house.queue.paused() == {"work"}
    await asyncio.sleep(5)
    await house.process().runtime.pauses.round()
    assert await state(house) == "Disabled"
    pause = (await house.runtime.pauses.all())["work"]
    assert pause.applied == pause.version


@housed
async def test_trouble_with_lambda_is_tried_again(house: House) -> None:
    await deployed(house)
    house.first.lambda_.fail("update_event_source_mapping", throttled())
    await house.queue.pause("work")
    assert await state(house) == "Enabled"
    assert await house.queue.paused() == {"work"}
    assert await house.runtime.pauses.round() == 1
    assert await state(house) == "Disabled"
    assert await house.runtime.pauses.round() == 0, "nothing to do"


@housed
async def test_a_mapping_that_still_changes_is_switched_later(house: House) -> None:
    await deployed(house)
    await house.queue.pause("work")
    await house.queue.resume("work")
    assert (await mapping(house))["State"] == "Disabling"
    await asyncio.sleep(5)
    await house.runtime.pauses.round()
    assert await state(house) == "Enabled"


@housed
async def test_a_deployment_that_enables_it_is_undone(house: House) -> None:
    await deployed(house)
    await house.queue.pause("work")
    assert await state(house) == "Disabled"
    await house.lambda_.update_event_source_mapping(UUID=(await mapping(house))["UUID"], Enabled=True)
    assert await state(house) == "Enabled"
    await asyncio.sleep(LOOK_AGAIN / 1000)
    await house.runtime.pauses.round()
    assert await state(house) == "Disabled"


@housed
async def test_two_at_once_leave_row_and_mapping_agreeing(house: House) -> None:
    await deployed(house)
    one, other = house.process().runtime, house.process().runtime
    for _ in range(5):
        await asyncio.gather(one.queue.pause("work"), other.queue.resume("work"), one.queue.pause("work"))
        await asyncio.sleep(5)
        await one.pauses.round()
        wanted = "Disabled" if await house.queue.paused() else "Enabled"
        assert await state(house) == wanted


@housed
async def test_without_lambda_the_row_is_enough(house: House) -> None:
    # An emulator that has none answers so.
    refusal = ClientError({"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, "List")
    house.first.lambda_.fail("list_event_source_mappings", refusal)
    await house.queue.pause("work")
    pause = (await house.runtime.pauses.all())["work"]
    assert pause.applied == pause.version


@housed
async def test_a_long_pause_sends_no_message_again(house: House) -> None:
    await house.queue.pause("work")
    job = await house.queue.enqueue("work", {})
    async with worker(house):
        await asyncio.sleep(2 * HOUR)
        assert await house.depth() == (1, 0, 0)
        assert (await house.queue.get(job.id)).resent == 0
        await house.queue.resume("work")
        await asyncio.sleep(10)
    assert (await house.queue.get(job.id)).status is Status.COMPLETED


@housed
async def test_a_message_that_was_lost_in_a_pause_is_sent_again_after_it(house: House) -> None:
    await house.queue.pause("work")
    doomed = house.process()
    await house.die_at(doomed.sqs, "send_message", doomed.runtime.queue.enqueue("work", {}))
    (job,) = (await house.queue.list()).jobs
    async with worker(house):
        await asyncio.sleep(2 * HOUR)
        assert await house.depth() == (0, 0, 0)
        await house.queue.resume("work")
        await asyncio.sleep(RESEND_AFTER / 1000 + MINUTE)
    assert (await house.queue.get(job.id)).status is Status.COMPLETED


@pytest.mark.parametrize("catch_up", ["latest", "all", "none"])
@housed
async def test_schedules_go_on_and_their_times_become_jobs_that_wait(house: House, catch_up: Any) -> None:
    await house.queue.schedules.create("hourly", "work", "cron(0 * * * ? *)", catch_up=catch_up)
    await house.queue.pause("work")
    async with worker(house):
        await asyncio.sleep(3 * HOUR)
        found = (await house.queue.list()).jobs
        assert [(one.status, one.attempt) for one in found] == [(Status.WAITING, 0)] * 3
        assert await house.depth() == (6, 0, 0), "three jobs, and three ticks that nobody needs any more"
        await house.queue.resume("work")
        await asyncio.sleep(10)
        assert await house.depth() == (0, 0, 0)
    assert [one.status for one in (await house.queue.list()).jobs] == [Status.COMPLETED] * 3
    assert len(house.runs) == 3


@housed
async def test_trouble_with_the_rows_leaves_it_as_it_is(house: House) -> None:
    process = house.process()
    async with worker(house, process):
        await house.queue.pause("work")
        await asyncio.sleep(LOOK_AT_PAUSES + 0.1)
        process.dynamodb.fail("query", *[throttled() for _ in range(20)])
        job = await house.queue.enqueue("work", {})
        await asyncio.sleep(10)
        assert (await house.queue.get(job.id)).attempt == 0
        await house.queue.resume("work")
        await asyncio.sleep(MINUTE)
    assert (await house.queue.get(job.id)).status is Status.COMPLETED


@housed
async def test_only_a_type_that_there_is_can_be_paused(house: House) -> None:
    for ask in (house.queue.pause, house.queue.resume):
        with pytest.raises(UnknownJobType, match="did you mean 'work'"):
            await ask("wrok")
