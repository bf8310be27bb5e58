"""The actions that put messages into a queue."""

from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.batches import checked_entries, failure, reply
from infra.local.sqs.counts import add_to_total
from infra.local.sqs.errors import sqs_error
from infra.local.sqs.message import INSERT, Row, compose
from infra.local.sqs.queue import find


def send_message(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    row, sent, _ = compose(request, queue, params)
    request.db.execute(INSERT, row)
    add_to_total(queue, 1)
    request.wake(queue.key)
    return sent


def send_message_batch(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Send what can be sent; a message that is refused fails alone, a batch that is too large as a whole."""
    queue = find(request, params["QueueUrl"])
    rows: list[Row] = []
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    total = 0
    for entry in checked_entries(params, "SendMessageBatchRequestEntry"):
        try:
            row, sent, size = compose(request, queue, entry)
        except AwsError as error:
            failed.append(failure(entry["Id"], error))
            total += len(entry["MessageBody"].encode(errors="replace"))
        else:
            sent["Id"] = entry["Id"]
            rows.append(row)
            successful.append(sent)
            total += size
    if total > limits.MAX_MESSAGE_BYTES:
        raise sqs_error(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {limits.MAX_MESSAGE_BYTES} bytes. You have sent {total} bytes.",
        )
    if rows:
        request.db.executemany(INSERT, rows)
        add_to_total(queue, len(rows))
        request.wake(queue.key)
    return reply(successful, failed)
