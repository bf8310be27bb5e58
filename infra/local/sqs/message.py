"""A message on its way in: its checks, its size, its sums, and the row it becomes."""

from typing import Any

import orjson

from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.errors import invalid_parameter, invalid_value, missing, sqs_error
from infra.local.sqs.md5 import md5_of_attributes, md5_of_body
from infra.local.sqs.message_attributes import checked_message_attributes, to_json, weight
from infra.local.sqs.queue import Queue
from infra.local.sqs.text import ALLOWED, is_sendable

INSERT = """
INSERT INTO sqs_messages
    (queue, visible_at, receives, sent_at, received_at, first_received_at, message_id, md5, body, extra)
VALUES (?, ?, 0, ?, 0, 0, ?, ?, ?, ?)
"""
#: The parameters of INSERT.
Row = tuple[int, int, int, str, str, str, str]
#: A message with a group: those parameters, then the tenant, or the line and the place in it.
INSERT_IN_GROUP = """
INSERT INTO sqs_messages
    (queue, visible_at, receives, sent_at, received_at, first_received_at, message_id, md5, body, extra,
     tenant, line, sequence)
VALUES (?, ?, 0, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?)
"""

TRACE_HEADER = "AWSTraceHeader"
#: Members of an entry that need more than the short way.
PLAIN = frozenset({"Id", "QueueUrl", "MessageBody", "DelaySeconds"})
#: Why a parameter of FIFO queues is refused by a standard queue, and the other way round.
WRONG_KIND = "The request include parameter that is not valid for this queue type."


def compose(
    request: Request, queue: Queue, entry: dict[str, Any], kept: dict[str, Any] | None = None
) -> tuple[Row, dict[str, Any], int]:
    """The row for a message, the reply to its sender, and its bytes.

    `entry` has the members of SendMessage or of an entry of SendMessageBatch; `kept` is what a FIFO queue adds to
    the rare rest of the row.
    """
    text: str = entry["MessageBody"]
    if not text:
        raise missing("MessageBody")
    if not is_sendable(text):
        raise sqs_error("InvalidMessageContents", f"Invalid characters found. Valid unicode characters are {ALLOWED}")
    body = text.encode()
    size = len(body)
    md5 = md5_of_body(body)
    message_id = request.new_id()
    reply: dict[str, Any] = {"MessageId": message_id, "MD5OfMessageBody": md5}
    extra = ""
    if not entry.keys() <= PLAIN:
        rest, more = _compose_rest(queue, entry, reply)
        if kept:
            rest |= kept
        size += more
        extra = orjson.dumps(rest).decode() if rest else ""
    if size > queue.settings.max_size:
        raise invalid_parameter(
            f"One or more parameters are invalid. Reason: Message must be shorter than {queue.settings.max_size} bytes."
        )
    delay = entry.get("DelaySeconds")
    now = request.now
    if delay is None or (queue.settings.fifo and not delay):
        visible_at = now + queue.settings.delay
    elif queue.settings.fifo:
        raise invalid_value(delay, "DelaySeconds", WRONG_KIND)
    elif 0 <= delay <= limits.MAX_DELAY:
        visible_at = now + delay * 1000
    else:
        raise invalid_value(delay, "DelaySeconds", f"DelaySeconds must be >= 0 and <= {limits.MAX_DELAY}.")
    return (queue.number, visible_at, now, message_id, md5, text, extra), reply, size


def _compose_rest(queue: Queue, entry: dict[str, Any], reply: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """What few messages have: attributes, a trace header, a group. Answers what to keep, and its bytes."""
    if deduplication_id := entry.get("MessageDeduplicationId"):
        if not queue.settings.fifo:
            raise invalid_value(deduplication_id, "MessageDeduplicationId", WRONG_KIND)
        check_id("MessageDeduplicationId", deduplication_id)
    kept: dict[str, Any] = {}
    size = 0
    if attributes := checked_message_attributes(entry.get("MessageAttributes", {})):
        reply["MD5OfMessageAttributes"] = md5_of_attributes(attributes)
        size = weight(attributes)
        kept["attributes"] = to_json(attributes)
    if system := entry.get("MessageSystemAttributes"):
        for name in system.keys() - {TRACE_HEADER}:
            raise invalid_parameter(f"Message system attribute name '{name}' is invalid.")
        checked = checked_message_attributes(system, "system")
        if checked[TRACE_HEADER]["DataType"] != "String":
            raise invalid_parameter(f"The message system attribute '{TRACE_HEADER}' must be of type String.")
        reply["MD5OfMessageSystemAttributes"] = md5_of_attributes(checked)
        kept["trace"] = checked[TRACE_HEADER]["StringValue"]
    if "MessageGroupId" in entry:
        kept["group"] = check_id("MessageGroupId", entry["MessageGroupId"])
    return kept, size


def check_id(parameter: str, value: str) -> str:
    """An id that a sender or a receiver chose: alphanumeric and punctuation, the visible part of ASCII."""
    if not 1 <= len(value) <= limits.MAX_GROUP_ID_LENGTH or not all("!" <= char <= "~" for char in value):
        raise invalid_value(
            value,
            parameter,
            f"{parameter} can only include alphanumeric and punctuation characters. 1 to "
            f"{limits.MAX_GROUP_ID_LENGTH} in length.",
        )
    return value
