"""The actions on a queue's attributes: what was set, and what SQS counts by itself."""

from typing import Any

import orjson

from infra.local.request import Request
from infra.local.sqs.attribute_values import SETTABLE, changed_attributes
from infra.local.sqs.counts import count_messages
from infra.local.sqs.errors import missing, sqs_error, unknown_attribute
from infra.local.sqs.policy import TooManyStatements
from infra.local.sqs.queue import Queue, find, forget_queues
from infra.local.sqs.retention import discard_expired_head
from infra.local.sqs.settings import with_defaults

SAVE = "UPDATE sqs_queues SET attributes = ?, modified_at = ? WHERE id = ?"

COUNTS = frozenset(
    {
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    }
)
OWN = frozenset({"QueueArn", "CreatedTimestamp", "LastModifiedTimestamp"})
READABLE = COUNTS | OWN | SETTABLE


def get_queue_attributes(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    wanted = set(params.get("AttributeNames", ()))
    for name in wanted - READABLE - {"All"}:
        raise unknown_attribute(name)
    if "All" in wanted:
        wanted = set(READABLE)
    values = with_defaults(queue.attributes) | facts(queue)
    if wanted & COUNTS:
        values |= counts(request, queue)
    attributes = {name: value for name, value in values.items() if name in wanted}
    return {"Attributes": attributes} if attributes else {}


def facts(queue: Queue) -> dict[str, str]:
    """What the queue is, with times in whole seconds since the epoch."""
    return {
        "QueueArn": queue.arn,
        "CreatedTimestamp": str(queue.created_at // 1000),
        "LastModifiedTimestamp": str(queue.modified_at // 1000),
    }


def counts(request: Request, queue: Queue) -> dict[str, str]:
    discard_expired_head(request, queue)
    numbers = count_messages(request, queue)
    return {
        "ApproximateNumberOfMessages": str(numbers.visible),
        "ApproximateNumberOfMessagesNotVisible": str(numbers.in_flight),
        "ApproximateNumberOfMessagesDelayed": str(numbers.delayed),
    }


def set_queue_attributes(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    given = params["Attributes"]
    if not given:
        raise missing("Attribute.Name")
    try:
        changes = changed_attributes(request, queue.arn, given, queue.attributes, fifo=queue.settings.fifo)
    except TooManyStatements as error:
        raise sqs_error("OverLimit", str(error)) from None
    save_attributes(request, queue, changes)
    return {}


def save_attributes(request: Request, queue: Queue, changes: dict[str, str]) -> None:
    """Keep the changes, "" taking an attribute away."""
    attributes = {name: value for name, value in (queue.attributes | changes).items() if value}
    request.db.execute(SAVE, (orjson.dumps(attributes).decode(), request.now, queue.number))
    forget_queues(request)
