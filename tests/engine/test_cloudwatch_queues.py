"""SQS publishes metrics of its queues, once a minute, while they are active."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.cloudwatch.queue_metrics import LIMIT
from infra.local.engine import Engine
from tests.engine.conftest import START
from tests.engine.watch import HOUR, Watch


@pytest.fixture
def watch() -> Iterator[Watch]:
    with closing(Watch()) as made:
        yield made


def queue(watch: Watch, name: str = "q", **attributes: str) -> str:
    url: str = watch.call("CreateQueue", "sqs", QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


def published(watch: Watch, name: str = "q", start: int = HOUR) -> dict[str, list[float]]:
    """Metric's name -> its sums by the minute."""
    dimensions = [{"Name": "QueueName", "Value": name}]
    names = [
        metric["MetricName"]
        for metric in watch.call("ListMetrics", Namespace="AWS/SQS", Dimensions=dimensions)["Metrics"]
    ]
    return {
        metric: [
            value
            for _, value in watch.points(metric, start, watch.now + 60, Namespace="AWS/SQS", Dimensions=dimensions)
        ]
        for metric in names
    }


def test_what_happened_in_a_minute_and_how_full_the_queue_is(watch: Watch) -> None:
    url = queue(watch)
    watch.call("ReceiveMessage", "sqs", QueueUrl=url)
    for body in ("Hello", "World!"):
        watch.call("SendMessage", "sqs", QueueUrl=url, MessageBody=body)
    watch.call("SendMessage", "sqs", QueueUrl=url, MessageBody="later", DelaySeconds=900)
    (message,) = watch.call("ReceiveMessage", "sqs", QueueUrl=url)["Messages"]
    watch.call("DeleteMessage", "sqs", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    watch.move(60)
    assert watch.tick() == (HOUR + 120) * 1000
    assert published(watch) == {
        "NumberOfMessagesSent": [3.0],
        "SentMessageSize": [16.0],
        "NumberOfMessagesReceived": [1.0],
        "NumberOfMessagesDeleted": [1.0],
        "NumberOfEmptyReceives": [1.0],
        "ApproximateNumberOfMessagesVisible": [1.0],
        "ApproximateNumberOfMessagesNotVisible": [0.0],
        "ApproximateNumberOfMessagesDelayed": [1.0],
        "ApproximateAgeOfOldestMessage": [60.0],
    }
    watch.move(60)
    watch.tick()
    assert published(watch, start=HOUR + 60)["NumberOfMessagesSent"] == [0.0]
    assert published(watch, start=HOUR + 60)["ApproximateAgeOfOldestMessage"] == [120.0]
    assert published(watch)["SentMessageSize"] == [16.0]


def test_a_queue_is_active_for_six_hours_after_the_last_action(watch: Watch) -> None:
    url = queue(watch)
    watch.call("ReceiveMessage", "sqs", QueueUrl=url)
    ticks = 0
    due = watch.tick()
    while due is not None:
        watch.milliseconds = due
        due = watch.tick()
        ticks += 1
    assert ticks == 361
    assert watch.now - HOUR == pytest.approx(6 * 3600, abs=61)
    assert watch.tick() is None
    assert watch.db.execute("SELECT count(*) FROM cw_queues").fetchone() == (0,)


def test_a_queue_with_messages_is_active_whatever_happens(watch: Watch) -> None:
    url = queue(watch)
    watch.call("SendMessage", "sqs", QueueUrl=url, MessageBody="x")
    watch.tick()
    watch.move(2 * 86_400)
    assert watch.tick() is not None


def test_a_new_action_starts_publishing_again(watch: Watch) -> None:
    url = queue(watch)
    assert watch.tick() is None
    watch.sweep()
    assert watch.alarms == []
    watch.move(30)
    watch.call("ReceiveMessage", "sqs", QueueUrl=url)
    watch.sweep()
    assert watch.alarms == [(HOUR + 60) * 1000]


def test_a_deleted_queue_is_no_longer_published(watch: Watch) -> None:
    url = queue(watch)
    watch.call("SendMessage", "sqs", QueueUrl=url, MessageBody="x")
    watch.tick()
    watch.call("DeleteQueue", "sqs", QueueUrl=url)
    watch.move(60)
    assert watch.tick() is None


def test_many_queues_are_published_some_a_tick(watch: Watch) -> None:
    for number in range(LIMIT + 1):
        url = queue(watch, f"q{number}")
        watch.call("SendMessage", "sqs", QueueUrl=url, MessageBody="x")
    assert watch.tick() == watch.milliseconds
    assert watch.tick() == (HOUR + 60) * 1000
    assert all(published(watch, f"q{number}", HOUR - 60) for number in range(LIMIT + 1))


def test_an_engine_publishes_by_itself(run_virtually: Callable[[Any], None]) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, cloudwatch = engine.client("sqs"), engine.client("cloudwatch")
        url = (await sqs.create_queue(QueueName="q"))["QueueUrl"]
        await cloudwatch.put_metric_alarm(
            AlarmName="backlog",
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": "q"}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=2,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=["log"],
        )
        for _ in range(3):
            await sqs.send_message(QueueUrl=url, MessageBody="x")
        await asyncio.sleep(300)
        (alarm,) = (await cloudwatch.describe_alarms())["MetricAlarms"]
        assert alarm["StateValue"] == "ALARM"
        found = await cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="NumberOfMessagesSent",
            Dimensions=[{"Name": "QueueName", "Value": "q"}],
            StartTime=datetime.fromtimestamp(START / 1000 - 60, UTC),
            EndTime=datetime.fromtimestamp(START / 1000 + 600, UTC),
            Period=3600,
            Statistics=["Sum"],
        )
        assert sum(point["Sum"] for point in found["Datapoints"]) == 3

    run_virtually(main)
