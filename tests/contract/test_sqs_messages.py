"""What a sender and a receiver of SQS rely on, on every target."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
CLAMPS = "clamps numbers instead of refusing them"


@pytest.fixture
async def queue(sqs: Any, unique: Callable[[str], str]) -> str:
    """The URL of a fresh queue."""
    url: str = (await sqs.create_queue(QueueName=unique("messages")))["QueueUrl"]
    return url


async def fails(call: Any) -> dict[str, Any]:
    """The `Error` of a call that must fail, with the HTTP status in it."""
    with pytest.raises(ClientError) as caught:
        await call
    response = caught.value.response
    return {**response["Error"], "Status": response["ResponseMetadata"]["HTTPStatusCode"]}


async def test_a_sent_message_is_received_with_its_body_and_sums(sqs: Any, queue: str) -> None:
    """SendMessage, ReceiveMessage"""
    sent = await sqs.send_message(QueueUrl=queue, MessageBody="héllo\n<&>")
    assert sent["MD5OfMessageBody"] == hashlib.md5("héllo\n<&>".encode()).hexdigest()
    (message,) = (await sqs.receive_message(QueueUrl=queue))["Messages"]
    assert message["Body"] == "héllo\n<&>"
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert "Attributes" not in message
    assert "MessageAttributes" not in message


async def test_an_empty_queue_answers_no_messages_member(sqs: Any, queue: str) -> None:
    """ReceiveMessage"""
    assert not (await sqs.receive_message(QueueUrl=queue)).get("Messages")


async def test_a_received_message_is_hidden_until_it_is_made_visible(sqs: Any, queue: str) -> None:
    """ChangeMessageVisibility"""
    await sqs.send_message(QueueUrl=queue, MessageBody="once")
    (first,) = (await sqs.receive_message(QueueUrl=queue))["Messages"]
    assert not (await sqs.receive_message(QueueUrl=queue)).get("Messages")
    await sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    (second,) = (await sqs.receive_message(QueueUrl=queue, AttributeNames=["All"]))["Messages"]
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"


@pytest.mark.deviates(
    ministack="a deleted message makes its handle invalid", elasticmq="a deleted message makes its handle invalid"
)
async def test_a_deleted_message_is_gone_and_deleting_again_succeeds(sqs: Any, queue: str) -> None:
    """DeleteMessage"""
    await sqs.send_message(QueueUrl=queue, MessageBody="bye")
    (message,) = (await sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0))["Messages"]
    for _ in range(2):
        await sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert not (await sqs.receive_message(QueueUrl=queue)).get("Messages")


@pytest.mark.deviates(
    moto="deletes by any of a message's handles",
    ministack="deletes by any of a message's handles",
    elasticmq="a later receive makes a handle invalid",
)
async def test_deleting_with_a_stale_handle_succeeds_and_deletes_nothing(sqs: Any, queue: str) -> None:
    """DeleteMessage: only the handle of the latest receive deletes"""
    await sqs.send_message(QueueUrl=queue, MessageBody="again")
    (stale,) = (await sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0))["Messages"]
    (latest,) = (await sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0))["Messages"]
    await sqs.delete_message(QueueUrl=queue, ReceiptHandle=stale["ReceiptHandle"])
    (still,) = (await sqs.receive_message(QueueUrl=queue))["Messages"]
    assert still["MessageId"] == latest["MessageId"]


async def test_a_malformed_receipt_handle_is_invalid(sqs: Any, queue: str) -> None:
    """DeleteMessage, ChangeMessageVisibility"""
    for call in (
        sqs.delete_message(QueueUrl=queue, ReceiptHandle="garbage"),
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle="garbage", VisibilityTimeout=1),
    ):
        assert (await fails(call))["Code"] == "ReceiptHandleIsInvalid"


@pytest.mark.deviates(
    moto="says ReceiptHandleIsInvalid", ministack="says ReceiptHandleIsInvalid", elasticmq="says ReceiptHandleIsInvalid"
)
async def test_changing_the_visibility_of_a_deleted_message_is_refused(sqs: Any, queue: str) -> None:
    """ChangeMessageVisibility"""
    await sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = (await sqs.receive_message(QueueUrl=queue))["Messages"]
    handle = message["ReceiptHandle"]
    await sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    error = await fails(sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=5))
    assert error["Code"] == "InvalidParameterValue"
    assert "not available for visibility timeout change" in error["Message"]


async def test_system_attributes_come_when_asked_for(sqs: Any, queue: str) -> None:
    """ReceiveMessage"""
    await sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = (await sqs.receive_message(QueueUrl=queue, AttributeNames=["All"]))["Messages"]
    attributes = message["Attributes"]
    assert {"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"} <= set(
        attributes
    )
    assert attributes["ApproximateReceiveCount"] == "1"
    assert int(attributes["ApproximateFirstReceiveTimestamp"]) >= int(attributes["SentTimestamp"]) > 1_600_000_000_000


@pytest.mark.parametrize("parameter", ["AttributeNames", "MessageSystemAttributeNames"])
async def test_only_the_named_system_attributes_come(sqs: Any, queue: str, parameter: str) -> None:
    """ReceiveMessage"""
    await sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = (await sqs.receive_message(QueueUrl=queue, **{parameter: ["SentTimestamp"]}))["Messages"]
    assert set(message["Attributes"]) == {"SentTimestamp"}


ATTRIBUTES: dict[str, dict[str, Any]] = {
    "colour": {"DataType": "String", "StringValue": "grün"},
    "job.count": {"DataType": "Number", "StringValue": "42"},
    "job.blob": {"DataType": "Binary.gzip", "BinaryValue": b"\x00\xff\x10"},
}


async def test_message_attributes_travel_with_their_sum(sqs: Any, queue: str) -> None:
    """SendMessage, ReceiveMessage"""
    sent = await sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=ATTRIBUTES)
    (message,) = (await sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"]))["Messages"]
    assert message["MessageAttributes"] == ATTRIBUTES
    # The digest of AWS's documented form, computed beforehand.
    assert sent["MD5OfMessageAttributes"] == message["MD5OfMessageAttributes"] == digest(ATTRIBUTES)


def digest(attributes: dict[str, dict[str, Any]]) -> str:
    """AWS's sum of message attributes, written out a second time."""
    parts = []
    for name, attribute in sorted(attributes.items()):
        value = attribute.get("BinaryValue") or attribute["StringValue"].encode()
        kind = b"\x02" if "BinaryValue" in attribute else b"\x01"
        for piece in (name.encode(), attribute["DataType"].encode()):
            parts += [len(piece).to_bytes(4, "big"), piece]
        parts += [kind, len(value).to_bytes(4, "big"), value]
    return hashlib.md5(b"".join(parts)).hexdigest()


