"""What a stack costs in a month in which nobody enqueues a job. Pure.

How long an idle round takes is taken for, not measured: it makes a handful of calls of some ten milliseconds each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.deploy.cost import prices
from infra.deploy.cost.item import Item

#: ReceiveMessage calls with which Lambda looks at an empty queue, a minute: five at a time, each of 20 seconds.
#: (Lambda, using SQS: 5 concurrent batches at first; queues/limits.py: MAX_WAIT_SECONDS)
POLLS_A_MINUTE = 15
#: Seconds that a round takes when there is nothing to do.
ROUND_SECONDS = 0.1
#: Read units of a round: a query for the tenants, and one for what is overdue, half a unit each.
ROUND_READS = 1
#: GetQueueAttributes a minute for each dead-letter queue: one, and one more every five minutes.
LETTERS_A_MINUTE = 1.2
#: Bytes that an invocation writes to its log by itself: START, END and REPORT.
INVOCATION_LOG_BYTES = 400


@dataclass(frozen=True, slots=True)
class Shape:
    """A stack, as far as it costs when nothing runs."""

    alarms: int
    #: Event source mappings: one for each job type, or for each level of priority that it has.
    mappings: int
    #: Schedules that call a function each minute.
    schedules: int
    secrets: int
    dashboards: int
    #: Megabytes of the functions that are called.
    memory: int
    #: Dead-letter queues: one for each job type.
    letters: int


def shape_of(resources: Mapping[str, Mapping[str, Any]]) -> Shape:
    """The shape of a stack of these resources, conditions decided."""
    kinds = [resource["Type"].removeprefix("AWS::") for resource in resources.values()]
    called = [
        resources[one["Properties"]["Target"]["Arn"]["Fn::GetAtt"][0]]["Properties"]["MemorySize"]
        for one in resources.values()
        if one["Type"] == "AWS::Scheduler::Schedule"
    ]
    return Shape(
        alarms=kinds.count("CloudWatch::Alarm"),
        mappings=kinds.count("Lambda::EventSourceMapping"),
        schedules=len(called),
        secrets=kinds.count("SecretsManager::Secret"),
        dashboards=kinds.count("CloudWatch::Dashboard"),
        memory=max(called, default=0),
        letters=len({_redrive(one) for one in resources.values() if _redrive(one)}),
    )


def _redrive(resource: Mapping[str, Any]) -> str:
    """Where a queue's dead letters go, as text; "" if it is no queue, or has none."""
    policy = resource.get("Properties", {}).get("RedrivePolicy") if resource["Type"] == "AWS::SQS::Queue" else None
    return "" if policy is None else str(policy["deadLetterTargetArn"])


def standing(shape: Shape, architecture: str) -> list[Item]:
    """The bill of a month."""
    rounds = shape.schedules * prices.MONTH_MINUTES
    polls = shape.mappings * POLLS_A_MINUTE * prices.MONTH_MINUTES
    letters = shape.letters * LETTERS_A_MINUTE * prices.MONTH_MINUTES
    seconds = rounds * ROUND_SECONDS * shape.memory / 1024
    dashboards = max(0, shape.dashboards - prices.FREE_DASHBOARDS)
    return [
        Item("CloudWatch", "alarms", shape.alarms, prices.ALARM),
        Item("SQS", "requests: Lambda looks at empty queues", polls, prices.SQS_REQUEST),
        Item("SQS", "requests: the rounds look at dead letters", letters, prices.SQS_REQUEST),
        Item("Secrets Manager", "secrets", shape.secrets, prices.SECRET),
        Item("Lambda", "invocations: the rounds", rounds, prices.LAMBDA_REQUEST),
        Item("Lambda", "GB-seconds: the rounds", seconds, prices.LAMBDA_GB_SECOND[architecture]),
        Item("Scheduler", "invocations: the rounds", rounds, prices.SCHEDULER_INVOCATION),
        Item("DynamoDB", "read units: the rounds", rounds * ROUND_READS, prices.DYNAMODB_READ),
        Item("CloudWatch", "GB of logs: the rounds", rounds * INVOCATION_LOG_BYTES / prices.GB, prices.LOGS_GB),
        Item("CloudWatch", "dashboards", dashboards, prices.DASHBOARD),
    ]
