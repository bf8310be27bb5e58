"""Message move tasks in virtual time: their pace, their end, their failures, and that a restart does not stop them."""

import asyncio
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Engine
from infra.local.sqs.limits import MAX_RUNNING_TASKS
from infra.local.sqs.move_task import MoveTask
from tests.engine.conftest import START

ARN = "arn:aws:sqs:us-east-1:000000000000:"
FIFO = {"FifoQueue": "true"}


async def make(sqs: Any, name: str, *, dead: str | None = None, **attributes: str) -> str:
    if dead is not None:
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": ARN + dead, "maxReceiveCount": 1})
    url: str = (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
    return url


async def fill(sqs: Any, url: str, count: int, **entry: Any) -> None:
    for first in range(0, count, 10):
        numbers = range(first, min(first + 10, count))
        entries = [{"Id": str(number), "MessageBody": str(number), **entry} for number in numbers]
        await sqs.send_message_batch(QueueUrl=url, Entries=entries)


async def bury(sqs: Any, url: str) -> None:
    """Receive all messages more often than they may be."""
    for _ in range(2):
        while (await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1)).get("Messages"):
            pass
        await asyncio.sleep(1)
    await sqs.receive_message(QueueUrl=url)


async def depth(sqs: Any, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int((await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name]))["Attributes"][name])


async def tasks_of(sqs: Any, name: str = "dead") -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = (await sqs.list_message_move_tasks(SourceArn=ARN + name, MaxResults=10))["Results"]
    return tasks


