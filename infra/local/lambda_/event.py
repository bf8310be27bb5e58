"""An SQS event as Lambda shapes it, made of messages as ReceiveMessage gives them.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", the example event of a standard queue.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

Message = dict[str, Any]
Record = dict[str, Any]

#: Bytes of one event: the request payload of a synchronous invocation. (Lambda quotas, 6 MB)
PAYLOAD_BYTES = 6 * 1024 * 1024
#: Bytes that a character of a body can grow to in JSON at the most, as `\\u0000` does.
JSON_BYTES_A_CHAR = 6
#: Bytes at the most of a record without its body: ids, hashes, receipt handle, system attributes.
RECORD_BYTES = 4_096


def record_of(message: Message, queue_arn: str, region: str) -> Record:
    """One element of an event's `Records`."""
    attributes = message.get("MessageAttributes")
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()} if attributes else {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    attribute: dict[str, Any] = {}
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = b64encode(value["BinaryValue"]).decode()
    attribute["stringListValues"] = value.get("StringListValues", [])
    attribute["binaryListValues"] = [b64encode(item).decode() for item in value.get("BinaryListValues", [])]
    attribute["dataType"] = value["DataType"]
    return attribute


def batches_of(records: Sequence[Record], batch_size: int, limit: int = PAYLOAD_BYTES) -> Iterator[list[Record]]:
    """Cuts records, in their order, into batches of at most `batch_size` records and `limit` bytes of JSON."""
    if len(records) <= batch_size and _surely_fits(records, limit):
        if records:
            yield list(records)
        return
    batch: list[Record] = []
    room = limit
    for record in records:
        size = len(orjson.dumps(record)) + 1
        if batch and (len(batch) == batch_size or size > room):
            yield batch
            batch, room = [], limit
        batch.append(record)
        room -= size
    if batch:
        yield batch


def _surely_fits(records: Sequence[Record], limit: int) -> bool:
    """A quick look that is right for small messages, so that they are not turned into JSON only to be measured."""
    size = 0
    for record in records:
        if record["messageAttributes"]:
            return False
        size += JSON_BYTES_A_CHAR * len(record["body"]) + RECORD_BYTES
    return size < limit
