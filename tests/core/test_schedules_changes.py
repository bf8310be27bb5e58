"""Making, changing, pausing and deleting schedules: alone, twice at once, over a restart, with a death in between."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queues import Options, Recurring
from queues.errors import (
    InvalidData,
    InvalidOption,
    InvalidSchedule,
    Misconfigured,
    ScheduleExists,
    ScheduleNotFound,
    UnknownJobType,
)
from queues.runtime import assemble
from queues.schedules.eventbridge import eventbridge_name
from queues.schedules.job_schedule import ScheduleStatus
from queues.schedules.schedules import Schedules
from queues.unique.rule import Unique
from tests.core.house import Died, House, housed

HOUR = 3_600
EACH_HOUR = "cron(0 * * * ? *)"


def schedules(house: House) -> Schedules:
    return house.queue.schedules


async def state_of(house: House, name: str, tenant: str = "default") -> str | None:
    """What EventBridge says of a schedule, or None if it has none of it."""
    page = await house.scheduler.list_schedules(GroupName="jobyard")
    found = {one["Name"]: one["State"] for one in page["Schedules"]}
    return found.get(eventbridge_name(tenant, name))


async def jobs(house: House) -> int:
    return len((await house.queue.list(limit=200)).jobs)


@housed
async def test_a_schedule_is_as_it_was_asked_for(house: House) -> None:
    now = house.loop.epoch_ms()
    end = datetime.fromtimestamp(now / 1000, UTC) + timedelta(days=3)
    await schedules(house).create(
        "greet.all-1_",
        "work",
        "0 9 * * 1-5",
        data={"size": 2},
        timezone="Europe/Berlin",
        options=Options(attempts=9, timeout=timedelta(seconds=5), deadline=90, expires_in=60, priority=3, tags=("a",)),
        overlap="skip",
        catch_up="none",
        jitter=timedelta(minutes=3),
        end=end,
        by="ada",
    )
    found = await schedules(house).get("greet.all-1_")
    assert (found.type, found.data, found.expression) == ("work", {"size": 2}, "0 9 * * 1-5")
    said = {"attempts": 9, "timeout": 5.0, "expires_in": 60, "priority": 3, "tags": ["a"], "deadline": 90}
    assert found.options == said
    assert (found.overlap, found.catch_up, found.jitter_minutes, found.created_by) == ("skip", "none", 3, "ada")
    assert found.description == "at 09:00, Monday to Friday, Europe/Berlin"
    there = await house.scheduler.get_schedule(GroupName="jobyard", Name=eventbridge_name("default", found.name))
    assert there["ScheduleExpression"] == "cron(0 9 ? * MON,TUE,WED,THU,FRI *)"
    assert there["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert there["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 3}
    assert there["EndDate"] == end.replace(microsecond=end.microsecond // 1000 * 1000)
    assert there["Target"]["RoleArn"] == "arn:aws:iam::000000000000:role/jobyard-us-east-1-schedules"
    assert "StartDate" not in there
    job = await schedules(house).run_now(found.name)
    assert (job.max_attempts, job.timeout, job.priority, job.tags) == (9, 5.0, 3, ("a",))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidOption, {"name": "a/b"}),
        (InvalidOption, {"name": "x" * 65}),
        (InvalidSchedule, {"expression": "every day"}),
        (InvalidSchedule, {"expression": "0 0 1 * 1"}),
        (InvalidSchedule, {"timezone": "Mars/Base"}),
        (InvalidOption, {"overlap": "maybe"}),
        (InvalidOption, {"catch_up": "some"}),
        (InvalidOption, {"jitter": 90}),
        (InvalidOption, {"jitter": 86_460}),
        (InvalidOption, {"start": datetime(2030, 1, 1)}),
        (InvalidOption, {"start": datetime(2000, 1, 1, tzinfo=UTC)}),
        (InvalidOption, {"end": datetime(2000, 1, 1, tzinfo=UTC)}),
        (InvalidOption, {"expression": "at(2000-01-01T00:00:00)"}),
        (InvalidOption, {"options": Options(delay=5)}),
        (InvalidOption, {"options": Options(job_id="mine")}),
        (InvalidOption, {"options": Options(deadline=datetime(2030, 1, 1, tzinfo=UTC))}),
        (InvalidOption, {"options": Options(unique=Unique(fields=("wait",)))}),
        (UnknownJobType, {"job_type": "wrok"}),
        (InvalidData, {"data": {"size": "large"}}),
    ],
)
@housed
async def test_what_cannot_be_is_refused_and_leaves_nothing(house: House, error: Any, said: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"name": "s", "job_type": "work", "expression": EACH_HOUR} | said
    with pytest.raises(error):
        await schedules(house).create(asked.pop("name"), asked.pop("job_type"), asked.pop("expression"), **asked)
    assert (await schedules(house).list()).schedules == []
    assert house.first.scheduler.calls == {}


@housed
async def test_the_same_twice_is_one_and_another_of_that_name_is_refused(house: House) -> None:
    first = await schedules(house).create("s", "work", EACH_HOUR)
    assert await schedules(house).create("s", "work", EACH_HOUR) == first
    with pytest.raises(ScheduleExists):
        await schedules(house).create("s", "work", "cron(30 * * * ? *)")


@housed
async def test_tenants_have_their_own(house: House) -> None:
    others = house.queue.for_tenant("other").schedules
    await schedules(house).create("s", "work", EACH_HOUR)
    await others.create("s", "work", EACH_HOUR, data={"size": 5})
    await others.create("theirs", "work", EACH_HOUR)
    assert [one.name for one in (await schedules(house).list()).schedules] == ["s"]
    for call in ("get", "pause", "resume", "delete", "run_now", "next_runs"):
        with pytest.raises(ScheduleNotFound):
            await getattr(schedules(house), call)("theirs")
    await others.delete("s")
    assert await state_of(house, "s") == "ENABLED"
    assert await state_of(house, "s", "other") is None
    assert (await schedules(house).get("s")).data == {}


def test_no_two_tenants_meet_in_one_name() -> None:
    names = {eventbridge_name(tenant, name) for tenant in ("a", "ab", "a.b") for name in ("b.c", "c", "b", ".c")}
    assert len(names) == 12
    assert all(len(eventbridge_name("t" * 64, "n" * length)) <= 64 for length in (1, 27, 64))


@housed
async def test_pause_and_resume_over_a_restart(house: House) -> None:
    await schedules(house).create("s", "work", EACH_HOUR)
    paused = await schedules(house).pause("s")
    assert (paused.status, paused.next_runs(1, house.loop.epoch_ms())) == (ScheduleStatus.PAUSED, [])
    assert await state_of(house, "s") == "DISABLED"
    again = house.process()
    await again.runtime.create_resources()
    async with house.working(again):
        await asyncio.sleep(5 * HOUR)
        assert await jobs(house) == 0
        await again.runtime.queue.schedules.resume("s")
        await asyncio.sleep(3 * HOUR)
    assert await jobs(house) == 3


@housed
async def test_a_tick_that_was_under_way_when_it_was_paused_makes_no_job(house: House) -> None:
    await schedules(house).create("s", "work", EACH_HOUR)
    await asyncio.sleep(HOUR)
    await schedules(house).pause("s")
    await house.deliver()
    assert await jobs(house) == 0
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_deleted_one_fires_no_more_and_may_be_made_anew(house: House) -> None:
    await schedules(house).create("s", "work", EACH_HOUR)
    await asyncio.sleep(HOUR)
    await schedules(house).delete("s")
    await house.deliver()
    assert await jobs(house) == 0
    assert await state_of(house, "s") is None
    with pytest.raises(ScheduleNotFound):
        await schedules(house).delete("s")
    await schedules(house).create("s", "other", "rate(1 day)")
    assert (await schedules(house).get("s")).type == "other"
    assert await state_of(house, "s") == "ENABLED"


@housed
async def test_a_change_leaves_the_rest_and_the_history(house: House) -> None:
    await schedules(house).create("s", "work", EACH_HOUR, data={"size": 1}, overlap="skip")
    async with house.working():
        await asyncio.sleep(HOUR)
    changed = await schedules(house).update("s", data={"size": 2}, timezone="Asia/Kolkata", by="bob")
    assert (changed.data, changed.overlap, changed.expression, changed.created_by) == (
        {"size": 2},
        "skip",
        EACH_HOUR,
        "bob",
    )
    assert len(changed.fates) == 1
    assert (await schedules(house).get("s")) == changed
    with pytest.raises(InvalidData):
        await schedules(house).update("s", data={"size": "large"})


@housed
async def test_start_and_end_bound_it(house: House) -> None:
    now = datetime.fromtimestamp(house.loop.epoch_ms() / 1000, UTC)
    await schedules(house).create("s", "work", EACH_HOUR, start=now + timedelta(hours=2), end=now + timedelta(hours=5))
    assert len(await schedules(house).next_runs("s", 100)) == 3
    async with house.working():
        await asyncio.sleep(10 * HOUR)
    assert await jobs(house) == 3
    ended = await schedules(house).get("s")
    assert ended.seen_at(house.loop.epoch_ms()) is ScheduleStatus.ENDED
    assert await state_of(house, "s") is None
    await asyncio.sleep(31 * 86_400)
    with pytest.raises(ScheduleNotFound):
        await schedules(house).get("s")


@housed
async def test_jitter_delays_within_its_window_and_keeps_the_time_in_the_id(house: House) -> None:
    await schedules(house).create("s", "work", EACH_HOUR, jitter=30 * 60)
    async with house.working():
        await asyncio.sleep(10 * HOUR + 30 * 60)
    found = (await house.queue.list(limit=200)).jobs
    assert len(found) == 10
    late = {job.created_at % (HOUR * 1000) // 60_000 for job in found}
    assert len(late) > 3
    assert all(minute <= 30 for minute in late)
    assert all(job.id.endswith("0000Z") for job in found)


@housed
async def test_run_now_makes_a_job_whatever_the_schedule_says(house: House) -> None:
    await schedules(house).create("s", "work", EACH_HOUR, overlap="skip", data={"size": 3})
    await schedules(house).pause("s")
    first, second = await schedules(house).run_now("s"), await schedules(house).run_now("s")
    assert first.id != second.id
    assert (await schedules(house).get("s")).last_job == second.id
    async with house.working():
        assert (await house.queue.wait(second.id)).result == {"made": 3}


@housed
async def test_names_are_listed_in_order_page_by_page(house: House) -> None:
    names = sorted(f"s-{number}" for number in range(7))
    for name in reversed(names):
        await schedules(house).create(name, "work", EACH_HOUR)
    await schedules(house).delete("s-3")
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await schedules(house).list(limit=3, cursor=cursor)
        found += [one.name for one in page.schedules]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == [name for name in names if name != "s-3"]
    with pytest.raises(InvalidOption, match="cursor"):
        await schedules(house).list(cursor="not a name")


# --- races and deaths -------------------------------------------------------------------------------------------------


@housed
async def test_whoever_is_last_of_many_at_once_is_what_eventbridge_says(house: House) -> None:
    await schedules(house).create("s", "work", EACH_HOUR)
    others = [house.process().runtime.queue.schedules for _ in range(6)]
    for _ in range(5):
        calls = [one.pause("s") if index % 2 else one.resume("s") for index, one in enumerate(others)]
        await asyncio.gather(*calls, return_exceptions=True)
        wanted = "DISABLED" if (await schedules(house).get("s")).status is ScheduleStatus.PAUSED else "ENABLED"
        assert await state_of(house, "s") == wanted


@housed
async def test_a_change_and_a_deletion_at_once_leave_nothing_behind(house: House) -> None:
    for _ in range(10):
        await schedules(house).create("s", "work", EACH_HOUR)
        changes = [house.process().runtime.queue.schedules for _ in range(3)]
        calls: list[Any] = [one.update("s", data={"size": number}) for number, one in enumerate(changes)]
        await asyncio.gather(*calls, schedules(house).delete("s"), return_exceptions=True)
        try:
            await schedules(house).get("s")
        except ScheduleNotFound:
            assert await state_of(house, "s") is None
        else:
            await schedules(house).delete("s")


@pytest.mark.parametrize("verb", ["create", "update", "pause", "resume", "delete"])
@pytest.mark.parametrize(
    ("wire", "name", "after"),
    [
        ("dynamodb", "put_item", False),
        ("dynamodb", "put_item", True),
        ("dynamodb", "update_item", False),
        ("dynamodb", "update_item", True),
        ("scheduler", "create_schedule", False),
        ("scheduler", "create_schedule", True),
        ("scheduler", "update_schedule", False),
        ("scheduler", "update_schedule", True),
        ("scheduler", "delete_schedule", False),
        ("scheduler", "delete_schedule", True),
    ],
)
@housed
async def test_the_same_call_once_more_mends_what_a_death_left(
    house: House, verb: str, wire: str, name: str, after: bool
) -> None:
    dying = house.process()
    await dying.runtime.store.add_tenant("default")
    if verb != "create":
        await schedules(house).create("s", "work", EACH_HOUR)
    if verb == "resume":
        await schedules(house).pause("s")

    async def call(on: Schedules) -> object:
        match verb:
            case "create":
                return await on.create("s", "work", EACH_HOUR)
            case "update":
                return await on.update("s", expression="cron(30 * * * ? *)")
            case "delete":
                return await on.delete("s")
        return await getattr(on, verb)("s")

    getattr(dying, wire).fail(name, Died(), after=after)
    with suppress(Died):
        await call(dying.runtime.queue.schedules)
    try:
        await call(schedules(house))
    except ScheduleNotFound:
        assert verb == "delete"
    if verb == "delete":
        async with house.working():
            await asyncio.sleep(2 * HOUR)
        assert await jobs(house) == 0
        assert await state_of(house, "s") is None
        return
    there = await house.scheduler.get_schedule(GroupName="jobyard", Name=eventbridge_name("default", "s"))
    assert there["State"] == ("DISABLED" if verb == "pause" else "ENABLED")
    assert there["ScheduleExpression"] == ("cron(30 * * * ? *)" if verb == "update" else EACH_HOUR)


@housed
async def test_a_process_without_a_scheduler_says_so(house: House) -> None:
    process = house.process()
    runtime = assemble(replace(process.runtime.clients, scheduler=None), house.catalog(), house.settings)
    with pytest.raises(Misconfigured, match="no client of EventBridge Scheduler"):
        await runtime.queue.schedules.create("s", "work", EACH_HOUR)


def test_a_recurring_without_a_name_takes_its_job_types() -> None:
    assert Recurring("rate(1 day)").name == ""