@pytest.mark.deviates_in_part(elasticmq="knows whole names only")
@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (["colour"], {"colour"}),
        (["job.*"], {"job.count", "job.blob"}),
        ([".*"], {"colour", "job.count", "job.blob"}),
        (["colour", "absent"], {"colour"}),
        (["absent"], set()),
    ],
)
async def test_message_attributes_are_filtered_by_name_and_prefix(
    sqs: Any, queue: str, asked: list[str], answered: set[str]
) -> None:
    """ReceiveMessage"""
    await sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=ATTRIBUTES)
    (message,) = (await sqs.receive_message(QueueUrl=queue, MessageAttributeNames=asked))["Messages"]
    assert set(message.get("MessageAttributes", {})) == answered


@pytest.mark.deviates(
    moto="answers no sum of system attributes",
    ministack="answers no sum of system attributes",
    elasticmq="answers no sum of system attributes",
)
async def test_a_trace_header_travels_as_a_system_attribute(sqs: Any, queue: str) -> None:
    """SendMessage"""
    trace: dict[str, dict[str, Any]] = {
        "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}
    }
    sent = await sqs.send_message(QueueUrl=queue, MessageBody="x", MessageSystemAttributes=trace)
    assert sent["MD5OfMessageSystemAttributes"] == digest(trace)
    (message,) = (await sqs.receive_message(QueueUrl=queue, AttributeNames=["AWSTraceHeader"]))["Messages"]
    assert message["Attributes"] == {"AWSTraceHeader": trace["AWSTraceHeader"]["StringValue"]}


