"""Dead-letter queue redrive by message move tasks; neither moto nor MiniStack has them yet.

AWS pages: "StartMessageMoveTask", "CancelMessageMoveTask" and "ListMessageMoveTasks" in the SQS API reference.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.deviates(moto="has no StartMessageMoveTask", ministack="has no StartMessageMoveTask")

Unique = Callable[[str], str]

FORM = "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"


async def error_of(call: Any) -> tuple[int, str, str]:
    """Status, code and message of what the call raises."""
    with pytest.raises(ClientError) as caught:
        await call
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


async def make(sqs: Any, name: str, **attributes: str) -> tuple[str, str]:
    """A queue's URL and ARN."""
    url = (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
    reply = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, reply["Attributes"]["QueueArn"]


async def pipe(sqs: Any, unique: Unique) -> tuple[str, str, str]:
    """The URLs of a queue and of its dead-letter queue, and the latter's ARN."""
    dead, arn = await make(sqs, unique("dead"))
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    source, _ = await make(sqs, unique("source"), RedrivePolicy=policy)
    return source, dead, arn


def handle_for(arn: str) -> str:
    """A handle in AWS's form, of a task that never was."""
    return b64encode(json.dumps({"taskId": "10f57157-fc38-4da9-a113-4de7e12d05aa", "sourceArn": arn}).encode()).decode()


@pytest.mark.deviates(elasticmq="has task handles of its own form")
async def test_StartMessageMoveTask_moves_to_a_destination(sqs: Any, unique: Unique) -> None:
    _, dead, arn = await pipe(sqs, unique)
    target, target_arn = await make(sqs, unique("target"))
    sent = await sqs.send_message(QueueUrl=dead, MessageBody="x")
    handle = (await sqs.start_message_move_task(SourceArn=arn, DestinationArn=target_arn))["TaskHandle"]
    content = json.loads(b64decode(handle))
    assert content["sourceArn"] == arn
    assert set(content) == {"taskId", "sourceArn"}
    (moved,) = (await sqs.receive_message(QueueUrl=target, WaitTimeSeconds=10))["Messages"]
    assert moved["Body"] == "x"
    assert moved["MessageId"] != sent["MessageId"]
    (task,) = (await sqs.list_message_move_tasks(SourceArn=arn))["Results"]
    assert task.pop("StartedTimestamp") > 1_600_000_000_000
    assert task == {
        "Status": "COMPLETED",
        "SourceArn": arn,
        "DestinationArn": target_arn,
        "ApproximateNumberOfMessagesMoved": 1,
        "ApproximateNumberOfMessagesToMove": 1,
    }


async def test_StartMessageMoveTask_moves_back_to_the_source(sqs: Any, unique: Unique) -> None:
    source, _, arn = await pipe(sqs, unique)
    await sqs.send_message(QueueUrl=source, MessageBody="x")
    for _ in range(2):
        await sqs.receive_message(QueueUrl=source, VisibilityTimeout=0)
    await sqs.start_message_move_task(SourceArn=arn)
    (moved,) = (await sqs.receive_message(QueueUrl=source, WaitTimeSeconds=10))["Messages"]
    assert moved["Body"] == "x"
    (task,) = (await sqs.list_message_move_tasks(SourceArn=arn))["Results"]
    assert "DestinationArn" not in task


@pytest.mark.deviates(elasticmq="says UnsupportedOperation")
async def test_CancelMessageMoveTask_ends_a_running_task(sqs: Any, unique: Unique) -> None:
    _, dead, arn = await pipe(sqs, unique)
    await sqs.send_message(QueueUrl=dead, MessageBody="x")
    start = {"SourceArn": arn, "MaxNumberOfMessagesPerSecond": 1}
    handle = (await sqs.start_message_move_task(**start))["TaskHandle"]
    assert await error_of(sqs.start_message_move_task(**start)) == (
        400,
        "InvalidParameterValue",
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    )
    (task,) = (await sqs.list_message_move_tasks(SourceArn=arn))["Results"]
    assert (task["Status"], task["TaskHandle"], task["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", handle, 1)
    assert (await sqs.cancel_message_move_task(TaskHandle=handle))["ApproximateNumberOfMessagesMoved"] == 0
    (task,) = (await sqs.list_message_move_tasks(SourceArn=arn))["Results"]
    assert task["Status"] in ("CANCELLING", "CANCELLED")
    assert "TaskHandle" not in task
    assert (await sqs.receive_message(QueueUrl=dead))["Messages"]


async def test_a_source_without_tasks_lists_none(sqs: Any, unique: Unique) -> None:
    _, _, arn = await pipe(sqs, unique)
    assert not (await sqs.list_message_move_tasks(SourceArn=arn)).get("Results")


@pytest.mark.deviates(elasticmq="fails with a 500")
async def test_a_source_must_be_a_dead_letter_queue(sqs: Any, unique: Unique) -> None:
    _, arn = await make(sqs, unique("plain"))
    assert await error_of(sqs.start_message_move_task(SourceArn=arn)) == (
        400,
        "InvalidParameterValue",
        "Source queue must be configured as a Dead Letter Queue.",
    )


@pytest.mark.deviates(elasticmq="says QueueDoesNotExist")
async def test_source_and_destination_must_exist(sqs: Any, unique: Unique) -> None:
    _, _, arn = await pipe(sqs, unique)
    words = "The resource that you specified for the {} parameter doesn't exist."
    missing = (404, "ResourceNotFoundException", words.format("SourceArn"))
    assert await error_of(sqs.start_message_move_task(SourceArn=arn + "-nowhere")) == missing
    assert await error_of(sqs.list_message_move_tasks(SourceArn=arn + "-nowhere")) == missing
    assert await error_of(sqs.cancel_message_move_task(TaskHandle=handle_for(arn + "-nowhere"))) == missing
    assert await error_of(sqs.start_message_move_task(SourceArn=arn, DestinationArn=arn + "-nowhere")) == (
        404,
        "ResourceNotFoundException",
        words.format("DestinationArn"),
    )


@pytest.mark.deviates(elasticmq="says InvalidAttributeValue")
async def test_source_and_destination_are_arns(sqs: Any, unique: Unique) -> None:
    _, _, arn = await pipe(sqs, unique)
    for call, parameter in (
        (sqs.start_message_move_task(SourceArn=""), "SourceArn"),
        (sqs.list_message_move_tasks(SourceArn="name"), "SourceArn"),
        (sqs.start_message_move_task(SourceArn=arn, DestinationArn="name"), "DestinationArn"),
    ):
        expected = f"You must use this format to specify the {parameter}: {FORM}"
        assert await error_of(call) == (400, "InvalidParameterValue", expected)


@pytest.mark.deviates(elasticmq="takes any destination")
async def test_a_destination_is_another_queue_of_the_same_kind(sqs: Any, unique: Unique) -> None:
    _, _, arn = await pipe(sqs, unique)
    assert await error_of(sqs.start_message_move_task(SourceArn=arn, DestinationArn=arn)) == (
        400,
        "InvalidParameterValue",
        "Source queue arn and destination queue arn cannot be the same.",
    )
    _, fifo = await make(sqs, unique("target") + ".fifo", FifoQueue="true")
    assert await error_of(sqs.start_message_move_task(SourceArn=arn, DestinationArn=fifo)) == (
        400,
        "InvalidParameterValue",
        "The source queue and destination queue must be of the same queue type.",
    )


@pytest.mark.deviates(elasticmq="takes any rate")
@pytest.mark.parametrize("rate", [0, 501])
async def test_a_rate_is_one_to_five_hundred(sqs: Any, unique: Unique, rate: int) -> None:
    _, _, arn = await pipe(sqs, unique)
    assert await error_of(sqs.start_message_move_task(SourceArn=arn, MaxNumberOfMessagesPerSecond=rate)) == (
        400,
        "InvalidParameterValue",
        "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 "
        "and 500.",
    )


@pytest.mark.deviates(elasticmq="takes any number")
@pytest.mark.parametrize("most", [0, 11])
async def test_ten_tasks_are_listed_at_most(sqs: Any, unique: Unique, most: int) -> None:
    _, _, arn = await pipe(sqs, unique)
    assert await error_of(sqs.list_message_move_tasks(SourceArn=arn, MaxResults=most)) == (
        400,
        "InvalidParameterValue",
        "Value for parameter MaxResults is invalid. Reason: You must enter a number that's between 1 and 10.",
    )


@pytest.mark.deviates(elasticmq="takes a malformed handle for an unknown one")
async def test_a_handle_names_a_task(sqs: Any, unique: Unique) -> None:
    _, _, arn = await pipe(sqs, unique)
    assert await error_of(sqs.cancel_message_move_task(TaskHandle="foobared")) == (
        400,
        "InvalidParameterValue",
        "Value for parameter TaskHandle is invalid.",
    )
    assert await error_of(sqs.cancel_message_move_task(TaskHandle=handle_for(arn))) == (
        404,
        "ResourceNotFoundException",
        "Task does not exist.",
    )
