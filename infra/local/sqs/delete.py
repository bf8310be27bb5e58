"""The actions that delete received messages.

As on AWS a handle that is no longer the latest deletes nothing from a standard queue and still succeeds: the
message will come again, to somebody who can delete it then. In a FIFO queue, where that would break the order, a
handle expires with the visibility timeout and is refused.
"""

from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.sqs.batches import checked_entries, failure, reply
from infra.local.sqs.counts import add_to_total
from infra.local.sqs.errors import invalid_value
from infra.local.sqs.flights import flights_of
from infra.local.sqs.groups import is_fair, refresh
from infra.local.sqs.queue import Queue, find
from infra.local.sqs.receipts import MATCHES, Receipt, receipt_of

# The row id finds the row; the "+" keeps the planner from the index on queue, which knows less.
DELETE = f"DELETE FROM sqs_messages WHERE +{MATCHES}"  # noqa: S608 (a constant)
DELETE_FROM_GROUP = f"{DELETE} RETURNING id, coalesce(tenant, line)"
#: Whether the message that a handle names is there, and no longer in flight by it.
EXPIRED = """
SELECT receives <> ?4 OR visible_at <= ?5 FROM sqs_messages WHERE +queue = ?1 AND id = ?2 AND sent_at = ?3
"""


def delete_message(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    receipt = receipt_of(params["ReceiptHandle"])
    if queue.settings.fifo:
        check_not_expired(request, queue, receipt, params["ReceiptHandle"])
    remove(request, queue, [receipt])
    return {}


def delete_message_batch(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    receipts: list[Receipt] = []
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in checked_entries(request, params, "DeleteMessageBatchRequestEntry"):
        try:
            receipt = receipt_of(entry["ReceiptHandle"])
            if queue.settings.fifo:
                check_not_expired(request, queue, receipt, entry["ReceiptHandle"])
            receipts.append(receipt)
        except AwsError as error:
            failed.append(failure(entry["Id"], error))
        else:
            successful.append({"Id": entry["Id"]})
    if receipts:
        remove(request, queue, receipts)
    return reply(successful, failed)


def check_not_expired(request: Request, queue: Queue, receipt: Receipt, handle: str) -> None:
    if receipt[0] == queue.number:
        row = request.db.execute(EXPIRED, (*receipt, request.now)).fetchone()
        if row is not None and row[0]:
            raise invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.")


def remove(request: Request, queue: Queue, receipts: list[Receipt]) -> None:
    """Delete the messages whose latest receives these are."""
    number = queue.number
    own = [receipt for receipt in receipts if receipt[0] == number]
    if queue.settings.fifo or is_fair(request, queue):
        removed = remove_from_groups(request, queue, own)
    else:
        removed = request.db.executemany(DELETE, own).rowcount
    queue.tally.deleted += len(receipts)
    if removed > 0:
        add_to_total(queue, -removed)
        if queue.in_flight is not None:
            queue.in_flight = max(queue.in_flight - removed, 0)


def remove_from_groups(request: Request, queue: Queue, receipts: list[Receipt]) -> int:
    """The same where a message's group may have something else to give now."""
    gone = [row for receipt in receipts for row in request.db.execute(DELETE_FROM_GROUP, receipt)]
    if not gone:
        return 0
    refresh(request, {group for _, group in gone if group is not None}, fifo=queue.settings.fifo)
    if queue.settings.fifo:
        request.wake(queue.key)
    else:
        flights = flights_of(request, queue.number)
        for row_id, _ in gone:
            flights.show(row_id)
    return len(gone)
