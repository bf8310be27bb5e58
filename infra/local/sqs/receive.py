"""ReceiveMessage: take the messages that have been visible longest, and hide them from others.

One statement finds, hides and reads them. Then the few that must not be delivered are put aside: those older
than the queue's retention are deleted, those received too often go to the dead-letter queue; and the search
goes on for what is missing.
"""

from typing import Any

import orjson

from infra.local.request import Request, Wait
from infra.local.sqs import limits
from infra.local.sqs.counts import count_in_flight
from infra.local.sqs.errors import invalid_value, sqs_error
from infra.local.sqs.md5 import md5_of_attributes
from infra.local.sqs.message_attributes import chosen, from_json
from infra.local.sqs.queue import Queue, find
from infra.local.sqs.receipts import handle_of
from infra.local.sqs.redrive import bury, dead_letter_queue
from infra.local.sqs.retention import discard

#: Takes messages off the index's left edge and hides them; answers the rows as they are now.
TAKE = """
UPDATE sqs_messages
SET visible_at = ?1, receives = receives + 1, received_at = ?2,
    first_received_at = CASE first_received_at WHEN 0 THEN ?2 ELSE first_received_at END
WHERE id IN (
    SELECT id FROM sqs_messages INDEXED BY sqs_messages_due
    WHERE queue = ?3 AND visible_at <= ?2 ORDER BY visible_at LIMIT ?4
)
RETURNING id, sent_at, receives, first_received_at, message_id, md5, body, extra
"""
#: When the first message after a moment shows.
NEXT_DUE = "SELECT min(visible_at) FROM sqs_messages WHERE queue = ? AND visible_at > ?"

#: A row of TAKE.
Taken = tuple[int, int, int, int, str, str, str, str | None]

#: Messages put aside in one receive at most; with more the receive ends early, and the next one goes on.
ASIDE_LIMIT = 1_000

#: System attributes that few messages have -> where `extra` keeps them.
KEPT = {"AWSTraceHeader": "trace", "MessageGroupId": "group", "DeadLetterQueueSourceArn": "origin"}

SYSTEM_ATTRIBUTES = frozenset(
    {
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
        *KEPT,
        # Of FIFO queues: may be asked for, standard queues have none.
        "SequenceNumber",
        "MessageDeduplicationId",
    }
)


def receive_message(request: Request, params: dict[str, Any]) -> dict[str, Any] | Wait:
    queue = find(request, params["QueueUrl"])
    wanted, visibility, wait = checked_numbers(queue, params)
    names = checked_names(params)
    patterns = params.get("MessageAttributeNames", ())
    free = allowed(request, queue, wanted, wait)
    rows = take(request, queue, free, visibility)
    if rows:
        return {"Messages": [message(request, queue, row, names, patterns) for row in rows]}
    deadline = request.arrived + wait * 1000
    if request.now >= deadline:
        return {}
    # With too many in flight what is visible already does not count; else it is what this round left undone.
    after = 0 if free else request.now
    due: int | None = request.db.execute(NEXT_DUE, (queue.number, after)).fetchone()[0]
    return Wait(queue.key, deadline, due)


def checked_numbers(queue: Queue, params: dict[str, Any]) -> tuple[int, int, int]:
    """How many messages, how long they hide (milliseconds), how long to wait for them (seconds)."""
    wanted = params.get("MaxNumberOfMessages", 1)
    if not 1 <= wanted <= limits.MAX_RECEIVE:
        raise invalid_value(wanted, "MaxNumberOfMessages", f"Must be between 1 and {limits.MAX_RECEIVE}, if provided.")
    visibility = params.get("VisibilityTimeout")
    if visibility is not None and not 0 <= visibility <= limits.MAX_VISIBILITY:
        raise invalid_value(
            visibility, "VisibilityTimeout", f"Must be >= 0 and <= {limits.MAX_VISIBILITY}, if provided."
        )
    wait = params.get("WaitTimeSeconds", queue.settings.wait)
    if not 0 <= wait <= limits.MAX_WAIT:
        raise invalid_value(wait, "WaitTimeSeconds", f"Must be >= 0 and <= {limits.MAX_WAIT}, if provided.")
    if "ReceiveRequestAttemptId" in params:
        raise invalid_value(
            params["ReceiveRequestAttemptId"],
            "ReceiveRequestAttemptId",
            "The request include parameter that is not valid for this queue type",
        )
    return wanted, queue.settings.visibility if visibility is None else visibility * 1000, wait


