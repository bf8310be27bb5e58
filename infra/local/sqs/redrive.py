"""Dead-letter queues: moving a message that was received too often, and asking which queues do so.

A moved message keeps its id, the time of its first receive, and the time it was sent, from which the dead-letter
queue's retention counts. Its receive count starts again: it counts the receives from the queue it is in.
"""

from typing import Any

import orjson

from infra.local.request import Request
from infra.local.sqs.queue import Queue, find, look_up, url_of
from infra.local.sqs.queues import page_of, token_after
from infra.local.sqs.transfer import move

#: Queues that name this ARN in their redrive policy, one more than asked for.
SOURCES = """
SELECT name FROM sqs_queues
WHERE region = ? AND name > ?
    AND json_extract(json_extract(attributes, '$.RedrivePolicy'), '$.deadLetterTargetArn') = ?
ORDER BY name LIMIT ?
"""


def dead_letter_queue(request: Request, queue: Queue) -> Queue | None:
    """Where this queue sends what was received too often; None when that queue was deleted."""
    redrive = queue.settings.redrive
    return None if redrive is None else look_up(request, queue.region, redrive.target)


def bury(request: Request, queue: Queue, dead: Queue, messages: list[tuple[int, str | None]]) -> None:
    """Move messages, given as (row id, stored extra), to their dead-letter queue, visible at once."""

    def with_origin(extra: str | None) -> dict[str, Any]:
        return (orjson.loads(extra) if extra else {}) | {"origin": queue.arn}

    move(request, queue, dead, [(row_id, with_origin(extra)) for row_id, extra in messages])


def list_dead_letter_source_queues(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    limit, after = page_of(params)
    rows = request.db.execute(SOURCES, (queue.region, after, queue.arn, limit + 1)).fetchall()
    names = [name for (name,) in rows[:limit]]
    reply: dict[str, Any] = {"queueUrls": [url_of(request, name) for name in names]}
    if len(rows) > limit and "MaxResults" in params:
        reply["NextToken"] = token_after(names[-1])
    return reply


def has_sources(request: Request, queue: Queue) -> bool:
    """Whether the queue is the dead-letter queue of another."""
    return request.db.execute(SOURCES, (queue.region, "", queue.arn, 1)).fetchone() is not None
