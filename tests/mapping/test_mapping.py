"""The event source mapping against the embedded SQS, in virtual time: what is invoked, when, and what is deleted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.lambda_.mapping import LOOK_SECONDS
from tests.mapping.conftest import VISIBILITY, World, failing, in_world


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "ReceiveMessage")


def test_a_message_is_handed_over_at_once_and_deleted() -> None:
    async def test(world: World) -> None:
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(7)
        await world.send("hello")
        await asyncio.sleep(0.001)
        assert world.bodies == [["hello"]]
        assert world.times == [7]
        assert await world.counts() == (0, 0)
        await mapping.stop(1)
        await running

    in_world(test)


def test_an_idle_mapping_asks_once_every_twenty_seconds() -> None:
    async def test(world: World) -> None:
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(199)
        assert len(world.sqs.of("receive_message")) == 10
        assert world.sqs.of("receive_message")[0] == {
            "QueueUrl": world.url,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
            "MaxNumberOfMessages": 10,
            "WaitTimeSeconds": 20,
        }
        await mapping.stop(1)
        await running

    in_world(test)


def test_the_visibility_timeout_is_passed_on() -> None:
    async def test(world: World) -> None:
        mapping = world.mapping(visibility_timeout=77)
        asyncio.create_task(mapping.run())  # noqa: RUF006 - stop() ends it
        await asyncio.sleep(1)
        assert world.sqs.of("receive_message")[0]["VisibilityTimeout"] == 77
        await mapping.stop(1)

    in_world(test)


def test_reported_failures_come_back_and_the_rest_is_deleted() -> None:
    async def test(world: World) -> None:
        world.answer = lambda event: failing(
            *[record["messageId"] for record in event["Records"] if record["body"] == "bad" and len(world.events) == 1]
        )
        await world.send("good", "bad", "fine")
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        assert await world.counts() == (0, 1)
        await asyncio.sleep(VISIBILITY)
        assert world.bodies == [["good", "bad", "fine"], ["bad"]]
        assert world.events[1]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"
        assert await world.counts() == (0, 0)
        await mapping.stop(1)
        await running

    in_world(test)


async def raising() -> None:
    raise RuntimeError("the function failed")


async def exiting() -> None:
    raise SystemExit(1)


@pytest.mark.parametrize(
    "answer", [lambda _: raising(), lambda _: exiting(), lambda _: asyncio.sleep(25), lambda _: failing("unknown")]
)
def test_a_failed_timed_out_or_malformed_invocation_deletes_nothing(answer: Any) -> None:
    async def test(world: World) -> None:
        world.answer = answer
        await world.send("a", "b")
        mapping = world.mapping(function_timeout=20)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(21)
        assert len(world.events) == 1
        assert mapping.active() == 0
        assert await world.counts() == (0, 2)
        world.answer = lambda _: None
        await asyncio.sleep(VISIBILITY)
        assert await world.counts() == (0, 0)
        await mapping.stop(1)
        await running

    in_world(test)


def test_no_more_invocations_run_than_allowed_and_no_message_waits_here() -> None:
    async def test(world: World) -> None:
        world.answer = lambda _: asyncio.sleep(10)
        await world.send(*map(str, range(45)))
        mapping = world.mapping(maximum_concurrency=2)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(5)
        assert mapping.active() == 2
        assert await world.counts() == (25, 20)
        await asyncio.sleep(20)
        assert [len(bodies) for bodies in world.bodies] == [10, 10, 10, 10, 5]
        assert world.times == [0, 0, 10, 10, 20]
        await mapping.stop(20)
        assert await world.counts() == (0, 0)
        await running

    in_world(test)


def test_one_receive_feeds_several_small_batches() -> None:
    async def test(world: World) -> None:
        world.answer = lambda _: asyncio.sleep(1)
        await world.send(*map(str, range(12)))
        mapping = world.mapping(batch_size=1, maximum_concurrency=20)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(0.5)
        assert mapping.active() == 12
        assert len(world.sqs.of("receive_message")) == 3
        await asyncio.sleep(1)
        # Their deletes share calls, too.
        assert len(world.sqs.of("delete_message_batch")) == 2
        await mapping.stop(1)
        await running

    in_world(test)


def test_a_backlog_is_received_by_several_calls_at_once() -> None:
    async def test(world: World) -> None:
        await world.send(*map(str, range(60)))
        mapping = world.mapping(maximum_concurrency=10)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(0.5)
        assert sum(map(len, world.bodies)) == 60
        waits = [call["WaitTimeSeconds"] for call in world.sqs.of("receive_message")]
        # Alone at first; then, as that brought 10, five together.
        assert waits[0] == 20
        assert sorted(waits[1:6]) == [0, 0, 0, 0, 20]
        await mapping.stop(1)
        await running

    in_world(test)


def test_after_a_message_a_slow_endpoint_is_looked_at_quickly_for_a_while() -> None:
    async def test(world: World) -> None:
        mapping = world.mapping(quick_looks=3)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        await world.send("first")
        await asyncio.sleep(LOOK_SECONDS * 1.5)
        await world.send("soon after")
        await asyncio.sleep(30)
        waits = [call["WaitTimeSeconds"] for call in world.sqs.of("receive_message")]
        # Two looks find nothing, the third one finds the second message; three of no avail, and patience again.
        assert waits == [20, 0, 0, 0, 0, 0, 0, 20, 20]
        assert world.times == pytest.approx([1, 1 + LOOK_SECONDS * 2], abs=LOOK_SECONDS / 2)
        await mapping.stop(1)
        await running

    in_world(test)


def test_a_batch_is_gathered_for_the_length_of_its_window() -> None:
    async def test(world: World) -> None:
        mapping = world.mapping(batch_size=100, batching_window=5)
        running = asyncio.create_task(mapping.run())
        for number in range(4):
            await asyncio.sleep(2)
            await world.send(str(number))
        await asyncio.sleep(20)
        assert world.bodies == [["0", "1", "2"], ["3"]]
        assert world.times == [7, 13]
        await mapping.stop(1)
        await running

    in_world(test)


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    async def test(world: World) -> None:
        await world.send(*map(str, range(25)))
        mapping = world.mapping(batch_size=25, batching_window=60)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(0.1)
        assert [len(bodies) for bodies in world.bodies] == [25]
        assert [call["MaxNumberOfMessages"] for call in world.sqs.of("receive_message")][:3] == [10, 10, 5]
        await mapping.stop(1)
        await running

    in_world(test)


def test_a_batch_never_exceeds_the_payload_of_an_invocation() -> None:
    async def test(world: World) -> None:
        for number in range(9):
            await world.send(str(number) * 1_000_000)
        mapping = world.mapping(maximum_concurrency=5)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(0.1)
        assert [len(event["Records"]) for event in world.events] == [6, 3]
        await mapping.stop(1)
        await running

    in_world(test)


def test_an_error_of_sqs_is_outlived() -> None:
    async def test(world: World) -> None:
        world.sqs.faults["receive_message"] = [client_error("ThrottlingException"), OSError("no route to host")]
        world.sqs.faults["delete_message_batch"] = [client_error("InternalError")]
        await world.send("hello")
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(2)
        assert world.bodies == [["hello"]]
        assert await world.counts() == (0, 0)
        await mapping.stop(1)
        await running

    in_world(test)


def test_repeated_errors_are_met_with_longer_and_longer_pauses() -> None:
    async def test(world: World) -> None:
        world.sqs.faults["receive_message"] = [client_error("InternalError") for _ in range(1_000)]
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(100)
        assert len(world.sqs.of("receive_message")) < 30
        await mapping.stop(1)
        await running

    in_world(test)


def test_the_context_tells_the_truth() -> None:
    async def test(world: World) -> None:
        remaining: list[int] = []

        async def look() -> None:
            remaining.append(world.contexts[0].get_remaining_time_in_millis())
            await asyncio.sleep(3)
            remaining.append(world.contexts[0].get_remaining_time_in_millis())

        world.answer = lambda _: look()
        await world.send("hello")
        mapping = world.mapping(function_timeout=20)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(40)
        context = world.contexts[0]
        assert remaining == [20_000, 17_000]
        assert context.get_remaining_time_in_millis() == 0
        assert context.function_name == "worker"
        assert context.function_version == "$LATEST"
        assert context.invoked_function_arn.endswith(":function:worker")
        assert context.aws_request_id == "00000000-0000-4000-8000-000000000001"
        assert context.log_group_name == "/aws/lambda/worker"
        assert context.log_stream_name == "2026/09/21/[$LATEST]00000000000040008000000000000000"
        await mapping.stop(1)
        await running

    in_world(test)
