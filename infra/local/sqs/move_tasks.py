"""The actions that start, cancel and list message move tasks: dead-letter queue redrive.

Source: "StartMessageMoveTask", "CancelMessageMoveTask" and "ListMessageMoveTasks" in the API reference. A cancelled
task is CANCELLED at once: every message is here or there, none is on its way, so CANCELLING is never seen.
"""

from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.arn import arn_of, parts_of
from infra.local.sqs.counts import count_messages
from infra.local.sqs.errors import invalid_parameter, sqs_error
from infra.local.sqs.move_task import (
    CANCELLED,
    RUNNING,
    MoveTask,
    add_task,
    count_running,
    find_task,
    latest_tasks,
    next_number,
    save_task,
    task_in,
)
from infra.local.sqs.queue import Queue, look_up
from infra.local.sqs.redrive import has_sources


def start_message_move_task(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    source = queue_of(request, "SourceArn", params["SourceArn"])
    if not has_sources(request, source):
        raise invalid_parameter("Source queue must be configured as a Dead Letter Queue.")
    destination = checked_destination(request, source, params.get("DestinationArn"))
    rate = checked_number(params, "MaxNumberOfMessagesPerSecond", 0, limits.MIN_MOVE_RATE, limits.MAX_MOVE_RATE)
    if any(task.status == RUNNING for task in latest_tasks(request, source, 1)):
        raise invalid_parameter(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
    if count_running(request) >= limits.MAX_RUNNING_TASKS:
        raise sqs_error("OverLimit", f"Only {limits.MAX_RUNNING_TASKS} active tasks are allowed for an account.")
    task = MoveTask(
        number=next_number(request),
        id=request.new_id(),
        region=source.region,
        source=source.name,
        destination=destination,
        rate=rate,
        status=RUNNING,
        moved=0,
        to_move=count_messages(request, source).visible,
        failure="",
        started_at=request.now,
        # At a rate the first message, too, takes its share of a second.
        next_at=request.now * 1000 + (1_000_000 // rate if rate else 0),
    )
    add_task(request, task)
    request.alarm(-(-task.next_at // 1000))
    return {"TaskHandle": task.handle(source.arn)}


def checked_destination(request: Request, source: Queue, arn: str | None) -> str:
    """The name of the queue that receives the messages, "" for the queues that they came from."""
    if arn is None:
        return ""
    destination = queue_of(request, "DestinationArn", arn)
    if destination is source:
        raise invalid_parameter("Source queue arn and destination queue arn cannot be the same.")
    if destination.settings.fifo != source.settings.fifo:
        raise invalid_parameter("The source queue and destination queue must be of the same queue type.")
    return destination.name


def cancel_message_move_task(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    found = task_in(params["TaskHandle"])
    if found is None:
        raise invalid_parameter("Value for parameter TaskHandle is invalid.")
    task_id, source_arn = found
    source = queue_of(request, "SourceArn", source_arn)
    task = find_task(request, task_id)
    if task is None or task.status != RUNNING or (task.region, task.source) != (source.region, source.name):
        raise sqs_error("ResourceNotFoundException", "Task does not exist.")
    task.status = CANCELLED
    save_task(request, task)
    return {"ApproximateNumberOfMessagesMoved": task.moved}


def list_message_move_tasks(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    source = queue_of(request, "SourceArn", params["SourceArn"])
    most = checked_number(params, "MaxResults", 1, 1, limits.MAX_LISTED_TASKS)
    return {"Results": [entry(request, source, task) for task in latest_tasks(request, source, most)]}


def entry(request: Request, source: Queue, task: MoveTask) -> dict[str, Any]:
    """A task as a listing shows it."""
    shown: dict[str, Any] = {
        "Status": task.status,
        "SourceArn": source.arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": task.started_at,
    }
    if task.status == RUNNING:
        shown["TaskHandle"] = task.handle(source.arn)
    if task.destination:
        shown["DestinationArn"] = arn_of(request, task.region, task.destination)
    if task.rate:
        shown["MaxNumberOfMessagesPerSecond"] = task.rate
    if task.failure:
        shown["FailureReason"] = task.failure
    return shown


def queue_of(request: Request, parameter: str, arn: str) -> Queue:
    """The queue of this region and account that an ARN names."""
    parts = parts_of(arn)
    if parts is None or parts.service != "sqs":
        raise invalid_parameter(
            f"You must use this format to specify the {parameter}: "
            "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        )
    own = (parts.region, parts.account) == (request.region, request.account)
    queue = look_up(request, request.region, parts.name) if own else None
    if queue is None:
        raise not_found(parameter)
    return queue


def not_found(parameter: str) -> AwsError:
    return sqs_error(
        "ResourceNotFoundException", f"The resource that you specified for the {parameter} parameter doesn't exist."
    )


def checked_number(params: dict[str, Any], parameter: str, default: int, least: int, most: int) -> int:
    value: int = params.get(parameter, default)
    if parameter in params and not least <= value <= most:
        raise invalid_parameter(
            f"Value for parameter {parameter} is invalid. Reason: You must enter a number that's between {least} and "
            f"{most}."
        )
    return value
