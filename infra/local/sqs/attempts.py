"""ReceiveRequestAttemptId: a receive from a FIFO queue, made again because its answer was lost, answers the same.

The same messages come with the same receipt handles, hidden anew from now on, while nobody has touched them: once one
was deleted, made visible or given another timeout, the attempt cannot be made again. When they are visible again, and
after five minutes, it is a receive like any other. Source: "ReceiveMessage" in the API reference; AWS's sentence is
as seen in https://github.com/awslabs/amazon-sqs-java-messaging-lib/issues/101.
"""

import orjson

from infra.local.request import Request
from infra.local.sqs.delivery import Taken
from infra.local.sqs.errors import invalid_value
from infra.local.sqs.groups import refresh
from infra.local.sqs.limits import DEDUPLICATION_INTERVAL
from infra.local.sqs.queue import Queue

#: Why an attempt is refused whose messages are no longer as they were answered.
NOT_RETRYABLE = "The receiveRequestAttemptId is not valid anymore since the receive call is not retryable."

FIND = "SELECT hidden_to, receipts FROM sqs_attempts WHERE queue = ? AND attempt_id = ? AND received_at > ?"
#: Under a new id each time: ids stay in the order of receiving.
REMEMBER = """
INSERT OR REPLACE INTO sqs_attempts (queue, attempt_id, received_at, hidden_to, receipts) VALUES (?, ?, ?, ?, ?)
"""
READ = """
SELECT id, sent_at, receives, first_received_at, message_id, md5, body, extra, line FROM sqs_messages
WHERE queue = ? AND id = ? AND sent_at = ? AND receives = ? AND visible_at = ?
"""
HIDE = "UPDATE sqs_messages SET visible_at = ?, received_at = ? WHERE id = ?"
FORGET = """
DELETE FROM sqs_attempts
WHERE id IN (SELECT id FROM sqs_attempts ORDER BY id LIMIT ?) AND received_at <= ?
"""


def repeat(request: Request, queue: Queue, attempt_id: str, visibility: int) -> list[Taken]:
    """What the attempt was answered before, hidden for `visibility` milliseconds more; empty for a new attempt.

    Raises InvalidParameterValue when its messages were touched since.
    """
    row = request.db.execute(FIND, (queue.number, attempt_id, oldest(request))).fetchone()
    if row is None or row[0] <= request.now:
        return []
    hidden_to, receipts = row
    found = [
        request.db.execute(READ, (queue.number, *receipt, hidden_to)).fetchone() for receipt in orjson.loads(receipts)
    ]
    if None in found:
        raise invalid_value(attempt_id, "ReceiveRequestAttemptId", NOT_RETRYABLE)
    until = request.now + visibility
    request.db.executemany(HIDE, [(until, request.now, message[0]) for message in found])
    refresh(request, {message[8] for message in found}, fifo=True)
    messages: list[Taken] = [message[:8] for message in found]
    remember(request, queue, attempt_id, messages, visibility)
    return messages


def remember(request: Request, queue: Queue, attempt_id: str, messages: list[Taken], visibility: int) -> None:
    receipts = orjson.dumps([message[:3] for message in messages]).decode()
    request.db.execute(REMEMBER, (queue.number, attempt_id, request.now, request.now + visibility, receipts))


def forget_old(request: Request, limit: int) -> int:
    """Remove up to `limit` attempts that can no longer be made again; answers how many it was."""
    return request.db.execute(FORGET, (limit, oldest(request))).rowcount


def oldest(request: Request) -> int:
    return request.now - DEDUPLICATION_INTERVAL * 1000
