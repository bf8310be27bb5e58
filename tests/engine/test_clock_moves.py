"""The system clock is set an hour back, or forward, while work is under way: nothing is lost, hangs, or fires twice."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.engine import Engine
from tests.engine.conftest import START, VirtualLoop
from tests.engine.scheduled import House, at

#: Seconds.
HOUR, DAY = 3_600, 86_400


class SetClock:
    """Runs with the loop's time, and can be set."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop = loop
        self._set = 0

    def __call__(self) -> int:
        return START + round(self._loop.time() * 1000) + self._set

    def move(self, seconds: float) -> None:
        self._set += round(seconds * 1000)


Main = Callable[[Engine, SetClock], Coroutine[Any, Any, None]]


def with_clock(main: Main) -> None:
    """Runs `main` in virtual time on an engine whose clock can be set."""

    async def run() -> None:
        clock = SetClock(asyncio.get_running_loop())
        engine = Engine(None, clock=clock)
        try:
            await main(engine, clock)
        finally:
            await engine.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(run())


async def make(sqs: Any, name: str = "q", **attributes: str) -> str:
    url: str = (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
    return url


async def receive(sqs: Any, url: str, **params: Any) -> list[str]:
    reply = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **params)
    return [message["Body"] for message in reply.get("Messages", [])]


def test_what_is_visible_stays_visible_when_the_clock_is_set_back() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs)
        await sqs.send_message(QueueUrl=url, MessageBody="sent before")
        clock.move(-HOUR)
        await sqs.send_message(QueueUrl=url, MessageBody="sent after")
        assert await receive(sqs, url) == ["sent before", "sent after"]

    with_clock(main)


@pytest.mark.parametrize("group", [{}, {"MessageGroupId": "tenant"}], ids=["standard", "fair"])
def test_what_is_in_flight_comes_back_after_its_timeout(group: dict[str, str]) -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs)
        for body in ("a", "b"):
            await sqs.send_message(QueueUrl=url, MessageBody=body, **group)
        (message,) = (await sqs.receive_message(QueueUrl=url, VisibilityTimeout=30))["Messages"]
        await asyncio.sleep(10)
        clock.move(-HOUR)
        assert len(await receive(sqs, url, VisibilityTimeout=DAY // 2)) == 1
        assert await receive(sqs, url) == []
        await asyncio.sleep(19)
        assert await receive(sqs, url) == []
        await asyncio.sleep(1)
        reply = await sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])
        (again,) = reply["Messages"]
        assert again["MessageId"] == message["MessageId"]
        assert again["Attributes"]["ApproximateReceiveCount"] == "2"

    with_clock(main)


def test_a_receipt_handle_still_works_after_the_clock_was_set_back() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        for name, attributes, group in (
            ("q", {}, {}),
            ("q.fifo", {"FifoQueue": "true"}, {"MessageGroupId": "g", "MessageDeduplicationId": "d"}),
        ):
            url = await make(sqs, name, **attributes)
            await sqs.send_message(QueueUrl=url, MessageBody="x", **group)
            (message,) = (await sqs.receive_message(QueueUrl=url, VisibilityTimeout=30))["Messages"]
            clock.move(-HOUR)
            handle = message["ReceiptHandle"]
            await sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=60)
            await sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
            await asyncio.sleep(DAY)
            assert await receive(sqs, url) == []

    with_clock(main)


def test_a_fifo_queue_keeps_its_order_and_its_lock() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs, "q.fifo", FifoQueue="true")
        for body in ("a", "b", "c"):
            await sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g", MessageDeduplicationId=body)
        (first,) = (await sqs.receive_message(QueueUrl=url, VisibilityTimeout=30))["Messages"]
        clock.move(-HOUR)
        await sqs.send_message(QueueUrl=url, MessageBody="d", MessageGroupId="g", MessageDeduplicationId="d")
        assert await receive(sqs, url) == []
        await sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
        assert await receive(sqs, url) == ["b", "c", "d"]

    with_clock(main)


def test_a_deduplication_id_is_remembered_for_five_minutes_and_no_longer() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs, "q.fifo", FifoQueue="true")

        async def send(body: str) -> None:
            await sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g", MessageDeduplicationId="id")

        await send("a")
        clock.move(-HOUR)
        await send("repeated")
        await asyncio.sleep(301)
        await send("b")
        assert await receive(sqs, url) == ["a", "b"]

    with_clock(main)


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
def test_a_long_poll_ends_when_it_should(seconds: int) -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs)
        loop = asyncio.get_running_loop()
        began = loop.time()
        poll = asyncio.create_task(receive(sqs, url, WaitTimeSeconds=20))
        await asyncio.sleep(5)
        clock.move(seconds)
        assert await poll == []
        assert loop.time() - began == pytest.approx(20, abs=0.1)

    with_clock(main)


def test_a_long_poll_meets_a_message_that_was_delayed_before() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs)
        loop = asyncio.get_running_loop()
        await sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=10)
        poll = asyncio.create_task(receive(sqs, url, WaitTimeSeconds=20))
        await asyncio.sleep(1)
        clock.move(-HOUR)
        assert await poll == ["x"]
        assert loop.time() == pytest.approx(10, abs=0.1)

    with_clock(main)


def test_set_forward_what_was_hidden_shows_and_nothing_is_lost() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs)
        for body in "abc":
            await sqs.send_message(QueueUrl=url, MessageBody=body)
        assert len(await receive(sqs, url, VisibilityTimeout=30)) == 3
        clock.move(HOUR)
        assert sorted(await receive(sqs, url)) == ["a", "b", "c"]

    with_clock(main)


