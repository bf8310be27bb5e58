"""What a sender and a receiver rely on in FIFO queues, and what a group means to a standard queue, on every target.

Unless a case says otherwise its source is "FIFO queue delivery logic in Amazon SQS" and "Amazon SQS FIFO queue and
message identifiers" in the developer guide; the sentences of errors are those that AWS was seen to answer.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

NO_DEDUPLICATION_ID = (
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
)
NO_GROUP = "The request must contain the parameter MessageGroupId."


@pytest.fixture
def make(sqs: Any, unique: Callable[[str], str]) -> Callable[..., Any]:
    """Makes a FIFO queue that tells repetitions by content, with these attributes; answers its URL."""

    async def make(**attributes: str) -> str:
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} | attributes
        url: str = (await sqs.create_queue(QueueName=unique("line") + ".fifo", Attributes=attributes))["QueueUrl"]
        return url

    return make


@pytest.fixture
async def queue(make: Callable[..., Any]) -> str:
    url: str = await make()
    return url


async def send(sqs: Any, url: str, *bodies: str, **params: Any) -> list[dict[str, Any]]:
    """Each body begins with its group."""
    return [
        await sqs.send_message(QueueUrl=url, MessageBody=body, **{"MessageGroupId": body[0]} | params)
        for body in bodies
    ]


async def receive(sqs: Any, url: str, count: int = 10, **params: Any) -> list[dict[str, Any]]:
    reply = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, **params)
    messages: list[dict[str, Any]] = reply.get("Messages", [])
    return messages


def bodies(messages: list[dict[str, Any]]) -> list[str]:
    return [message["Body"] for message in messages]


async def fails(call: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        await call
    error: dict[str, Any] = caught.value.response["Error"]
    return error


@pytest.mark.deviates(moto="delivers in the order of sending", ministack="delivers in the order of sending")
async def test_a_receive_answers_group_after_group_each_in_order(sqs: Any, queue: str) -> None:
    await send(sqs, queue, "a1", "b1", "a2", "a3")
    assert bodies(await receive(sqs, queue)) == ["a1", "a2", "a3", "b1"]


async def test_a_group_in_flight_gives_nothing_more_and_others_go_on(sqs: Any, queue: str) -> None:
    await send(sqs, queue, "a1", "a2", "a3", "b1")
    assert bodies(await receive(sqs, queue, 2)) == ["a1", "a2"]
    assert bodies(await receive(sqs, queue)) == ["b1"]


async def test_a_deleted_batch_frees_its_group(sqs: Any, queue: str) -> None:
    await send(sqs, queue, "a1", "a2")
    for expected in ("a1", "a2"):
        (message,) = await receive(sqs, queue, 1)
        assert message["Body"] == expected
        await sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


async def test_a_group_with_one_message_of_a_batch_left_in_flight_stays_blocked(sqs: Any, queue: str) -> None:
    await send(sqs, queue, "a1", "a2", "a3")
    first, _ = await receive(sqs, queue, 2)
    await sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    assert await receive(sqs, queue) == []


@pytest.mark.deviates(moto="keeps the group blocked", ministack="keeps the group blocked")
async def test_a_message_made_visible_comes_again_before_those_behind_it(sqs: Any, queue: str) -> None:
    await send(sqs, queue, "a1", "a2", "b1")
    first, _ = await receive(sqs, queue, 2)
    await sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    assert sorted(bodies(await receive(sqs, queue))) == ["a1", "b1"]


@pytest.mark.deviates(
    moto="delivers in the order of sending",
    ministack="delivers in the order of sending",
    elasticmq="delivers in the order of sending",
)
async def test_received_for_no_time_groups_take_turns(sqs: Any, queue: str) -> None:
    await send(sqs, queue, "a1", "b1", "b2", "c1", "a2")
    assert bodies(await receive(sqs, queue, 3, VisibilityTimeout=0)) == ["a1", "a2", "b1"]
    assert bodies(await receive(sqs, queue, VisibilityTimeout=0)) == ["c1", "a1", "a2", "b1", "b2"]


@pytest.mark.deviates(moto="makes random sequence numbers, and only where an id is given")
async def test_sequence_numbers_are_answered_and_rise(sqs: Any, queue: str) -> None:
    sent = await send(sqs, queue, "a1", "b1", "a2")
    numbers = [int(reply["SequenceNumber"]) for reply in sent]
    assert numbers == sorted(set(numbers))
    received = await receive(sqs, queue, AttributeNames=["SequenceNumber"])
    assert sorted(int(message["Attributes"]["SequenceNumber"]) for message in received) == numbers


async def test_a_receiver_sees_group_deduplication_id_and_sequence_number(sqs: Any, queue: str) -> None:
    (sent,) = await send(sqs, queue, "a1", MessageDeduplicationId="d-1")
    (message,) = await receive(sqs, queue, AttributeNames=["All"])
    attributes = message["Attributes"]
    assert attributes["MessageGroupId"] == "a"
    assert attributes["MessageDeduplicationId"] == "d-1"
    assert attributes["SequenceNumber"] == sent["SequenceNumber"]


async def test_without_an_id_the_sha_256_of_the_body_is_it(sqs: Any, queue: str) -> None:
    await send(sqs, queue, "a1")
    (message,) = await receive(sqs, queue, AttributeNames=["MessageDeduplicationId"])
    assert message["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"a1").hexdigest()


@pytest.mark.deviates(moto="answers a new message id")
@pytest.mark.parametrize("own_id", [True, False])
async def test_a_repetition_is_answered_as_the_first_send_even_after_its_delete(
    sqs: Any, queue: str, own_id: bool
) -> None:
    """ "Exactly-once processing in Amazon SQS"."""
    params = {"MessageDeduplicationId": "once"} if own_id else {}
    (first,) = await send(sqs, queue, "a1", **params)
    (message,) = await receive(sqs, queue)
    await sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    (again,) = await send(sqs, queue, "a1", **params)
    assert again["MessageId"] == first["MessageId"]
    assert await receive(sqs, queue) == []


@pytest.mark.deviates_in_part(elasticmq="knows no DeduplicationScope")
@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("queue", ["a"]),
        pytest.param("messageGroup", ["a", "b"], marks=pytest.mark.deviates(moto="knows no scope")),
    ],
)
async def test_the_scope_of_deduplication_is_the_queue_or_the_group(
    sqs: Any, make: Callable[..., Any], scope: str, expected: list[str]
) -> None:
    """ "High throughput for FIFO queues in Amazon SQS"."""
    limit = "perQueue" if scope == "queue" else "perMessageGroupId"
    url = await make(DeduplicationScope=scope, FifoThroughputLimit=limit)
    for group in ("a", "b"):
        await sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId=group)
    received = await receive(sqs, url, AttributeNames=["MessageGroupId"])
    assert [message["Attributes"]["MessageGroupId"] for message in received] == expected


@pytest.mark.deviates(ministack="remembers across a purge")
async def test_a_purge_clears_the_memory_of_sends(sqs: Any, queue: str) -> None:
    await send(sqs, queue, "a1", MessageDeduplicationId="1")
    await sqs.purge_queue(QueueUrl=queue)
    await send(sqs, queue, "a2", MessageDeduplicationId="1")
    assert bodies(await receive(sqs, queue)) == ["a2"]


async def test_a_send_without_a_group_misses_a_parameter(sqs: Any, make: Callable[..., Any]) -> None:
    url = await make(ContentBasedDeduplication="false")
    error = await fails(sqs.send_message(QueueUrl=url, MessageBody="x", MessageDeduplicationId="1"))
    assert (error["Code"], error["Message"]) == ("MissingParameter", NO_GROUP)


@pytest.mark.deviates(ministack="words it differently")
async def test_a_send_with_nothing_to_tell_repetitions_by_is_refused(sqs: Any, make: Callable[..., Any]) -> None:
    url = await make(ContentBasedDeduplication="false")
    error = await fails(sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="a"))
    assert (error["Code"], error["Message"]) == ("InvalidParameterValue", NO_DEDUPLICATION_ID)


@pytest.mark.parametrize(
    ("second", "message"),
    [({"MessageDeduplicationId": "2"}, NO_GROUP), ({"MessageGroupId": "a"}, NO_DEDUPLICATION_ID)],
    ids=["group", "deduplication id"],
)
@pytest.mark.deviates(ministack="refuses the entry alone", elasticmq="refuses the entry alone")
async def test_one_message_without_group_or_id_fails_its_whole_batch(
    sqs: Any, make: Callable[..., Any], second: dict[str, str], message: str, target: str
) -> None:
    if target == "moto" and message == NO_GROUP:
        pytest.xfail("moto answers MissingParameter")
    url = await make(ContentBasedDeduplication="false")
    entries = [
        {"Id": "1", "MessageBody": "x", "MessageGroupId": "a", "MessageDeduplicationId": "1"},
        {"Id": "2", "MessageBody": "y", **second},
    ]
    error = await fails(sqs.send_message_batch(QueueUrl=url, Entries=entries))
    assert (error["Code"], error["Message"]) == ("InvalidParameterValue", message)
    assert await receive(sqs, url) == []


@pytest.mark.deviates(elasticmq="words it differently")
async def test_a_message_cannot_have_a_delay_of_its_own_but_for_zero(sqs: Any, queue: str) -> None:
    """DelaySeconds of SendMessage in the API reference."""
    error = await fails(sqs.send_message(QueueUrl=queue, MessageBody="x", MessageGroupId="a", DelaySeconds=2))
    assert (error["Code"], error["Message"]) == (
        "InvalidParameterValue",
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for "
        "this queue type.",
    )
    await send(sqs, queue, "a1", DelaySeconds=0)
    assert bodies(await receive(sqs, queue)) == ["a1"]


@pytest.mark.parametrize("parameter", ["MessageGroupId", "MessageDeduplicationId"])
@pytest.mark.parametrize("value", ["with space", "ünicode", "x" * 129], ids=["space", "letter", "length"])
@pytest.mark.deviates(moto="accepts any id", ministack="accepts any id")
async def test_ids_are_up_to_128_visible_ascii_characters(sqs: Any, queue: str, parameter: str, value: str) -> None:
    error = await fails(
        sqs.send_message(
            **{"QueueUrl": queue, "MessageBody": "x", "MessageGroupId": "a", "MessageDeduplicationId": "1"}
            | {parameter: value}
        )
    )
    assert error["Code"] == "InvalidParameterValue"
    assert (
        f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length" in error["Message"]
    )


@pytest.mark.deviates(
    moto="deletes by an expired handle",
    ministack="deletes by an expired handle",
    elasticmq="deletes by an expired handle",
)
async def test_a_handle_cannot_delete_once_its_timeout_has_ended(sqs: Any, queue: str) -> None:
    await send(sqs, queue, "a1")
    (message,) = await receive(sqs, queue)
    change = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]}
    await sqs.change_message_visibility(**change, VisibilityTimeout=0)
    error = await fails(sqs.delete_message(**change))
    assert error["Code"] == "InvalidParameterValue"
    assert error["Message"].endswith("Reason: The receipt handle has expired.")


@pytest.mark.deviates(
    moto="ignores the attempt id",
    ministack="ignores the attempt id",
    elasticmq="answers the messages with other handles",
)
async def test_an_attempt_made_again_is_answered_the_same(sqs: Any, queue: str) -> None:
    """ReceiveRequestAttemptId of ReceiveMessage in the API reference."""
    await send(sqs, queue, "a1", "a2", "b1")
    first = await receive(sqs, queue, 2, ReceiveRequestAttemptId="attempt-1")
    again = await receive(sqs, queue, 2, ReceiveRequestAttemptId="attempt-1")
    assert [message["ReceiptHandle"] for message in again] == [message["ReceiptHandle"] for message in first]
    assert bodies(await receive(sqs, queue, 2, ReceiveRequestAttemptId="attempt-2")) == ["b1"]


async def test_a_message_received_too_often_goes_to_a_fifo_dead_letter_queue(
    sqs: Any, make: Callable[..., Any]
) -> None:
    """ "Using dead-letter queues in Amazon SQS"."""
    dead = await make()
    arn = (await sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"]))["Attributes"]["QueueArn"]
    url = await make(RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1}))
    (sent,) = await send(sqs, url, "a1")
    assert bodies(await receive(sqs, url, VisibilityTimeout=0)) == ["a1"]
    assert await receive(sqs, url) == []
    (buried,) = await receive(sqs, dead, AttributeNames=["All"])
    assert buried["MessageId"] == sent["MessageId"]
    assert buried["Attributes"]["MessageGroupId"] == "a"


async def test_a_group_on_a_standard_queue_names_a_tenant_and_is_answered(
    sqs: Any, unique: Callable[[str], str]
) -> None:
    """ "Amazon SQS fair queues"."""
    url = (await sqs.create_queue(QueueName=unique("fair")))["QueueUrl"]
    await sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="tenant-1")
    (message,) = await receive(sqs, url, MessageSystemAttributeNames=["MessageGroupId"])
    assert message["Attributes"] == {"MessageGroupId": "tenant-1"}


@pytest.mark.deviates(moto="ignores it", ministack="ignores it")
async def test_a_standard_queue_refuses_what_is_for_fifo_queues(sqs: Any, unique: Callable[[str], str]) -> None:
    url = (await sqs.create_queue(QueueName=unique("standard")))["QueueUrl"]
    error = await fails(sqs.send_message(QueueUrl=url, MessageBody="x", MessageDeduplicationId="1"))
    assert error["Code"] == "InvalidParameterValue"
    assert "MessageDeduplicationId" in error["Message"]


@pytest.mark.deviates(elasticmq="refuses it")
async def test_an_attempt_id_says_nothing_to_a_standard_queue(sqs: Any, unique: Callable[[str], str]) -> None:
    """ReceiveMessage; AWS does not complain: https://github.com/awspring/spring-cloud-aws/issues/529"""
    url = (await sqs.create_queue(QueueName=unique("standard")))["QueueUrl"]
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    assert bodies(await receive(sqs, url, ReceiveRequestAttemptId="attempt-1")) == ["x"]
    assert await receive(sqs, url, ReceiveRequestAttemptId="attempt-1") == []