async def error_of(call: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        await call
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_messages_go_back_to_where_they_came_from_as_new_ones(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        dead = await make(sqs, "dead")
        one, two = await make(sqs, "one", dead="dead"), await make(sqs, "two", dead="dead")
        attribute = {"k": {"DataType": "Binary", "BinaryValue": b"\x00v"}}
        trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}
        sent = await sqs.send_message(
            QueueUrl=one, MessageBody="1", MessageAttributes=attribute, MessageSystemAttributes=trace
        )
        await sqs.send_message(QueueUrl=two, MessageBody="2", MessageGroupId="tenant")
        await bury(sqs, one)
        await bury(sqs, two)
        assert await depth(sqs, dead) == 2
        await asyncio.sleep(10)
        started = START + round(loop.time() * 1000)
        handle = (await sqs.start_message_move_task(SourceArn=ARN + "dead"))["TaskHandle"]
        assert json.loads(b64decode(handle))["sourceArn"] == ARN + "dead"
        await asyncio.sleep(0)
        (task,) = await tasks_of(sqs)
        assert task == {
            "Status": "COMPLETED",
            "SourceArn": ARN + "dead",
            "ApproximateNumberOfMessagesMoved": 2,
            "ApproximateNumberOfMessagesToMove": 2,
            "StartedTimestamp": started,
        }
        wanted = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        (back,) = (await sqs.receive_message(QueueUrl=one, **wanted))["Messages"]
        assert back["Body"] == "1"
        assert back["MessageId"] != sent["MessageId"]
        assert back["MessageAttributes"] == attribute
        assert back["Attributes"]["AWSTraceHeader"] == "Root=1"
        assert back["Attributes"]["ApproximateReceiveCount"] == "1"
        assert int(back["Attributes"]["SentTimestamp"]) >= started
        assert "DeadLetterQueueSourceArn" not in back["Attributes"]
        (other,) = (await sqs.receive_message(QueueUrl=two, **wanted))["Messages"]
        assert (other["Body"], other["Attributes"]["MessageGroupId"]) == ("2", "tenant")
        assert await depth(sqs, dead) == 0

    run_virtually(main)


def test_a_task_keeps_to_its_rate(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        dead, target = await make(sqs, "dead"), await make(sqs, "target")
        await make(sqs, "source", dead="dead")
        await fill(sqs, dead, 4)
        start = loop.time()
        await sqs.start_message_move_task(
            SourceArn=ARN + "dead", DestinationArn=ARN + "target", MaxNumberOfMessagesPerSecond=1
        )
        arrivals = []
        for _ in range(4):
            await sqs.receive_message(QueueUrl=target, WaitTimeSeconds=20)
            arrivals.append(round(loop.time() - start, 2))
        assert arrivals == [1, 2, 3, 4]
        (task,) = await tasks_of(sqs)
        assert (task["Status"], task["MaxNumberOfMessagesPerSecond"]) == ("COMPLETED", 1)

    run_virtually(main)


@pytest.mark.parametrize("rate", [7, 60, 500])
def test_a_fast_task_keeps_to_its_rate_too(run_virtually: Any, rate: int) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        dead, target = await make(sqs, "dead"), await make(sqs, "target")
        await make(sqs, "source", dead="dead")
        await fill(sqs, dead, 3 * rate)
        await sqs.start_message_move_task(
            SourceArn=ARN + "dead", DestinationArn=ARN + "target", MaxNumberOfMessagesPerSecond=rate
        )
        for second in (1, 2):
            await asyncio.sleep(1)
            assert 0.85 * second * rate <= await depth(sqs, target) <= second * rate
        await asyncio.sleep(1.2)
        assert await depth(sqs, target) == 3 * rate
        assert (await tasks_of(sqs))[0]["Status"] == "COMPLETED"

    run_virtually(main)


def test_without_a_rate_a_long_queue_is_moved_in_small_steps(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        dead, target = await make(sqs, "dead"), await make(sqs, "target")
        await make(sqs, "source", dead="dead")
        await fill(sqs, dead, 450)
        await sqs.start_message_move_task(SourceArn=ARN + "dead", DestinationArn=ARN + "target")
        seen = set()
        while (task := (await tasks_of(sqs))[0])["Status"] == "RUNNING":
            seen.add(task["ApproximateNumberOfMessagesMoved"])
            await asyncio.sleep(0)
        assert seen <= {0, 100, 200, 300, 400}
        assert len(seen) > 2
        assert (await depth(sqs, dead), await depth(sqs, target)) == (0, 450)

    run_virtually(main)


def test_a_task_moves_what_was_there_when_it_started(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        dead, target = await make(sqs, "dead"), await make(sqs, "target")
        await make(sqs, "source", dead="dead")
        await fill(sqs, dead, 2)
        await sqs.start_message_move_task(
            SourceArn=ARN + "dead", DestinationArn=ARN + "target", MaxNumberOfMessagesPerSecond=1
        )
        await fill(sqs, dead, 3)
        await asyncio.sleep(10)
        assert (await depth(sqs, dead), await depth(sqs, target)) == (3, 2)

    run_virtually(main)


def test_a_task_is_cancelled_and_another_started(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        dead = await make(sqs, "dead")
        await make(sqs, "target")
        await make(sqs, "source", dead="dead")
        await fill(sqs, dead, 10)
        start = {"SourceArn": ARN + "dead", "DestinationArn": ARN + "target", "MaxNumberOfMessagesPerSecond": 1}
        handle = (await sqs.start_message_move_task(**start))["TaskHandle"]
        assert await error_of(sqs.start_message_move_task(**start)) == (
            "InvalidParameterValue",
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        )
        await asyncio.sleep(2.5)
        (task,) = await tasks_of(sqs)
        assert (task["Status"], task["TaskHandle"]) == ("RUNNING", handle)
        assert await sqs.cancel_message_move_task(TaskHandle=handle) == {
            "ApproximateNumberOfMessagesMoved": 2,
            "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0},
        }
        await asyncio.sleep(5)
        (task,) = await tasks_of(sqs)
        assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("CANCELLED", 2)
        assert "TaskHandle" not in task
        code, message = await error_of(sqs.cancel_message_move_task(TaskHandle=handle))
        assert (code, message) == ("ResourceNotFoundException", "Task does not exist.")
        assert await depth(sqs, dead) == 8
        await sqs.start_message_move_task(**start)
        assert [task["Status"] for task in await tasks_of(sqs)] == ["RUNNING", "CANCELLED"]

    run_virtually(main)


def test_the_ten_latest_tasks_are_kept(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        await make(sqs, "dead")
        await make(sqs, "source", dead="dead")
        for rate in range(1, 13):
            await sqs.start_message_move_task(SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=rate)
            await asyncio.sleep(2)
        assert [task["MaxNumberOfMessagesPerSecond"] for task in await tasks_of(sqs)] == list(range(12, 2, -1))
        (latest,) = (await sqs.list_message_move_tasks(SourceArn=ARN + "dead"))["Results"]
        assert latest["MaxNumberOfMessagesPerSecond"] == 12

    run_virtually(main)


def test_a_message_without_a_source_fails_the_task_and_stays(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        dead = await make(sqs, "dead")
        await make(sqs, "source", dead="dead")
        await fill(sqs, dead, 1)
        await sqs.start_message_move_task(SourceArn=ARN + "dead")
        await asyncio.sleep(1)
        (task,) = await tasks_of(sqs)
        assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
        assert (task["ApproximateNumberOfMessagesMoved"], task["ApproximateNumberOfMessagesToMove"]) == (0, 1)
        assert await depth(sqs, dead) == 1

    run_virtually(main)


def test_a_destination_that_goes_fails_the_task(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        dead, target = await make(sqs, "dead"), await make(sqs, "target")
        await make(sqs, "source", dead="dead")
        await fill(sqs, dead, 10)
        await sqs.start_message_move_task(
            SourceArn=ARN + "dead", DestinationArn=ARN + "target", MaxNumberOfMessagesPerSecond=1
        )
        await asyncio.sleep(3.5)
        await sqs.delete_queue(QueueUrl=target)
        await asyncio.sleep(2)
        (task,) = await tasks_of(sqs)
        assert (task["Status"], task["FailureReason"]) == ("FAILED", "AWS.SimpleQueueService.NonExistentQueue")
        assert task["ApproximateNumberOfMessagesMoved"] == 3
        assert await depth(sqs, dead) == 7

    run_virtually(main)


def test_tasks_go_with_their_source(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        dead, target = await make(sqs, "dead"), await make(sqs, "target")
        await make(sqs, "source", dead="dead")
        await fill(sqs, dead, 5)
        start = {"SourceArn": ARN + "dead", "DestinationArn": ARN + "target", "MaxNumberOfMessagesPerSecond": 1}
        handle = (await sqs.start_message_move_task(**start))["TaskHandle"]
        await sqs.delete_queue(QueueUrl=dead)
        assert (await error_of(sqs.cancel_message_move_task(TaskHandle=handle)))[0] == "ResourceNotFoundException"
        await make(sqs, "dead")
        assert await tasks_of(sqs) == []
        await asyncio.sleep(10)
        assert await depth(sqs, target) == 0

    run_virtually(main)


def test_a_fifo_line_is_moved_in_order_and_not_held_for_duplicates(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        await make(sqs, "dead.fifo", **FIFO)
        source = await make(sqs, "source.fifo", dead="dead.fifo", **FIFO)
        for number in range(12):
            await sqs.send_message(
                QueueUrl=source, MessageBody=str(number), MessageGroupId="g", MessageDeduplicationId=f"d{number}"
            )
        for _ in range(4):
            await sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10, VisibilityTimeout=1)
            await asyncio.sleep(1)
        await sqs.receive_message(QueueUrl=source)
        assert await depth(sqs, source) == 0
        await sqs.start_message_move_task(SourceArn=ARN + "dead.fifo")
        await asyncio.sleep(1)
        (task,) = await tasks_of(sqs, "dead.fifo")
        assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 12)
        bodies: list[str] = []
        while messages := (
            await sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10, AttributeNames=["All"])
        ).get("Messages"):
            for message in messages:
                bodies.append(message["Body"])
                assert message["Attributes"]["MessageDeduplicationId"] == f"d{message['Body']}"
                await sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
        assert bodies == [str(number) for number in range(12)]

    run_virtually(main)


async def test_a_task_goes_on_after_a_restart_and_makes_up_for_a_second(tmp_path: Path, clock: Any) -> None:
    arn = ARN.replace("us-east-1", "eu-west-1")
    policy = json.dumps({"deadLetterTargetArn": arn + "dead", "maxReceiveCount": 1})
    moved = []
    for away in (0, 3600, 3600, 3600, 3600):
        clock.move(away)
        engine = Engine(tmp_path / "aws.db", clock=clock)
        sqs: Any = engine.client("sqs", region="eu-west-1")
        dead, target = [(await sqs.create_queue(QueueName=name))["QueueUrl"] for name in ("dead", "target")]
        if not away:
            await sqs.create_queue(QueueName="source", Attributes={"RedrivePolicy": policy})
            await fill(sqs, dead, 8)
            await sqs.start_message_move_task(
                SourceArn=arn + "dead", DestinationArn=arn + "target", MaxNumberOfMessagesPerSecond=2
            )
        moved.append(await depth(sqs, target))
        (task,) = (await sqs.list_message_move_tasks(SourceArn=arn + "dead"))["Results"]
        assert task["ApproximateNumberOfMessagesMoved"] == moved[-1]
        await engine.close()
    assert moved == [0, 3, 6, 8, 8]
    assert task["Status"] == "COMPLETED"


def test_an_account_has_a_hundred_tasks(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs = engine.client("sqs")
        for number in range(MAX_RUNNING_TASKS + 1):
            dead = await make(sqs, f"dead-{number}")
            await make(sqs, f"source-{number}", dead=f"dead-{number}")
            await fill(sqs, dead, 3)
        for number in range(MAX_RUNNING_TASKS):
            await sqs.start_message_move_task(SourceArn=f"{ARN}dead-{number}", MaxNumberOfMessagesPerSecond=1)
        call = sqs.start_message_move_task(SourceArn=f"{ARN}dead-{MAX_RUNNING_TASKS}")
        assert (await error_of(call))[0] == "OverLimit"

    run_virtually(main)


@pytest.mark.parametrize("rate", [1, 3, 499])
def test_the_allowance_never_exceeds_the_rate(rate: int) -> None:
    task = MoveTask(1, "id", "us-east-1", "dead", "", rate, "RUNNING", 0, 10**9, "", START, START * 1000)
    moved = 0
    for late in (0, 1, 99, 100, 350, 900, 1000, 5000, 5001, 9000):
        allowed = task.allowance(START + late, 10**6)
        task.advance(START + late, allowed)
        moved += allowed
        assert moved <= late * rate / 1000 + 1
        assert allowed <= rate + 1
