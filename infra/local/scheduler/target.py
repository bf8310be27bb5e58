"""What a schedule can invoke, and what is checked of a target when it is set.

There are SQS queues and Lambda functions by their ARNs (AWS's "templated" targets), and SQS's SendMessage by the ARN
of a "universal" target, whose input is the whole request. AWS's other targets are refused by name: there is nothing
here that they could reach. That a queue or a function exists is found out when the schedule fires, as on AWS.
"""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from infra.local.request import Request
from infra.local.scheduler.errors import invalid, unsupported
from infra.local.scheduler.limits import DEFAULT_EVENT_AGE, DEFAULT_RETRIES, MAX_INPUT_LENGTH

ARN = re.compile(r"arn:aws(?:-[a-z]+)*:([a-z0-9-]+):([a-z0-9-]*):([0-9]{12})?:(.+)")
UNIVERSAL = re.compile(r"arn:aws(?:-[a-z]+)*:scheduler:::aws-sdk:([A-Za-z0-9]+):([A-Za-z0-9]+)")
FUNCTION = re.compile(r"function:([A-Za-z0-9_-]+)(?::[A-Za-z0-9$_-]+)?")

#: Services that AWS has templated targets for, and the ARNs' name for each.
TEMPLATED = frozenset(
    {
        *("codebuild", "codepipeline", "ecs", "events", "firehose", "inspector"),
        *("kinesis", "lambda", "sagemaker", "sns", "sqs", "states"),
    }
)
#: Beginnings of the names of operations that only read; AWS refuses them. ("Using universal targets", User Guide)
READING = re.compile(
    "get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe"
    "|batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized"
    "|invokeModel"
)
#: Blocks of parameters that belong to one service each.
PARAMETERS = {
    "EcsParameters": "ecs",
    "EventBridgeParameters": "events",
    "KinesisParameters": "kinesis",
    "SageMakerPipelineParameters": "sagemaker",
    "SqsParameters": "sqs",
}
SUPPORTED = "it invokes SQS queues, Lambda functions and arn:aws:scheduler:::aws-sdk:sqs:sendMessage"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target's ARN points to."""

    #: "sqs" or "lambda"; "sendMessage" for the universal target.
    kind: str
    #: Empty for the universal target, whose request names its queue.
    region: str = ""
    account: str = ""
    #: The queue's or the function's.
    name: str = ""


def place_of(arn: str) -> Place:
    """What an ARN points to; raises ValidationException for what AWS or this engine does not invoke."""
    if universal := UNIVERSAL.fullmatch(arn):
        service, api = universal.groups()
        if READING.match(api):
            raise invalid(f"{api} API is not supported.")
        if (service, api) != ("sqs", "sendMessage"):
            raise unsupported(f"the target {arn}; {SUPPORTED}")
        return Place("sendMessage")
    match = ARN.fullmatch(arn)
    if match is None:
        raise invalid("Provided Arn is not in correct format.")
    service, region, account, resource = match.groups()
    if service not in TEMPLATED:
        raise invalid(f"{service} is not a supported service for a target.")
    if service == "sqs" and region and account:
        return Place("sqs", region, account, resource)
    if service == "lambda" and region and account and (function := FUNCTION.fullmatch(resource)):
        return Place("lambda", region, account, function[1])
    if service in ("sqs", "lambda"):
        raise invalid("Provided Arn is not in correct format.")
    raise unsupported(f"the target {arn}; {SUPPORTED}")


def checked_target(request: Request, target: dict[str, Any]) -> dict[str, Any]:
    """The target with AWS's defaults; raises ValidationException for what AWS would refuse."""
    place = place_of(target["Arn"])
    if place.region not in ("", request.region):
        raise invalid(f"The target ARN provided does not match the current region {request.region}.")
    for block, service in PARAMETERS.items():
        if block in target and service != place.kind:
            raise invalid(f"Parameters {block} not supported for the target.")
    if place.kind == "sqs":
        _check_group(place.name, target.get("SqsParameters"))
    if "Input" in target:
        _check_input(place.kind, target["Input"])
    elif place.kind == "sendMessage":
        raise invalid("You must provide an input to set this target for your schedule.")
    policy = target.get("RetryPolicy", {})
    return target | {
        "RetryPolicy": {
            "MaximumEventAgeInSeconds": policy.get("MaximumEventAgeInSeconds", DEFAULT_EVENT_AGE),
            "MaximumRetryAttempts": policy.get("MaximumRetryAttempts", DEFAULT_RETRIES),
        }
    }


def _check_group(queue: str, parameters: dict[str, Any] | None) -> None:
    group = (parameters or {}).get("MessageGroupId")
    if queue.endswith(".fifo") and group is None:
        raise invalid("Parameters SqsParameters must be specified.")
    if group is not None and not queue.endswith(".fifo"):
        raise invalid("Parameters MessageGroupId not valid for the target.")


def _check_input(kind: str, text: str) -> None:
    """A queue takes any text; a function takes JSON, and the universal target a request, which is a JSON object."""
    if len(text) > MAX_INPUT_LENGTH:
        raise invalid(
            "1 validation error detected: Value at 'target.input' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_INPUT_LENGTH}"
        )
    if kind == "sqs":
        return
    try:
        sound = isinstance(orjson.loads(text), dict) or kind == "lambda"
    except ValueError:
        sound = False
    if not sound:
        raise invalid("JSON syntax error in input for the target.")
