"""What a mapping may be set to. The embedded Lambda reads queues; streams and brokers are refused by name."""

from __future__ import annotations

from typing import Any

from infra.local.errors import AwsError
from infra.local.lambda_ import limits
from infra.local.lambda_.errors import invalid_parameter
from infra.local.lambda_.functions import Function
from infra.local.lambda_.names import look_up, split_name
from infra.local.lambda_.patterns import filter_of
from infra.local.request import Request
from infra.local.sqs.attributes import get_queue_attributes
from queues.limits import BATCH_SIZE_WITHOUT_WINDOW

#: Members of a mapping's configuration, and what they are when they are not given.
DEFAULTS: dict[str, Any] = {
    "BatchSize": limits.DEFAULT_BATCH_SIZE,
    "MaximumBatchingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
    "ScalingConfig": {},
    "FilterCriteria": {},
}
#: Members that are for other event sources than queues.
NOT_FOR_SQS = (
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
)
#: Members that AWS has for queues, too, and the embedded Lambda has not.
UNSUPPORTED = ("KMSKeyArn", "MetricsConfig", "LoggingConfig", "ProvisionedPollerConfig")


def function_named(request: Request, named: str) -> Function:
    """The function that a mapping is to feed; here an unknown one is a wrong parameter."""
    name, _ = split_name(request, named)
    function = look_up(request, name)
    if function is None:
        raise invalid_parameter("Function does not exist")
    return function


def queue_named(params: dict[str, Any]) -> str:
    """The ARN of the queue that a new mapping is to read."""
    source_arn: str = params.get("EventSourceArn", "")
    if not source_arn:
        raise invalid_parameter("Unrecognized event source.")
    if source_arn.split(":")[2] != "sqs":
        raise invalid_parameter(f"The embedded Lambda reads SQS queues only, not {source_arn}.")
    return source_arn


def check_queue(request: Request, source_arn: str, function: Function) -> None:
    """InvalidParameterValueException unless the queue exists and hides messages for as long as the function may run."""
    _, _, _, region, account, name = source_arn.split(":", 5)
    if region != request.region or account != request.account:
        raise _no_queue()
    url = f"{request.endpoint}/{account}/{name}"
    try:
        reply = get_queue_attributes(request, {"QueueUrl": url, "AttributeNames": ["VisibilityTimeout"]})
    except AwsError:
        raise _no_queue() from None
    visibility = int(reply["Attributes"]["VisibilityTimeout"])
    if visibility < function.timeout:
        raise invalid_parameter(
            f"Queue visibility timeout: {visibility} seconds is less than "
            f"Function timeout: {function.timeout:g} seconds"
        )


def _no_queue() -> AwsError:
    return invalid_parameter(
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist or you do not have access to it."
    )


def config_from(params: dict[str, Any], old: dict[str, Any], source_arn: str) -> dict[str, Any]:
    """`old` with what `params` set; InvalidParameterValueException if a queue cannot be polled that way."""
    for name in NOT_FOR_SQS:
        if params.get(name) not in (None, "", {}, []):
            raise invalid_parameter(f"{name.removesuffix('Timestamp')} is not valid for SQS event sources.")
    for name in UNSUPPORTED:
        if params.get(name) not in (None, "", {}):
            raise invalid_parameter(f"The embedded Lambda does not support {name}.")
    config = {**DEFAULTS, **old, **{name: params[name] for name in DEFAULTS if name in params}}
    if not config["FilterCriteria"].get("Filters"):
        config["FilterCriteria"] = {}
    size, window = config["BatchSize"], config["MaximumBatchingWindowInSeconds"]
    if source_arn.endswith(".fifo"):
        if window:
            raise invalid_parameter("Batching window is not supported for FIFO queues")
        if size > limits.MAX_FIFO_BATCH_SIZE:
            raise invalid_parameter(f"Batch size must not exceed {limits.MAX_FIFO_BATCH_SIZE} for FIFO queues")
    if size > BATCH_SIZE_WITHOUT_WINDOW and not window:
        raise invalid_parameter(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    filter_of(config["FilterCriteria"])
    return config
