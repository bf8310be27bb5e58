"""What a schedule's dead-letter queue is told of an invocation that was given up.

The message is the request that was made of the target, and its attributes say why it failed ("Configuring a
schedule's dead-letter queue", User Guide). If the queue does not exist, the event is lost, as on AWS; the log says so.
"""

import logging
from typing import Any

import orjson

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.scheduler.invocation import Call, Failure, request_of
from infra.local.scheduler.moments import to_text
from infra.local.sqs.queue import find
from infra.local.sqs.send import send_message

log = logging.getLogger(__name__)

#: Values of EXHAUSTED_RETRY_CONDITION; a permanent error has none.
ATTEMPTS, AGE = "MaximumRetryAttempts", "MaximumEventAgeInSeconds"

#: The target's ARN as the Scheduler calls it there, by kind.
API_ARN = {
    "sqs": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
    "sendMessage": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
    "lambda": "arn:aws:scheduler:::aws-sdk:lambda:invoke",
}


def bury(request: Request, call: Call, failure: Failure, condition: str | None) -> None:
    """Sends the dead-letter event, if the schedule has a queue for it."""
    invocation = call.invocation
    arn = invocation.target.get("DeadLetterConfig", {}).get("Arn")
    if arn is None:
        return
    _, _, _, region, account, name = arn.split(":")
    url = f"{request.endpoint}/{account}/{name}"
    values = {
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message,
        "EXECUTION_ID": call.execution_id,
        "RETRY_ATTEMPTS": str(max(invocation.attempts - 1, 0)),
        "SCHEDULED_TIME": to_text(invocation.scheduled_at),
        "SCHEDULE_ARN": invocation.arn,
        "TARGET_ARN": API_ARN[call.place.kind],
    }
    if condition is not None:
        values["EXHAUSTED_RETRY_CONDITION"] = condition
    home, request.region = request.region, region
    try:
        room = find(request, url).settings.max_size - sum(map(_weight, values.items())) - _weight(_truncated(True))
        body, cut = _fitted(_body(request, call), room)
        send_message(request, {"QueueUrl": url, "MessageBody": body, "MessageAttributes": _attributes(values, cut)})
    except AwsError as error:
        log.warning("schedule %s: an event is lost, its dead-letter queue %s says: %s", invocation.arn, arn, error)
    finally:
        request.region = home


def _body(request: Request, call: Call) -> str:
    if call.place.kind == "sendMessage":
        return call.payload
    return orjson.dumps(request_of(request, call)).decode()


def _fitted(body: str, room: int) -> tuple[str, bool]:
    """The body, cut where the queue takes no more; and whether it was."""
    encoded = body.encode()
    if len(encoded) <= room:
        return body, False
    return encoded[: max(room, 1)].decode(errors="ignore") or " ", True


def _truncated(cut: bool) -> tuple[str, str]:
    return "IS_PAYLOAD_TRUNCATED", "true" if cut else "false"


def _weight(attribute: tuple[str, str]) -> int:
    """Bytes that an attribute adds to a message: its name, its type and its value."""
    name, value = attribute
    return len(name.encode()) + len("String") + len(value.encode()) + 1


def _attributes(values: dict[str, str], cut: bool) -> dict[str, Any]:
    return {
        name: {"DataType": "String", "StringValue": value} for name, value in sorted([*values.items(), _truncated(cut)])
    }
