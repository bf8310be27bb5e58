"""What SQS tells CloudWatch about its queues: what happened on them, and how full they are.

Made for the service that publishes the metrics of namespace `AWS/SQS`, dimension `QueueName`, once a minute:

    for (region, name), tally in take_tallies(request).items():
        ...    # tally.sent, tally.received, tally.deleted, tally.empty_receives, tally.sent_bytes (see `tally`)
    for region, name in all_queues(request):
        ...    # gauges(request, region, name): visible, not_visible, delayed, age_of_oldest

Source: "Available CloudWatch metrics for Amazon SQS" in the developer guide.
"""

from dataclasses import dataclass

from infra.local.request import Request
from infra.local.sqs.counts import count_messages
from infra.local.sqs.queue import look_up
from infra.local.sqs.tally import Name, Tally, tallies

QUEUES = "SELECT region, name FROM sqs_queues"

#: Messages looked at for the oldest, on either side of now: those visible longest, and those that show next.
LOOK = 200
#: When these were sent, the earliest; of each of as many tenants of a fair queue, the message visible longest. Where
#: messages are delivered more or less in turn, the oldest is among them.
OLDEST = """
SELECT min(sent_at) FROM (
    SELECT sent_at FROM (
        SELECT sent_at FROM sqs_messages INDEXED BY sqs_messages_due
        WHERE queue = ?1 AND tenant IS NULL AND visible_at <= ?2 ORDER BY visible_at LIMIT ?3
    )
    UNION ALL
    SELECT sent_at FROM (
        SELECT sent_at FROM sqs_messages INDEXED BY sqs_messages_due
        WHERE queue = ?1 AND tenant IS NULL AND visible_at > ?2 ORDER BY visible_at LIMIT ?3
    )
    UNION ALL
    SELECT (SELECT sent_at FROM sqs_messages WHERE tenant = groups.id ORDER BY visible_at LIMIT 1)
    FROM (SELECT id FROM sqs_groups WHERE queue = ?1 ORDER BY due LIMIT ?3) AS groups
)
"""


@dataclass(frozen=True, slots=True)
class Gauges:
    """How full a queue is now."""

    #: ApproximateNumberOfMessagesVisible, ...NotVisible and ...Delayed.
    visible: int
    not_visible: int
    delayed: int
    #: ApproximateAgeOfOldestMessage, in whole seconds; 0 for an empty queue.
    age_of_oldest: int


def take_tallies(request: Request) -> dict[Name, Tally]:
    """What happened on each queue since the last call, queues without activity left out; counting begins anew."""
    kept = tallies(request)
    taken = {name: tally.take() for name, tally in kept.items() if tally}
    for name in kept.keys() - all_queues(request):
        del kept[name]
    return taken


def all_queues(request: Request) -> set[Name]:
    """Every queue of every region."""
    return {(region, name) for region, name in request.db.execute(QUEUES)}


def gauges(request: Request, region: str, name: str) -> Gauges | None:
    """The queue's depth and age, at a bounded cost however long it is; None when there is no such queue."""
    queue = look_up(request, region, name)
    if queue is None:
        return None
    numbers = count_messages(request, queue)
    (oldest,) = request.db.execute(OLDEST, (queue.number, request.now, LOOK)).fetchone()
    age = 0 if oldest is None else max(request.now - oldest, 0) // 1000
    return Gauges(numbers.visible, numbers.in_flight, numbers.delayed, age)
