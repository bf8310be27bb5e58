"""The actions that hide a received message for longer, or show it again.

The new time counts from now, and the message's whole hidden time since its receive stays within 12 hours. As AWS
does it, any receipt handle of a message in a standard queue will do, even when its timeout has ended or somebody
else has received the message since. In a FIFO queue only the latest will, while it lasts.
"""

from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.batches import checked_entries, each
from infra.local.sqs.errors import invalid_value, missing
from infra.local.sqs.flights import flights_of
from infra.local.sqs.groups import is_fair, refresh
from infra.local.sqs.queue import Queue, find
from infra.local.sqs.receipts import receipt_of

FIND = """
SELECT visible_at, received_at, receives, tenant, line FROM sqs_messages
WHERE +queue = ? AND id = ? AND sent_at = ? AND receives >= ?
"""
CHANGE = "UPDATE sqs_messages SET visible_at = ? WHERE id = ?"


def change_message_visibility(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    change(request, queue, params["ReceiptHandle"], params["VisibilityTimeout"])
    return {}


def change_message_visibility_batch(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])

    def act(entry: dict[str, Any]) -> None:
        if "VisibilityTimeout" not in entry:
            raise missing("VisibilityTimeout")
        change(request, queue, entry["ReceiptHandle"], entry["VisibilityTimeout"])

    return each(checked_entries(request, params, "ChangeMessageVisibilityBatchRequestEntry"), act)


def change(request: Request, queue: Queue, handle: str, timeout: int) -> None:
    """Make the message of this handle visible in `timeout` seconds; 0 is at once."""
    if not 0 <= timeout <= limits.MAX_VISIBILITY:
        raise invalid_value(timeout, "VisibilityTimeout", f"Must be between 0 and {limits.MAX_VISIBILITY} seconds.")
    receipt = receipt_of(handle)
    row = request.db.execute(FIND, receipt).fetchone() if receipt[0] == queue.number else None
    if row is None:
        raise not_available(handle)
    hidden_to, received_at, receives, tenant, line = row
    if queue.settings.fifo and (receives != receipt[3] or hidden_to <= request.now):
        raise not_available(handle)
    visible_at = request.now + timeout * 1000
    if visible_at - received_at > limits.MAX_VISIBILITY * 1000:
        raise invalid_value(
            timeout,
            "VisibilityTimeout",
            f"Total VisibilityTimeout for the message is beyond the limit [{limits.MAX_VISIBILITY} seconds]",
        )
    request.db.execute(CHANGE, (visible_at, receipt[1]))
    if hidden_to <= request.now and queue.in_flight is not None:
        queue.in_flight += 1  # in flight again
    if line is not None:
        refresh(request, [line], fifo=True)
    elif is_fair(request, queue):
        if tenant is not None:
            refresh(request, [tenant], fifo=False)
        flights_of(request, queue.number).hide(receipt[1], tenant, visible_at)
    request.wake(queue.key)


def not_available(handle: str) -> AwsError:
    """The handle is of no message, or no longer."""
    return invalid_value(
        handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change."
    )