def test_a_queue_may_be_purged_again_after_a_minute() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs)
        await sqs.purge_queue(QueueUrl=url)
        clock.move(-HOUR)
        with pytest.raises(sqs.exceptions.PurgeQueueInProgress):
            await sqs.purge_queue(QueueUrl=url)
        await asyncio.sleep(61)
        await sqs.purge_queue(QueueUrl=url)

    with_clock(main)


def test_a_move_task_goes_on() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        dead = await make(sqs, "dead")
        arn = "arn:aws:sqs:us-east-1:000000000000:dead"
        url = await make(sqs, RedrivePolicy=f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 1}}')
        for number in range(30):
            await sqs.send_message(QueueUrl=dead, MessageBody=str(number))
        await sqs.start_message_move_task(
            SourceArn=arn, DestinationArn=arn.replace("dead", "q"), MaxNumberOfMessagesPerSecond=1
        )
        await asyncio.sleep(5)
        clock.move(-HOUR)
        await asyncio.sleep(120)
        moved = [body for _ in range(4) for body in await receive(sqs, url)]
        assert sorted(map(int, moved)) == list(range(30))

    with_clock(main)


@pytest.mark.parametrize("expression", ["rate(10 minutes)", "cron(0/10 * * * ? *)"])
@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
def test_a_schedule_never_fires_twice_for_one_time(expression: str, seconds: int) -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        house = await House(engine, asyncio.get_running_loop()).furnish()
        await house.schedule(expression)
        await asyncio.sleep(2 * HOUR)
        clock.move(seconds)
        await asyncio.sleep(2 * HOUR)
        times = [message["Body"] for message in await house.messages()]
        assert len(times) == len(set(times))
        # Of an hour that was passed over only the last time fires; an hour that comes again has fired.
        assert len(times) in range(18 if seconds < 0 else 24, 27)

    with_clock(main)


def test_a_one_time_schedule_fires_once_whatever_the_clock_does() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        house = await House(engine, asyncio.get_running_loop()).furnish()
        await house.schedule(at(100))
        await asyncio.sleep(101)
        clock.move(-HOUR)
        await asyncio.sleep(2 * HOUR)
        assert len(await house.messages()) == 1

    with_clock(main)


def test_items_and_back_fills_take_no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.dynamodb.chores.STEP_ROWS", 5)

    async def main(engine: Engine, clock: SetClock) -> None:
        dynamodb: Any = engine.client("dynamodb")
        text = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "colour")]
        await dynamodb.create_table(
            TableName="table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=text[:1],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        for number in range(50):
            await dynamodb.put_item(TableName="table", Item={"id": {"S": str(number)}, "colour": {"S": "red"}})
        index = {
            "IndexName": "by-colour",
            "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        await dynamodb.update_table(
            TableName="table", AttributeDefinitions=text, GlobalSecondaryIndexUpdates=[{"Create": index}]
        )
        clock.move(-HOUR)
        await asyncio.sleep(61)
        reply = await dynamodb.scan(TableName="table", IndexName="by-colour")
        assert reply["Count"] == 50

    with_clock(main)


def test_alarms_and_queue_metrics_go_on() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        cloudwatch: Any = engine.client("cloudwatch")
        url = await make(sqs)
        await sqs.send_message(QueueUrl=url, MessageBody="x")
        await cloudwatch.put_metric_alarm(
            AlarmName="a",
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": "q"}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
        )
        await asyncio.sleep(180)
        clock.move(-HOUR)
        for _ in range(9):
            await sqs.send_message(QueueUrl=url, MessageBody="x")
        await asyncio.sleep(300)
        (alarm,) = (await cloudwatch.describe_alarms(AlarmNames=["a"]))["MetricAlarms"]
        assert alarm["StateValue"] == "ALARM"

    with_clock(main)


def test_retries_of_a_schedules_target_go_on() -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        house = await House(engine, asyncio.get_running_loop()).furnish()
        url = (await house.sqs.get_queue_url(QueueName="q"))["QueueUrl"]
        await house.schedule(at(10))
        await house.sqs.delete_queue(QueueUrl=url)
        await asyncio.sleep(12)
        clock.move(-HOUR)
        await house.sqs.create_queue(QueueName="q")
        await asyncio.sleep(600)
        assert len(await house.messages()) == 1

    with_clock(main)


MOVES = st.lists(st.tuples(st.sampled_from(["set", "pass", "send", "take", "poll"]), st.integers(-7200, 7200)))


@settings(max_examples=60, deadline=None)
@given(MOVES)
def test_whatever_the_clock_does_every_message_is_received_in_the_end(moves: list[tuple[str, int]]) -> None:
    async def main(engine: Engine, clock: SetClock) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs)
        sent = 0
        for move, number in moves:
            if move == "set":
                clock.move(number)
            elif move == "pass":
                await asyncio.sleep(abs(number) / 100)
            elif move == "send":
                sent += 1
                await sqs.send_message(QueueUrl=url, MessageBody=str(sent), DelaySeconds=abs(number) % 900)
            else:
                began = asyncio.get_running_loop().time()
                wait = 20 if move == "poll" else 0
                await receive(sqs, url, WaitTimeSeconds=wait, VisibilityTimeout=abs(number) % 60)
                assert asyncio.get_running_loop().time() - began <= 20.1
        await asyncio.sleep(901)
        found: list[str] = []
        while bodies := await receive(sqs, url, VisibilityTimeout=600):
            found += bodies
        assert sorted(map(int, found)) == list(range(1, sent + 1))

    with_clock(main)
