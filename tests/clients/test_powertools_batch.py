"""Powertools' batch processors on the events of our event source mappings: only what failed comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    BatchProcessor,
    EventType,
    SqsFifoPartialProcessor,
    async_process_partial_response,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.typing import LambdaContext

from infra.local.engine import Engine
from infra.local.lambda_.functions import Function
from infra.local.lambda_.pollers import Pollers
from tests.campaigns.virtual import VirtualLoop, run_virtual
from tests.clients.documented import documented

ARN = "arn:aws:lambda:us-east-1:000000000000:function:powertools"
#: Seconds that a message which was received stays hidden.
VISIBILITY = 30
#: Seconds after which all that can be received again has been.
LATER = 5 * VISIBILITY


class World:
    """A queue, its dead-letter queue, and a mapping of the queue to a handler, in virtual time."""

    def __init__(self, loop: VirtualLoop, *, fifo: bool):
        self.engine = Engine(None, clock=loop.epoch_ms)
        self.sqs: Any = self.engine.client("sqs")
        self.pollers = Pollers(self.engine, clock=loop.epoch_ms, new_id=self.engine.new_id)
        self.end, self.fifo = (".fifo", {"FifoQueue": "true"}) if fifo else ("", {})
        self.url = self.buried = ""
        #: What the handler was given: message bodies, an inner list for each invocation.
        self.batches: list[list[str]] = []

    async def open(self, handler: Callable[[Any, Any], Any]) -> None:
        self.buried = await self._queue("buried")
        attributes = await self.sqs.get_queue_attributes(QueueUrl=self.buried, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 2}}'
        self.url = await self._queue("orders", RedrivePolicy=policy, VisibilityTimeout=str(VISIBILITY))

        async def invoke(event: Any, context: Any) -> Any:
            self.batches.append([record["body"] for record in event["Records"]])
            answer = handler(event, context)
            return await answer if asyncio.iscoroutine(answer) else answer

        self.engine.functions["powertools"] = Function("powertools", ARN, invoke, "app.handler", VISIBILITY, 1)

    async def _queue(self, name: str, **attributes: str) -> str:
        reply = await self.sqs.create_queue(QueueName=name + self.end, Attributes={**self.fifo, **attributes})
        return str(reply["QueueUrl"])

    async def run(self, bodies: list[str], **each: Callable[[int], str]) -> list[str]:
        """The bodies that are buried once all has been tried."""
        entries = [
            {"Id": str(n), "MessageBody": body} | {name: make(n) for name, make in each.items()}
            for n, body in enumerate(bodies)
        ]
        await self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
        await self.pollers.start()
        await self.engine.client("lambda").create_event_source_mapping(
            FunctionName="powertools",
            EventSourceArn=f"arn:aws:sqs:us-east-1:000000000000:orders{self.end}",
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        await asyncio.sleep(LATER)
        await self.pollers.stop(1)
        letters = await self.sqs.receive_message(QueueUrl=self.buried, MaxNumberOfMessages=10)
        left = await self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        await self.engine.close()
        assert "Messages" not in left
        return [message["Body"] for message in letters.get("Messages", [])]


def in_world(
    handler: Callable[[Any, Any], Any], bodies: list[str], *, fifo: bool = False, **each: Callable[[int], str]
) -> tuple[list[list[str]], list[str]]:
    """(batches, what was buried) of messages that a handler was given."""

    async def main(loop: VirtualLoop) -> tuple[list[list[str]], list[str]]:
        world = World(loop, fifo=fifo)
        await world.open(handler)
        buried = await world.run(bodies, **each)
        return world.batches, buried

    return run_virtual(main)


def test_the_snippet(capsys: pytest.CaptureFixture[str]) -> None:
    module: dict[str, Any] = {}
    exec(documented("Powertools for AWS Lambda").code, module)
    batches, buried = in_world(module["handler"], ["apple", "rotten", "pear"])
    assert [sorted(batch) for batch in batches] == [["apple", "pear", "rotten"], ["rotten"]]
    assert buried == ["rotten"]
    assert sorted(capsys.readouterr().out.split()) == ["apple", "pear"]


def test_records_are_read_as_powertools_types() -> None:
    seen = []

    def handle(record: Any) -> None:
        attributes = record.attributes
        sent, received = int(attributes.sent_timestamp), int(attributes.approximate_first_receive_timestamp)
        seen.append((record.json_body["fruit"], attributes.approximate_receive_count, sent <= received))
        assert record.message_id
        assert record.receipt_handle
        assert record.md5_of_body
        assert record.event_source == "aws:sqs"
        assert record.event_source_arn == "arn:aws:sqs:us-east-1:000000000000:orders"
        assert record.aws_region == "us-east-1"
        assert record.queue_url.endswith("/000000000000/orders")

    processor = BatchProcessor(event_type=EventType.SQS)
    in_world(lambda event, context: process_partial_response(event, handle, processor, context), ['{"fruit": "apple"}'])
    assert seen == [("apple", "1", True)]


def test_a_batch_that_fails_as_a_whole_comes_back_as_a_whole() -> None:
    processor = BatchProcessor(event_type=EventType.SQS)
    refused = []

    def handle(record: Any) -> None:
        raise ValueError("closed")

    def handler(event: Any, context: Any) -> Any:
        try:
            return process_partial_response(event, handle, processor, context)
        except BatchProcessingError:
            refused.append(len(event["Records"]))
            raise

    batches, buried = in_world(handler, ["a", "b"])
    assert [sorted(batch) for batch in batches] == [["a", "b"], ["a", "b"]]
    assert refused == [2, 2]
    assert sorted(buried) == ["a", "b"]


def test_the_async_processor() -> None:
    events: list[dict[str, Any]] = []
    in_world(lambda event, context: events.append(event), ["apple", "rotten"])
    processor = AsyncBatchProcessor(event_type=EventType.SQS)

    async def handle(record: Any) -> None:
        await asyncio.sleep(0)
        if record.body == "rotten":
            raise ValueError("it is rotten")

    # It runs a loop of its own, so not on the one of the engine.
    answer = async_process_partial_response(events[0], handle, processor, LambdaContext())
    (rotten,) = [record["messageId"] for record in events[0]["Records"] if record["body"] == "rotten"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": rotten}]}


def test_the_fifo_processor_keeps_the_order_of_each_group() -> None:
    processor = SqsFifoPartialProcessor(skip_group_on_error=True)
    done = []

    def handle(record: Any) -> None:
        if record.body == "b1" and record.attributes.approximate_receive_count == "1":
            raise ValueError("not yet")
        done.append(record.body)

    bodies = ["a1", "b1", "a2", "b2"]
    batches, buried = in_world(
        lambda event, context: process_partial_response(event, handle, processor, context),
        bodies,
        fifo=True,
        MessageGroupId=lambda n: bodies[n][0],
        MessageDeduplicationId=str,
    )
    assert [body for body in done if body[0] == "a"] == ["a1", "a2"]
    assert [body for body in done if body[0] == "b"] == ["b1", "b2"]
    assert sorted(body for batch in batches for body in batch) == ["a1", "a2", "b1", "b1", "b2", "b2"]
    assert buried == []
