"""A message as its receiver sees it: its body, and those of its attributes that were asked for."""

from collections.abc import Sequence
from typing import Any

import orjson

from infra.local.request import Request
from infra.local.sqs.errors import unknown_attribute
from infra.local.sqs.md5 import md5_of_attributes
from infra.local.sqs.message_attributes import chosen, from_json
from infra.local.sqs.queue import Queue
from infra.local.sqs.receipts import handle_of

#: A received message: row id, sent_at, receives, first_received_at, message_id, md5, body, extra.
Taken = tuple[int, int, int, int, str, str, str, str | None]

#: System attributes that not all messages have -> where `extra` keeps them.
KEPT = {
    "AWSTraceHeader": "trace",
    "MessageGroupId": "group",
    "MessageDeduplicationId": "deduplication",
    "SequenceNumber": "sequence",
    "DeadLetterQueueSourceArn": "origin",
}
SYSTEM_ATTRIBUTES = frozenset(
    {"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", *KEPT}
)


def checked_names(params: dict[str, Any]) -> frozenset[str]:
    """The system attributes asked for, by the parameter's new name or its old one."""
    asked = (*params.get("MessageSystemAttributeNames", ()), *params.get("AttributeNames", ()))
    if not asked:
        return frozenset()
    if "All" in asked:
        return SYSTEM_ATTRIBUTES
    names = frozenset(asked)
    for name in names - SYSTEM_ATTRIBUTES:
        raise unknown_attribute(name)
    return names


def message(
    request: Request, queue: Queue, row: Taken, names: frozenset[str], patterns: Sequence[str]
) -> dict[str, Any]:
    row_id, sent_at, receives, first_received_at, message_id, md5, body, extra = row
    answer: dict[str, Any] = {
        "MessageId": message_id,
        "ReceiptHandle": handle_of(queue.number, row_id, sent_at, receives),
        "MD5OfBody": md5,
        "Body": body,
    }
    rest = orjson.loads(extra) if extra else {}
    if names:
        system = {
            "SenderId": request.account,
            "SentTimestamp": str(sent_at),
            "ApproximateReceiveCount": str(receives),
            "ApproximateFirstReceiveTimestamp": str(first_received_at),
        }
        if rest:
            system |= {name: rest[key] for name, key in KEPT.items() if key in rest}
        if names is not SYSTEM_ATTRIBUTES:
            system = {name: value for name, value in system.items() if name in names}
        if system:
            answer["Attributes"] = system
    if rest and patterns and "attributes" in rest:
        attributes = chosen(from_json(rest["attributes"]), patterns)
        if attributes:
            answer["MD5OfMessageAttributes"] = md5_of_attributes(attributes)
            answer["MessageAttributes"] = attributes
    return answer
