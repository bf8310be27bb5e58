"""FIFO queues: messages of a group stand in line, and repetitions of a send are left out.

A group gives its messages from the first on, in the order of their sequence numbers, up to the first that is
hidden: a message in flight blocks those behind it, as a delayed one does. So while a receive's messages are in
flight the group has nothing more to give, until they are deleted or visible again. Groups take turns by the moment
from which they had something to give; one receive takes all it can from a group before it goes on to the next.

Unlike AWS, which looks through the first 120,000 messages for free groups, a receive finds a free group behind any
number of blocked ones: `sqs_groups` knows when each is due.

Source: "FIFO queue delivery logic in Amazon SQS".
"""

from collections.abc import Iterator
from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.sqs.deduplication import Key, Original, content_id, key_of, original, remember
from infra.local.sqs.errors import invalid_parameter, missing
from infra.local.sqs.groups import number_of, refresh
from infra.local.sqs.message import INSERT_IN_GROUP, Row, compose
from infra.local.sqs.queue import Queue

#: What a sequence number is added to, so that each has the 20 digits that AWS's have.
SEQUENCE_BASE = 18_800_000_000_000_000_000

LAST_SEQUENCE = "SELECT sequence FROM sqs_numbers"
SET_LAST_SEQUENCE = "UPDATE sqs_numbers SET sequence = ?"

#: The groups that have something to give, longest first.
DUE = "SELECT id FROM sqs_groups INDEXED BY sqs_groups_due WHERE queue = ? AND due <= ? ORDER BY due, head"
LINE = "SELECT visible_at, id, sent_at, receives, line FROM sqs_messages WHERE line = ? ORDER BY sequence"


def refusal(queue: Queue, entry: dict[str, Any]) -> AwsError | None:
    """What is said to a message without a group, or without anything to tell its repetition by."""
    if not entry.get("MessageGroupId"):
        return missing("MessageGroupId")
    if not queue.settings.content_based_deduplication and not entry.get("MessageDeduplicationId"):
        return invalid_parameter(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )
    return None


class Arrivals:
    """The messages that one call sends to a FIFO queue: composed and looked at one by one, then stored together."""

    def __init__(self, request: Request, queue: Queue):
        self._request = request
        self._queue = queue
        self._sequence = last_sequence(request)
        self._rows: list[tuple[str, Row, int]] = []
        self._sends: dict[Key, Original] = {}

    def compose(self, entry: dict[str, Any]) -> tuple[dict[str, Any], int, bool]:
        """The reply to the message's sender, its bytes, and whether it is new rather than a repetition."""
        group = entry["MessageGroupId"]
        deduplication_id = entry.get("MessageDeduplicationId") or content_id(entry["MessageBody"])
        sequence = self._sequence + 1
        kept = {"deduplication": deduplication_id, "sequence": sequence_number(sequence)}
        row, reply, size = compose(self._request, self._queue, entry, kept)
        key = key_of(self._queue, group, deduplication_id)
        first = self._sends.get(key) or original(self._request, self._queue, key)
        if first is not None:
            reply["MessageId"], reply["SequenceNumber"] = first[0], sequence_number(first[1])
            return reply, size, False
        reply["SequenceNumber"] = kept["sequence"]
        self._sequence = sequence
        self._rows.append((group, row, sequence))
        self._sends[key] = (reply["MessageId"], sequence)
        return reply, size, True

    def store(self) -> int:
        """Put what is new in line; answers how many messages that is."""
        if not self._rows:
            return 0
        request = self._request
        number = self._queue.number
        lines = {group: number_of(request, number, group) for group in {group for group, _, _ in self._rows}}
        rows = [(*row, None, lines[group], sequence) for group, row, sequence in self._rows]
        request.db.executemany(INSERT_IN_GROUP, rows)
        request.db.execute(SET_LAST_SEQUENCE, (self._sequence,))
        remember(request, self._queue, self._sends.items())
        refresh(request, lines.values(), fifo=True)
        return len(rows)


def last_sequence(request: Request) -> int:
    """How many places in line have been given out, in all queues together."""
    sequence: int = request.db.execute(LAST_SEQUENCE).fetchone()[0]
    return sequence


def sequence_number(sequence: int) -> str:
    """As clients see a place in line: 20 digits, higher for a later message."""
    return str(SEQUENCE_BASE + sequence)


def candidates(request: Request, queue: Queue) -> Iterator[tuple[int, int, int, int]]:
    """The messages that a receive may take, in its order: row id, sent_at, receives, line."""
    now = request.now
    for (line,) in request.db.execute(DUE, (queue.number, now)):
        for visible_at, *message in request.db.execute(LINE, (line,)):
            if visible_at > now:
                break
            row_id, sent_at, receives, line_of = message
            yield row_id, sent_at, receives, line_of
