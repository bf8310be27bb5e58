"""Schedules of code: made, changed and removed when a process starts; alone, twice at once, beside other services."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from queues import Recurring, job
from queues.catalog import Catalog
from queues.errors import InvalidData, InvalidOption, InvalidSchedule, ScheduleNotFound, ScheduleOfCode
from queues.schedules.eventbridge import EventBridge, eventbridge_name
from queues.schedules.job_schedule import CODE, Fate, JobSchedule, ScheduleStatus
from tests.core.house import House, Order, Process, housed

HOUR = 3_600


def code(schedule: str | Recurring | Iterable[Recurring] | None) -> Catalog:
    """A deployment's code, whose type `work` has that schedule."""

    @job("work", schedule=schedule)
    async def work(order: Order) -> int:
        return order.size

    return Catalog([work])


async def started(house: House, schedule: Any) -> Process:
    """A process with that code that has made its resources."""
    process = house.process(code(schedule))
    await process.runtime.create_resources()
    return process


async def expressions(house: House) -> dict[str, str]:
    """Of all EventBridge schedules of the group, by their own names."""
    page = await house.scheduler.list_schedules(GroupName="jobyard")
    found = [await house.scheduler.get_schedule(GroupName="jobyard", Name=one["Name"]) for one in page["Schedules"]]
    return {one["Name"].split(".")[1]: one["ScheduleExpression"] for one in found}


async def deployed(process: Process, schedule: JobSchedule) -> None:
    """Makes the EventBridge schedule alone, as a template does."""
    runtime = process.runtime
    await EventBridge(runtime.clients.scheduler, runtime.queues, runtime.settings).put(schedule)


async def jobs(house: House) -> list[str]:
    return sorted(one.id for one in (await house.queue.list(limit=200)).jobs)


@housed
async def test_it_is_there_after_the_start_and_fires(house: House) -> None:
    process = await started(house, Recurring("0 * * * *", data={"size": 4}))
    (schedule,) = (await process.runtime.queue.schedules.list()).schedules
    assert (schedule.name, schedule.source, schedule.data) == ("work", CODE, {"size": 4})
    async with house.working(process):
        await asyncio.sleep(2 * HOUR)
    assert len(await jobs(house)) == 2


@housed
async def test_what_has_changed_is_changed_and_a_restart_alone_changes_nothing(house: House) -> None:
    await started(house, "0 * * * *")
    process = await started(house, "0 * * * *")
    before = await process.runtime.queue.schedules.get("work")
    await started(house, Recurring("30 * * * *", data={"size": 9}))
    assert await expressions(house) == {"work": "cron(30 * * * ? *)"}
    process = await started(house, Recurring("30 * * * *", data={"size": 9}))
    after = await process.runtime.queue.schedules.get("work")
    assert (after.revision, after.created_at) == (before.revision + 1, before.created_at)
    async with house.working(process):
        await asyncio.sleep(HOUR)
    (job_id,) = await jobs(house)
    assert (await house.queue.get(job_id)).data == {"size": 9}


@housed
async def test_what_is_removed_does_not_fire_again(house: House) -> None:
    await started(house, "0 * * * *")
    await asyncio.sleep(HOUR)
    process = await started(house, None)
    assert await expressions(house) == {}
    async with house.working(process):
        await asyncio.sleep(5 * HOUR)
    assert await jobs(house) == [], "not even the tick that was under way"
    assert (await process.runtime.queue.schedules.list()).schedules == []
    with pytest.raises(ScheduleNotFound):
        await process.runtime.queue.schedules.get("work")


@housed
async def test_it_can_come_back(house: House) -> None:
    await started(house, "0 * * * *")
    await started(house, None)
    process = await started(house, "0 * * * *")
    assert await expressions(house) == {"work": "cron(0 * * * ? *)"}
    async with house.working(process):
        await asyncio.sleep(HOUR)
    assert len(await jobs(house)) == 1


@housed
async def test_two_processes_that_start_at_once(house: House) -> None:
    for schedule in ("0 * * * *", "30 * * * *", None, "rate(1 hour)"):
        processes = [house.process(code(schedule)) for _ in range(4)]
        await asyncio.gather(*(process.runtime.create_resources() for process in processes))
        expected = {} if schedule is None else {"work": (await processes[0].runtime.queue.schedules.get("work"))}
        assert await expressions(house) == {name: one.aws_expression for name, one in expected.items()}


