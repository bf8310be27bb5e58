"""A role for each function, with the calls that its code makes and no others.

tests/house/test_permissions.py makes every kind of call and holds it against these: none is missing, none is too many.
`dynamodb:UpdateItem` stands beside `dynamodb:PartiQLUpdate` because claims and settlements go as PartiQL statements, 25
a call, and the rarer writes one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.deploy.levels import queues_of
from infra.deploy.names import (
    API,
    CLEANER,
    DEAD_LETTERS,
    FIXED,
    JOB_SCHEDULE_ROLE,
    PREFIX,
    REAPER,
    arn_of,
    key,
    logical,
    role_id,
)
from infra.deploy.payloads import encrypting, keeping, sweeping
from infra.deploy.statements import Statement, allow, document, trust
from infra.deploy.telling import telling
from infra.deploy.trail import only_added_to, out_of_reach
from queues.jobtype import JobType
from queues.resources import STATE_INDEX
from queues.schedules.eventbridge import HEAD

Types = Sequence[JobType[Any, Any]]

#: The table and its index. A write to the table needs no right on the index.
TABLE = arn_of("JobsTable")
#: In front of the group's and the name of a schedule's ARN.
SCHEDULES = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/"
#: In front of what a function's or a mapping's ARN ends with.
LAMBDA = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:"
INDEX = {"Fn::Sub": f"${{JobsTable.Arn}}/index/{STATE_INDEX}"}


def roles(types: Types) -> dict[str, Any]:
    """Logical id -> role, of the fixed functions and of each job type's."""
    found = {
        role_id(API): _role(FIXED[API], _api(types), keeping(removes=True), *encrypting(types)),
        # It starts the steps of flows whose data the function that ended the step before must not read.
        role_id(REAPER): _role(FIXED[REAPER], [*_reaper(types), *telling(types)], sweeping(), *encrypting(types)),
        role_id(DEAD_LETTERS): _role(FIXED[DEAD_LETTERS], [*_dead_letters(types), *telling(types)]),
        role_id(CLEANER): _role(FIXED[CLEANER], _cleaner()),
    }
    for job_type in types:
        if job_type.options.on_lambda:
            statements = [*working_on([job_type]), *going_on_with_flows(types), *telling(types)]
            mine = _role(job_type.name, statements, keeping(), *encrypting([job_type]))
            found[role_id(key(job_type.name))] = mine
    return found


def working_on(types: Types) -> list[Statement]:
    """What running jobs of these types takes, in a function or in a worker."""
    return [
        allow("ClaimAndSettle", ["dynamodb:GetItem", "dynamodb:PartiQLUpdate", "dynamodb:UpdateItem"], TABLE),
        allow("MakeJobsThatAreDue", ["dynamodb:PutItem"], TABLE),
        # The first three are the event source mapping's, which polls with the function's role, or a worker's own.
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
            *queue_arns(types),
        ),
        allow("Bury", ["sqs:GetQueueUrl", "sqs:SendMessage"], *_letters(types)),
        out_of_reach(),
    ]


def going_on_with_flows(types: Types) -> list[Statement]:
    """What it takes to do what follows from the end of a flow's step: the next steps may be of any type."""
    return [
        allow("KeepFlows", ["dynamodb:BatchGetItem", "dynamodb:Query"], TABLE),
        allow("StartSteps", ["sqs:GetQueueUrl", "sqs:SendMessage"], *queue_arns(types)),
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
                "dynamodb:PartiQLUpdate",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
            ],
            TABLE,
        ),
        # On the table: the list of tenants, for whom numbers over all of them are added up.
        allow("ListJobs", ["dynamodb:Query"], TABLE, INDEX),
        allow("Enqueue", ["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SendMessage"], *queue_arns(types)),
        allow("CountDeadLetters", ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"], *_letters(types)),
        allow(
            "KeepSchedules",
            ["scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule"],
            {"Fn::Sub": f"{SCHEDULES}{PREFIX}/{HEAD}*"},
        ),
        allow("LetThemSend", ["iam:PassRole"], arn_of(JOB_SCHEDULE_ROLE))
        | {"Condition": {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}},
        *_pausing(types),
        only_added_to(),
    ]


def _reaper(types: Types) -> list[Statement]:
    return [
        allow("FindWhatIsOverdue", ["dynamodb:Query"], TABLE, INDEX),
        allow(
            "EndAttempts",
            ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PartiQLUpdate", "dynamodb:UpdateItem"],
            TABLE,
        ),
        allow("StartSteps", ["dynamodb:PutItem"], TABLE),
        allow(
            "SendAgainAndPurge",
            ["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SendMessage", "sqs:PurgeQueue"],
            *queue_arns(types),
        ),
        allow("Bury", ["sqs:GetQueueUrl", "sqs:SendMessage"], *_letters(types)),
        *_pausing(types),
        out_of_reach(),
    ]


def _pausing(types: Types) -> list[Statement]:
    """What it takes to pause a queue: its event source mapping is disabled."""
    found = [allow("FindMappings", ["lambda:ListEventSourceMappings"], "*")]
    names = [job_type.name for job_type in types if job_type.options.on_lambda]
    if names:
        functions = [{"Fn::Sub": f"{LAMBDA}function:{PREFIX}-{name}"} for name in names]
        of_ours = {"Condition": {"ArnEquals": {"lambda:FunctionArn": functions}}}
        mappings = {"Fn::Sub": f"{LAMBDA}event-source-mapping:*"}
        found.append(allow("SwitchMappings", ["lambda:UpdateEventSourceMapping"], mappings) | of_ours)
    return found


def _dead_letters(types: Types) -> list[Statement]:
    return [
        allow(
            "CloseJobs",
            ["dynamodb:GetItem", "dynamodb:PartiQLUpdate", "dynamodb:UpdateItem", "dynamodb:PutItem"],
            TABLE,
        ),
        *going_on_with_flows(types),
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
        out_of_reach(),
    ]


def _cleaner() -> list[Statement]:
    return [
        allow("FindEndedJobs", ["dynamodb:Query"], TABLE, INDEX),
        # UpdateItem is for its own rows alone, PartiQLDelete for ended jobs.
        allow("RemoveThem", ["dynamodb:PartiQLDelete", "dynamodb:UpdateItem"], TABLE),
        out_of_reach(),
    ]


def letters(name: str) -> dict[str, list[str]]:
    """The ARN of a type's dead-letter queue."""
    return arn_of(logical(name, "DeadLetters"))


def queue_arns(types: Types) -> list[Any]:
    """The ARNs of all queues of types."""
    return [arn_of(queue.logical_id) for job_type in types for queue in queues_of(job_type)]


def _letters(types: Types) -> list[Any]:
    return [letters(job_type.name) for job_type in types]


def _role(name: str, statements: list[Statement], *if_asked: dict[str, Any]) -> dict[str, Any]:
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
                *if_asked,
            ],
        },
    }
