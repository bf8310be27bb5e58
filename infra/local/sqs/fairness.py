"""Fair queues: in a standard queue, a message group is a tenant, and one tenant's backlog does not delay the others.

Theory. A tenant is noisy while more than a tenth of all messages in flight, and at least 30, are its own. Its
messages wait while other tenants have some; with none of those it is served as ever, so nothing starves and no
consumer is idle. Of several noisy tenants the one with the fewest messages in flight goes first. A message without
a group is a tenant of its own, and so never noisy.

What is visible lies in one index for messages without a tenant and in one stretch of another for each tenant; the
tenants that are due lie in a third, in the order of their longest visible message. A receive merges as many of
these as it needs for ten messages: since at most nine tenants can be noisy, it passes over nine rows, and never over
a backlog.

Source: "How Amazon SQS fair queues work". Its second measure, the share of the consumers' recent processing time,
is not taken: it has no published window, and with few tenants it calls all of them noisy.
"""

import heapq
from collections.abc import Iterable, Iterator

from infra.local.request import Request
from infra.local.sqs.flights import flights_of
from infra.local.sqs.groups import number_of, refresh
from infra.local.sqs.limits import MAX_RECEIVE
from infra.local.sqs.message import INSERT_IN_GROUP, Row
from infra.local.sqs.queue import Queue

#: A visible message: row id, sent_at, receives, its group's number.
Candidate = tuple[int, int, int, int | None]

#: Visible messages without a tenant, longest visible first.
SINGLES = """
SELECT visible_at, id, sent_at, receives, NULL FROM sqs_messages INDEXED BY sqs_messages_due
WHERE queue = ? AND tenant IS NULL AND visible_at <= ? ORDER BY visible_at
"""
#: The same of one tenant, some of them.
OF_TENANT = """
SELECT visible_at, id, sent_at, receives, tenant FROM sqs_messages INDEXED BY sqs_messages_tenant
WHERE tenant = ? AND visible_at <= ? ORDER BY visible_at LIMIT ? OFFSET ?
"""
#: The tenants that have visible messages, in the order of the longest visible.
DUE = "SELECT due, id FROM sqs_groups INDEXED BY sqs_groups_due WHERE queue = ? AND due <= ? ORDER BY due"

#: Begins with what it is sorted by: visible_at and row id.
Visible = tuple[int, int, int, int, int | None]


def store(request: Request, queue: Queue, messages: Iterable[tuple[str, Row]]) -> None:
    """Add messages, each with its group, to a standard queue."""
    queue.fair = True
    tenants: dict[str, int] = {}
    rows = []
    for group, row in messages:
        tenant = tenants.get(group)
        if tenant is None:
            tenant = tenants[group] = number_of(request, queue.number, group)
        rows.append((*row, tenant, None, None))
    request.db.executemany(INSERT_IN_GROUP, rows)
    refresh(request, tenants.values(), fifo=False)


def candidates(request: Request, queue: Queue) -> Iterator[Candidate]:
    """The queue's visible messages in the order in which a receive is to take them."""
    noisy = flights_of(request, queue.number).noisy()
    yield from in_order(request, queue, set(noisy))
    for tenant in noisy:
        for row in of_tenant(request, tenant):
            yield row[1:]


def of_tenant(request: Request, tenant: int) -> Iterator[Visible]:
    """A tenant's visible messages, longest visible first.

    Read one at first, as a receive may want no more, and then ten at a time: a cursor that stays open while the same
    statement runs for another tenant would have it compiled anew.
    """
    read, count = 0, 1
    while rows := request.db.execute(OF_TENANT, (tenant, request.now, count, read)).fetchall():
        yield from rows
        read, count = read + len(rows), MAX_RECEIVE


def in_order(request: Request, queue: Queue, without: set[int] | frozenset[int] = frozenset()) -> Iterator[Candidate]:
    """The visible messages of all tenants but some, longest visible first."""
    db, now, number = request.db, request.now, queue.number
    tenants = (row for row in db.execute(DUE, (number, now)) if row[1] not in without)
    # The longest visible message of each source opened so far, and where its next one comes from.
    heads: list[tuple[Visible, Iterator[Visible]]] = []

    def advance(source: Iterator[Visible]) -> None:
        row = next(source, None)
        if row is not None:
            heapq.heappush(heads, (row, source))

    advance(db.execute(SINGLES, (number, now)))
    closed = next(tenants, None)
    while True:
        # A tenant's source is opened when none of the open ones has a message that is as old.
        while closed is not None and (not heads or closed[0] < heads[0][0][0]):
            advance(of_tenant(request, closed[1]))
            closed = next(tenants, None)
        if not heads:
            return
        row, source = heapq.heappop(heads)
        yield row[1:]
        advance(source)
