"""The deployment's schedule group: the schedules of the rounds (rounds.py), each with a role that may call its
function; those that job types declare; and the role with which EventBridge sends ticks to the queues.

The API makes more of these at run time, with the same role and names that begin alike: queues/schedules/eventbridge.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.deploy.levels import queues_of
from infra.deploy.names import JOB_SCHEDULE_ROLE, PREFIX, arn_of, function_id, logical
from infra.deploy.roles import queue_arns
from infra.deploy.rounds import ROUNDS, Round
from infra.deploy.statements import allow, document, trust
from queues.catalog import Catalog
from queues.jobtype import JobType
from queues.schedules.declared import TENANT, declaration
from queues.schedules.eventbridge import eventbridge_name, priority_of, role_name, timing_of
from queues.schedules.job_schedule import JobSchedule
from queues.schedules.tick import body_of

#: Seconds after which a call that could not be made is given up, the least there is: the next one is due by then.
#: (EventBridge Scheduler, RetryPolicy)
MAX_EVENT_AGE = 60


def schedules(types: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    """Logical id -> resource."""
    found: dict[str, Any] = {"Schedules": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": PREFIX}}}
    for one in ROUNDS:
        found |= _schedule(one)
    if types:
        found[JOB_SCHEDULE_ROLE] = _role(types)
    for job_type in types:
        for recurring in job_type.schedules:
            schedule = declaration(job_type, TENANT, recurring.name, None, 0)
            assert schedule is not None
            found |= _job_schedule(schedule, job_type)
    return found


def _role(types: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    send = allow("SendTicks", ["sqs:SendMessage"], *queue_arns(types))
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Fn::Sub": role_name(PREFIX, "${AWS::Region}")},
            "Description": f"Of the job schedules of {PREFIX}",
            "AssumeRolePolicyDocument": trust("scheduler.amazonaws.com", in_account=True),
            "Policies": [{"PolicyName": "schedules", "PolicyDocument": document(send)}],
        },
    }


def _job_schedule(schedule: JobSchedule, job_type: JobType[Any, Any]) -> dict[str, Any]:
    to = Catalog([job_type]).queue_of(schedule.type, priority_of(schedule))
    (queue,) = [one for one in queues_of(job_type) if one.name == to]
    name = eventbridge_name(schedule.tenant, schedule.name)
    timing = {
        word: value if isinstance(value, str | dict) else f"{value:%Y-%m-%dT%H:%M:%S.000Z}"
        for word, value in timing_of(schedule).items()
    }
    return {
        logical(schedule.type, f"JobSchedule{name[-8:]}"): {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": name,
                "GroupName": {"Ref": "Schedules"},
                "Description": f"Jobs of the type {schedule.type}, for the schedule {schedule.name}",
                **timing,
                "Target": {
                    "Arn": arn_of(queue.logical_id),
                    "RoleArn": arn_of(JOB_SCHEDULE_ROLE),
                    "Input": body_of(schedule),
                },
            },
        }
    }


def _schedule(one: Round) -> dict[str, Any]:
    function, name = arn_of(function_id(one.key)), one.name
    head = one.key[0].upper() + one.key[1:]
    return {
        f"{head}Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": name,
                "GroupName": {"Ref": "Schedules"},
                "Description": f"Calls {PREFIX}-{name}",
                "ScheduleExpression": one.every,
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": function,
                    "RoleArn": arn_of(f"{head}ScheduleRole"),
                    "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": MAX_EVENT_AGE},
                },
            },
        },
        f"{head}ScheduleRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "Description": f"Of the schedule {PREFIX}/{name}",
                "AssumeRolePolicyDocument": trust("scheduler.amazonaws.com", in_account=True),
                "Policies": [
                    {"PolicyName": name, "PolicyDocument": document(allow("Call", ["lambda:InvokeFunction"], function))}
                ],
            },
        },
    }
