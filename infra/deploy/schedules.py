"""The schedules of reaper and dead-letter consumer, in a group, each with a role that may call its function."""

from __future__ import annotations

from typing import Any

from infra.deploy.names import DEAD_LETTERS, FIXED, PREFIX, REAPER, arn_of, function_id
from infra.deploy.statements import allow, document, trust

#: The shortest time that a schedule knows. (EventBridge Scheduler, rate expressions)
EVERY = "rate(1 minute)"
#: Seconds after which a call that could not be made is given up, the least there is: the next one is due by then.
#: (EventBridge Scheduler, RetryPolicy)
MAX_EVENT_AGE = 60


def schedules() -> dict[str, Any]:
    """Logical id -> resource."""
    found: dict[str, Any] = {"Schedules": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": PREFIX}}}
    for function_key in (REAPER, DEAD_LETTERS):
        found |= _schedule(function_key)
    return found


def _schedule(function_key: str) -> dict[str, Any]:
    function, name = arn_of(function_id(function_key)), FIXED[function_key]
    head = function_key[0].upper() + function_key[1:]
    return {
        f"{head}Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": name,
                "GroupName": {"Ref": "Schedules"},
                "Description": f"Calls {PREFIX}-{name}",
                "ScheduleExpression": EVERY,
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
