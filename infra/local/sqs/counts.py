"""How many messages a queue has: fast at any length, because almost nothing is counted.

The total is counted once after a start and kept up by every action that adds or takes messages. Hidden ones are
counted along the index, from now on to its right edge; what is left of the total is visible. In-flight messages
are few (at most 120,000), but any number can be delayed: a count that met many hidden messages is kept for a
second, which AWS, whose counts lag by up to a minute, would call exact. In a fair queue the tenants have an index of
their own, which is counted along for each.
"""

from dataclasses import dataclass

from infra.local.request import Request
from infra.local.sqs.groups import is_fair
from infra.local.sqs.queue import Queue

TOTAL = "SELECT count(*) FROM sqs_messages INDEXED BY sqs_messages_due WHERE queue = ? AND tenant IS NULL"
TOTAL_OF_TENANTS = """
SELECT count(*) FROM sqs_groups AS groups CROSS JOIN sqs_messages ON tenant = groups.id WHERE groups.queue = ?
"""
#: Answered from the index alone.
HIDDEN = """
SELECT count(*), coalesce(sum(receives > 0), 0) FROM sqs_messages INDEXED BY sqs_messages_due
WHERE queue = ? AND tenant IS NULL AND visible_at > ?
"""
HIDDEN_OF_TENANTS = """
SELECT count(*), coalesce(sum(receives > 0), 0) FROM sqs_groups AS groups CROSS JOIN sqs_messages
    ON tenant = groups.id AND visible_at > ?2
WHERE groups.queue = ?1
"""
#: Hidden messages from which on a count is kept, and for how many milliseconds.
SLOW_COUNT = 10_000
SLOW_COUNT_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Counts:
    visible: int
    in_flight: int
    delayed: int


def count_messages(request: Request, queue: Queue) -> Counts:
    total = count_total(request, queue)
    if queue.hidden is not None and request.now - queue.hidden[0] < SLOW_COUNT_KEPT:
        _, in_flight, delayed = queue.hidden
    else:
        hidden, in_flight = count_hidden(request, queue)
        delayed = hidden - in_flight
        queue.hidden = (request.now, in_flight, delayed) if hidden >= SLOW_COUNT else None
    return Counts(max(total - in_flight - delayed, 0), in_flight, delayed)


def count_total(request: Request, queue: Queue) -> int:
    if queue.total is None:
        statements = (TOTAL, TOTAL_OF_TENANTS) if is_fair(request, queue) else (TOTAL,)
        queue.total = sum(request.db.execute(statement, (queue.number,)).fetchone()[0] for statement in statements)
    return queue.total


def count_hidden(request: Request, queue: Queue) -> tuple[int, int]:
    """How many messages are hidden now, and how many of these are in flight."""
    statements = (HIDDEN, HIDDEN_OF_TENANTS) if is_fair(request, queue) else (HIDDEN,)
    rows = [request.db.execute(statement, (queue.number, request.now)).fetchone() for statement in statements]
    return sum(row[0] for row in rows), sum(row[1] for row in rows)


def count_in_flight(request: Request, queue: Queue) -> int:
    """Exactly how many messages are in flight now; also corrects the queue's upper bound."""
    _, queue.in_flight = count_hidden(request, queue)
    return queue.in_flight


def add_to_total(queue: Queue, change: int) -> None:
    """After messages were stored or removed, when the total is known at all."""
    if queue.total is not None:
        queue.total += change
