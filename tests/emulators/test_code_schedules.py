"""Schedules that code declares, over its versions, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

from queues import Recurring, job
from queues.jobtype import JobType
from queues.schedules.eventbridge import eventbridge_name
from tests.emulators.process import Deployment, Process


def scheduled(*schedules: Recurring) -> JobType[Any, Any]:
    @job("report", schedule=list(schedules))
    async def report(_data: Any) -> None: ...

    return report


async def in_eventbridge(process: Process) -> dict[str, str]:
    """The expressions of the deployment's EventBridge schedules, by the names of its own."""
    scheduler, group = process.runtime.clients.scheduler, process.runtime.settings.prefix
    found = {}
    for one in (await scheduler.list_schedules(GroupName=group))["Schedules"]:
        whole = await scheduler.get_schedule(GroupName=group, Name=one["Name"])
        found[whole["Name"]] = whole["ScheduleExpression"]
    names = {eventbridge_name("default", name): name for name in ("new-year", "noon", "dusk")}
    return {names[name]: expression for name, expression in found.items()}


async def test_what_code_says_is_made_changed_and_removed(deployment: Deployment) -> None:
    first = await deployment.process(
        scheduled(Recurring("0 9 1 1 *", name="new-year"), Recurring("0 12 * * *", name="noon"))
    )
    assert await in_eventbridge(first) == {"new-year": "cron(0 9 1 1 ? *)", "noon": "cron(0 12 * * ? *)"}
    second = await deployment.process(
        scheduled(Recurring("0 10 1 1 *", name="new-year"), Recurring("0 18 * * *", name="dusk"))
    )
    assert await in_eventbridge(second) == {"new-year": "cron(0 10 1 1 ? *)", "dusk": "cron(0 18 * * ? *)"}
    page = await second.runtime.queue.schedules.list()
    assert {one.name for one in page.schedules} == {"new-year", "dusk"}


async def test_what_was_paused_by_hand_stays_so(deployment: Deployment) -> None:
    code = scheduled(Recurring("0 12 * * *", name="noon"))
    process = await deployment.process(code)
    await process.runtime.queue.schedules.pause("noon")
    again = await deployment.process(code)
    found = await again.runtime.queue.schedules.get("noon")
    assert found.status.value == "paused"
    state = await again.runtime.clients.scheduler.get_schedule(
        GroupName=deployment.prefix, Name=eventbridge_name("default", "noon")
    )
    assert state["State"] == "DISABLED"
