"""The fine print of messages: what exactly is refused, in which words, and which of a message's handles still count.

Unless a case says otherwise its source is "Amazon SQS message metadata" in the developer guide and SendMessage in
the API reference; the sentences of errors are those that AWS was seen to answer.
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

CHARACTERS = (
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
    "#x10000 to #x10FFFF"
)


@pytest.fixture
async def queue(sqs: Any, unique: Callable[[str], str]) -> str:
    url: str = (await sqs.create_queue(QueueName=unique("rules")))["QueueUrl"]
    return url


async def fails(call: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        await call
    error: dict[str, Any] = caught.value.response["Error"]
    return error


@pytest.mark.deviates(elasticmq="has words of its own")
@pytest.mark.deviates_in_part(moto="has words of its own", ministack="has words of its own")
@pytest.mark.parametrize(
    ("attribute", "sentence"),
    [
        (
            {"DataType": "String", "StringValue": ""},
            "Message (user) attribute 'x' must contain a non-empty value of type 'String'.",
        ),
        (
            {"DataType": "Number", "StringValue": "Hello"},
            "Can't cast the value of message (user) attribute 'x' to a number.",
        ),
        (
            {"DataType": "Integer", "StringValue": "1"},
            "The type of message (user) attribute 'x' is invalid. You must use only the following supported type "
            "prefixes: Binary, Number, String.",
        ),
        (
            {"DataType": "String", "BinaryValue": b"1"},
            "Message (user) attribute 'x' with type 'String' must use field 'String'.",
        ),
        ({"DataType": "String", "StringValue": "\x08"}, CHARACTERS),
    ],
    ids=["empty", "number", "type", "field", "characters"],
)
async def test_a_bad_attribute_is_named_in_aws_words(
    sqs: Any, queue: str, attribute: dict[str, Any], sentence: str
) -> None:
    error = await fails(sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes={"x": attribute}))
    assert (error["Code"], error["Message"]) == ("InvalidParameterValue", sentence)


@pytest.mark.deviates(elasticmq="takes any name")
@pytest.mark.deviates_in_part(moto="checks only some of these", ministack="checks only some of these")
@pytest.mark.parametrize("name", ["aWs.x", "AMAZON.x", ".x", "x.", "x!", "x?", "(x", "L" * 257, ""])
async def test_a_bad_attribute_name_is_refused(sqs: Any, queue: str, name: str) -> None:
    attributes = {name: {"DataType": "String", "StringValue": "1"}}
    error = await fails(sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes))
    assert error["Code"] == "InvalidParameterValue"


@pytest.mark.parametrize("value", ["0", "-1.5", "+7", ".5", "1e10", "9" * 38])
async def test_numbers_come_in_many_forms(sqs: Any, queue: str, value: str) -> None:
    attributes = {"n": {"DataType": "Number.custom", "StringValue": value}}
    await sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)
    (message,) = (await sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["n"]))["Messages"]
    assert message["MessageAttributes"] == attributes


@pytest.mark.deviates_in_part(moto="reads patterns otherwise", elasticmq="knows whole names only")
@pytest.mark.parametrize(
    ("pattern", "answered"),
    [
        pytest.param("*", 3, marks=pytest.mark.deviates(ministack="knows no star alone")),
        ("Hel.*", 2),
        ("Hello", 1),
        ("hello", 0),
        ("AWS.", 0),
        ("..x", 0),
    ],
)
async def test_attributes_are_asked_for_by_name_prefix_or_all(
    sqs: Any, queue: str, pattern: str, answered: int
) -> None:
    """MessageAttributeNames of ReceiveMessage in the API reference; a star alone is taken too."""
    attributes = {name: {"DataType": "String", "StringValue": "1"} for name in ("Help.Me", "Hello", "General")}
    await sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)
    (message,) = (await sqs.receive_message(QueueUrl=queue, MessageAttributeNames=[pattern]))["Messages"]
    assert len(message.get("MessageAttributes", {})) == answered


@pytest.mark.deviates(
    moto="does not look at characters in a batch",
    ministack="does not look at characters in a batch",
    elasticmq="says InvalidAttributeValue",
)
async def test_one_bad_character_fails_one_message_of_a_batch(sqs: Any, queue: str) -> None:
    entries = [{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "\x01"}]
    reply = await sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert [entry["Id"] for entry in reply["Successful"]] == ["good"]
    (failed,) = reply["Failed"]
    assert failed == {"Id": "bad", "SenderFault": True, "Code": "InvalidMessageContents", "Message": CHARACTERS}


@pytest.mark.deviates(
    moto="counts the body alone", ministack="counts the body alone", elasticmq="knows no MaximumMessageSize"
)
async def test_attributes_count_towards_the_queues_maximum_message_size(sqs: Any, unique: Callable[[str], str]) -> None:
    """ "Amazon SQS message quotas"."""
    made = await sqs.create_queue(QueueName=unique("small"), Attributes={"MaximumMessageSize": "1024"})
    attributes = {"k": {"DataType": "String", "StringValue": "x"}}
    weight = len("k") + len("String") + len("x")
    message = {"QueueUrl": made["QueueUrl"], "MessageAttributes": attributes}
    await sqs.send_message(**message, MessageBody="a" * (1024 - weight))
    error = await fails(sqs.send_message(**message, MessageBody="a" * (1025 - weight)))
    assert error["Message"] == "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."


@pytest.mark.deviates(ministack="knows the latest handle only", elasticmq="knows the latest handle only")
async def test_visibility_is_changed_by_an_earlier_handle_too(sqs: Any, queue: str) -> None:
    """Seen on AWS: only deleting asks for the latest handle."""
    await sqs.send_message(QueueUrl=queue, MessageBody="x")
    (first,) = (await sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0))["Messages"]
    await sqs.receive_message(QueueUrl=queue, VisibilityTimeout=600)
    await sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    assert (await sqs.receive_message(QueueUrl=queue))["Messages"]


async def test_visibility_can_be_changed_after_the_timeout_has_ended(sqs: Any, queue: str) -> None:
    """Seen on AWS: the message is hidden again."""
    await sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = (await sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0))["Messages"]
    await sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=600)
    assert not (await sqs.receive_message(QueueUrl=queue)).get("Messages")
