"""Batch requests of SQS, on every target: what fails alone, and what fails as a whole."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

PREFIX = "AWS.SimpleQueueService."


@pytest.fixture
async def queue(sqs: Any, unique: Callable[[str], str]) -> str:
    """The URL of a fresh queue."""
    url: str = (await sqs.create_queue(QueueName=unique("batches")))["QueueUrl"]
    return url


def entries(count: int, **members: Any) -> list[dict[str, Any]]:
    return [{"Id": f"id-{number}", "MessageBody": f"body {number}", **members} for number in range(count)]


async def code_of(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        await call
    code: str = caught.value.response["Error"]["Code"]
    return code


async def test_ten_messages_travel_as_batches(sqs: Any, queue: str) -> None:
    """SendMessageBatch, DeleteMessageBatch"""
    sent = await sqs.send_message_batch(QueueUrl=queue, Entries=entries(10))
    assert [entry["Id"] for entry in sent["Successful"]] == [f"id-{number}" for number in range(10)]
    assert not sent.get("Failed")
    received = (await sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10))["Messages"]
    assert sorted(message["Body"] for message in received) == sorted(f"body {number}" for number in range(10))
    handles = [{"Id": str(number), "ReceiptHandle": m["ReceiptHandle"]} for number, m in enumerate(received)]
    shown = [{**handle, "VisibilityTimeout": 0} for handle in handles]
    changed = await sqs.change_message_visibility_batch(QueueUrl=queue, Entries=shown)
    assert len(changed["Successful"]) == 10
    again = (await sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10))["Messages"]
    handles = [{"Id": str(number), "ReceiptHandle": m["ReceiptHandle"]} for number, m in enumerate(again)]
    deleted = await sqs.delete_message_batch(QueueUrl=queue, Entries=handles)
    assert [entry["Id"] for entry in deleted["Successful"]] == [str(number) for number in range(10)]
    counted = await sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
    assert counted["Attributes"]["ApproximateNumberOfMessages"] == "0"
    assert counted["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0"


@pytest.mark.deviates(elasticmq="has the error's new code only")
async def test_eleven_entries_are_too_many(sqs: Any, queue: str) -> None:
    """SendMessageBatch"""
    call = sqs.send_message_batch(QueueUrl=queue, Entries=entries(11))
    assert await code_of(call) == PREFIX + "TooManyEntriesInBatchRequest"


@pytest.mark.deviates(elasticmq="accepts an empty batch")
async def test_no_entry_is_an_empty_batch(sqs: Any, queue: str) -> None:
    """SendMessageBatch"""
    assert await code_of(sqs.send_message_batch(QueueUrl=queue, Entries=[])) == PREFIX + "EmptyBatchRequest"


@pytest.mark.deviates(elasticmq="has the error's new code only")
async def test_ids_must_be_distinct(sqs: Any, queue: str) -> None:
    """SendMessageBatch"""
    call = sqs.send_message_batch(QueueUrl=queue, Entries=entries(1) * 2)
    assert await code_of(call) == PREFIX + "BatchEntryIdsNotDistinct"


@pytest.mark.parametrize(
    "entry_id", ["a b", pytest.param("ä", marks=pytest.mark.deviates(moto="takes any letter")), "x" * 81, ""]
)
@pytest.mark.deviates(elasticmq="accepts any id")
async def test_ids_hold_to_their_characters_and_length(sqs: Any, queue: str, entry_id: str) -> None:
    """SendMessageBatch"""
    call = sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": entry_id, "MessageBody": "x"}])
    assert await code_of(call) == PREFIX + "InvalidBatchEntryId"


@pytest.mark.deviates(elasticmq="says InvalidAttributeValue")
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # aiohttp, of a body this long
async def test_a_batch_larger_than_one_mebibyte_fails_as_a_whole(sqs: Any, queue: str) -> None:
    """SendMessageBatch"""
    call = sqs.send_message_batch(QueueUrl=queue, Entries=entries(2, MessageBody="x" * 600_000))
    assert await code_of(call) == PREFIX + "BatchRequestTooLong"
    assert not (await sqs.receive_message(QueueUrl=queue)).get("Messages")


@pytest.mark.deviates(ministack="accepts any delay")
async def test_one_bad_entry_fails_alone(sqs: Any, queue: str) -> None:
    """SendMessageBatch"""
    batch = entries(3)
    batch[1]["DelaySeconds"] = 901
    sent = await sqs.send_message_batch(QueueUrl=queue, Entries=batch)
    assert [entry["Id"] for entry in sent["Successful"]] == ["id-0", "id-2"]
    (failed,) = sent["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("id-1", "InvalidParameterValue", True)


@pytest.mark.deviates(
    moto="accepts an empty body", ministack="says MissingParameter", elasticmq="says InvalidAttributeValue"
)
async def test_an_empty_body_fails_alone_as_an_empty_value(sqs: Any, queue: str) -> None:
    """SendMessageBatch"""
    batch = entries(2)
    batch[1]["MessageBody"] = ""
    sent = await sqs.send_message_batch(QueueUrl=queue, Entries=batch)
    assert [entry["Id"] for entry in sent["Successful"]] == ["id-0"]
    (failed,) = sent["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("id-1", "EmptyValue", True)


async def test_one_bad_handle_fails_alone(sqs: Any, queue: str) -> None:
    """DeleteMessageBatch"""
    await sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = (await sqs.receive_message(QueueUrl=queue))["Messages"]
    batch = [{"Id": "good", "ReceiptHandle": message["ReceiptHandle"]}, {"Id": "bad", "ReceiptHandle": "garbage"}]
    deleted = await sqs.delete_message_batch(QueueUrl=queue, Entries=batch)
    assert [entry["Id"] for entry in deleted["Successful"]] == ["good"]
    assert [(entry["Id"], entry["Code"]) for entry in deleted["Failed"]] == [("bad", "ReceiptHandleIsInvalid")]