@housed
async def test_a_person_may_pause_and_run_it_and_no_more(house: House) -> None:
    process = await started(house, "0 * * * *")
    schedules = process.runtime.queue.schedules
    await schedules.pause("work")
    again = await started(house, Recurring("30 * * * *"))
    assert (await again.runtime.queue.schedules.get("work")).status is ScheduleStatus.PAUSED
    assert (await schedules.run_now("work")).type == "work"
    for call in (
        schedules.delete("work"),
        schedules.update("work", expression="rate(1 day)"),
        schedules.create("work", "work", "rate(1 day)"),
    ):
        with pytest.raises(ScheduleOfCode):
            await call
    there = await house.scheduler.get_schedule(GroupName="jobyard", Name=eventbridge_name("default", "work"))
    assert (there["State"], there["ScheduleExpression"]) == ("DISABLED", "cron(30 * * * ? *)")


@housed
async def test_one_that_was_made_by_hand_is_left_alone(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.queue.schedules.create("work", "work", "rate(1 day)")
    await started(house, "0 * * * *")
    assert await expressions(house) == {"work": "rate(1 day)"}
    assert "jobyard schedules delete work" in caplog.text


@housed
async def test_another_services_schedules_are_left_alone(house: House) -> None:
    settings = house.settings
    await started(house, "0 * * * *")
    house.settings = settings.model_copy(update={"jobs": ("another.module",)})
    await started(house, None)
    assert await expressions(house) == {"work": "cron(0 * * * ? *)"}
    house.settings = settings.model_copy(update={"jobs": (*settings.jobs, "another.module")})
    await started(house, None)
    assert await expressions(house) == {}


@housed
async def test_several_of_one_type(house: House) -> None:
    both = [Recurring("0 9 * * *", name="morning"), Recurring("0 18 * * *", name="evening", data={"size": 2})]
    process = await started(house, both)
    page = await process.runtime.queue.schedules.list()
    assert [one.name for one in page.schedules] == ["evening", "morning"]
    assert await expressions(house) == {"morning": "cron(0 9 * * ? *)", "evening": "cron(0 18 * * ? *)"}


@housed
async def test_a_deployments_ticks_need_no_row(house: House) -> None:
    """On AWS the template makes the EventBridge schedule, and nobody writes a row before the first tick."""
    process = house.process(code(Recurring("0 * * * *", data={"size": 3}, overlap="skip")))
    (shown,) = (await process.runtime.queue.schedules.list()).schedules
    assert (shown.name, shown.status, shown.revision) == ("work", ScheduleStatus.ACTIVE, 0)
    await deployed(process, shown)
    async with house.working(process), house.working(house.process(code("0 * * * *"))):
        await asyncio.sleep(2 * HOUR)
    assert len(await jobs(house)) == 2
    schedule = await process.runtime.queue.schedules.get("work")
    assert [fate for _, fate in schedule.fates] == [Fate.STARTED] * 2


@housed
async def test_a_deployments_schedule_is_paused_through_its_row(house: House) -> None:
    process = house.process(code("0 * * * *"))
    (shown,) = (await process.runtime.queue.schedules.list()).schedules
    await deployed(process, shown)
    await process.runtime.queue.schedules.pause("work")
    # The next deployment of the template enables it again: its ticks come, and come to nothing.
    await deployed(process, shown)
    async with house.working(process):
        await asyncio.sleep(2 * HOUR)
        assert await jobs(house) == []
        await process.runtime.queue.schedules.resume("work")
        await asyncio.sleep(HOUR)
    assert len(await jobs(house)) == 1


@housed
async def test_a_one_time_schedule_that_has_passed_is_no_fault(house: House) -> None:
    await started(house, "at(2000-01-01T00:00:00)")
    assert house.first.scheduler.calls == {}


@housed
async def test_without_schedules_the_scheduler_is_not_asked(house: House) -> None:
    assert house.first.scheduler.calls == {}
    assert house.first.dynamodb.calls["query"] == 1, "for what code no longer declares"


@pytest.mark.parametrize(
    ("error", "schedule"),
    [
        (InvalidSchedule, "every day"),
        (InvalidSchedule, "0 9 1 * 1"),
        (InvalidOption, (Recurring("rate(1 day)"), Recurring("rate(2 days)"))),
        (InvalidData, Recurring("rate(1 day)", data={"size": "large"})),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_declared(error: Any, schedule: Any) -> None:
    with pytest.raises(error):
        code(schedule)