def checked_names(params: dict[str, Any]) -> frozenset[str]:
    """The system attributes asked for, by the parameter's new name or its old one."""
    asked = (*params.get("MessageSystemAttributeNames", ()), *params.get("AttributeNames", ()))
    if not asked:
        return frozenset()
    if "All" in asked:
        return SYSTEM_ATTRIBUTES
    names = frozenset(asked)
    for name in names - SYSTEM_ATTRIBUTES:
        raise sqs_error("InvalidAttributeName", f"Unknown Attribute {name}.")
    return names


def allowed(request: Request, queue: Queue, wanted: int, wait: int) -> int:
    """How many of the wanted messages may be taken while at most 120,000 are in flight.

    The queue's own number never says too few, so the exact count is only made when it comes near the limit.
    """
    if queue.in_flight is None or queue.in_flight + wanted > limits.MAX_IN_FLIGHT:
        free = limits.MAX_IN_FLIGHT - count_in_flight(request, queue)
        if free <= 0 and not wait:
            raise sqs_error(
                "OverLimit", f"Too many messages in flight: a queue can have {limits.MAX_IN_FLIGHT} of them."
            )
        return max(min(free, wanted), 0)
    return wanted


def take(request: Request, queue: Queue, wanted: int, visibility: int) -> list[Taken]:
    """Hide and answer up to `wanted` messages that may be delivered."""
    oldest = request.now - queue.settings.retention
    most = queue.settings.redrive.maxReceiveCount if queue.settings.redrive else 0
    delivered: list[Taken] = []
    aside = 0
    while len(delivered) < wanted and aside < ASIDE_LIMIT:
        missing = wanted - len(delivered)
        rows: list[Taken] = request.db.execute(
            TAKE, (request.now + visibility, request.now, queue.number, missing)
        ).fetchall()
        dead = dead_letter_queue(request, queue) if most and any(row[2] > most for row in rows) else None
        expired = [row[0] for row in rows if row[1] <= oldest]
        buried = [row for row in rows if row[2] > most and row[1] > oldest] if dead is not None else []
        if expired:
            discard(request, queue, expired)
        if dead is not None and buried:
            bury(request, queue, dead, [(row[0], row[7]) for row in buried])
        if expired or buried:
            aside += len(expired) + len(buried)
            gone = {*expired, *(row[0] for row in buried)}
            delivered += [row for row in rows if row[0] not in gone]
        else:
            delivered += rows
        # Messages hidden for 0 seconds would be found again at once.
        if len(rows) < missing or (delivered and not visibility):
            break
    if delivered:
        if queue.in_flight is not None:
            queue.in_flight += len(delivered)
        # These come back some day, and there may be more: let a waiting receive look.
        request.wake(queue.key)
    return delivered


def message(request: Request, queue: Queue, row: Taken, names: frozenset[str], patterns: list[str]) -> dict[str, Any]:
    """A message as its receiver sees it."""
    row_id, sent_at, receives, first_received_at, message_id, md5, body, extra = row
    answer: dict[str, Any] = {
        "MessageId": message_id,
        "ReceiptHandle": handle_of(queue.number, row_id, sent_at, receives),
        "MD5OfBody": md5,
        "Body": body,
    }
    rest = {} if extra is None else orjson.loads(extra)
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
