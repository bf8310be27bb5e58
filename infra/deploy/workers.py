"""What workers may do that run the job types which have no function (`@job(runs_on="worker")`): a policy, to be
attached to whatever role they run with, and a role with it for tasks of ECS.

A worker makes the calls of the functions whose place it takes, and those of its /metrics. It leaves the rounds to the
deployment's functions (`jobyard work --no-rounds`), and of other types' queues it may only send to, as steps of flows
follow each other. Like them it may use the bucket for artifacts if there is one, and the key if one of its types is
sensitive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.deploy.names import PREFIX
from infra.deploy.payloads import working_on_payloads
from infra.deploy.roles import INDEX, TABLE, going_on_with_flows, letters, working_on
from infra.deploy.statements import Statement, allow, document, trust
from infra.deploy.telling import telling
from queues.jobtype import JobType
from queues.observe.cloudwatch import NAMESPACE

#: Logical ids that no job type's resource can have.
POLICY, ROLE = "PolicyOfWorkers", "RoleOfWorkers"


def workers(types: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    """Logical id -> resource; nothing if every type has a function."""
    theirs = [job_type for job_type in types if not job_type.options.on_lambda]
    if not theirs:
        return {}
    return {
        POLICY: {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "Description": f"What workers of {PREFIX} may do",
                "PolicyDocument": document(
                    *statements(theirs), *going_on_with_flows(types), *telling(types), *working_on_payloads(theirs)
                ),
            },
        },
        ROLE: {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "Description": f"Of workers of {PREFIX} on ECS",
                "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com", in_account=True),
                "ManagedPolicyArns": [{"Ref": POLICY}],
            },
        },
    }


def statements(types: Sequence[JobType[Any, Any]]) -> list[Statement]:
    """What workers of these types do."""
    return [
        *working_on(types),
        allow("MeasureTheBacklog", ["dynamodb:Query"], TABLE, INDEX),
        # PutMetricData knows no resources, AWS asks for a star; the condition leaves our namespace.
        allow("SendMetrics", ["cloudwatch:PutMetricData"], "*")
        | {"Condition": {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}},
        allow("CountDeadLetters", ["sqs:GetQueueAttributes"], *(letters(job_type.name) for job_type in types)),
    ]
