"""Old messages: how they go when met, and the sweep that finds those that nobody meets.

A receive deletes expired messages that it comes upon, and counting first clears those at the queue's head. The
sweep removes the rest: the rows of purged and deleted queues, what FIFO queues no longer need to remember, and
expired rows, which it finds by walking along the order of sending, a bounded stretch at a time, so that no round
holds up other calls for long.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import orjson

from infra.local.request import Request
from infra.local.sqs import attempts, deduplication
from infra.local.sqs.counts import add_to_total
from infra.local.sqs.fairness import in_order
from infra.local.sqs.flights import known_flights
from infra.local.sqs.groups import refresh
from infra.local.sqs.limits import MIN_RETENTION
from infra.local.sqs.queue import Queue, forget_queues
from infra.local.sqs.settings import settings_of

#: Rows removed, and rows looked at, in one round of the sweep.
REMOVE_LIMIT = 1_000
LOOK_LIMIT = 5_000

DISCARD = "DELETE FROM sqs_messages WHERE id = ?"
#: The visible messages of a FIFO queue, longest visible first.
HEAD = """
SELECT id, sent_at, line FROM sqs_messages INDEXED BY sqs_messages_due
WHERE queue = ? AND tenant IS NULL AND visible_at <= ? ORDER BY visible_at LIMIT ?
"""
ABANDONED = "SELECT queue FROM sqs_abandoned LIMIT 1"
#: What belongs to an abandoned number: messages without and with a tenant, then the groups.
CLEAR = (
    """
    DELETE FROM sqs_messages WHERE id IN (
        SELECT id FROM sqs_messages INDEXED BY sqs_messages_due WHERE queue = ? AND tenant IS NULL LIMIT ?
    )
    """,
    """
    DELETE FROM sqs_messages WHERE id IN (
        SELECT message.id FROM sqs_groups AS groups CROSS JOIN sqs_messages AS message ON tenant = groups.id
        WHERE groups.queue = ? LIMIT ?
    )
    """,
    "DELETE FROM sqs_groups WHERE id IN (SELECT id FROM sqs_groups WHERE queue = ? LIMIT ?)",
)
NO_LONGER_ABANDONED = "DELETE FROM sqs_abandoned WHERE queue = ?"
#: A stretch of all messages in the order of sending.
WALK = "SELECT id, queue, sent_at, tenant, line FROM sqs_messages WHERE id > ? ORDER BY id LIMIT ?"
RETENTIONS = "SELECT id, attributes FROM sqs_queues"


@dataclass(slots=True)
class Walk:
    """How far the sweep has come, in the engine's cache: after a restart it begins anew."""

    after: int = 0


def discard(request: Request, queue: Queue, row_ids: list[int]) -> None:
    """Delete messages of a queue; their groups are the caller's to refresh."""
    request.db.executemany(DISCARD, [(row_id,) for row_id in row_ids])
    add_to_total(queue, -len(row_ids))


def discard_expired_head(request: Request, queue: Queue) -> None:
    """Remove expired messages from where receives begin, up to the first that is not."""
    oldest = request.now - queue.settings.retention
    head: Iterable[tuple[int, int, int | None]]
    if queue.settings.fifo:
        head = request.db.execute(HEAD, (queue.number, request.now, REMOVE_LIMIT))
    else:
        visible = islice(in_order(request, queue), REMOVE_LIMIT)
        head = ((row_id, sent_at, tenant) for row_id, sent_at, _, tenant in visible)
    expired: dict[int, int | None] = {}
    for row_id, sent_at, group in head:
        if sent_at > oldest:
            break
        expired[row_id] = group
    if expired:
        discard(request, queue, list(expired))
        groups = {group for group in expired.values() if group is not None}
        refresh(request, groups, fifo=queue.settings.fifo)


def sweep(request: Request) -> int:
    """Remove a bounded number of messages that belong to nobody or are too old; 0 when there is no more to do."""
    return (
        clear_abandoned(request)
        or deduplication.forget_old(request, REMOVE_LIMIT)
        or attempts.forget_old(request, REMOVE_LIMIT)
        or walk(request)
    )


def clear_abandoned(request: Request) -> int:
    row = request.db.execute(ABANDONED).fetchone()
    if row is None:
        return 0
    known_flights(request).pop(row[0], None)
    for statement in CLEAR:
        removed = request.db.execute(statement, (row[0], REMOVE_LIMIT)).rowcount
        if removed == REMOVE_LIMIT:
            return removed
    request.db.execute(NO_LONGER_ABANDONED, row)
    return 1


def walk(request: Request) -> int:
    """Look at the next stretch of messages and remove the expired; 0 at the end, where the next walk begins anew."""
    progress: Walk = request.cache.setdefault("sqs-walk", Walk())
    rows = request.db.execute(WALK, (progress.after, LOOK_LIMIT)).fetchall()
    oldest_allowed = {
        number: request.now - settings_of(orjson.loads(attributes)).retention
        for number, attributes in request.db.execute(RETENTIONS)
    }
    expired = [row for row in rows if row[2] <= oldest_allowed.get(row[1], 0)][:REMOVE_LIMIT]
    if expired:
        remove_everywhere(request, expired)
    # Beyond a message younger than the shortest retention there is no older one, but for what was moved to a FIFO
    # queue, which a later walk meets.
    at_end = len(rows) < LOOK_LIMIT or rows[-1][2] > request.now - MIN_RETENTION * 1000
    if len(expired) == REMOVE_LIMIT:
        progress.after = expired[-1][0]
    else:
        progress.after = 0 if at_end else rows[-1][0]
    return 0 if progress.after == 0 else max(len(expired), 1)


def remove_everywhere(request: Request, rows: list[tuple[int, int, int, int | None, int | None]]) -> None:
    """Delete rows of WALK, whatever queues they are in."""
    request.db.executemany(DISCARD, [(row[0],) for row in rows])
    refresh(request, {tenant for *_, tenant, _ in rows if tenant is not None}, fifo=False)
    refresh(request, {line for *_, line in rows if line is not None}, fifo=True)
    for row_id, number, *_ in rows:
        flights = known_flights(request).get(number)
        if flights is not None:
            flights.show(row_id)
    forget_queues(request)  # their totals changed
