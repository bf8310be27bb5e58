"""After the system clock was set back: the times in SQS's tables that lie ahead, moved back by as much.

What was visible stays visible, what is hidden stays hidden for as long as it had left, and a deduplication id is
remembered for its five minutes. When a message was sent stays as it is, since receipt handles name it; so a message may
be kept longer than its retention, by as much as the clock was set back. It costs a pass over the messages that are not
visible by the new time.
"""

from infra.local.request import Request
from infra.local.sqs.queue import forget_queues

#: ?1 is by how much, ?2 the time now; both in milliseconds.
MOVES = (
    """
    UPDATE sqs_messages SET visible_at = visible_at - ?1
    WHERE tenant IS NULL AND visible_at > ?2 AND queue IN (SELECT id FROM sqs_queues)
    """,
    """
    UPDATE sqs_messages SET visible_at = visible_at - ?1
    WHERE tenant IN (SELECT id FROM sqs_groups) AND visible_at > ?2
    """,
    "UPDATE sqs_groups SET due = due - ?1 WHERE due > ?2 AND due < 9223372036854775807",
    "UPDATE sqs_attempts SET received_at = received_at - ?1, hidden_to = hidden_to - ?1 WHERE hidden_to > ?2",
    "UPDATE sqs_deduplications SET sent_at = sent_at - ?1 WHERE sent_at > ?2",
    "UPDATE sqs_queues SET purged_at = purged_at - ?1 WHERE purged_at > ?2",
    "UPDATE sqs_move_tasks SET next_at = next_at - ?1 * 1000 WHERE status = 'RUNNING' AND next_at > ?2 * 1000",
)


def set_back(request: Request, milliseconds: int) -> None:
    """Called by the engine, before any call that comes after the change."""
    for statement in MOVES:
        request.db.execute(statement, (milliseconds, request.now))
    forget_queues(request)
    request.cache.pop("sqs-flights", None)
