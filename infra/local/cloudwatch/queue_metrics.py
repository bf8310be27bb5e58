"""SQS's own metrics: namespace AWS/SQS, dimension QueueName, once a minute for every queue that is active.

A queue is active while it has messages and for six hours after anything happened on it. What happened is counted in
memory by SQS; how full a queue is, is asked. An engine without active queues publishes nothing and sets no timer:
the sweep, which runs while there are calls, sees that something was counted and starts it again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from infra.local.cloudwatch.limits import QUEUE_ACTIVE
from infra.local.cloudwatch.metric import Metric
from infra.local.cloudwatch.points import Datum, store
from infra.local.cloudwatch.summary import Summary
from infra.local.request import Request
from infra.local.sqs.statistics import Gauges, all_queues, gauges, take_tallies
from infra.local.sqs.tally import Name, Tally, tallies

NAMESPACE = "AWS/SQS"

#: Queues in one tick.
LIMIT = 50
#: Milliseconds by which a tick may be late and still stand for the minute that is over.
LATE = 5_000

ACTIVE = "SELECT active_at FROM cw_queues WHERE region = ? AND name = ?"
IS_ACTIVE = "INSERT OR REPLACE INTO cw_queues VALUES (?, ?, ?)"
FORGET = "DELETE FROM cw_queues WHERE active_at < ?"


@dataclass(slots=True)
class Round:
    """One minute's publication, some queues a tick; in the engine's cache, so after a restart one begins at once."""

    #: Epoch milliseconds of the next round.
    due: int = 0
    #: The moment that this round's data is given, epoch seconds.
    at: int = 0
    pending: list[Name] = field(default_factory=list)
    counted: dict[Name, Tally] = field(default_factory=dict)
    #: Whether there will be a next one.
    again: bool = False


def publish_queues(request: Request) -> int | None:
    """Publish what is due, and answer when to go on (epoch milliseconds); None while no queue is active."""
    now = _round(request)
    if not now.pending:
        if request.now < now.due:
            return now.due if now.again else None
        now.due = (request.now // 60_000 + 1) * 60_000
        now.at = (request.now - LATE) // 60_000 * 60
        now.counted = take_tallies(request)
        now.pending = sorted(all_queues(request))
        now.again = False
        request.db.execute(FORGET, (request.now - QUEUE_ACTIVE * 1000,))
    batch, now.pending = now.pending[:LIMIT], now.pending[LIMIT:]
    data: list[Datum] = []
    for name in batch:
        data += _published(request, name, now)
    store(request, data)
    if now.pending:
        return request.now
    return now.due if now.again else None


def notice_activity(request: Request) -> None:
    """Start publishing again when something was counted; for the sweep."""
    now = _round(request)
    if not now.again and any(tallies(request).values()):
        now.again = True
        request.alarm(max(now.due, request.now))


def hasten(request: Request, milliseconds: int) -> None:
    """Let the next round come so much earlier."""
    _round(request).due -= milliseconds


def _round(request: Request) -> Round:
    found: Round = request.cache.setdefault("cloudwatch-queues", Round())
    return found


def _published(request: Request, name: Name, now: Round) -> Iterator[Datum]:
    full = gauges(request, *name)
    if full is None:
        return
    counted = now.counted.get(name)
    if counted or full.visible or full.not_visible or full.delayed:
        request.db.execute(IS_ACTIVE, (*name, request.now))
    else:
        row = request.db.execute(ACTIVE, name).fetchone()
        if row is None or row[0] < request.now - QUEUE_ACTIVE * 1000:
            return
    now.again = True
    for metric, unit, summary in _measured(counted or Tally(), full, fifo=name[1].endswith(".fifo")):
        yield Datum(Metric(name[0], NAMESPACE, metric, (("QueueName", name[1]),)), now.at, unit, summary)


def _measured(counted: Tally, full: Gauges, *, fifo: bool) -> Iterator[tuple[str, str, Summary]]:
    """Metric, unit and values of a minute; a count of zero is published, the size of no messages is not."""
    counts = {
        "NumberOfMessagesSent": counted.sent,
        "NumberOfMessagesReceived": counted.received,
        "NumberOfMessagesDeleted": counted.deleted,
        "NumberOfEmptyReceives": counted.empty_receives,
        "ApproximateNumberOfMessagesVisible": full.visible,
        "ApproximateNumberOfMessagesNotVisible": full.not_visible,
        "ApproximateNumberOfMessagesDelayed": full.delayed,
    }
    if fifo:
        counts["NumberOfDeduplicatedSentMessages"] = counted.deduplicated
    for name, count in counts.items():
        yield name, "Count", Summary.of(float(count))
    yield "ApproximateAgeOfOldestMessage", "Seconds", Summary.of(float(full.age_of_oldest))
    if counted.sent:
        sizes = (float(counted.sent), float(counted.sent_bytes), float(counted.smallest), float(counted.largest))
        yield "SentMessageSize", "Bytes", Summary(*sizes)
