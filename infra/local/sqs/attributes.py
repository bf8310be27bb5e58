"""The actions on a queue's attributes: what was set, and what SQS counts by itself."""

from typing import Any

import orjson

from infra.local.request import Request
from infra.local.sqs.counts import count_messages
from infra.local.sqs.errors import sqs_error
from infra.local.sqs.queue import Queue, find, forget_queues
from infra.local.sqs.retention import discard_expired_head
from infra.local.sqs.settings import DEFAULTS, UNSUPPORTED, checked_attributes

SAVE = "UPDATE sqs_queues SET attributes = ?, modified_at = ? WHERE id = ?"

#: Attributes that only show when they were set.
OPTIONAL = frozenset({"RedrivePolicy", "RedriveAllowPolicy"})
COUNTS = frozenset(
    {
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    }
)
OWN = frozenset({"QueueArn", "CreatedTimestamp", "LastModifiedTimestamp"})
READABLE = COUNTS | OWN | OPTIONAL | DEFAULTS.keys()


def get_queue_attributes(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    wanted = set(params.get("AttributeNames", ()))
    for name in wanted - READABLE - UNSUPPORTED - {"All"}:
        raise sqs_error("InvalidAttributeName", f"Unknown Attribute {name}.")
    if "All" in wanted:
        wanted = set(READABLE)
    values: dict[str, str] = DEFAULTS | {name: value for name, value in queue.attributes.items() if value}
    values |= facts(queue)
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
    changes = checked_attributes(request, queue.arn, params["Attributes"])
    attributes = {name: value for name, value in (queue.attributes | changes).items() if value}
    request.db.execute(SAVE, (orjson.dumps(attributes).decode(), request.now, queue.number))
    forget_queues(request)
    return {}
