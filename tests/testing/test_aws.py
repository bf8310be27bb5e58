"""The embedded AWS with a clock that the test moves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queues.testing import TimeStandsStill, VirtualAws, cloud

DAY = 86_400_000


async def queue(aws: VirtualAws, name: str = "work", **attributes: Any) -> str:
    made = await aws.sqs.create_queue(QueueName=name, Attributes={k: str(v) for k, v in attributes.items()})
    return str(made["QueueUrl"])


async def receive(aws: VirtualAws, url: str, **params: Any) -> list[dict[str, Any]]:
    reply = await aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], **params)
    return list(reply.get("Messages", []))


async def test_the_clock_begins_at_a_fixed_instant_and_stands(aws: VirtualAws) -> None:
    assert aws.clock.moment == datetime(2026, 1, 1, tzinfo=UTC)
    await asyncio.sleep(0.01)
    assert aws.clock() == 1_767_225_600_000


async def test_a_delay_of_a_quarter_of_an_hour(aws: VirtualAws) -> None:
    url = await queue(aws)
    await aws.sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    await aws.advance(899)
    assert not await receive(aws, url)
    await aws.advance(seconds=1)
    assert [message["Body"] for message in await receive(aws, url)] == ["later"]


async def test_a_retention_of_two_weeks(aws: VirtualAws) -> None:
    url = await queue(aws, MessageRetentionPeriod=14 * 86_400)
    await aws.sqs.send_message(QueueUrl=url, MessageBody="old")
    await aws.advance(timedelta(days=14, seconds=-1))
    assert await receive(aws, url, VisibilityTimeout=0)
    await aws.advance(seconds=1)
    assert not await receive(aws, url)


async def test_a_fortnight_in_which_nothing_is_due_is_one_step(
    aws: VirtualAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []
    step = aws.step

    async def counted(moment: int) -> None:
        steps.append(moment)
        await step(moment)

    monkeypatch.setattr(aws, "step", counted)
    await aws.sqs.send_message(QueueUrl=await queue(aws), MessageBody="still here")
    await aws.advance(minutes=1)
    await aws.advance(days=14)
    assert len(steps) == 2


async def test_a_visibility_timeout_ends(aws: VirtualAws) -> None:
    url = await queue(aws, VisibilityTimeout=30)
    await aws.sqs.send_message(QueueUrl=url, MessageBody="again")
    assert await receive(aws, url)
    assert not await receive(aws, url)
    await aws.advance(30)
    (message,) = await receive(aws, url)
    assert message["Attributes"]["ApproximateReceiveCount"] == "2"


async def test_the_deduplication_window_of_a_fifo_queue_ends(aws: VirtualAws) -> None:
    url = await queue(aws, "work.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    for wait in (0, 299, 1):
        await aws.advance(seconds=wait)
        await aws.sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="one")
    assert len(await receive(aws, url)) == 2


async def test_items_past_their_ttl_are_gone_after_an_advance(aws: VirtualAws) -> None:
    await aws.dynamodb.create_table(
        TableName="carts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    spec = {"Enabled": True, "AttributeName": "until"}
    await aws.dynamodb.update_time_to_live(TableName="carts", TimeToLiveSpecification=spec)
    until = str(aws.clock() // 1000 + 3600)
    await aws.dynamodb.put_item(TableName="carts", Item={"id": {"S": "a"}, "until": {"N": until}})
    await aws.advance(minutes=59)
    assert "Item" in await aws.dynamodb.get_item(TableName="carts", Key={"id": {"S": "a"}})
    await aws.advance(minutes=2)
    assert "Item" not in await aws.dynamodb.get_item(TableName="carts", Key={"id": {"S": "a"}})


async def test_a_schedule_fires_each_time_at_its_own_time(aws: VirtualAws) -> None:
    url = await queue(aws)
    arn = (await aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]))["Attributes"]["QueueArn"]
    await aws.scheduler.create_schedule(
        Name="tick",
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/any", "Input": "tick"},
    )
    began = aws.clock()
    await aws.advance(minutes=30)
    sent = sorted(int(message["Attributes"]["SentTimestamp"]) - began for message in await receive(aws, url))
    assert [moment // 60_000 for moment in sent] in ([5, 10, 15, 20, 25, 30], [0, 5, 10, 15, 20, 25, 30])


async def test_a_consumer_in_the_background_gets_each_message_at_its_time(aws: VirtualAws) -> None:
    url, got = await queue(aws), []

    async def consume() -> None:
        while True:
            for message in await receive(aws, url, WaitTimeSeconds=20):
                got.append((message["Body"], aws.clock.moment.minute, aws.clock.moment.second))
                await aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    consumer = asyncio.create_task(consume())
    for minutes in (3, 1, 2):
        await aws.sqs.send_message(QueueUrl=url, MessageBody=f"{minutes}", DelaySeconds=60 * minutes + 5)
    await aws.advance(hours=1)
    consumer.cancel()
    assert got == [("1", 1, 5), ("2", 2, 5), ("3", 3, 5)]


async def test_waiting_polls_keep_their_order(aws: VirtualAws) -> None:
    url = await queue(aws)
    polls = [asyncio.create_task(receive(aws, url, WaitTimeSeconds=20)) for _ in range(3)]
    await aws.advance(seconds=5)
    for body in "ab":
        await aws.sqs.send_message(QueueUrl=url, MessageBody=body)
    await aws.advance(seconds=15)
    bodies = [[message["Body"] for message in answer] for answer in await asyncio.gather(*polls)]
    assert bodies == [["a"], ["b"], []]


async def test_until_lets_time_pass_for_a_long_poll(aws: VirtualAws) -> None:
    url = await queue(aws)
    await aws.sqs.send_message(QueueUrl=url, MessageBody="soon", DelaySeconds=12)
    (message,) = await aws.until(receive(aws, url, WaitTimeSeconds=20))
    assert (message["Body"], aws.clock.moment.second) == ("soon", 12)
    assert await aws.until(receive(aws, url, WaitTimeSeconds=20)) == []
    assert aws.clock.moment.second == 32


async def test_until_hands_on_what_is_raised(aws: VirtualAws) -> None:
    async def fails() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await aws.until(fails())


async def test_a_long_poll_that_nobody_moves_the_clock_for_fails(
    aws: VirtualAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud, "PATIENCE", 0.01)
    with pytest.raises(TimeStandsStill, match=r"while the clock stood still.*aws\.until"):
        await receive(aws, await queue(aws), WaitTimeSeconds=20)


async def test_until_fails_when_nothing_is_due(aws: VirtualAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud, "PATIENCE", 0.01)
    with pytest.raises(TimeStandsStill, match="nothing is due"):
        await aws.until(asyncio.Event().wait())


async def test_metrics_of_queues_and_an_alarm_on_them(aws: VirtualAws) -> None:
    url = await queue(aws)
    await aws.watch_queues()
    await aws.cloudwatch.put_metric_alarm(
        AlarmName="old",
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": "work"}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=3,
        Threshold=300,
        ComparisonOperator="GreaterThanThreshold",
    )
    await aws.sqs.send_message(QueueUrl=url, MessageBody="forgotten")

    async def state() -> str:
        (alarm,) = (await aws.cloudwatch.describe_alarms(AlarmNames=["old"]))["MetricAlarms"]
        return str(alarm["StateValue"])

    await aws.advance(minutes=4)
    assert await state() != "ALARM"
    await aws.advance(minutes=10)
    assert await state() == "ALARM"


async def test_regions_are_apart(aws: VirtualAws) -> None:
    await queue(aws)
    assert "QueueUrls" not in await aws.client("sqs", region="eu-west-1").list_queues()
    assert len((await aws.client("sqs").list_queues())["QueueUrls"]) == 1


async def test_moments_to_go_to(aws: VirtualAws) -> None:
    await aws.advance_to(datetime(2026, 3, 29, 1, tzinfo=UTC))
    assert aws.clock.moment == datetime(2026, 3, 29, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="only goes forward"):
        await aws.advance_to(datetime(2026, 3, 28, tzinfo=UTC))
    with pytest.raises(ValueError, match="time zone"):
        await aws.advance_to(datetime(2027, 1, 1))


async def test_spans_to_go(aws: VirtualAws) -> None:
    began = aws.clock()
    await aws.advance(weeks=1, minutes=1)
    assert aws.clock() - began == 7 * DAY + 60_000
    with pytest.raises(ValueError, match="only goes forward"):
        await aws.advance(-1)
    for wrong in ((), (5, 6)):
        with pytest.raises(TypeError):
            await aws.advance(*wrong)
    with pytest.raises(TypeError, match="say how far"):
        await aws.advance(5, minutes=1)


def test_the_same_seed_makes_the_same_ids() -> None:
    async def ids(aws: VirtualAws) -> list[str]:
        url = await queue(aws)
        return [(await aws.sqs.send_message(QueueUrl=url, MessageBody="x"))["MessageId"] for _ in range(3)]

    found = []
    for seed in (1, 1, 2):
        with VirtualAws(seed=seed) as aws:
            found.append(asyncio.run(ids(aws)))
    assert found[0] == found[1] != found[2]


def test_it_outlives_an_event_loop_and_what_was_left_on_it() -> None:
    async def leave_a_poll(aws: VirtualAws) -> str:
        url = await queue(aws)
        asyncio.get_running_loop().create_task(receive(aws, url, WaitTimeSeconds=20))
        await aws.advance(seconds=1)
        return url

    async def send_and_receive(aws: VirtualAws, url: str) -> int:
        await aws.sqs.send_message(QueueUrl=url, MessageBody="x")
        await aws.advance(minutes=1)
        return len(await receive(aws, url))

    with VirtualAws() as aws:
        url = asyncio.run(leave_a_poll(aws))
        assert asyncio.run(send_and_receive(aws, url)) == 1
    aws.close()


async def test_closing_answers_what_still_waits() -> None:
    aws = VirtualAws()
    poll = asyncio.create_task(receive(aws, await queue(aws), WaitTimeSeconds=20))
    await aws.advance(seconds=1)
    aws.close()
    assert await poll == []