@pytest.mark.deviates_in_part(
    moto="checks only some of these",
    ministack="checks only some of these",
    elasticmq="checks only some of these, with other codes",
)
@pytest.mark.parametrize(
    "attributes",
    [
        {"x": {"DataType": "Integer", "StringValue": "1"}},
        {"x": {"DataType": "String", "StringValue": ""}},
        {"x": {"DataType": "String"}},
        {"x": {"DataType": "Number", "StringValue": "many"}},
        {"AWS.x": {"DataType": "String", "StringValue": "1"}},
        {"a..b": {"DataType": "String", "StringValue": "1"}},
        {"x y": {"DataType": "String", "StringValue": "1"}},
        {str(number): {"DataType": "String", "StringValue": "1"} for number in range(11)},
    ],
    ids=["type", "empty", "no value", "number", "reserved", "periods", "space", "eleven"],
)
async def test_bad_message_attributes_are_refused(sqs: Any, queue: str, attributes: dict[str, Any]) -> None:
    """ "Amazon SQS message metadata"."""
    error = await fails(sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes))
    assert error["Code"] == "InvalidParameterValue"


@pytest.mark.deviates(elasticmq="has the error's new code only")
async def test_an_unknown_queue_is_named_so_by_every_action(sqs: Any, queue: str, unique: Callable[[str], str]) -> None:
    """SendMessage, ReceiveMessage"""
    url = f"{queue.rpartition('/')[0]}/{unique('nowhere')}"
    for call in (
        sqs.send_message(QueueUrl=url, MessageBody="x"),
        sqs.receive_message(QueueUrl=url),
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]),
        sqs.purge_queue(QueueUrl=url),
    ):
        error = await fails(call)
        assert (error["Code"], error["Status"]) == (NO_QUEUE, 400)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        await sqs.send_message(QueueUrl=url, MessageBody="x")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("MaxNumberOfMessages", 0),
        ("MaxNumberOfMessages", 11),
        pytest.param("WaitTimeSeconds", 21, marks=pytest.mark.deviates(ministack=CLAMPS)),
        pytest.param("WaitTimeSeconds", -1, marks=pytest.mark.deviates(ministack=CLAMPS)),
        pytest.param(
            "VisibilityTimeout",
            43_201,
            marks=pytest.mark.deviates(moto="does not name the parameter", ministack=CLAMPS),
        ),
    ],
)
@pytest.mark.deviates(elasticmq="says InvalidAttributeValue")
async def test_receive_refuses_numbers_out_of_range(sqs: Any, queue: str, parameter: str, value: int) -> None:
    """ReceiveMessage"""
    error = await fails(sqs.receive_message(QueueUrl=queue, **{parameter: value}))
    assert error["Code"] == "InvalidParameterValue"
    assert parameter in error["Message"]


@pytest.mark.parametrize("delay", [pytest.param(-1, marks=pytest.mark.deviates(moto="accepts -1")), 901])
@pytest.mark.deviates(ministack="accepts any delay")
async def test_send_refuses_delays_out_of_range(sqs: Any, queue: str, delay: int) -> None:
    """SendMessage"""
    error = await fails(sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=delay))
    assert error["Code"] == "InvalidParameterValue"
    assert "DelaySeconds" in error["Message"]


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # aiohttp, of a body this long
@pytest.mark.deviates(elasticmq="says InvalidAttributeValue")
async def test_a_message_of_one_mebibyte_is_the_largest(sqs: Any, queue: str) -> None:
    """SendMessage"""
    largest = "x" * 1_048_576
    await sqs.send_message(QueueUrl=queue, MessageBody=largest)
    (message,) = (await sqs.receive_message(QueueUrl=queue))["Messages"]
    assert message["Body"] == largest
    error = await fails(sqs.send_message(QueueUrl=queue, MessageBody=largest + "x"))
    assert error["Code"] == "InvalidParameterValue"


