"""The event and the answer, as AWS shapes and reads them."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.lambda_.event import batches_of, record_of
from infra.local.lambda_.response import MalformedResponse, failed_ids
from tests.mapping.conftest import QUEUE_ARN, World, in_world

MESSAGE = {
    "MessageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
    "ReceiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
    "MD5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
    "Body": "Test message.",
    "Attributes": {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1545082649183",
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": "1545082649185",
    },
}


def test_a_record_is_shaped_as_in_the_developer_guide() -> None:
    assert record_of(MESSAGE, "arn:aws:sqs:us-east-2:123456789012:my-queue", "us-east-2") == {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": "Test message.",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
        "awsRegion": "us-east-2",
    }


def test_message_attributes() -> None:
    message = MESSAGE | {
        "MD5OfMessageAttributes": "28f42e4e0e5a4b4e6d3c6b9c8e0f9b1a",
        "MessageAttributes": {
            "kind": {"StringValue": "mesh", "DataType": "String"},
            "hash": {"BinaryValue": b"\x00\xff", "DataType": "Binary"},
        },
    }
    record = record_of(message, QUEUE_ARN, "us-east-1")
    assert record["md5OfMessageAttributes"] == "28f42e4e0e5a4b4e6d3c6b9c8e0f9b1a"
    assert record["messageAttributes"] == {
        "kind": {"stringValue": "mesh", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "hash": {"binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }


def test_a_record_of_the_embedded_queue_has_all_members() -> None:
    async def test(world: World) -> None:
        await world.send("hello", MessageAttributes={"n": {"StringValue": "1", "DataType": "Number"}})
        receive = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        (message,) = (await world.real.receive_message(QueueUrl=world.url, **receive))["Messages"]
        record = record_of(message, QUEUE_ARN, "us-east-1")
        assert set(record["attributes"]) >= set(MESSAGE["Attributes"])
        assert all(isinstance(value, str) for value in record["attributes"].values())
        assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
        assert len(record["md5OfMessageAttributes"]) == 32
        assert record["messageAttributes"]["n"]["stringValue"] == "1"

    in_world(test)


def records(*bodies: str) -> list[dict[str, Any]]:
    return [record_of(MESSAGE | {"Body": body}, QUEUE_ARN, "us-east-1") for body in bodies]


def sizes(*args: Any) -> list[int]:
    return [len(batch) for batch in batches_of(*args)]


def test_batches_keep_to_count_and_bytes() -> None:
    assert sizes([], 10) == []
    assert sizes(records(*"abc"), 10) == [3]
    assert sizes(records(*"abcdefg"), 3) == [3, 3, 1]
    assert sizes(records("a" * 4_000, "b" * 4_000, "c" * 4_000), 10, 10_000) == [2, 1]
    # A control character takes six bytes, and a record that is too large by itself goes alone.
    assert sizes(records("a", "\x01" * 1_590, "a", "b" * 20_000, "c"), 10, 10_000) == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "response",
    [None, {}, "", [], {"batchItemFailures": None}, {"batchItemFailures": []}, {"statusCode": 200}],
)
def test_answers_that_mean_success(response: Any) -> None:
    assert failed_ids(response, {"a", "b"}) == set()


def test_answers_that_name_failures() -> None:
    response = {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "a", "note": "twice"}]}
    assert failed_ids(response, {"a", "b"}) == {"a"}


@pytest.mark.parametrize(
    "response",
    [
        "ok",
        True,
        0,
        ["a"],
        {"batchItemFailures": {}},
        {"batchItemFailures": "a"},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": [{}]},
        {"batchItemFailures": [{"ItemIdentifier": "a"}]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"itemIdentifier": 1}]},
        {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "unknown"}]},
    ],
)
def test_answers_that_fail_the_whole_batch(response: Any) -> None:
    with pytest.raises(MalformedResponse):
        failed_ids(response, {"a", "b"})
