"""Stopping a mapping: at once, without losing a message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.mapping.conftest import World, in_world


def test_an_idle_mapping_stops_at_once() -> None:
    async def test(world: World) -> None:
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(3)
        await mapping.stop(10)
        await running
        assert world.loop.time() == 3
        await world.send("later")
        await asyncio.sleep(60)
        assert world.events == []
        assert await world.counts() == (1, 0)

    in_world(test)


def test_polls_that_linger_end_by_themselves_and_what_they_bring_is_given_back() -> None:
    async def test(world: World) -> None:
        mapping = world.mapping(polls_linger=True)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(3)
        stopping = asyncio.create_task(mapping.stop(10))
        await asyncio.sleep(0.5)
        await world.send("late")
        await stopping
        await running
        assert world.loop.time() == 3.5
        assert world.events == []
        assert await world.counts() == (1, 0)

    in_world(test)


def test_polls_that_linger_end_before_anything_is_cancelled() -> None:
    """Broken off, they would go on at the other end, and take the messages that a cancelled invocation hands back."""

    async def test(world: World) -> None:
        cancelled_at: list[float] = []

        async def work() -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled_at.append(world.loop.time())
                raise

        world.answer = lambda _: work()
        mapping = world.mapping(polls_linger=True)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        await world.send("a")
        await asyncio.sleep(1)
        await mapping.stop(0)
        await running
        # The poll that brought the message ended at 1 s; the next one waits for 4 s from there.
        assert cancelled_at == [5]

    in_world(test)


def test_running_invocations_may_finish_within_the_grace() -> None:
    async def test(world: World) -> None:
        world.answer = lambda _: asyncio.sleep(4)
        await world.send("a")
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        await mapping.stop(10)
        await running
        assert world.loop.time() == 4
        assert await world.counts() == (0, 0)

    in_world(test)


def test_after_the_grace_they_are_cancelled_and_their_messages_stay() -> None:
    async def test(world: World) -> None:
        ended: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(15)
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise

        world.answer = lambda _: work()
        await world.send("a")
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        await mapping.stop(2)
        await running
        assert ended == ["cancelled"]
        assert world.loop.time() == 3
        assert await world.counts() == (0, 1)

    in_world(test)


def test_an_invocation_that_is_putting_its_work_away_is_not_cancelled_again() -> None:
    """A second signal comes while a job that was cut short is being handed back."""

    async def test(world: World) -> None:
        ended: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(2)
                ended.append("put away")
                raise

        world.answer = lambda _: work()
        await world.send("a")
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        stopping = asyncio.create_task(mapping.stop(1))
        await asyncio.sleep(2)
        await mapping.stop(0)
        await asyncio.gather(stopping, running)
        assert ended == ["put away"]

    in_world(test)


def test_an_invocation_that_ignores_its_end_does_not_hold_up_the_stop() -> None:
    async def test(world: World) -> None:
        over = asyncio.Event()

        async def work() -> None:
            while not over.is_set():
                try:
                    await over.wait()
                except asyncio.CancelledError:
                    continue

        world.answer = lambda _: work()
        await world.send("a")
        mapping = world.mapping(function_timeout=900)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        await mapping.stop(2)
        await running
        assert world.loop.time() < 10
        over.set()

    in_world(test)


def test_a_half_gathered_batch_is_given_back() -> None:
    async def test(world: World) -> None:
        await world.send("a", "b")
        mapping = world.mapping(batch_size=100, batching_window=60)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(3)
        assert await world.counts() == (0, 2)
        await mapping.stop(10)
        await running
        assert world.events == []
        assert world.loop.time() == 3
        assert await world.counts() == (2, 0)

    in_world(test)


def test_batches_that_wait_for_a_slot_are_given_back() -> None:
    async def test(world: World) -> None:
        world.answer = lambda _: asyncio.sleep(5)
        for number in range(9):
            await world.send(str(number) * 1_000_000)
        mapping = world.mapping(maximum_concurrency=1)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        assert await world.counts() == (0, 9)
        await mapping.stop(10)
        await running
        assert [len(event["Records"]) for event in world.events] == [6]
        assert await world.counts() == (3, 0)

    in_world(test)


def test_messages_that_a_receive_brings_after_the_stop_are_given_back() -> None:
    """A short receive is not cut off: on a network it may have taken messages already."""

    async def test(world: World) -> None:
        slow = asyncio.Event()
        receive = world.real.receive_message

        async def receive_message(**params: Any) -> Any:
            reply = await receive(**params)
            if params["WaitTimeSeconds"] == 0:
                await slow.wait()
            return reply

        world.real.receive_message = receive_message
        world.answer = lambda _: asyncio.sleep(1)
        await world.send(*map(str, range(25)))
        mapping = world.mapping(maximum_concurrency=3)
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(0.5)
        stopping = asyncio.create_task(mapping.stop(10))
        await asyncio.sleep(0.1)
        handed_over = sum(map(len, world.bodies))
        slow.set()
        await stopping
        await running
        assert sum(map(len, world.bodies)) == handed_over
        assert await world.counts() == (25 - handed_over, 0)

    in_world(test)


@pytest.mark.parametrize("turns", range(8))
def test_a_message_that_arrives_while_stopping_is_not_held_back(turns: int) -> None:
    """Wherever it is on its way through the loop: it is processed, or others can receive it at once."""

    async def test(world: World) -> None:
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(3)
        sending = asyncio.create_task(world.send("a"))
        for _ in range(turns):
            await asyncio.sleep(0)
        await mapping.stop(5)
        await asyncio.gather(running, sending)
        assert await world.counts() == ((0, 0) if world.events else (1, 0))

    in_world(test)


def test_cancelling_run_ends_the_polling() -> None:
    async def test(world: World) -> None:
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        running.cancel()
        await asyncio.wait({running})
        await world.send("a")
        await asyncio.sleep(60)
        assert world.events == []
        assert await world.counts() == (1, 0)

    in_world(test)


def test_an_endpoint_that_does_not_answer_does_not_hold_up_the_stop(caplog: pytest.LogCaptureFixture) -> None:
    async def test(world: World) -> None:
        async def silent(**_: Any) -> Any:
            await asyncio.sleep(600)

        world.real.delete_message_batch = silent
        await world.send("a")
        mapping = world.mapping()
        running = asyncio.create_task(mapping.run())
        await asyncio.sleep(1)
        await mapping.stop(10)
        await running
        assert world.loop.time() < 10
        assert "may come back: SQS does not answer" in caplog.text

    in_world(test)