@pytest.mark.deviates(moto="accepts any character", elasticmq="says InvalidAttributeValue")
async def test_a_body_outside_xml_characters_is_refused(sqs: Any, queue: str) -> None:
    """SendMessage"""
    error = await fails(sqs.send_message(QueueUrl=queue, MessageBody="bell \x07"))
    assert error["Code"] == "InvalidMessageContents"
    await sqs.send_message(QueueUrl=queue, MessageBody="tab\t newline\n emoji \U0001f600")


@pytest.mark.deviates(moto="accepts an empty body", elasticmq="says InvalidAttributeValue")
async def test_an_empty_body_is_refused(sqs: Any, queue: str) -> None:
    """SendMessage"""
    error = await fails(sqs.send_message(QueueUrl=queue, MessageBody=""))
    assert error["Code"] in ("MissingParameter", "InvalidParameterValue")


async def test_a_delayed_message_does_not_come_yet(sqs: Any, queue: str) -> None:
    """ "Amazon SQS delay queues"."""
    await sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=900)
    assert not (await sqs.receive_message(QueueUrl=queue)).get("Messages")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
    counted = (await sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names))["Attributes"]
    assert counted == {names[0]: "0", names[1]: "1"}


async def test_messages_past_their_receive_count_go_to_the_dead_letter_queue(
    sqs: Any, queue: str, unique: Callable[[str], str]
) -> None:
    """ "Using dead-letter queues in Amazon SQS"."""
    dead = (await sqs.create_queue(QueueName=unique("dead")))["QueueUrl"]
    asked = await sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    policy = {"deadLetterTargetArn": asked["Attributes"]["QueueArn"], "maxReceiveCount": 2}
    await sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})
    sent = await sqs.send_message(QueueUrl=queue, MessageBody="poison", MessageAttributes=ATTRIBUTES)
    for _ in range(2):
        (message,) = (await sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0))["Messages"]
        assert message["MessageId"] == sent["MessageId"]
    assert not (await sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)).get("Messages")
    received = await sqs.receive_message(QueueUrl=dead, AttributeNames=["All"], MessageAttributeNames=["All"])
    (buried,) = received["Messages"]
    assert buried["MessageId"] == sent["MessageId"]
    assert buried["Body"] == "poison"
    assert buried["MessageAttributes"] == ATTRIBUTES


@pytest.mark.deviates(ministack="has no ListDeadLetterSourceQueues", elasticmq="does not find the source")
async def test_a_dead_letter_queue_knows_its_sources(sqs: Any, queue: str, unique: Callable[[str], str]) -> None:
    """ListDeadLetterSourceQueues"""
    dead = (await sqs.create_queue(QueueName=unique("dead")))["QueueUrl"]
    asked = await sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    policy = {"deadLetterTargetArn": asked["Attributes"]["QueueArn"], "maxReceiveCount": 2}
    assert (await sqs.list_dead_letter_source_queues(QueueUrl=dead))["queueUrls"] == []
    await sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})
    sources = await sqs.list_dead_letter_source_queues(QueueUrl=dead)
    assert [url.rpartition("/")[2] for url in sources["queueUrls"]] == [queue.rpartition("/")[2]]


async def test_a_long_poll_is_woken_by_a_send(sqs: Any, queue: str) -> None:
    """ "Amazon SQS short and long polling"."""
    poll = asyncio.ensure_future(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20))
    await asyncio.sleep(0)
    await sqs.send_message(QueueUrl=queue, MessageBody="wake")
    async with asyncio.timeout(10):
        (message,) = (await poll)["Messages"]
    assert message["Body"] == "wake"


async def test_binary_message_attributes_survive_base64(sqs: Any, queue: str) -> None:
    """SendMessage"""
    every_byte = bytes(range(256))
    attributes = {"b": {"DataType": "Binary", "BinaryValue": every_byte}}
    await sqs.send_message(
        QueueUrl=queue, MessageBody=base64.b64encode(every_byte).decode(), MessageAttributes=attributes
    )
    (message,) = (await sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["b"]))["Messages"]
    assert message["MessageAttributes"]["b"]["BinaryValue"] == every_byte
