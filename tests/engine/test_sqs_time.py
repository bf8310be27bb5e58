"""What SQS does as time passes, with a clock that the test moves: delays, visibility, retention, redrive."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError


async def make(sqs: Any, name: str = "q", **attributes: str) -> str:
    url: str = (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
    return url


async def receive(sqs: Any, url: str, **params: Any) -> list[dict[str, Any]]:
    reply = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], **params)
    messages: list[dict[str, Any]] = reply.get("Messages", [])
    return messages


async def counts(sqs: Any, url: str) -> tuple[int, int, int]:
    """Visible, in flight, delayed."""
    attributes = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
    stem = "ApproximateNumberOfMessages"
    return int(attributes[stem]), int(attributes[stem + "NotVisible"]), int(attributes[stem + "Delayed"])


async def test_a_message_is_delayed_by_its_own_seconds_or_the_queues(sqs: Any, clock: Any) -> None:
    url = await make(sqs, DelaySeconds="10")
    await sqs.send_message(QueueUrl=url, MessageBody="queue's")
    await sqs.send_message(QueueUrl=url, MessageBody="own", DelaySeconds=900)
    await sqs.send_message(QueueUrl=url, MessageBody="none", DelaySeconds=0)
    assert [m["Body"] for m in await receive(sqs, url)] == ["none"]
    assert await counts(sqs, url) == (0, 1, 2)
    clock.move(9.999)
    assert await receive(sqs, url) == []
    clock.move(0.001)
    assert [m["Body"] for m in await receive(sqs, url)] == ["queue's"]
    clock.move(890)
    assert "own" in [m["Body"] for m in await receive(sqs, url)]


async def test_a_message_comes_back_when_its_visibility_timeout_ends(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    (first,) = await receive(sqs, url)
    clock.move(29.999)
    assert await receive(sqs, url) == []
    clock.move(0.001)
    assert await counts(sqs, url) == (1, 0, 0)
    (second,) = await receive(sqs, url, VisibilityTimeout=5)
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert (
        second["Attributes"]["ApproximateFirstReceiveTimestamp"]
        == first["Attributes"]["ApproximateFirstReceiveTimestamp"]
    )
    clock.move(5)
    assert len(await receive(sqs, url)) == 1


async def test_changed_visibility_counts_from_the_change(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = await receive(sqs, url)
    clock.move(20)
    change = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    await sqs.change_message_visibility(**change, VisibilityTimeout=60)
    clock.move(59)
    assert await receive(sqs, url) == []
    clock.move(1)
    assert len(await receive(sqs, url)) == 1


async def test_a_message_can_be_hidden_for_twelve_hours_in_all(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = await receive(sqs, url, VisibilityTimeout=43_200)
    clock.move(1)
    change = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    with pytest.raises(
        ClientError, match=r"Total VisibilityTimeout for the message is beyond the limit \[43200 seconds\]"
    ):
        await sqs.change_message_visibility(**change, VisibilityTimeout=43_200)
    await sqs.change_message_visibility(**change, VisibilityTimeout=43_199)


async def test_a_message_whose_timeout_ended_can_be_hidden_again_and_deleted(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = await receive(sqs, url)
    clock.move(30)
    assert await counts(sqs, url) == (1, 0, 0)
    await sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=5)
    assert await counts(sqs, url) == (0, 1, 0)
    clock.move(5)
    await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert await counts(sqs, url) == (0, 0, 0)


async def test_a_message_is_kept_for_the_retention_period(sqs: Any, clock: Any) -> None:
    url = await make(sqs, MessageRetentionPeriod="60")
    await sqs.send_message(QueueUrl=url, MessageBody="old")
    clock.move(30)
    await sqs.send_message(QueueUrl=url, MessageBody="young")
    clock.move(30)
    assert await counts(sqs, url) == (1, 0, 0)
    assert [m["Body"] for m in await receive(sqs, url)] == ["young"]


async def test_a_dead_letter_queue_counts_retention_from_the_first_send(sqs: Any, clock: Any) -> None:
    dead = await make(sqs, "dead", MessageRetentionPeriod="120")
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": "1"}
    url = await make(sqs, RedrivePolicy=json.dumps(policy))
    for body in ("looked at", "left alone"):
        await sqs.send_message(QueueUrl=url, MessageBody=body)
    sent_at = str(clock())
    assert len(await receive(sqs, url)) == 2
    clock.move(90)
    assert await receive(sqs, url) == []
    assert await counts(sqs, url) == (0, 0, 0)
    assert await counts(sqs, dead) == (2, 0, 0)
    buried = (await receive(sqs, dead, VisibilityTimeout=0))[0]
    assert buried["Attributes"]["SentTimestamp"] == sent_at
    assert buried["Attributes"]["ApproximateReceiveCount"] == "1"
    assert buried["Attributes"]["DeadLetterQueueSourceArn"] == "arn:aws:sqs:us-east-1:000000000000:q"
    clock.move(30)
    assert await receive(sqs, dead) == []


async def test_poison_does_not_hide_the_good_messages_behind_it(sqs: Any, clock: Any) -> None:
    await make(sqs, "dead")
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 1}
    url = await make(sqs, RedrivePolicy=json.dumps(policy))
    for _ in range(3):
        entries = [{"Id": str(number), "MessageBody": "poison"} for number in range(10)]
        await sqs.send_message_batch(QueueUrl=url, Entries=entries)
    for _ in range(3):
        await receive(sqs, url)
    clock.move(30)
    await sqs.send_message(QueueUrl=url, MessageBody="good")
    assert [m["Body"] for m in await receive(sqs, url)] == ["good"]


async def test_poison_is_moved_by_a_receive_that_hides_nothing(sqs: Any) -> None:
    await make(sqs, "dead")
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 1}
    url = await make(sqs, RedrivePolicy=json.dumps(policy))
    entries = [{"Id": str(number), "MessageBody": "poison"} for number in range(10)]
    await sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert len(await receive(sqs, url, VisibilityTimeout=0)) == 10
    await sqs.send_message(QueueUrl=url, MessageBody="good")
    assert [m["Body"] for m in await receive(sqs, url, VisibilityTimeout=0)] == ["good"]


async def test_without_its_dead_letter_queue_a_message_stays(sqs: Any, clock: Any) -> None:
    dead = await make(sqs, "dead")
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 1}
    url = await make(sqs, RedrivePolicy=json.dumps(policy))
    await sqs.delete_queue(QueueUrl=dead)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    for times in ("1", "2", "3"):
        (message,) = await receive(sqs, url)
        assert message["Attributes"]["ApproximateReceiveCount"] == times
        clock.move(30)


async def test_a_purge_is_allowed_again_after_a_minute(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await sqs.purge_queue(QueueUrl=url)
    clock.move(59)
    with pytest.raises(sqs.exceptions.PurgeQueueInProgress):
        await sqs.purge_queue(QueueUrl=url)
    clock.move(1)
    await sqs.purge_queue(QueueUrl=url)


async def test_a_handle_from_before_a_purge_deletes_nothing(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="before")
    (message,) = await receive(sqs, url)
    await sqs.purge_queue(QueueUrl=url)
    await sqs.send_message(QueueUrl=url, MessageBody="after")
    await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert await counts(sqs, url) == (1, 0, 0)
