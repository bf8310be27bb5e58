"""The actions that delete received messages.

As on AWS a handle that is no longer the latest deletes nothing and still succeeds: the message will come again,
to somebody who can delete it then.
"""

from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.sqs.batches import checked_entries, failure, reply
from infra.local.sqs.counts import add_to_total
from infra.local.sqs.queue import Queue, find
from infra.local.sqs.receipts import MATCHES, Receipt, receipt_of

# The row id finds the row; the "+" keeps the planner from the index on queue, which knows less.
DELETE = f"DELETE FROM sqs_messages WHERE +{MATCHES}"  # noqa: S608 (a constant)


def delete_message(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    remove(request, queue, [receipt_of(params["ReceiptHandle"])])
    return {}


def delete_message_batch(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    receipts: list[Receipt] = []
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in checked_entries(params, "DeleteMessageBatchRequestEntry"):
        try:
            receipts.append(receipt_of(entry["ReceiptHandle"]))
        except AwsError as error:
            failed.append(failure(entry["Id"], error))
        else:
            successful.append({"Id": entry["Id"]})
    if receipts:
        remove(request, queue, receipts)
    return reply(successful, failed)


def remove(request: Request, queue: Queue, receipts: list[Receipt]) -> None:
    """Delete the messages whose latest receives these are."""
    number = queue.number
    own = [receipt for receipt in receipts if receipt[0] == number]
    removed = request.db.executemany(DELETE, own).rowcount
    if removed > 0:
        add_to_total(queue, -removed)
        if queue.in_flight is not None:
            queue.in_flight = max(queue.in_flight - removed, 0)
