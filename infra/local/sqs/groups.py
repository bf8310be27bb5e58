"""Message groups: the row that each has while it has messages, and when it has something to give.

`sqs_groups.due` is exact. Whoever adds, hides, shows or removes messages of a group calls `refresh` afterwards; it
costs two lookups and, when the group's first message is another one now, a write.
"""

from collections.abc import Iterable

from infra.local.request import Request
from infra.local.sqs.queue import Queue

FIND = "SELECT id FROM sqs_groups WHERE queue = ? AND name = ?"
#: A group begins without a message and so is never due.
MAKE = "INSERT INTO sqs_groups (queue, name, due, head) VALUES (?, ?, 9223372036854775807, 0) RETURNING id"
#: Of lines that are due at once, those go first whose first message was received less often, then the first sent.
FIRST_IN_LINE = """
SELECT visible_at, (receives << 48) + sequence FROM sqs_messages WHERE line = ? ORDER BY sequence LIMIT 1
"""
FIRST_OF_TENANT = "SELECT visible_at, 0 FROM sqs_messages WHERE tenant = ? ORDER BY visible_at LIMIT 1"
SET_DUE = "UPDATE sqs_groups SET due = ?2, head = ?3 WHERE id = ?1 AND (due, head) <> (?2, ?3)"
FORGET = "DELETE FROM sqs_groups WHERE id = ?"
#: When the first group after a moment has something to give.
NEXT_DUE = "SELECT min(due) FROM sqs_groups WHERE queue = ? AND due > ?"
ANY = "SELECT EXISTS (SELECT 1 FROM sqs_groups WHERE queue = ?)"


def number_of(request: Request, queue: int, name: str) -> int:
    """The number of a queue's message group of that name, which is made when it is new."""
    row = request.db.execute(FIND, (queue, name)).fetchone() or request.db.execute(MAKE, (queue, name)).fetchone()
    number: int = row[0]
    return number


def refresh(request: Request, groups: Iterable[int], *, fifo: bool) -> None:
    """Say anew when these groups of a FIFO or a standard queue are due; those without messages are forgotten."""
    first = FIRST_IN_LINE if fifo else FIRST_OF_TENANT
    execute = request.db.execute
    for group in groups:
        row = execute(first, (group,)).fetchone()
        if row is None:
            execute(FORGET, (group,))
        else:
            execute(SET_DUE, (group, *row))


def next_due(request: Request, queue: int, after: int) -> int | None:
    """Epoch milliseconds at which the queue's next group is due, None when it has none."""
    due: int | None = request.db.execute(NEXT_DUE, (queue, after)).fetchone()[0]
    return due


def is_fair(request: Request, queue: Queue) -> bool:
    """Whether the queue is standard and has, or lately had, messages with a group."""
    if queue.fair is None:
        queue.fair = not queue.settings.fifo and bool(request.db.execute(ANY, (queue.number,)).fetchone()[0])
    return queue.fair
