"""Old messages: how they go when met, and the sweep that finds those that nobody meets.

A receive deletes expired messages that it comes upon, and counting first clears those at the queue's head. The
sweep removes the rest: the rows of purged and deleted queues, and expired rows, which it finds by walking along
the order of sending, a bounded stretch at a time, so that no round holds up other calls for long.
"""

from dataclasses import dataclass

import orjson

from infra.local.request import Request
from infra.local.sqs.counts import add_to_total
from infra.local.sqs.limits import MIN_RETENTION
from infra.local.sqs.queue import Queue, forget_queues
from infra.local.sqs.settings import settings_of

#: Rows removed, and rows looked at, in one round of the sweep.
REMOVE_LIMIT = 1_000
LOOK_LIMIT = 5_000

DISCARD = "DELETE FROM sqs_messages WHERE id = ?"
#: The visible messages of a queue, longest visible first.
HEAD = """
SELECT id, sent_at FROM sqs_messages INDEXED BY sqs_messages_due
WHERE queue = ? AND visible_at <= ? ORDER BY visible_at LIMIT ?
"""
ABANDONED = "SELECT queue FROM sqs_abandoned LIMIT 1"
CLEAR = "DELETE FROM sqs_messages WHERE id IN (SELECT id FROM sqs_messages WHERE queue = ? LIMIT ?)"
NO_LONGER_ABANDONED = "DELETE FROM sqs_abandoned WHERE queue = ?"
#: A stretch of all messages in the order of sending.
WALK = "SELECT id, queue, sent_at FROM sqs_messages WHERE id > ? ORDER BY id LIMIT ?"
RETENTIONS = "SELECT id, attributes FROM sqs_queues"


@dataclass(slots=True)
class Walk:
    """How far the sweep has come, in the engine's cache: after a restart it begins anew."""

    after: int = 0


def discard(request: Request, queue: Queue, row_ids: list[int]) -> None:
    request.db.executemany(DISCARD, [(row_id,) for row_id in row_ids])
    add_to_total(queue, -len(row_ids))


def discard_expired_head(request: Request, queue: Queue) -> None:
    """Remove expired messages from where receives begin, up to the first that is not."""
    oldest = request.now - queue.settings.retention
    expired = []
    for row_id, sent_at in request.db.execute(HEAD, (queue.number, request.now, REMOVE_LIMIT)):
        if sent_at > oldest:
            break
        expired.append(row_id)
    if expired:
        discard(request, queue, expired)


def sweep(request: Request) -> int:
    """Remove a bounded number of messages that belong to nobody or are too old; 0 when there is no more to do."""
    return clear_abandoned(request) or walk(request)


def clear_abandoned(request: Request) -> int:
    row = request.db.execute(ABANDONED).fetchone()
    if row is None:
        return 0
    removed = request.db.execute(CLEAR, (row[0], REMOVE_LIMIT)).rowcount
    if removed < REMOVE_LIMIT:
        request.db.execute(NO_LONGER_ABANDONED, row)
    return max(removed, 1)


def walk(request: Request) -> int:
    """Look at the next stretch of messages and remove the expired; 0 at the end, where the next walk begins anew."""
    progress: Walk = request.cache.setdefault("sqs-walk", Walk())
    rows = request.db.execute(WALK, (progress.after, LOOK_LIMIT)).fetchall()
    oldest_allowed = {
        number: request.now - settings_of(orjson.loads(attributes)).retention
        for number, attributes in request.db.execute(RETENTIONS)
    }
    expired = [(row_id,) for row_id, number, sent_at in rows if sent_at <= oldest_allowed.get(number, 0)][:REMOVE_LIMIT]
    if expired:
        request.db.executemany(DISCARD, expired)
        forget_queues(request)  # their totals changed
    # Beyond a message younger than the shortest retention there is no older one.
    at_end = len(rows) < LOOK_LIMIT or rows[-1][2] > request.now - MIN_RETENTION * 1000
    if len(expired) == REMOVE_LIMIT:
        progress.after = expired[-1][0]
    else:
        progress.after = 0 if at_end else rows[-1][0]
    return 0 if progress.after == 0 else max(len(expired), 1)
