"""The actions that put messages into a queue."""

from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.batches import checked_entries, failure, reply
from infra.local.sqs.counts import add_to_total
from infra.local.sqs.errors import invalid_parameter, sqs_error
from infra.local.sqs.fairness import store
from infra.local.sqs.fifo import Arrivals, refusal
from infra.local.sqs.message import INSERT, Row, compose
from infra.local.sqs.queue import Queue, find

#: The code of a message without a body among others, as the tests of Ballerina's connector meet it on AWS.
EMPTY_BODY = "EmptyValue"


def send_message(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    if queue.settings.fifo:
        return send_to_fifo(request, queue, params)
    row, sent, size = compose(request, queue, params)
    if "MessageGroupId" in params:
        store(request, queue, [(params["MessageGroupId"], row)])
    else:
        request.db.execute(INSERT, row)
    queue.tally.send(size)
    add_to_total(queue, 1)
    request.wake(queue.key)
    return sent


def send_to_fifo(request: Request, queue: Queue, params: dict[str, Any]) -> dict[str, Any]:
    refused = refusal(queue, params)
    if refused is not None:
        raise refused
    arrivals = Arrivals(request, queue)
    sent, size, new = arrivals.compose(params)
    count(queue, size, new)
    add_to_total(queue, arrivals.store())
    request.wake(queue.key)
    return sent


def send_message_batch(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Send what can be sent; a message that is refused fails alone, a batch that is too large as a whole."""
    queue = find(request, params["QueueUrl"])
    entries = checked_entries(request, params, "SendMessageBatchRequestEntry")
    if queue.settings.fifo:
        return send_batch_to_fifo(request, queue, entries)
    rows: list[Row] = []
    in_groups: list[tuple[str, Row]] = []
    sizes: list[int] = []
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    refused = 0
    for entry in entries:
        try:
            row, sent, size = compose(request, queue, entry)
        except AwsError as error:
            failed.append(refused_entry(entry, error))
            refused += size_of_refused(entry)
        else:
            sent["Id"] = entry["Id"]
            if "MessageGroupId" in entry:
                in_groups.append((entry["MessageGroupId"], row))
            else:
                rows.append(row)
            successful.append(sent)
            sizes.append(size)
    check_total(sum(sizes) + refused)
    if rows:
        request.db.executemany(INSERT, rows)
    if in_groups:
        store(request, queue, in_groups)
    if sizes:
        queue.tally.send_batch(sizes)
        add_to_total(queue, len(sizes))
        request.wake(queue.key)
    return reply(successful, failed)


def send_batch_to_fifo(request: Request, queue: Queue, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """As above; but a message without a group, or without a deduplication id, fails the whole batch."""
    for entry in entries:
        refused = refusal(queue, entry)
        if refused is not None:
            raise invalid_parameter(refused.message)
    arrivals = Arrivals(request, queue)
    sizes: list[tuple[int, bool]] = []
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    total = 0
    for entry in entries:
        try:
            sent, size, new = arrivals.compose(entry)
        except AwsError as error:
            failed.append(refused_entry(entry, error))
            total += size_of_refused(entry)
        else:
            sent["Id"] = entry["Id"]
            successful.append(sent)
            sizes.append((size, new))
            total += size
    check_total(total)
    for size, new in sizes:
        count(queue, size, new)
    add_to_total(queue, arrivals.store())
    request.wake(queue.key)
    return reply(successful, failed)


def refused_entry(entry: dict[str, Any], error: AwsError) -> dict[str, Any]:
    """What a batch's reply says of it; an empty body has a code in batches that it has nowhere else."""
    shown = failure(entry["Id"], error)
    if not entry["MessageBody"]:
        shown["Code"] = EMPTY_BODY
    return shown


def size_of_refused(entry: dict[str, Any]) -> int:
    """What a message that was not composed adds to its batch, in bytes."""
    return len(entry["MessageBody"].encode(errors="replace"))


def check_total(size: int) -> None:
    if size > limits.MAX_MESSAGE_BYTES:
        raise sqs_error(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {limits.MAX_MESSAGE_BYTES} bytes. You have sent {size} bytes.",
        )


def count(queue: Queue, size: int, new: bool) -> None:
    """For the metrics: a send, or the repetition of one."""
    queue.tally.send(size)
    if not new:
        queue.tally.deduplicated += 1
