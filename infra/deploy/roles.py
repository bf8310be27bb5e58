"""A role for each function, with the calls that its code makes and no others.

tests/house/test_permissions.py makes every kind of call and holds it against these: none is missing, none is too many.
`dynamodb:UpdateItem` stands beside `dynamodb:PartiQLUpdate` because claims and settlements go as PartiQL statements, 25
a call, and the rarer writes one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.deploy.names import API, DEAD_LETTERS, FIXED, PREFIX, REAPER, arn_of, key, logical, role_id
from infra.deploy.statements import Statement, allow, document, trust
from queues.jobtype import JobType
from queues.resources import STATE_INDEX

Types = Sequence[JobType[Any, Any]]

#: The table and its index. A write to the table needs no right on the index.
TABLE = arn_of("JobsTable")
INDEX = {"Fn::Sub": f"${{JobsTable.Arn}}/index/{STATE_INDEX}"}


def roles(types: Types) -> dict[str, Any]:
    """Logical id -> role, of the fixed functions and of each job type's."""
    found = {
        role_id(API): _role(FIXED[API], _api(types)),
        role_id(REAPER): _role(FIXED[REAPER], _reaper(types)),
        role_id(DEAD_LETTERS): _role(FIXED[DEAD_LETTERS], _dead_letters(types)),
    }
    for job_type in types:
        found[role_id(key(job_type.name))] = _role(job_type.name, _job(job_type))
    return found


def _job(job_type: JobType[Any, Any]) -> list[Statement]:
    name = job_type.name
    return [
        allow("ClaimAndSettle", ["dynamodb:GetItem", "dynamodb:PartiQLUpdate", "dynamodb:UpdateItem"], TABLE),
        # The first three are the event source mapping's, which polls with the function's role.
        allow(
            "WorkOnItsQueue",
            [
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ChangeMessageVisibility",
                "sqs:SendMessage",
            ],
            queue(name),
        ),
        allow("Bury", ["sqs:GetQueueUrl", "sqs:SendMessage"], letters(name)),
    ]


def _api(types: Types) -> list[Statement]:
    return [
        allow(
            "KeepJobs",
            [
                "dynamodb:GetItem",
                "dynamodb:BatchGetItem",
                "dynamodb:PutItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:UpdateItem",
            ],
            TABLE,
        ),
        # On the table: the list of tenants, for whom numbers over all of them are added up.
        allow("ListJobs", ["dynamodb:Query"], TABLE, INDEX),
        allow("Enqueue", ["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SendMessage"], *_queues(types)),
        allow("CountDeadLetters", ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"], *_letters(types)),
    ]


def _reaper(types: Types) -> list[Statement]:
    return [
        allow("FindWhatIsOverdue", ["dynamodb:Query"], TABLE, INDEX),
        allow(
            "EndAttempts",
            ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PartiQLUpdate", "dynamodb:UpdateItem"],
            TABLE,
        ),
        allow("SendAgain", ["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SendMessage"], *_queues(types)),
        allow("Bury", ["sqs:GetQueueUrl", "sqs:SendMessage"], *_letters(types)),
    ]


def _dead_letters(types: Types) -> list[Statement]:
    return [
        allow("CloseJobs", ["dynamodb:GetItem", "dynamodb:PartiQLUpdate", "dynamodb:UpdateItem"], TABLE),
        allow(
            "PutLettersRight",
            [
                "sqs:GetQueueUrl",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:SendMessage",
            ],
            *_letters(types),
        ),
    ]


def queue(name: str) -> dict[str, list[str]]:
    """The ARN of a type's queue."""
    return arn_of(logical(name, "Queue"))


def letters(name: str) -> dict[str, list[str]]:
    """The ARN of a type's dead-letter queue."""
    return arn_of(logical(name, "DeadLetters"))


def _queues(types: Types) -> list[Any]:
    return [queue(job_type.name) for job_type in types]


def _letters(types: Types) -> list[Any]:
    return [letters(job_type.name) for job_type in types]


def _role(name: str, statements: list[Statement]) -> dict[str, Any]:
    logs = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/"
    own_logs = allow(
        "WriteItsLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::Sub": f"{logs}{PREFIX}-{name}:*"}
    )
    traces = allow("SendTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": f"Of the function {PREFIX}-{name}",
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            "Policies": [
                {"PolicyName": name, "PolicyDocument": document(own_logs, *statements)},
                {
                    "Fn::If": [
                        "Traced",
                        {"PolicyName": "traces", "PolicyDocument": document(traces)},
                        {"Ref": "AWS::NoValue"},
                    ]
                },
            ],
        },
    }
