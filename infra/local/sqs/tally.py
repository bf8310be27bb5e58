"""Counts of what a queue's actions do, for CloudWatch: a few integer additions a message, in memory alone.

Whoever publishes them takes them through `statistics`. What was counted since it last did so is lost with the
process, or with the engine's cache when a group of calls is rolled back.
"""

from dataclasses import dataclass, fields, replace

from infra.local.request import Request

#: (region, queue name).
Name = tuple[str, str]


@dataclass(slots=True, eq=False)
class Tally:
    """What happened on one queue since the tally was last taken; named after AWS's metrics."""

    #: NumberOfMessagesSent: also the sample count of SentMessageSize. A message that SQS moves is not sent.
    sent: int = 0
    #: SentMessageSize, in bytes: sum, least, most.
    sent_bytes: int = 0
    smallest: int = 0
    largest: int = 0
    #: NumberOfMessagesReceived.
    received: int = 0
    #: NumberOfEmptyReceives: receives that answered nothing.
    empty_receives: int = 0
    #: NumberOfMessagesDeleted: deletions with a valid receipt handle, repeated ones included.
    deleted: int = 0
    #: NumberOfDeduplicatedSentMessages, of FIFO queues.
    deduplicated: int = 0

    def send(self, size: int) -> None:
        """Count one message of that many bytes."""
        self.sent += 1
        self.sent_bytes += size
        if size > self.largest:
            self.largest = size
        if size < self.smallest or self.sent == 1:
            self.smallest = size

    def send_batch(self, sizes: list[int]) -> None:
        """Count messages of so many bytes each."""
        self.smallest = min(self.smallest, *sizes) if self.sent else min(sizes)
        self.largest = max(self.largest, *sizes)
        self.sent += len(sizes)
        self.sent_bytes += sum(sizes)

    def receive(self, messages: int) -> None:
        """Count one receive that answered so many messages."""
        if messages:
            self.received += messages
        else:
            self.empty_receives += 1

    def take(self) -> "Tally":
        """What was counted; counting begins anew."""
        taken = replace(self)
        for field in fields(self):
            setattr(self, field.name, 0)
        return taken

    def __bool__(self) -> bool:
        """Whether anything happened."""
        return bool(self.sent or self.received or self.empty_receives or self.deleted or self.deduplicated)


def tallies(request: Request) -> dict[Name, Tally]:
    """The tallies being kept, by queue."""
    kept: dict[Name, Tally] = request.cache.setdefault("sqs-tallies", {})
    return kept


def tally_of(request: Request, region: str, name: str) -> Tally:
    """The tally on which a queue's actions count."""
    return tallies(request).setdefault((region, name), Tally())
