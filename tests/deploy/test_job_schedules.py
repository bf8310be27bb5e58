"""The schedules that job types declare, as the template makes them: the same that a process would make itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from infra.deploy.names import JOB_SCHEDULE_ROLE, PREFIX
from infra.deploy.rendering import render
from infra.deploy.schedules import schedules
from queues import SERVICE_CLASSES, Options, Recurring
from queues.jobtype import JobType, job
from queues.schedules.eventbridge import eventbridge_name, role_arn
from queues.schedules.tick import read_tick


async def _report(_data: Any) -> None:
    """Nothing."""


def report(*recurring: Recurring) -> JobType[Any, Any]:
    """A job type that declares these."""
    return job("nightly-report", schedule=recurring or None)(_report)


def of_jobs(job_type: JobType[Any, Any]) -> list[dict[str, Any]]:
    """What the template makes for them, by name."""
    made = [one["Properties"] for one in schedules([job_type]).values() if one["Type"] == "AWS::Scheduler::Schedule"]
    return sorted((one for one in made if one["Name"].startswith("job.")), key=lambda one: str(one["Name"]))


def test_each_is_an_eventbridge_schedule_that_sends_to_its_types_queue() -> None:
    declared = Recurring(
        "0 2 * * *",
        timezone="Europe/Berlin",
        jitter=600,
        start=datetime(2030, 1, 1, tzinfo=UTC),
        end=datetime(2031, 1, 1, tzinfo=UTC),
    )
    (made,) = of_jobs(report(declared))
    assert made["Name"] == eventbridge_name("default", "nightly-report")
    assert made["GroupName"] == {"Ref": "Schedules"}
    assert (made["ScheduleExpression"], made["ScheduleExpressionTimezone"]) == ("cron(0 2 * * ? *)", "Europe/Berlin")
    assert made["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10}
    assert (made["StartDate"], made["EndDate"]) == ("2030-01-01T00:00:00.000Z", "2031-01-01T00:00:00.000Z")
    assert made["Target"]["Arn"] == {"Fn::GetAtt": ["NightlyReportQueue", "Arn"]}
    assert made["Target"]["RoleArn"] == {"Fn::GetAtt": [JOB_SCHEDULE_ROLE, "Arn"]}
    tick = read_tick(made["Target"]["Input"])
    assert tick is not None
    assert (tick.tenant, tick.schedule, tick.type) == ("default", "nightly-report", "nightly-report")


def test_added_changed_and_removed_is_what_the_template_says() -> None:
    morning, evening = Recurring("0 7 * * *", name="morning"), Recurring("0 19 * * *", name="evening")
    assert len(of_jobs(report(morning, evening))) == 2
    assert [one["ScheduleExpression"] for one in of_jobs(report(Recurring("rate(1 day)", name="morning")))] == [
        "rate(1 day)"
    ]
    assert of_jobs(report()) == []


def test_a_schedule_is_not_of_the_functions_roles_and_its_role_is_the_one_that_processes_name() -> None:
    role = schedules([report()])[JOB_SCHEDULE_ROLE]["Properties"]
    name = role["RoleName"]["Fn::Sub"].replace("${AWS::Region}", "eu-central-1").replace(PREFIX, "jobyard-dev")
    arn = "arn:aws:sqs:eu-central-1:123456789012:jobyard-dev-nightly-report"
    assert role_arn(arn, "jobyard-dev") == f"arn:aws:iam::123456789012:role/{name}"
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["sqs:SendMessage"]
    assert statement["Resource"] == {"Fn::GetAtt": ["NightlyReportQueue", "Arn"]}


def test_no_type_no_role() -> None:
    assert JOB_SCHEDULE_ROLE not in schedules([])
    assert render([], ["functions.catalog"])["schedules.yml"]


def test_a_schedule_sends_to_the_level_of_its_jobs_priority() -> None:
    made = job("graded", priorities=SERVICE_CLASSES, schedule=Recurring("0 2 * * *", options=Options(priority=99)))(
        _report
    )
    (schedule,) = of_jobs(made)
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": ["GradedQueueAtBulk", "Arn"]}
    (statement,) = schedules([made])[JOB_SCHEDULE_ROLE]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    wanted = [f"GradedQueue{level}" for level in ("AtCritical", "", "AtBulk")]
    assert [one["Fn::GetAtt"][0] for one in statement["Resource"]] == wanted
