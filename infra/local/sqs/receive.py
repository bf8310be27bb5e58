"""ReceiveMessage: its parameters, its limit of messages in flight, and its wait for what has not come yet."""

from typing import Any

from infra.local.request import Request, Wait
from infra.local.sqs import groups, limits
from infra.local.sqs.attempts import remember, repeat
from infra.local.sqs.counts import count_in_flight
from infra.local.sqs.delivery import checked_names, message
from infra.local.sqs.errors import invalid_value, sqs_error
from infra.local.sqs.message import check_id
from infra.local.sqs.queue import Queue, find
from infra.local.sqs.taking import take

#: When the first message without a tenant shows after a moment.
NEXT_DUE = """
SELECT min(visible_at) FROM sqs_messages INDEXED BY sqs_messages_due
WHERE queue = ? AND tenant IS NULL AND visible_at > ?
"""


def receive_message(request: Request, params: dict[str, Any]) -> dict[str, Any] | Wait:
    queue = find(request, params["QueueUrl"])
    wanted, visibility, wait = checked_numbers(queue, params)
    names = checked_names(params)
    patterns = params.get("MessageAttributeNames", ())
    attempt_id = params.get("ReceiveRequestAttemptId")
    if attempt_id:
        attempt_id = checked_attempt(queue, attempt_id)
    rows = repeat(request, queue, attempt_id, visibility) if attempt_id else []
    free = wanted
    if not rows:
        free = allowed(request, queue, wanted, wait)
        rows = take(request, queue, free, visibility) if free else []
        if rows and attempt_id:
            remember(request, queue, attempt_id, rows, visibility)
    if rows:
        queue.tally.receive(len(rows))
        return {"Messages": [message(request, queue, row, names, patterns) for row in rows]}
    deadline = request.arrived + wait * 1000
    if request.now >= deadline:
        queue.tally.receive(0)
        return {}
    # With too many in flight what is visible already does not count; else it is what this round left undone.
    return Wait(queue.key, deadline, next_due(request, queue, after=0 if free else request.now))


def checked_numbers(queue: Queue, params: dict[str, Any]) -> tuple[int, int, int]:
    """How many messages, how long they hide (milliseconds), how long to wait for them (seconds)."""
    wanted = params.get("MaxNumberOfMessages", 1)
    if not 1 <= wanted <= limits.MAX_RECEIVE:
        raise invalid_value(wanted, "MaxNumberOfMessages", f"Must be between 1 and {limits.MAX_RECEIVE}, if provided.")
    visibility = params.get("VisibilityTimeout")
    if visibility is not None and not 0 <= visibility <= limits.MAX_VISIBILITY:
        raise invalid_value(
            visibility, "VisibilityTimeout", f"Must be >= 0 and <= {limits.MAX_VISIBILITY}, if provided."
        )
    wait = params.get("WaitTimeSeconds", queue.settings.wait)
    if not 0 <= wait <= limits.MAX_WAIT:
        raise invalid_value(wait, "WaitTimeSeconds", f"Must be >= 0 and <= {limits.MAX_WAIT}, if provided.")
    return wanted, queue.settings.visibility if visibility is None else visibility * 1000, wait


def checked_attempt(queue: Queue, attempt_id: str) -> str | None:
    """The id of an attempt at a FIFO queue; None for a standard queue, to which it says nothing, as on AWS."""
    return check_id("ReceiveRequestAttemptId", attempt_id) if queue.settings.fifo else None


def allowed(request: Request, queue: Queue, wanted: int, wait: int) -> int:
    """How many of the wanted messages may be taken while at most 120,000 are in flight.

    The queue's own number never says too few, so the exact count is only made when it comes near the limit. A FIFO
    queue that has reached it answers nothing, as does a long poll; a short poll of a standard queue is an error.
    """
    if queue.in_flight is None or queue.in_flight + wanted > limits.MAX_IN_FLIGHT:
        free = limits.MAX_IN_FLIGHT - count_in_flight(request, queue)
        if free <= 0 and not wait and not queue.settings.fifo:
            raise sqs_error(
                "OverLimit", f"Too many messages in flight: a queue can have {limits.MAX_IN_FLIGHT} of them."
            )
        return max(min(free, wanted), 0)
    return wanted


def next_due(request: Request, queue: Queue, after: int) -> int | None:
    """Epoch milliseconds of the queue's next chance to answer a receive, None when nothing is in sight."""
    moments: list[int | None] = []
    if queue.settings.fifo or groups.is_fair(request, queue):
        moments.append(groups.next_due(request, queue.number, after))
    if not queue.settings.fifo:
        moments.append(request.db.execute(NEXT_DUE, (queue.number, after)).fetchone()[0])
    return min((moment for moment in moments if moment is not None), default=None)
