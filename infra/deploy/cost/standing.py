"""What a stack costs in a month in which nobody enqueues a job. Pure.

How long an idle round takes is taken for, not measured: it makes a handful of calls of some ten milliseconds each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.deploy.cost import prices
from infra.deploy.cost.item import Item
from infra.deploy.rounds import CALLS_AN_HOUR

#: ReceiveMessage calls with which Lambda looks at an empty queue, a minute: five at a time, each of 20 seconds.
#: (Lambda, using SQS: 5 concurrent batches at first; queues/limits.py: MAX_WAIT_SECONDS)
POLLS_A_MINUTE = 15
#: Seconds that a round takes when there is nothing to do.
ROUND_SECONDS = 0.1
#: Read units of a round: queries for the tenants, for what is overdue, for what is owed to ended jobs, and to flows,
#: half a unit each. The cleaner's, once an hour, makes one more for each of the three ends of a job, and two writes:
#: nothing, beside those of each minute.
ROUND_READS = 2
#: Read units of the reaper's look at one shard of one tenant in which nothing is overdue: two queries, half a unit
#: each. ROUND_READS has those of one shard.
EMPTY_LOOK_READS = 1
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
    #: Calls of functions by schedules, an hour.
    calls: int
    secrets: int
    dashboards: int
    #: Megabytes of the functions that are called.
    memory: int
    #: Dead-letter queues: one for each job type.
    letters: int
    #: Of a tenant's jobs.
    shards: int = 1


def shape_of(resources: Mapping[str, Mapping[str, Any]]) -> Shape:
    """The shape of a stack of these resources, conditions decided."""
    kinds = [resource["Type"].removeprefix("AWS::") for resource in resources.values()]
    schedules = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Scheduler::Schedule"]
    called = [(one, resources[one["Target"]["Arn"]["Fn::GetAtt"][0]]) for one in schedules]
    # Those of job types send to queues: what they cost is their jobs'.
    called = [(one, target) for one, target in called if target["Type"] == "AWS::Lambda::Function"]
    return Shape(
        alarms=kinds.count("CloudWatch::Alarm"),
        mappings=kinds.count("Lambda::EventSourceMapping"),
        calls=sum(CALLS_AN_HOUR[one["ScheduleExpression"]] for one, _ in called),
        secrets=kinds.count("SecretsManager::Secret"),
        dashboards=kinds.count("CloudWatch::Dashboard"),
        memory=max((target["Properties"]["MemorySize"] for _, target in called), default=0),
        letters=len({_redrive(one) for one in resources.values() if _redrive(one)}),
        shards=max((_shards(one) for one in resources.values()), default=1),
    )


def _shards(resource: Mapping[str, Any]) -> int:
    """The number of shards that a function's environment names; 1 if there is none."""
    variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
    return int(variables.get("JOBYARD_SHARDS", 1)) if resource["Type"] == "AWS::Lambda::Function" else 1


def _redrive(resource: Mapping[str, Any]) -> str:
    """Where a queue's dead letters go, as text; "" if it is no queue, or has none."""
    policy = resource.get("Properties", {}).get("RedrivePolicy") if resource["Type"] == "AWS::SQS::Queue" else None
    return "" if policy is None else str(policy["deadLetterTargetArn"])


def standing(shape: Shape, architecture: str) -> list[Item]:
    """The bill of a month."""
    rounds = shape.calls * prices.MONTH_HOURS
    polls = shape.mappings * POLLS_A_MINUTE * prices.MONTH_MINUTES
    letters = shape.letters * LETTERS_A_MINUTE * prices.MONTH_MINUTES
    seconds = rounds * ROUND_SECONDS * shape.memory / 1024
    looks = (shape.shards - 1) * EMPTY_LOOK_READS * prices.MONTH_MINUTES
    dashboards = max(0, shape.dashboards - prices.FREE_DASHBOARDS)
    return [
        Item("CloudWatch", "alarms", shape.alarms, prices.ALARM),
        Item("SQS", "requests: Lambda looks at empty queues", polls, prices.SQS_REQUEST),
        Item("SQS", "requests: the rounds look at dead letters", letters, prices.SQS_REQUEST),
        Item("Secrets Manager", "secrets", shape.secrets, prices.SECRET),
        Item("Lambda", "invocations: the rounds", rounds, prices.LAMBDA_REQUEST),
        Item("Lambda", "GB-seconds: the rounds", seconds, prices.LAMBDA_GB_SECOND[architecture]),
        Item("Scheduler", "invocations: the rounds", rounds, prices.SCHEDULER_INVOCATION),
        Item("DynamoDB", "read units: the rounds", rounds * ROUND_READS + looks, prices.DYNAMODB_READ),
        Item("CloudWatch", "GB of logs: the rounds", rounds * INVOCATION_LOG_BYTES / prices.GB, prices.LOGS_GB),
        Item("CloudWatch", "dashboards", dashboards, prices.DASHBOARD),
    ]
