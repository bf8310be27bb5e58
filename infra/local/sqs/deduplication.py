"""What FIFO queues remember of a send, so that sending again within five minutes adds nothing.

A memory outlives its message: one that was received and deleted still keeps its like out. It ends with the
interval, which a repetition does not prolong, or with a purge, which gives the queue another number.
Source: "Using the message deduplication ID in Amazon SQS".
"""

import hashlib
from collections.abc import Iterable

from infra.local.request import Request
from infra.local.sqs.limits import DEDUPLICATION_INTERVAL
from infra.local.sqs.queue import Queue

FIND = """
SELECT message_id, sequence FROM sqs_deduplications
WHERE queue = ? AND scope = ? AND deduplication_id = ? AND sent_at > ?
"""
#: Takes the place of a memory that is too old to count, under a new id: ids stay in the order of sending.
REMEMBER = """
INSERT OR REPLACE INTO sqs_deduplications (queue, scope, deduplication_id, sent_at, message_id, sequence)
VALUES (?, ?, ?, ?, ?, ?)
"""
FORGET_ONE = "DELETE FROM sqs_deduplications WHERE queue = ? AND scope = ? AND deduplication_id = ?"
FORGET = """
DELETE FROM sqs_deduplications
WHERE id IN (SELECT id FROM sqs_deduplications ORDER BY id LIMIT ?) AND sent_at <= ?
"""

#: Scope and deduplication id.
Key = tuple[str, str]
#: The message id and the sequence number that the first send was answered.
Original = tuple[str, int]


def content_id(body: str) -> str:
    """The deduplication id of a message that was given none."""
    return hashlib.sha256(body.encode(errors="surrogatepass")).hexdigest()


def key_of(queue: Queue, group: str, deduplication_id: str) -> Key:
    return (group if queue.settings.deduplication_by_group else "", deduplication_id)


def original(request: Request, queue: Queue, key: Key) -> Original | None:
    """The send of the last five minutes that one with this key repeats."""
    row: Original | None = request.db.execute(FIND, (queue.number, *key, oldest(request))).fetchone()
    return row


def remember(request: Request, queue: Queue, sends: Iterable[tuple[Key, Original]]) -> None:
    now = request.now
    rows = [(queue.number, *key, now, *first) for key, first in sends]
    request.db.executemany(REMEMBER, rows)


def forget(request: Request, queue: Queue, key: Key) -> None:
    """Let the next send with this key count as the first."""
    request.db.execute(FORGET_ONE, (queue.number, *key))


def forget_old(request: Request, limit: int) -> int:
    """Remove up to `limit` memories that are too old to count; answers how many it was."""
    return request.db.execute(FORGET, (limit, oldest(request))).rowcount


def oldest(request: Request) -> int:
    return request.now - DEDUPLICATION_INTERVAL * 1000
