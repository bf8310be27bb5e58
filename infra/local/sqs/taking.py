"""Taking messages from a queue: those to deliver are hidden, those that must not be delivered are put aside.

Put aside are messages older than the queue's retention, which are deleted, and those received too often, which go
to the dead-letter queue; the search goes on for what is missing. For a queue without message groups one statement
finds, hides and reads; for FIFO and fair queues the order is a matter of groups, and the messages are chosen first.
"""

from collections.abc import Iterator

from infra.local.request import Request
from infra.local.sqs import fairness, fifo
from infra.local.sqs.delivery import Taken
from infra.local.sqs.fairness import Candidate
from infra.local.sqs.flights import flights_of
from infra.local.sqs.groups import is_fair, refresh
from infra.local.sqs.limits import MAX_RECEIVE
from infra.local.sqs.queue import Queue
from infra.local.sqs.redrive import bury, dead_letter_queue
from infra.local.sqs.retention import discard

HIDE = """
UPDATE sqs_messages
SET visible_at = ?1, receives = receives + 1, received_at = ?2,
    first_received_at = CASE first_received_at WHEN 0 THEN ?2 ELSE first_received_at END
"""
READ = "RETURNING id, sent_at, receives, first_received_at, message_id, md5, body, extra"
#: Takes messages off the index's left edge and hides them; answers the rows as they are now.
TAKE = f"""
{HIDE}
WHERE id IN (
    SELECT id FROM sqs_messages INDEXED BY sqs_messages_due
    WHERE queue = ?3 AND tenant IS NULL AND visible_at <= ?2 ORDER BY visible_at LIMIT ?4
)
{READ}
"""  # noqa: S608 (constants)
#: The same for messages that were chosen; row ids, filled up with NULL.
TAKE_CHOSEN = f"{HIDE} WHERE id IN ({', '.join('?' for _ in range(MAX_RECEIVE))}) {READ}"
EXTRA = "SELECT extra FROM sqs_messages WHERE id = ?"

#: Messages put aside in one receive at most; with more the receive ends early, and the next one goes on.
ASIDE_LIMIT = 1_000


def take(request: Request, queue: Queue, wanted: int, visibility: int) -> list[Taken]:
    """Hide and answer up to `wanted` messages that may be delivered, for `visibility` milliseconds."""
    if queue.settings.fifo:
        delivered = take_chosen(request, queue, fifo.candidates(request, queue), wanted, visibility)
    elif is_fair(request, queue):
        delivered = take_chosen(request, queue, fairness.candidates(request, queue), wanted, visibility)
    else:
        delivered = take_longest_visible(request, queue, wanted, visibility)
    if delivered:
        if queue.in_flight is not None:
            queue.in_flight += len(delivered)
        # These come back some day, and there may be more: let a waiting receive look.
        request.wake(queue.key)
    return delivered


def take_longest_visible(request: Request, queue: Queue, wanted: int, visibility: int) -> list[Taken]:
    """For a queue without groups."""
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
    return delivered


def take_chosen(
    request: Request, queue: Queue, candidates: Iterator[Candidate], wanted: int, visibility: int
) -> list[Taken]:
    """For a queue with groups: the first `wanted` of the candidates that may be delivered, in their order."""
    oldest = request.now - queue.settings.retention
    most = queue.settings.redrive.maxReceiveCount if queue.settings.redrive else 0
    dead = dead_letter_queue(request, queue) if most else None
    groups: dict[int, int | None] = {}
    taken: list[int] = []
    expired: list[int] = []
    buried: list[int] = []
    # All is chosen before anything is changed: the candidates are read as they are asked for.
    for row_id, sent_at, receives, group in candidates:
        groups[row_id] = group
        if sent_at <= oldest:
            expired.append(row_id)
        elif dead is not None and receives >= most:
            buried.append(row_id)
        else:
            taken.append(row_id)
        if len(taken) == wanted or len(expired) + len(buried) == ASIDE_LIMIT:
            break
    if not groups:
        return []
    if expired:
        discard(request, queue, expired)
    if dead is not None and buried:
        extras = [request.db.execute(EXTRA, (row_id,)).fetchone()[0] for row_id in buried]
        bury(request, queue, dead, list(zip(buried, extras, strict=True)))
    until = request.now + visibility
    parameters = (until, request.now, *taken, *[None] * (MAX_RECEIVE - len(taken)))
    rows: dict[int, Taken] = {row[0]: row for row in request.db.execute(TAKE_CHOSEN, parameters)} if taken else {}
    refresh(request, {group for group in groups.values() if group is not None}, fifo=queue.settings.fifo)
    if visibility and not queue.settings.fifo:
        flights = flights_of(request, queue.number)
        for row_id in taken:
            flights.hide(row_id, groups[row_id], until)
    return [rows[row_id] for row_id in taken]
