"""What wakes somebody: alarms of each job type, of the rounds, of the API and the table, all told to one topic.

A job that fails is no error of its function, which reports it and goes on: its dead letter is what counts. A function's
errors are crashes, timeouts and memory that ran out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.deploy.functions import mapping
from infra.deploy.levels import queues_of
from infra.deploy.metrics import Metric, of_function, of_queue, watched
from infra.deploy.names import API, FIXED, PREFIX, logical
from infra.deploy.rounds import ROUNDS, Round
from infra.deploy.statements import document, only_by_tls
from queues.jobtype import JobType
from queues.resources import function_timeout

#: Seconds of the periods that alarms look at.
PERIOD = 300
#: Of the last three periods so many must be bad, where one alone may pass by itself.
OUT_OF, AT_LEAST = 3, 2
#: The share of invocations, or of the API's requests, that may fail. These metrics are 1 or 0 for each, so that their
#: average is the share. (Lambda, types of metrics: binary indicators; API Gateway, metrics: 5XXError)
MAX_ERROR_RATE = 0.05
#: Seconds that the oldest message may have, if its type is quick: job delays are spent in messages of 15 minutes each.
MIN_PATIENCE = 1_800
#: Seconds beyond which nobody wants to wait for an alarm, whatever a type's attempts may take.
MAX_PATIENCE = 43_200

TOPIC = "AlarmTopic"


def patience(job_type: JobType[Any, Any], attempts: int | None = None) -> int:
    """Seconds that a message may be in a type's queue, if all goes as it may: each of so many attempts (default: the
    type's) takes all its time, and each but the last is followed by its wait."""
    options = job_type.options
    starts = options.attempts if attempts is None else attempts
    waits = sum(options.backoff.wait(number, 0.0) for number in range(1, starts))
    return round(min(MAX_PATIENCE, max(MIN_PATIENCE, starts * function_timeout(job_type) + waits)))


def alarms(types: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    """Logical id -> resource: the topic, and all alarms."""
    found = _topic()
    for one in ROUNDS:
        found |= _round_alarms(one)
    found |= _function_alarms("Api", FIXED[API])
    found["ApiFaultsAlarm"] = _alarm(
        "api-faults",
        f"More than {MAX_ERROR_RATE:.0%} of requests to the API end with a 5xx: see the log of {PREFIX}-api",
        Metric("AWS/ApiGateway", "5xx", {"ApiId": {"Ref": "HttpApi"}}, "Average"),
        threshold=MAX_ERROR_RATE,
    )
    found["TableThrottlesAlarm"] = _alarm(
        "table-throttles",
        "DynamoDB turns writes away: see the table's limits, or whether one tenant writes much more than all others",
        Metric("AWS/DynamoDB", "WriteThrottleEvents", {"TableName": {"Ref": "JobsTable"}}),
    )
    for job_type in types:
        found |= _type_alarms(job_type)
    return found


def _type_alarms(job_type: JobType[Any, Any]) -> dict[str, Any]:
    name, on_lambda = job_type.name, job_type.options.on_lambda
    found = {
        logical(name, "DeadLettersAlarm"): _alarm(
            f"{name}-dead-letters",
            f"Jobs of type {name} have failed for good: `jobyard dead-letters list {name}` tells why",
            of_queue(f"{PREFIX}-{name}-dlq", "ApproximateNumberOfMessagesVisible", "Maximum"),
            at_once=True,
        ),
    }
    for queue in queues_of(job_type):
        seconds = patience(job_type, queue.attempts)
        found[queue.logical_id.removesuffix("Queue") + "AgeAlarm"] = _alarm(
            f"{queue.name}-age",
            f"A job of type {name} is {seconds} s old and not done, longer than its attempts and their waits may take: "
            f"{'its function is' if on_lambda else 'its workers are'} too slow for what comes in, or "
            f"{'does' if on_lambda else 'do'} not run",
            of_queue(f"{PREFIX}-{queue.name}", "ApproximateAgeOfOldestMessage", "Maximum"),
            threshold=seconds,
        )
    if not on_lambda:
        return found
    # A reservation of one turns batches away in the course of things.
    return found | _function_alarms(logical(name, ""), name, throttles=mapping(job_type).reserved is None)


def _function_alarms(head: str, name: str, *, throttles: bool = True) -> dict[str, Any]:
    found = {
        f"{head}ErrorsAlarm": _alarm(
            f"{name}-errors",
            f"More than {MAX_ERROR_RATE:.0%} of invocations of {PREFIX}-{name} crash, or run out of time or memory: "
            "see its log",
            of_function(f"{PREFIX}-{name}", "Errors", "Average"),
            threshold=MAX_ERROR_RATE,
        )
    }
    if throttles:
        found[f"{head}ThrottlesAlarm"] = _alarm(
            f"{name}-throttles",
            f"Lambda turns invocations of {PREFIX}-{name} away: the account's concurrency is used up",
            of_function(f"{PREFIX}-{name}", "Throttles"),
        )
    return found


def _round_alarms(one: Round) -> dict[str, Any]:
    name, patience = one.name, OUT_OF * one.period
    head = one.key[0].upper() + one.key[1:]
    spoken = f"{patience // 3_600} hours" if patience >= 2 * 3_600 else f"{patience // 60} minutes"
    return {
        f"{head}SilentAlarm": _alarm(
            f"{name}-silent",
            f"{PREFIX}-{name} has not run for {spoken}: see its schedule; until it runs, {one.otherwise}",
            of_function(f"{PREFIX}-{name}", "Invocations"),
            threshold=1,
            below=True,
            period=one.period,
        ),
        f"{head}ErrorsAlarm": _alarm(
            f"{name}-errors",
            f"Rounds of {PREFIX}-{name} fail: see its log",
            of_function(f"{PREFIX}-{name}", "Errors"),
            period=one.period,
        ),
    }


def _alarm(
    name: str,
    description: str,
    metric: Metric,
    *,
    threshold: float = 0,
    below: bool = False,
    at_once: bool = False,
    period: int = PERIOD,
) -> dict[str, Any]:
    """An alarm that goes off above the threshold, or below it: then silence is as bad."""
    periods = (1, 1) if at_once else (OUT_OF, OUT_OF if below else AT_LEAST)
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": f"{PREFIX}-{name}",
            "AlarmDescription": description,
            **watched(metric, period),
            "ComparisonOperator": "LessThanThreshold" if below else "GreaterThanThreshold",
            "Threshold": threshold,
            "EvaluationPeriods": periods[0],
            "DatapointsToAlarm": periods[1],
            "TreatMissingData": "breaching" if below else "notBreaching",
            "AlarmActions": [{"Ref": TOPIC}],
            "OKActions": [{"Ref": TOPIC}],
        },
    }


def _topic() -> dict[str, Any]:
    """The topic. It is not encrypted with a key of KMS: CloudWatch may not use the account's own one for SNS, and what
    alarms say names queues and functions, nothing of a job."""
    from_alarms = {
        "Sid": "FromAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": TOPIC},
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    return {
        TOPIC: {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"{PREFIX}-alarms"}},
        f"{TOPIC}Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": TOPIC}],
                "PolicyDocument": document(from_alarms, only_by_tls("sns:Publish", {"Ref": TOPIC})),
            },
        },
        "AlarmEmailSubscription": {
            "Type": "AWS::SNS::Subscription",
            "Condition": "HasAlarmEmail",
            "Properties": {"TopicArn": {"Ref": TOPIC}, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}},
        },
    }
