"""EventBridge Scheduler's operations, on every target: what is kept, shown, listed and refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

Unique = Callable[[str], str]

ROLE = "arn:aws:iam::000000000000:role/schedules"
TARGET = {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": ROLE, "Input": "hello"}
OFF = {"Mode": "OFF"}

#: What the emulators do not check at all.
UNCHECKED = pytest.mark.deviates(
    moto="stores what it is given", ministack="checks that required members are there, nothing else"
)


def members(name: str, expression: str = "rate(1 day)", **more: Any) -> dict[str, Any]:
    """A sound CreateSchedule, due far from now unless `more` says otherwise."""
    far = datetime.now(UTC) + timedelta(days=300)
    sound: dict[str, Any] = {
        "Name": name,
        "ScheduleExpression": expression,
        "FlexibleTimeWindow": OFF,
        "Target": TARGET,
        "StartDate": far,
    }
    return {key: value for key, value in (sound | more).items() if value is not None}


async def refusal(call: Any) -> tuple[str, str]:
    """The code and the message of the error that a call must end with."""
    with pytest.raises(ClientError) as caught:
        await call
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# Schedules


async def test_a_schedule_is_shown_with_the_defaults_of_what_was_left_out(scheduler: Any, unique: Unique) -> None:
    """GetSchedule, EventBridge Scheduler API reference."""
    name = unique("plain")
    arn = (await scheduler.create_schedule(**members(name, StartDate=None, State="DISABLED")))["ScheduleArn"]
    assert arn.endswith(f":schedule/default/{name}")
    found = await scheduler.get_schedule(Name=name)
    assert isinstance(found["CreationDate"], datetime)
    assert found["LastModificationDate"] == found["CreationDate"]
    assert found["Arn"] == arn
    assert found["Name"] == name
    assert found["GroupName"] == "default"
    assert found["State"] == "DISABLED"
    assert found["ScheduleExpression"] == "rate(1 day)"
    assert found["ScheduleExpressionTimezone"] == "UTC"
    assert found["FlexibleTimeWindow"] == OFF


@pytest.mark.deviates(
    moto="knows no default for ActionAfterCompletion",
    ministack="shows an empty description and no retry policy",
)
async def test_defaults_of_the_completion_and_of_the_retry_policy(scheduler: Any, unique: Unique) -> None:
    """API_RetryPolicy, EventBridge Scheduler API reference: 185 retries within 24 hours."""
    name = unique("defaults")
    await scheduler.create_schedule(**members(name))
    found = await scheduler.get_schedule(Name=name)
    assert found["ActionAfterCompletion"] == "NONE"
    assert found["Target"] == TARGET | {
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    }
    assert "Description" not in found
    assert "EndDate" not in found
    assert "KmsKeyArn" not in found


async def test_a_schedule_keeps_all_that_it_was_given(scheduler: Any, unique: Unique) -> None:
    """CreateSchedule, EventBridge Scheduler API reference."""
    name = unique("full")
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    target = TARGET | {
        "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0},
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dead"},
    }
    given = members(
        name,
        "cron(0 9 ? * MON-FRI *)",
        ScheduleExpressionTimezone="Europe/Berlin",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        Description="every working day",
        State="ENABLED",
        ActionAfterCompletion="DELETE",
        StartDate=start,
        EndDate=start + timedelta(days=1),
        Target=target,
    )
    await scheduler.create_schedule(**given)
    found = await scheduler.get_schedule(Name=name)
    assert {key: found[key] for key in given} == given


@pytest.mark.deviates(ministack="says in which group the schedule already exists")
async def test_a_name_is_taken_once_within_its_group(scheduler: Any, unique: Unique) -> None:
    """CreateSchedule, EventBridge Scheduler API reference."""
    name, group = unique("twice"), unique("group")
    await scheduler.create_schedule(**members(name))
    answer = await refusal(scheduler.create_schedule(**members(name)))
    assert answer == ("ConflictException", f"Schedule {name} already exists.")
    await scheduler.create_schedule_group(Name=group)
    await scheduler.create_schedule(**members(name, GroupName=group))


@pytest.mark.deviates(moto="knows no ClientToken", ministack="knows no ClientToken")
async def test_a_creation_sent_twice_with_its_token_is_one(scheduler: Any, unique: Unique) -> None:
    """ClientToken: "ensures the idempotency of the request", CreateSchedule, API reference."""
    name, group = unique("token"), unique("group")
    given = members(name, ClientToken="one")
    arn = (await scheduler.create_schedule(**given))["ScheduleArn"]
    assert (await scheduler.create_schedule(**given))["ScheduleArn"] == arn
    for other in ({"ClientToken": "two"}, {"Description": "another"}):
        assert (await refusal(scheduler.create_schedule(**given | other)))[0] == "ConflictException"
    await scheduler.create_schedule_group(Name=group, ClientToken="one")
    await scheduler.create_schedule_group(Name=group, ClientToken="one")
    assert (await refusal(scheduler.create_schedule_group(Name=group, ClientToken="two")))[0] == "ConflictException"


@pytest.mark.deviates(moto="knows no ClientToken", ministack="knows no ClientToken")
async def test_a_deletion_sent_twice_with_its_token_succeeds_twice(scheduler: Any, unique: Unique) -> None:
    """ClientToken, DeleteSchedule and DeleteScheduleGroup, API reference."""
    name, group = unique("token"), unique("group")
    await scheduler.create_schedule(**members(name))
    await scheduler.create_schedule_group(Name=group)
    for _ in range(2):
        await scheduler.delete_schedule(Name=name, ClientToken="one")
        await scheduler.delete_schedule_group(Name=group, ClientToken="one")
    answer = await refusal(scheduler.delete_schedule(Name=name, ClientToken="two"))
    assert answer[0] == "ResourceNotFoundException"


async def test_an_update_replaces_all_of_a_schedule(scheduler: Any, unique: Unique) -> None:
    """UpdateSchedule: "uses all values, including empty values, and overrides the existing schedule"."""
    name = unique("update")
    await scheduler.create_schedule(**members(name, Description="old", State="DISABLED"))
    await scheduler.update_schedule(**members(name, "rate(2 days)", Target=TARGET | {"Input": "new"}))
    found = await scheduler.get_schedule(Name=name)
    assert found["ScheduleExpression"] == "rate(2 days)"
    assert found["Target"]["Input"] == "new"
    assert not found.get("Description")


@pytest.mark.deviates(moto="loses the state")
async def test_an_update_without_a_state_enables(scheduler: Any, unique: Unique) -> None:
    """UpdateSchedule: "if you do not set an optional field, that field will be set to its system-default value"."""
    name = unique("update")
    await scheduler.create_schedule(**members(name, State="DISABLED"))
    await scheduler.update_schedule(**members(name))
    assert (await scheduler.get_schedule(Name=name))["State"] == "ENABLED"


@pytest.mark.parametrize("operation", ["get_schedule", "delete_schedule"])
@pytest.mark.deviates(ministack="says in which group the schedule does not exist")
async def test_a_schedule_that_is_not_there(scheduler: Any, unique: Unique, operation: str) -> None:
    """GetSchedule, EventBridge Scheduler API reference: 404."""
    name = unique("nobody")
    with pytest.raises(ClientError) as caught:
        await getattr(scheduler, operation)(Name=name)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert caught.value.response["Error"]["Message"] == f"Schedule {name} does not exist."
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


async def test_a_deleted_schedule_is_gone(scheduler: Any, unique: Unique) -> None:
    """DeleteSchedule, EventBridge Scheduler API reference."""
    name = unique("gone")
    await scheduler.create_schedule(**members(name))
    await scheduler.delete_schedule(Name=name)
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        await scheduler.get_schedule(Name=name)
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        await scheduler.update_schedule(**members(name))


# What is refused

#: Measured on AWS by LocalStack's suite, tests/aws/services/scheduler.
BAD_EXPRESSIONS = [
    "cron(0 1 * * * *)",
    "cron(7 20 * * NOT *)",
    "cron(INVALID)",
    "cron(0 dummy ? * MON-FRI *)",
    "cron(71 8 1 * ? *)",
    "cron()",
    "rate(10 seconds)",
    "rate(10 years)",
    "rate()",
    "rate(10)",
    "rate(10 minutess)",
    "rate(foo minutes)",
    "rate(-10 minutes)",
    "rate( 10 minutes )",
    " rate(10 minutes)",
    "at(2021-12-31T23:59:59Z)",
    "at(2021-12-31)",
]


@UNCHECKED
@pytest.mark.parametrize("expression", BAD_EXPRESSIONS)
async def test_an_unsound_expression_is_refused(scheduler: Any, unique: Unique, expression: str) -> None:
    """ "Schedule types", EventBridge Scheduler User Guide."""
    answer = await refusal(scheduler.create_schedule(**members(unique("bad"), expression)))
    assert answer == ("ValidationException", f"Invalid Schedule Expression {expression}.")


SQS = TARGET["Arn"]
UNIVERSAL = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"

#: What CreateSchedule answers to unsound members; the texts are AWS's where the case's name does not say "ours".
BAD_MEMBERS = [
    pytest.param(
        {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 4}},
        "MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.",
        id="window without flexibility",
    ),
    pytest.param(
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.",
        id="flexibility without window",
    ),
    pytest.param(
        {"EndDate": datetime(2020, 1, 1, tzinfo=UTC)},
        "The StartDate you specify must come before the EndDate.",
        id="end before start",
    ),
    pytest.param({"Target": {"Arn": "x"}}, "Provided Arn is not in correct format.", id="no ARN"),
    pytest.param(
        {"Target": {"Arn": "arn:aws:s3:::bucket"}}, "s3 is not a supported service for a target.", id="no target"
    ),
    pytest.param(
        {"Target": {"Arn": "arn:aws:sqs:us-west-2:000000000000:q"}},
        "The target ARN provided does not match the current region us-east-1.",
        id="another region",
    ),
    pytest.param(
        {"Target": {"Arn": "arn:aws:scheduler:us-east-1:000000000000:aws-sdk:sqs:sendMessage"}},
        "scheduler is not a supported service for a target.",
        id="universal target with a region",
    ),
    pytest.param(
        {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:getQueueUrl"}},
        "getQueueUrl API is not supported.",
        id="universal target that reads",
    ),
    pytest.param(
        {"Target": {"Arn": UNIVERSAL, "Input": None}},
        "You must provide an input to set this target for your schedule.",
        id="universal target without input",
    ),
    pytest.param({"Target": {"Arn": UNIVERSAL}}, "JSON syntax error in input for the target.", id="universal: no JSON"),
    pytest.param({"Target": {"Arn": FUNCTION}}, "JSON syntax error in input for the target.", id="function: no JSON"),
    pytest.param(
        {"Target": {"Arn": FUNCTION, "Input": None, "SqsParameters": {"MessageGroupId": "g"}}},
        "Parameters SqsParameters not supported for the target.",
        id="parameters of another service",
    ),
    pytest.param(
        {"Target": {"Arn": SQS, "KinesisParameters": {"PartitionKey": "k"}}},
        "Parameters KinesisParameters not supported for the target.",
        id="parameters of yet another service",
    ),
    pytest.param(
        {"Target": {"Arn": SQS, "SqsParameters": {"MessageGroupId": "g"}}},
        "Parameters MessageGroupId not valid for the target.",
        id="group for a standard queue",
    ),
    pytest.param(
        {"Target": {"Arn": SQS + ".fifo"}}, "Parameters SqsParameters must be specified.", id="FIFO without group"
    ),
]


@UNCHECKED
@pytest.mark.parametrize(("more", "message"), BAD_MEMBERS)
async def test_unsound_members_are_refused(scheduler: Any, unique: Unique, more: Any, message: str) -> None:
    """CreateSchedule, EventBridge Scheduler API reference; messages as measured on AWS in September 2026."""
    if "Target" in more:
        target = {key: value for key, value in (TARGET | more["Target"]).items() if value is not None}
        more = more | {"Target": target}
    answer = await refusal(scheduler.create_schedule(**members(unique("bad"), **more)))
    assert answer == ("ValidationException", message)


@pytest.mark.deviates(moto="compares for expressions with an asterisk only", ministack="checks no dates")
async def test_a_start_long_past_is_refused(scheduler: Any, unique: Unique) -> None:
    """CreateSchedule, StartDate."""
    past = datetime.now(UTC) - timedelta(minutes=6)
    answer = await refusal(scheduler.create_schedule(**members(unique("past"), StartDate=past)))
    assert answer == ("ValidationException", "The StartDate you specify cannot be earlier than 5 minutes ago.")


@UNCHECKED
@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"Name": "with space"}, "name"),
        ({"Name": "x" * 65}, "name"),
        ({"GroupName": "a/b"}, "groupName"),
        ({"Description": "x" * 513}, "description"),
        ({"State": "PAUSED"}, "state"),
        ({"ActionAfterCompletion": "KEEP"}, "actionAfterCompletion"),
        ({"ScheduleExpression": "x" * 257}, "scheduleExpression"),
        ({"ScheduleExpressionTimezone": "x" * 51}, "scheduleExpressionTimezone"),
        ({"FlexibleTimeWindow": {"Mode": "MAYBE"}}, "flexibleTimeWindow.mode"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}}, "flexibleTimeWindow"),
        ({"Target": TARGET | {"RoleArn": "n/a"}}, "target.roleArn"),
        ({"Target": TARGET | {"RetryPolicy": {"MaximumRetryAttempts": 186}}}, "target.retryPolicy"),
        ({"Target": TARGET | {"RetryPolicy": {"MaximumEventAgeInSeconds": 86_401}}}, "target.retryPolicy"),
        ({"Target": TARGET | {"DeadLetterConfig": {"Arn": SQS + ".fifo"}}}, "target.deadLetterConfig.arn"),
        ({"ClientToken": "not a token"}, "clientToken"),
    ],
)
async def test_a_member_beyond_its_limits_is_named(scheduler: Any, unique: Unique, more: Any, path: str) -> None:
    """CreateSchedule, EventBridge Scheduler API reference."""
    given = members(unique("limits")) | more
    code, message = await refusal(scheduler.create_schedule(**given))
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value '")
    assert f"' at '{path}" in message
    assert "' failed to satisfy constraint: Member must " in message


@UNCHECKED
async def test_an_unknown_time_zone_is_refused(scheduler: Any, unique: Unique) -> None:
    """CreateSchedule, EventBridge Scheduler API reference."""
    call = scheduler.create_schedule(**members(unique("zone"), ScheduleExpressionTimezone="Mars/Base"))
    assert (await refusal(call))[0] == "ValidationException"


# Lists


async def test_schedules_are_listed_by_group_prefix_and_state(scheduler: Any, unique: Unique) -> None:
    """ListSchedules, EventBridge Scheduler API reference."""
    group, other = unique("group"), unique("other")
    for made in (group, other):
        await scheduler.create_schedule_group(Name=made)
    for number, state in enumerate(["ENABLED", "DISABLED", "ENABLED"]):
        await scheduler.create_schedule(**members(f"a{number}", GroupName=group, State=state))
    await scheduler.create_schedule(**members("b", GroupName=group))
    await scheduler.create_schedule(**members("a", GroupName=other))

    async def listed(**filters: Any) -> set[str]:
        reply = await scheduler.list_schedules(GroupName=group, **filters)
        return {entry["Name"] for entry in reply["Schedules"]}

    assert await listed() == {"a0", "a1", "a2", "b"}
    assert await listed(NamePrefix="a") == {"a0", "a1", "a2"}
    assert await listed(State="DISABLED") == {"a1"}
    assert await listed(State="ENABLED", NamePrefix="a") == {"a0", "a2"}
    (entry,) = (await scheduler.list_schedules(GroupName=other))["Schedules"]
    assert entry["GroupName"] == other
    assert entry["State"] == "ENABLED"
    assert entry["Target"] == {"Arn": SQS}
    assert isinstance(entry["CreationDate"], datetime)


@pytest.mark.deviates(ministack="cuts the list off at MaxResults")
async def test_a_long_list_comes_in_pages(scheduler: Any, unique: Unique) -> None:
    """ListSchedules, NextToken."""
    prefix, group = unique("page"), unique("group")
    await scheduler.create_schedule_group(Name=group)
    for number in range(5):
        await scheduler.create_schedule(**members(f"{prefix}-{number}", GroupName=group if number % 2 else None))

    for filters in ({}, {"GroupName": group}):
        names: list[str] = []
        question: dict[str, Any] = {"NamePrefix": prefix, "MaxResults": 2, **filters}
        while True:
            reply = await scheduler.list_schedules(**question)
            assert len(reply["Schedules"]) <= 2
            names += [entry["Name"] for entry in reply["Schedules"]]
            if "NextToken" not in reply:
                break
            question["NextToken"] = reply["NextToken"]
        expected = [f"{prefix}-{number}" for number in ((1, 3) if filters else range(5))]
        assert sorted(names) == expected


@pytest.mark.deviates(moto="fails on a token that it did not make", ministack="has no pages")
async def test_a_token_that_no_list_returned_is_refused(scheduler: Any) -> None:
    """ListSchedules, EventBridge Scheduler API reference."""
    for operation in (scheduler.list_schedules, scheduler.list_schedule_groups):
        assert (await refusal(operation(NextToken="never")))[0] == "ValidationException"


@pytest.mark.deviates(moto="answers an empty list", ministack="answers an empty list")
async def test_the_schedules_of_a_group_that_is_not_there(scheduler: Any, unique: Unique) -> None:
    """ListSchedules, errors: ResourceNotFoundException."""
    group = unique("nowhere")
    answer = await refusal(scheduler.list_schedules(GroupName=group))
    assert answer == ("ResourceNotFoundException", f"Schedule group {group} does not exist.")


@pytest.mark.deviates(moto="takes any number", ministack="takes any number")
async def test_a_page_has_at_most_100_entries(scheduler: Any) -> None:
    """ListSchedules, MaxResults."""
    _, message = await refusal(scheduler.list_schedules(MaxResults=101))
    assert message == (
        "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 100"
    )


# Groups


async def test_every_region_has_a_default_group(scheduler: Any) -> None:
    """ "Managing a schedule group", EventBridge Scheduler User Guide."""
    found = await scheduler.get_schedule_group(Name="default")
    assert found["Name"] == "default"
    assert found["State"] == "ACTIVE"
    assert found["Arn"].endswith(":schedule-group/default")
    assert "default" in [entry["Name"] for entry in (await scheduler.list_schedule_groups())["ScheduleGroups"]]


async def test_a_group_is_made_shown_listed_and_goes(scheduler: Any, unique: Unique) -> None:
    """CreateScheduleGroup and its like, EventBridge Scheduler API reference."""
    name = unique("group")
    arn = (await scheduler.create_schedule_group(Name=name))["ScheduleGroupArn"]
    found = await scheduler.get_schedule_group(Name=name)
    assert (found["Arn"], found["Name"], found["State"]) == (arn, name, "ACTIVE")
    assert isinstance(found["CreationDate"], datetime)
    (entry,) = (await scheduler.list_schedule_groups(NamePrefix=name))["ScheduleGroups"]
    assert entry["Arn"] == arn
    await scheduler.create_schedule(**members("s", GroupName=name))
    await scheduler.delete_schedule_group(Name=name)
    for call in (scheduler.get_schedule_group(Name=name), scheduler.get_schedule(Name="s", GroupName=name)):
        assert (await refusal(call))[0] == "ResourceNotFoundException"


@pytest.mark.deviates(moto="replaces the group")
async def test_a_group_name_is_taken_once(scheduler: Any, unique: Unique) -> None:
    """CreateScheduleGroup, EventBridge Scheduler API reference."""
    name = unique("group")
    await scheduler.create_schedule_group(Name=name)
    answer = await refusal(scheduler.create_schedule_group(Name=name))
    assert answer == ("ConflictException", f"Schedule group {name} already exists.")


@pytest.mark.deviates(moto="deletes it")
async def test_the_default_group_cannot_be_deleted(scheduler: Any, target: str) -> None:
    """ "Managing a schedule group", EventBridge Scheduler User Guide."""
    if target == "moto":
        pytest.fail("moto would delete it for all other cases")
    assert (await refusal(scheduler.delete_schedule_group(Name="default")))[0] == "ValidationException"


@pytest.mark.deviates(moto="fails without an answer")
async def test_a_schedule_needs_its_group(scheduler: Any, unique: Unique) -> None:
    """CreateSchedule, errors: ResourceNotFoundException."""
    group = unique("nowhere")
    answer = await refusal(scheduler.create_schedule(**members("s", GroupName=group)))
    assert answer == ("ResourceNotFoundException", f"Schedule group {group} does not exist.")


@pytest.mark.deviates(ministack="lists groups in one piece")
async def test_groups_come_in_pages(scheduler: Any, unique: Unique) -> None:
    """ListScheduleGroups, NextToken."""
    prefix = unique("paged")
    for number in range(3):
        await scheduler.create_schedule_group(Name=f"{prefix}-{number}")
    first = await scheduler.list_schedule_groups(NamePrefix=prefix, MaxResults=2)
    rest = await scheduler.list_schedule_groups(NamePrefix=prefix, MaxResults=2, NextToken=first["NextToken"])
    assert [len(page["ScheduleGroups"]) for page in (first, rest)] == [2, 1]
    assert "NextToken" not in rest


async def test_regions_are_apart(connect: Callable[..., Any], unique: Unique) -> None:
    """GetSchedule, EventBridge Scheduler API reference."""
    name = unique("apart")
    east, west = await connect("scheduler"), await connect("scheduler", "us-west-2")
    target = TARGET | {"Arn": "arn:aws:sqs:us-west-2:000000000000:q"}
    arn = (await west.create_schedule(**members(name, Target=target)))["ScheduleArn"]
    assert arn.startswith("arn:aws:scheduler:us-west-2:")
    assert (await refusal(east.get_schedule(Name=name)))[0] == "ResourceNotFoundException"


# Tags


@pytest.mark.deviates(ministack="removes the first of several tag keys only")
async def test_groups_are_tagged(scheduler: Any, unique: Unique) -> None:
    """TagResource, UntagResource and ListTagsForResource, EventBridge Scheduler API reference."""
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "test"}]
    arn = (await scheduler.create_schedule_group(Name=unique("tagged"), Tags=tags))["ScheduleGroupArn"]

    async def shown() -> dict[str, str]:
        reply = await scheduler.list_tags_for_resource(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for tag in reply["Tags"]}

    assert await shown() == {"team": "blue", "stage": "test"}
    await scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "red"}, {"Key": "n", "Value": "1"}])
    assert await shown() == {"team": "red", "stage": "test", "n": "1"}
    await scheduler.untag_resource(ResourceArn=arn, TagKeys=["team", "stage", "unknown"])
    assert await shown() == {"n": "1"}
    await scheduler.untag_resource(ResourceArn=arn, TagKeys=["n"])
    assert await shown() == {}


@pytest.mark.deviates(moto="tags what it does not know")
async def test_what_is_not_there_has_no_tags(scheduler: Any, unique: Unique) -> None:
    """ListTagsForResource, EventBridge Scheduler API reference."""
    arn = (await scheduler.create_schedule_group(Name=unique("here")))["ScheduleGroupArn"]
    answer = await refusal(scheduler.list_tags_for_resource(ResourceArn=f"{arn}-not"))
    assert answer[0] == "ResourceNotFoundException"


@pytest.mark.deviates(moto="tags anything", ministack="tags schedules too")
async def test_a_schedule_has_no_tags(scheduler: Any, unique: Unique) -> None:
    """TagResource: "You can only assign tags to schedule groups"."""
    arn = (await scheduler.create_schedule(**members(unique("untagged"))))["ScheduleArn"]
    code, message = await refusal(scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}]))
    assert code == "ValidationException"
    assert "' at 'resourceArn' failed to satisfy constraint: Member must satisfy regular expression" in message
