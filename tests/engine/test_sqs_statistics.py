"""What SQS counts for CloudWatch: the tallies of its actions, and the gauges of its queues."""

from collections.abc import Callable
from typing import Any

from infra.local.engine import Engine
from infra.local.request import Request
from infra.local.sqs.statistics import Gauges, all_queues, gauges, take_tallies
from infra.local.sqs.tally import Name, Tally


async def ask(engine: Engine, question: Callable[[Request], Any]) -> Any:
    """What the function answers inside the engine."""
    found: list[Any] = []

    def run(request: Request, params: dict[str, Any]) -> dict[str, Any]:
        found.append(question(request))
        return {}

    await engine._submit_inside(run)
    return found[0]


async def counted(engine: Engine) -> dict[Name, Tally]:
    answer: dict[Name, Tally] = await ask(engine, take_tallies)
    return answer


async def gauged(engine: Engine, name: str) -> Gauges | None:
    answer: Gauges | None = await ask(engine, lambda request: gauges(request, "us-east-1", name))
    return answer


async def make(sqs: Any, name: str = "q", **attributes: str) -> str:
    url: str = (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
    return url


async def test_every_action_is_counted_once(engine: Engine, sqs: Any) -> None:
    url = await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="12345")
    entries = [{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "123456789"}, {"Id": "c", "MessageBody": ""}]
    await sqs.send_message_batch(QueueUrl=url, Entries=entries)
    messages = (await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10))["Messages"]
    await sqs.receive_message(QueueUrl=url)
    for message in messages[:2]:
        await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    tally = (await counted(engine))["us-east-1", "q"]
    assert (tally.sent, tally.sent_bytes, tally.smallest, tally.largest) == (3, 15, 1, 9)
    assert (tally.received, tally.empty_receives, tally.deleted) == (3, 1, 2)
    assert await counted(engine) == {}


async def test_counting_begins_anew_when_the_tallies_are_taken(engine: Engine, sqs: Any) -> None:
    url = await make(sqs)
    for size in (5, 3):
        await sqs.send_message(QueueUrl=url, MessageBody="x" * size)
        tally = (await counted(engine))["us-east-1", "q"]
        assert (tally.sent, tally.smallest, tally.largest) == (1, size, size)


async def test_a_change_of_the_queue_does_not_lose_its_tally(engine: Engine, sqs: Any) -> None:
    url = await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    await sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    assert (await counted(engine))["us-east-1", "q"].sent == 2


async def test_a_deleted_queue_is_counted_to_its_end(engine: Engine, sqs: Any) -> None:
    url = await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    await sqs.delete_queue(QueueUrl=url)
    assert (await counted(engine))["us-east-1", "q"].sent == 1
    assert await counted(engine) == {}
    assert await gauged(engine, "q") is None
    await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    assert (await counted(engine))["us-east-1", "q"].sent == 1


async def test_regions_are_counted_apart(engine: Engine, sqs: Any) -> None:
    there: Any = engine.client("sqs", region="eu-west-1")
    await make(sqs)
    await make(there)
    url = await make(there, "other")
    await there.send_message(QueueUrl=url, MessageBody="x")
    names = {("us-east-1", "q"), ("eu-west-1", "q"), ("eu-west-1", "other")}
    assert await ask(engine, all_queues) == names
    assert set(await counted(engine)) == {("eu-west-1", "other")}


async def test_a_queue_tells_how_full_and_how_old_it_is(engine: Engine, sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    assert await gauged(engine, "q") == Gauges(0, 0, 0, 0)
    await sqs.send_message(QueueUrl=url, MessageBody="oldest")
    clock.move(10)
    for body in "ab":
        await sqs.send_message(QueueUrl=url, MessageBody=body)
    await sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    await sqs.receive_message(QueueUrl=url)
    clock.move(5)
    assert await gauged(engine, "q") == Gauges(visible=2, not_visible=1, delayed=1, age_of_oldest=15)


async def test_the_oldest_message_may_have_a_group(engine: Engine, sqs: Any, clock: Any) -> None:
    fair, fifo = await make(sqs, "fair"), await make(sqs, "line.fifo", FifoQueue="true")
    await sqs.send_message(QueueUrl=fair, MessageBody="x", MessageGroupId="tenant")
    await sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d")
    clock.move(7)
    for name in ("fair", "line.fifo"):
        assert await gauged(engine, name) == Gauges(visible=1, not_visible=0, delayed=0, age_of_oldest=7)
