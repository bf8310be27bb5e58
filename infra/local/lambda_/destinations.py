"""Invocation records: what Lambda tells a queue of an asynchronous invocation that succeeded, or that was given up.

Source: AWS Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations".
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from infra.local.errors import AwsError
from infra.local.lambda_.answer import UNHANDLED, Answer
from infra.local.lambda_.context import VERSION
from infra.local.lambda_.functions import Function
from infra.local.request import Request
from infra.local.sqs.send import send_message

if TYPE_CHECKING:
    from infra.local.lambda_.events import Event

log = logging.getLogger(__name__)


def send_record(
    request: Request, queue_arn: str, function: Function, event: Event, condition: str, answer: Answer | None
) -> None:
    """Put the record into the queue, in the same transaction. A queue that is gone costs the record, not the event."""
    account, name = queue_arn.split(":")[4:]
    url = f"{request.endpoint}/{account}/{name}"
    body = json.dumps(record_of(request.now, function, event, condition, answer), ensure_ascii=False)
    try:
        send_message(request, {"QueueUrl": url, "MessageBody": body})
    except AwsError as error:
        log.warning("the record of event %s of %s cannot be sent to %s: %s", event.id, function.name, queue_arn, error)


def record_of(now: int, function: Function, event: Event, condition: str, answer: Answer | None) -> dict[str, Any]:
    """`condition` is Success, RetriesExhausted or EventAgeExceeded; no answer: it has never run to an end."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": event.id,
            "functionArn": f"{function.arn}:{VERSION}",
            "condition": condition,
            "approximateInvokeCount": event.starts,
        },
        "requestPayload": json.loads(event.payload),
    }
    if answer is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": VERSION}
        if answer.failed:
            context["functionError"] = UNHANDLED
        record |= {"responseContext": context, "responsePayload": json.loads(answer.payload)}
    return record
