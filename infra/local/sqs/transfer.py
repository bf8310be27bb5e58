"""Moving messages from one queue into another without sending them: what becomes of their groups and places.

A message with a group joins the group of that name in the other queue; in a FIFO queue it goes to the end of the
line and gets a new place.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from infra.local.request import Request
from infra.local.sqs.counts import add_to_total
from infra.local.sqs.fifo import SET_LAST_SEQUENCE, last_sequence, sequence_number
from infra.local.sqs.groups import number_of, refresh
from infra.local.sqs.queue import Queue

MOVE = """
UPDATE sqs_messages
SET queue = ?1, visible_at = ?2, receives = 0, received_at = 0, extra = ?3, tenant = ?4, line = ?5, sequence = ?6,
    sent_at = coalesce(?7, sent_at)
WHERE id = ?8
"""


def move(request: Request, source: Queue, target: Queue, messages: Iterable[tuple[int, dict[str, Any]]]) -> None:
    """Move messages, given as (row id, what their rows keep beside the body); they are visible at once.

    The groups that they leave are the caller's to refresh.
    """
    fifo, now = target.settings.fifo, request.now
    sequence = last_sequence(request) if fifo else 0
    groups: dict[str, int] = {}
    rows = []
    for row_id, kept in messages:
        name = kept.get("group")
        group = None if name is None else groups.get(name) or number_of(request, target.number, name)
        if name is not None and group is not None:
            groups[name] = group
        place: tuple[int | None, int | None, int | None] = (group, None, None)
        if fifo:
            sequence += 1
            kept["sequence"] = sequence_number(sequence)
            place = (None, group, sequence)
        extra = orjson.dumps(kept).decode() if kept else None
        # In a FIFO queue retention begins anew ("Using dead-letter queues in Amazon SQS").
        rows.append((target.number, now, extra, *place, now if fifo else None, row_id))
    request.db.executemany(MOVE, rows)
    if fifo:
        request.db.execute(SET_LAST_SEQUENCE, (sequence,))
    refresh(request, groups.values(), fifo=fifo)
    if groups and not fifo:
        target.fair = True
    add_to_total(source, -len(rows))
    add_to_total(target, len(rows))
    request.wake(target.key)
