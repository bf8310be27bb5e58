"""One invocation of a target: its payload, the request that it becomes, and what comes of that request."""

import logging
import sqlite3
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
from botocore.exceptions import ParamValidationError

from infra.local import model
from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.scheduler.moments import to_text
from infra.local.scheduler.target import Place, place_of
from infra.local.sqs.send import send_message

log = logging.getLogger(__name__)

#: Errors after which another attempt may succeed: what is missing may be made, what is full may empty.
PASSING = frozenset(
    {"QueueDoesNotExist", "ResourceNotFoundException", "OverLimit", "RequestThrottled", "TooManyRequestsException"}
)
#: What the Scheduler calls a failure that is not the target's. ("Configuring a schedule's dead-letter queue")
OWN_FAULT = "AWS.Scheduler.InternalServerError"


@dataclass(frozen=True, slots=True)
class Invocation:
    """A time of a schedule that is to reach its target."""

    #: The schedule's row and ARN.
    schedule: int
    arn: str
    #: The schedule's Target when it was due.
    target: dict[str, Any]
    #: Epoch ms: the time by the expression, and when it was due with the window's delay.
    scheduled_at: int
    due_at: int
    #: Attempts made, this one included.
    attempts: int = 0

    @property
    def deadline(self) -> int:
        """Epoch ms after which it is too old."""
        return self.due_at + int(self.target["RetryPolicy"]["MaximumEventAgeInSeconds"]) * 1000

    def again(self) -> "Invocation":
        """The next attempt."""
        return replace(self, attempts=self.attempts + 1)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, and whether another may not."""

    code: str
    message: str
    passing: bool


@dataclass(frozen=True, slots=True)
class Call:
    """What an attempt asks of the target's service."""

    invocation: Invocation
    #: What AWS assigns to every attempt: 16 hexadecimal digits.
    execution_id: str
    #: The target's input with the context attributes filled in, or the default notification.
    payload: str
    place: Place


def make_call(request: Request, invocation: Invocation) -> Call:
    execution_id = request.new_id().replace("-", "")[:16]
    return Call(
        invocation, execution_id, _payload(request, invocation, execution_id), place_of(invocation.target["Arn"])
    )


def request_of(request: Request, call: Call) -> dict[str, Any]:
    """The parameters of SendMessage or of Lambda's Invoke; raises ValueError for a universal input that is none."""
    if call.place.kind == "sendMessage":
        return _send_message_request(call.payload)
    if call.place.kind == "lambda":
        return {"FunctionName": call.invocation.target["Arn"], "InvocationType": "Event", "Payload": call.payload}
    url = f"{request.endpoint}/{call.place.account}/{call.place.name}"
    return {"MessageBody": call.payload, "QueueUrl": url, **call.invocation.target.get("SqsParameters", {})}


def perform(request: Request, call: Call) -> Failure | None:
    """Carries the call out within the open transaction; why it failed, or None."""
    db = request.db
    db.execute("SAVEPOINT invocation")
    try:
        _service(call.place)(request, request_of(request, call))
    except AwsError as error:
        return Failure(error.query_code or error.code, error.message, error.status >= 500 or error.code in PASSING)
    except (ParamValidationError, ValueError) as error:
        return Failure("ValidationException", str(error), passing=False)
    except sqlite3.Error:
        raise  # the whole transaction is lost, and tried again
    except Exception:
        log.exception("schedule %s could not invoke its target", call.invocation.arn)
        db.execute("ROLLBACK TO invocation")
        request.cache.clear()
        return Failure(OWN_FAULT, "Unexpected error occurred while processing the request.", passing=True)
    finally:
        if db.in_transaction:
            db.execute("RELEASE invocation")
    return None


def _service(place: Place) -> Callable[[Request, dict[str, Any]], object]:
    return _put_event if place.kind == "lambda" else _send_message


def _send_message(request: Request, params: dict[str, Any]) -> None:
    model.check("sqs", "SendMessage", params)
    send_message(request, params)


def _put_event(request: Request, params: dict[str, Any]) -> None:
    from infra.local.lambda_.events import put_event

    put_event(request, place_of(params["FunctionName"]).name, params["Payload"])


def _send_message_request(text: str) -> dict[str, Any]:
    """JSON has no bytes: binary values come in base64."""
    params: dict[str, Any] = orjson.loads(text)
    for attributes in (params.get("MessageAttributes"), params.get("MessageSystemAttributes")):
        for value in attributes.values() if isinstance(attributes, dict) else ():
            if isinstance(value, dict) and isinstance(value.get("BinaryValue"), str):
                value["BinaryValue"] = b64decode(value["BinaryValue"], validate=True)
    return params


def _payload(request: Request, invocation: Invocation, execution_id: str) -> str:
    """("Adding context attributes", User Guide.)"""
    text: str | None = invocation.target.get("Input")
    if text is None:
        return _default_notification(request, invocation)
    if "<aws.scheduler." not in text:
        return text
    for name, value in (
        ("schedule-arn", invocation.arn),
        ("scheduled-time", to_text(invocation.scheduled_at)),
        ("execution-id", execution_id),
        ("attempt-number", str(invocation.attempts)),
    ):
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _default_notification(request: Request, invocation: Invocation) -> str:
    """What a target without input gets; its `detail` is text."""
    return orjson.dumps(
        {
            "version": "0",
            "id": request.new_id(),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": request.account,
            "time": to_text(invocation.scheduled_at),
            "region": request.region,
            "resources": [invocation.arn],
            "detail": "{}",
        }
    ).decode()
